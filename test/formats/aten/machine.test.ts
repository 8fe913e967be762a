/** What the fixtures do not tell apart: types of results, changes in place, folded batches, limits. */
import { describe, expect, it } from 'vitest';
import { type Argument, PyNumber, TensorRef } from '../../../lib/formats/aten/argument.ts';
import { inputRow } from '../../../lib/formats/aten/finish.ts';
import { Machine, siteOf } from '../../../lib/formats/aten/machine.ts';
import { GraphBuilder } from '../../../lib/formats/tensors/builder.ts';
import { constant, type ElementType, literal } from '../../../lib/formats/tensors/value.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

function machine(budget = new Budget()) {
  const build = new GraphBuilder({ batchAxis: 0, declaredBatch: undefined, budget, fold: undefined, casts: 'wrap' });
  const made = new Machine(build);
  const call = (name: string, ...args: Argument[]) => made.call(name, args, new Map(), siteOf('n', name));
  const input = (type: ElementType, ...shape: number[]) =>
    new TensorRef(inputRow(build, { name: 'x', type, shape: [undefined, ...shape] }).row);
  return { build, call, input };
}

const ints = (...values: number[]) => values.map(PyNumber.int);
const scalar = (type: ElementType) => new TensorRef(literal(type, [2]));
const tensorValue = (argument: Argument) => (argument as TensorRef).value;

describe('the type of a result', () => {
  it.each<[left: ElementType, right: ElementType | PyNumber, result: ElementType]>([
    ['float32', PyNumber.float(2.5), 'float32'],
    ['float16', PyNumber.float(2.5), 'float16'],
    ['int64', PyNumber.float(2.5), 'float32'],
    ['bool', PyNumber.int(2), 'int64'],
    ['int32', PyNumber.int(2), 'int32'],
    ['float32', 'float64', 'float32'],
    ['int64', 'float64', 'float64'],
    ['bfloat16', 'float32', 'bfloat16'],
    ['uint8', 'bool', 'uint8'],
  ])('of a row of %s and a single %o is %s', (left, right, result) => {
    const { call, input } = machine();
    const other = right instanceof PyNumber ? right : scalar(right);
    expect(tensorValue(call('add', input(left, 3), other))?.type).toBe(result);
  });

  it.each<[left: ElementType, right: ElementType, result: ElementType]>([
    ['float16', 'bfloat16', 'float32'],
    ['float32', 'float64', 'float64'],
    ['uint8', 'int8', 'int16'],
    ['int8', 'int32', 'int32'],
    ['bool', 'int8', 'int8'],
    ['int64', 'float16', 'float16'],
  ])('of rows of %s and %s is %s', (left, right, result) => {
    const { call, input } = machine();
    expect(tensorValue(call('mul', input(left, 3), input(right, 3)))?.type).toBe(result);
  });

  it('of a division is a float, and of a sum of bool an integer', () => {
    const { call, input } = machine();
    expect(tensorValue(call('div', input('int64', 3), PyNumber.int(2)))?.type).toBe('float32');
    expect(tensorValue(call('sum', input('bool', 3), PyNumber.int(1)))?.type).toBe('int64');
  });
});

describe('a change in place', () => {
  it('is seen by all who have the tensor', () => {
    const { call, input } = machine();
    const x = input('float32', 3);
    const before = x.value;
    expect(call('relu_', x)).toBe(x);
    expect(x.value).not.toBe(before);
  });

  it('keeps the type', () => {
    const { call, input } = machine();
    const x = input('float16', 3);
    call('add_', x, new TensorRef(constant('float32', [3], new Float32Array(3))));
    expect(x.value?.type).toBe('float16');
  });

  it('leaves views and what they are of unknown to each other', async () => {
    const { call, input } = machine();
    const x = input('float32', 4);
    const view = call('view', x, ints(-1, 2, 2));
    call('relu_', view);
    expect(tensorValue(view)).toBeDefined();
    const error = await failureOf(() => call('neg', x));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_OP', message: expect.stringContaining('through a view') });
  });
});

describe('rows folded into the batch', () => {
  it('go through layers, and back', () => {
    const { build, call, input } = machine();
    const weight = new TensorRef(constant('float32', [5, 4], new Float32Array(20)));
    const folded = call('view', input('float32', 3, 4), ints(-1, 4));
    const back = call('view', call('linear', folded, weight), ints(-1, 3, 5));
    expect(tensorValue(back)?.shape).toEqual([3, 5]);
    expect(build.nodes.map(({ op }) => op)).toEqual(['dense']);
  });

  it('go through what works along the features, and are refused by what works along the batch', async () => {
    const { call, input } = machine();
    const folded = call('view', input('float32', 3, 4), ints(-1, 4));
    expect(tensorValue(call('softmax', folded, PyNumber.int(1)))).toMatchObject({ shape: [3, 4], merged: true });
    expect(tensorValue(call('sum', folded, PyNumber.int(1)))).toMatchObject({ shape: [3], merged: true });
    for (const name of ['softmax', 'sum', 'cumsum', 'sort']) {
      const error = await failureOf(() => call(name, folded, PyNumber.int(0)));
      expect(error).toMatchObject({ code: 'UNSUPPORTED_OP', message: expect.stringContaining('depend on other rows') });
    }
  });
});

describe('a call', () => {
  it.each<[what: string, name: string, words: string]>([
    ['of a convolution', 'conv2d', 'belongs to a convolutional network'],
    ['of an operator that is not known', 'frobnicate', 'is not a row operation known here'],
    ['in another form', 'linear', 'is called with (Tensor), a form that is not supported'],
  ])('%s is refused', async (_, name, words) => {
    const { call, input } = machine();
    const error = await failureOf(() => call(name, input('float32', 3)));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_OP', message: expect.stringContaining(words) });
  });

  it('counts against the limit of nodes', async () => {
    const { call, input } = machine(new Budget({ nodes: 2 }));
    const x = input('float32', 3);
    call('neg', x);
    call('neg', x);
    expect((await failureOf(() => call('neg', x))).code).toBe('LIMIT');
  });

  it('with the size of the batch keeps it a symbol', () => {
    const { call, input } = machine();
    const size = call('size', input('float32', 3), PyNumber.int(0)) as PyNumber;
    const twice = call('mul', size, PyNumber.int(2)) as PyNumber;
    expect(size.value).toBeUndefined();
    expect((call('floordiv', twice, PyNumber.int(2)) as PyNumber).constant.batch?.[0]).toBe(1);
  });
});
