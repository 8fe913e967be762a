import { describe, expect, it } from 'vitest';
import { type Argument, PyNumber, TensorRef } from '../../../lib/formats/aten/argument.ts';
import { bind, parseSignature } from '../../../lib/formats/aten/signature.ts';
import { literal } from '../../../lib/formats/tensors/value.ts';

const tensor = new TensorRef(literal('float32', [1]));
const MEAN = parseSignature('mean(Tensor self, int[]? dim, bool keepdim=False, *, int? dtype=None)');

function bound(positional: readonly Argument[], named: Record<string, Argument> = {}, signature = MEAN) {
  const given = bind(signature, positional, new Map(Object.entries(named)));
  return given && [...given.keys()];
}

describe('a signature', () => {
  it('gives names to arguments, and fills in what is left out', () => {
    const given = bind(MEAN, [tensor, [PyNumber.int(1)]], new Map([['dtype', PyNumber.int(6)]]));
    expect(given?.get('self')).toBe(tensor);
    expect(given?.get('keepdim')).toMatchObject({ type: 'bool', value: 0 });
    expect(given?.get('dtype')).toMatchObject({ type: 'int64', value: 6 });
  });

  it.each<[why: string, positional: Argument[], named: Record<string, Argument>]>([
    ['an argument is missing', [tensor], {}],
    ['one is not of its type', [tensor, 'dim'], {}],
    ['a number is not a flag', [tensor, null, PyNumber.int(1)], {}],
    ['one is given twice', [tensor, null], { dim: null }],
    ['there are too many', [tensor, null, PyNumber.bool(true), PyNumber.int(6)], {}],
    ['a name is not known', [tensor, null], { axis: PyNumber.int(0) }],
    ['None is not allowed', [null, null], {}],
  ])('is not the form of a call when %s', (_, positional, named) => {
    expect(bound(positional, named)).toBeUndefined();
  });

  it('takes one number for a list of it, and a number for a tensor', () => {
    expect(bound([PyNumber.float(2), PyNumber.int(1)])).toEqual(['self', 'dim', 'keepdim', 'dtype']);
  });

  it('lets None stand in a list only where it says so', () => {
    const index = parseSignature('index(Tensor self, Tensor?[] indices)');
    const cat = parseSignature('cat(Tensor[] tensors, int dim=0)');
    expect(bound([tensor, [null, tensor]], {}, index)).toBeDefined();
    expect(bound([[null, tensor]], {}, cat)).toBeUndefined();
  });

  it('has defaults of every kind', () => {
    const text = "f(float a=1e-05, int b=-1, bool c=True, str d='none', int[] e=[], Tensor? f=None)";
    const values = parseSignature(text).parameters.map(({ otherwise }) =>
      otherwise instanceof PyNumber ? [otherwise.type, otherwise.value] : otherwise,
    );
    expect(values).toEqual([['float64', 1e-5], ['int64', -1], ['bool', 1], 'none', [], null]);
  });
});
