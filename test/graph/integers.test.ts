import { describe, expect, it } from 'vitest';
import type { DType, Graph, Node, Tensor } from '../../lib/graph/graph.ts';
import { idsOf } from '../../lib/graph/ids.ts';
import { integersAsked } from '../../lib/graph/integers.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { lower } from '../../lib/graph/lower.ts';
import { OPCODES } from '../../lib/graph/plan-format.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { type CheckedGraph, validate } from '../../lib/graph/validate.ts';
import { constant, graphOf, node } from './graphs.ts';

const INTO_24 = 2 ** 24;

function checked(nodes: readonly Node[], dtype: DType = 'int64', output: DType = 'float32'): CheckedGraph {
  const graph: Graph = graphOf({ x: [2] }, nodes);
  const inputs = [{ name: 'x', shape: [2], dtype }];
  return validate({ ...graph, inputs, outputs: [{ ...graph.outputs[0], dtype: output }] }, DEFAULT_LIMITS);
}

function whole(...values: number[]): Tensor {
  return { shape: [values.length], data: Float64Array.from(values) };
}

const table = constant([1, 2, 3, 4, 5, 6], [6, 1]);
const equal = (value: number) => node('y', 'binary', ['x', whole(value)], { fn: 'equal' });
const less = (value: number) => node('y', 'binary', ['x', whole(value)], { fn: 'less' });
const looked = (from: string) => node('y', 'embedding', [from, table], { wrap: false });
const plus = (value: number) => node('sum', 'binary', ['x', whole(value)], { fn: 'add' });
const pairs = (fn: 'sub' | 'equal') => [
  node('a', 'gather', ['x'], { axis: 0, indices: Int32Array.of(0) }),
  node('b', 'gather', ['x'], { axis: 0, indices: Int32Array.of(1) }),
  node('y', 'binary', ['a', 'b'], { fn }),
];

describe('integers of an input of 64 bits', () => {
  it.each<[string, readonly Node[]]>([
    ['a lookup in a table', [looked('x')]],
    ['a lookup of an id that a few were added to', [plus(3), looked('sum')]],
    ['a one-hot of ids', [node('y', 'one_hot', ['x'], { depth: 9, on: 1, off: 0, axis: 1, wrap: false })]],
    ['a comparison with a small number', [equal(5)]],
    ['whether one is less than a small number', [less(INTO_24 - 1)]],
    ['floats of them', [node('f', 'retype', ['x'], { to: 'float' }), node('y', 'unary', ['f'], { fn: 'exp' })]],
    ['floats of them and a few', [plus(-7), node('y', 'retype', ['sum'], { to: 'float' })]],
    ['whether they are 0', [node('y', 'unary', ['x'], { fn: 'to_bool' })]],
  ])('are not a risk to %s', (_, nodes) => {
    const graph = checked(nodes);
    expect(integersAsked(graph, 'f32')).toBeUndefined();
    const plan = lower(simplify(graph, { precision: 'f32' }), 'f32');
    expect(plan.inputs[0]).not.toHaveProperty('exact');
    expect(simplify(graph, { precision: 'f32' }).nodes.some(({ op }) => op === 'retype')).toBe(false);
  });

  it.each<[string, readonly Node[], DType?]>([
    ['a comparison with a number of 25 bits', [equal(INTO_24)]],
    ['whether one is less than a number of 25 bits', [less(INTO_24 + 1)]],
    ['a lookup of an id less a large number', [plus(-2e9), looked('sum')]],
    ['a comparison of two of them', pairs('equal')],
    ['a difference of two of them', [...pairs('sub'), node('z', 'retype', ['y'], { to: 'float' })]],
    ['an output of integers', [plus(1)], 'int64'],
    [
      'the rest of a division',
      [
        node('q', 'binary', ['x', whole(1000)], { fn: 'div' }),
        node('t', 'unary', ['q'], { fn: 'trunc' }),
        node('m', 'binary', ['t', whole(1000)], { fn: 'mul' }),
        node('r', 'binary', ['x', 'm'], { fn: 'sub' }),
        looked('r'),
      ],
    ],
    ['the rest of a division at once', [node('r', 'binary', ['x', whole(1000)], { fn: 'fmod' }), looked('r')]],
    ['which is the greatest', [node('y', 'reduce', ['x'], { fn: 'arg_max', axes: [0], keepDims: true })]],
    [
      'a cast to 32 bits, of which the low bits stay',
      [node('w', 'unary', ['x'], { fn: 'wrap', alpha: -(2 ** 31), beta: 2 ** 31 }), looked('w')],
    ],
  ])('are a risk to %s', (_, nodes, output) => {
    const graph = checked(nodes, 'int64', output);
    const integers = integersAsked(graph, 'f32');
    expect(integers).toMatchObject({ wide: true });
    expect(lower(simplify(graph, { precision: 'f32', integers }), 'f32').inputs[0]).toMatchObject({ exact: true });
  });

  it('ask for a look at the 54th bit where that may decide', () => {
    expect(integersAsked(checked([equal(2 ** 30)]), 'f32')).toEqual({ wide: true, checked: false });
    expect(integersAsked(checked(pairs('equal')), 'f32')).toEqual({ wide: true, checked: true });
    expect(integersAsked(checked([equal(2 ** 30)]), 'f64')).toEqual({ wide: false, checked: false });
    expect(integersAsked(checked(pairs('equal')), 'f64')).toEqual({ wide: false, checked: true });
  });
});

