import { describe, expect, it } from 'vitest';
import type { Node, ReducedWeights } from '../../lib/graph/graph.ts';
import { inputScaleOf } from '../../lib/graph/input-scales.ts';
import { int8Inputs, reducedTo, reduceWeights } from '../../lib/graph/reduce.ts';
import { type SimplifiedGraph, simplify } from '../../lib/graph/simplify.ts';
import { failureOf } from '../failure.ts';
import { checkedOf, constant, node } from './graphs.ts';

function layer(output: string, x: string, k: number, n: number, weights?: ReducedWeights, value = 0.5): Node {
  return node(output, 'dense', [x, constant(new Array(k * n).fill(value), [k, n])], { layout: 'in-out', weights });
}

function simplified(k: number, ...nodes: Node[]): SimplifiedGraph {
  return simplify(checkedOf({ x: [k] }, nodes), { precision: 'f32' });
}

const weightsOf = ({ nodes }: SimplifiedGraph) =>
  nodes.map((found) => (found.op === 'dense' ? found.attributes.weights : found.op));

describe('reduceWeights', () => {
  it('reduces layers of 32 inputs and 16 outputs and more, and leaves smaller ones', () => {
    const graph = simplified(
      31,
      layer('a', 'x', 31, 32),
      layer('b', 'a', 32, 16),
      layer('c', 'b', 16, 64),
      layer('d', 'c', 64, 15),
    );
    for (const weights of ['bf16', 'int8'] as const) {
      expect(weightsOf(reduceWeights(graph, weights))).toEqual([undefined, weights, undefined, undefined]);
    }
  });

  it('leaves the layers that it is told to keep, and overrules what the source says', () => {
    const graph = simplified(32, layer('a', 'x', 32, 32, 'int8'), layer('b', 'a', 32, 32, 'bf16'));
    expect(weightsOf(graph)).toEqual(['int8', 'bf16']);
    expect(weightsOf(reduceWeights(graph, 'int8', new Set(['n_a'])))).toEqual([undefined, 'int8']);
    expect(weightsOf(reduceWeights(graph, 'none'))).toEqual([undefined, undefined]);
  });

  it('leaves weights that are not finite out of int8', () => {
    const graph = simplified(32, layer('a', 'x', 32, 16, undefined, Infinity));
    expect(weightsOf(reduceWeights(graph, 'int8'))).toEqual([undefined]);
    expect(weightsOf(reduceWeights(graph, 'bf16'))).toEqual(['bf16']);
  });

  it('leaves layers some of whose inputs weigh far more than most out of int8', () => {
    const values = Array.from({ length: 40 * 16 }, (_, at) => (at < 16 ? 1000 : 1 + (at % 7)));
    for (const layout of ['in-out', 'out-in'] as const) {
      const turned = values.map((_, at) => values[(at % 40) * 16 + Math.floor(at / 40)]);
      const weight = layout === 'in-out' ? constant(values, [40, 16]) : constant(turned, [16, 40]);
      const graph = simplified(40, node('a', 'dense', ['x', weight], { layout }));
      expect(weightsOf(reduceWeights(graph, 'int8'))).toEqual([undefined]);
      expect(weightsOf(reduceWeights(graph, 'bf16'))).toEqual(['bf16']);
    }
  });

  it('leaves layers whose int8 sums could overflow', () => {
    const graph = simplified(65_537, layer('a', 'x', 65_537, 16));
    expect(weightsOf(reduceWeights(graph, 'int8'))).toEqual([undefined]);
  });
});

describe('scales of the inputs of int8 layers', () => {
  const graph = simplified(32, layer('a', 'x', 32, 32), layer('b', 'a', 32, 16), layer('c', 'b', 16, 3));
  const ranges = new Map([
    ['x', { low: -1, high: 3 }],
    ['a', { low: 0, high: 0 }],
    ['b', { low: 0, high: 1 }],
  ]);
  const scalesOf = ({ nodes }: SimplifiedGraph) =>
    nodes.map((found) => (found.op === 'dense' ? found.attributes.inputScale : found.op));

  it('are those of the ranges, of layers that are int8', () => {
    const scales = scalesOf(reduceWeights(graph, 'int8', new Set(), ranges));
    expect(scales).toEqual([[Math.fround(4 / 255), -64], undefined, undefined]);
    expect(scalesOf(reduceWeights(graph, 'int8', new Set(['n_a']), ranges))[0]).toBeUndefined();
    expect(scalesOf(reduceWeights(graph, 'bf16', new Set(), ranges))[0]).toBeUndefined();
  });

  it('go where the model is reduced anew', () => {
    const measured = reduceWeights(graph, 'int8', new Set(), ranges);
    for (const weights of ['int8', 'bf16', 'none'] as const) {
      expect(scalesOf(reduceWeights(measured, weights))[0]).toBeUndefined();
    }
  });

  it('are asked for by the names of inputs', () => {
    const inputs = [...int8Inputs(reduceWeights(graph, 'int8'))].map(([value, { name }]) => [value, name]);
    expect(Object.fromEntries(inputs)).toEqual({ x: 'n_a', a: 'n_b' });
  });

  it.each<[number, number, number | undefined, number]>([
    [0, 255, 1, -128],
    [-255, 0, 1, 127],
    [-128, 127, 1, 0],
    [1, 255, 1, -128], // 0 is an integer of its own
    [-255, -1, 1, 127],
    [-1, 1, Math.fround(2 / 255), -1],
    [0, 0, undefined, 0],
    [0, 1e-40, undefined, 0],
    [-3e38, 3e38, undefined, 0],
  ])('of %s to %s have 0 and both ends', (low, high, scale, zero) => {
    expect(inputScaleOf({ low, high })).toEqual(scale === undefined ? undefined : [scale, zero]);
  });

  it('never have −0 as their zero', () => {
    expect(Object.is(inputScaleOf({ low: -127.8, high: 127.2 })?.[1], 0)).toBe(true);
  });

  it('stay where they are when a file is read, whatever is before the layer', () => {
    const scale = node('s', 'affine', ['x', constant([2]), constant([0])], {});
    const dense = layer('a', 's', 32, 16, 'int8');
    const nodes = [scale, { ...dense, attributes: { ...dense.attributes, inputScale: [1, 0] } } as Node];
    expect(simplified(32, ...nodes).nodes.map(({ op }) => op)).toEqual(['affine', 'dense']);
    expect(simplified(32, scale, dense).nodes.map(({ op }) => op)).toEqual(['dense']);
  });
});

describe('reducedTo', () => {
  it('names the fewest bits of any layer', () => {
    const graph = simplified(32, layer('a', 'x', 32, 32, 'bf16'), layer('b', 'a', 32, 32, 'int8'));
    expect(reducedTo(graph)).toBe('int8');
    expect(reducedTo(reduceWeights(graph, 'bf16'))).toBe('bf16');
    expect(reducedTo(reduceWeights(graph, 'none'))).toBeUndefined();
  });
});

describe('a dense node', () => {
  type Bad = [string, ReducedWeights | undefined, readonly [number, number], string];

  it.each<Bad>([
    ['without int8', undefined, [1, 0], 'only a layer of int8 weights has a scale of its input'],
    ['of bf16', 'bf16', [1, 0], 'only a layer of int8 weights has a scale of its input'],
    ...[0, -1, Number.NaN, Infinity, 2 ** -101, 2 ** 101, 0.1].map((scale) => {
      return [`of the scale ${scale}`, 'int8', [scale, 0], `the scale is ${scale} and`] as Bad;
    }),
    ...[-129, 128, 0.5, Number.NaN].map((zero) => {
      return [
        `of the zero ${zero}`,
        'int8',
        [1, zero],
        `an integer from -128 to 127, but the scale is 1 and the zero is ${zero}`,
      ] as Bad;
    }),
  ])('with a scale of its input is refused %s', async (_, weights, inputScale, message) => {
    const dense = layer('a', 'x', 32, 16, weights);
    const nodes = [{ ...dense, attributes: { ...dense.attributes, inputScale } } as Node];
    const error = await failureOf(() => checkedOf({ x: [32] }, nodes));
    expect([error.code, error.message]).toEqual(['MALFORMED', expect.stringContaining(message)]);
  });

  it.each([
    ['bf16', 32, 8],
    ['int8', 65_537, 1],
    ['int4', 32, 16],
  ])('of %s weights is refused where there is no such form', async (weights, k, n) => {
    const error = await failureOf(() => checkedOf({ x: [k] }, [layer('a', 'x', k, n, weights as ReducedWeights)]));
    expect([error.code, error.message]).toEqual([
      'MALFORMED',
      `node n_a: dense: a weight of [${k}, ${n}] (in-out) has no form in ${weights}`,
    ]);
  });
});