it.each<DType>(['bool', 'uint8', 'int16', 'uint16'])(
  'integers of %s are floats, whatever is done with them',
  (dtype) => {
    for (const nodes of [[equal(INTO_24)], [plus(-60000), looked('sum')], pairs('sub')]) {
      expect(integersAsked(checked(nodes, dtype), 'f32')).toBeUndefined();
    }
  },
);

it('floats that are compared with an integer that is not a float are compared in doubles, as they are', () => {
  const graph = checked([equal(INTO_24 + 1)], 'float32');
  const integers = integersAsked(graph, 'f32');
  expect(integers).toMatchObject({ wide: true });
  const { plan, inputs } = lower(simplify(graph, { precision: 'f32', integers }), 'f32');
  expect(inputs[0]).not.toHaveProperty('exact');
  expect([...plan.code]).toContain(OPCODES.widen);
});

describe('inputs declared as floats', () => {
  const idsIn = (nodes: readonly Node[], dtype: DType = 'float32') => [...idsOf(checked(nodes, dtype))];

  it('are ids where a table is all that takes them', () => {
    expect(idsIn([looked('x')])).toEqual(['x']);
    const cut = node('c', 'unary', ['x'], { fn: 'trunc' });
    const row = node('r', 'reshape', ['c'], { shape: [1, 2] });
    expect(idsIn([cut, row, looked('r')])).toEqual(['x']);
    expect(idsIn([equal(7)])).toEqual(['x']);
  });

  it('are none where they are computed with, only compared, or given back', () => {
    expect(idsIn([node('y', 'unary', ['x'], { fn: 'exp' })])).toEqual([]);
    expect(idsIn([less(3)])).toEqual([]);
    expect(idsIn([plus(1), looked('sum')])).toEqual([]);
    expect(idsIn([node('y', 'reshape', ['x'], { shape: [2, 1] })])).toEqual([]);
    expect(idsIn([looked('x')], 'int32')).toEqual([]); // declared as integers
  });

  it('may have their mask taken beside the lookup', () => {
    const mask = node('mask', 'unary', ['x'], { fn: 'to_bool' });
    const rows = node('rows', 'embedding', ['x', table], { wrap: false });
    const flat = node('flat', 'reshape', ['rows'], { shape: [2] });
    expect(idsIn([mask, rows, flat, node('y', 'binary', ['flat', 'mask'], { fn: 'mul' })])).toEqual(['x']);
  });
});

it('more products of large integers than a plan of doubles may hold are refused, and computed in a model of f64', () => {
  const weight = { shape: [64, 64], data: new Float64Array(64 * 64).fill(1) };
  const graph = (rows: number) => {
    const nodes = [
      node('sums', 'dense', ['x', weight], { layout: 'in-out' }),
      node('y', 'binary', ['sums', whole(INTO_24 + 1)], { fn: 'equal' }),
    ];
    const inputs = [{ name: 'x', shape: [rows, 64], dtype: 'int64' as const }];
    return validate({ ...graphOf({ x: [rows, 64] }, nodes), inputs }, DEFAULT_LIMITS);
  };
  const lowered = (rows: number, precision: 'f32' | 'f64') => {
    const checkedGraph = graph(rows);
    const integers = integersAsked(checkedGraph, precision);
    return lower(simplify(checkedGraph, { precision, integers }), precision);
  };
  expect(lowered(4, 'f32').inputs[0].exact).toBe(true);
  expect(() => lowered(1025, 'f32')).toThrow(
    expect.objectContaining({ code: 'LIMIT', message: expect.stringContaining("with the option precision 'f64'") }),
  );
  expect(lowered(1025, 'f64').plan.code.length).toBeLessThan(1000);
});
