import { describe, expect, it } from 'vitest';
import type { Node, ReducedWeights } from '../../lib/graph/graph.ts';
import { reducedTo, reduceWeights } from '../../lib/graph/reduce.ts';
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

describe('reducedTo', () => {
  it('names the fewest bits of any layer', () => {
    const graph = simplified(32, layer('a', 'x', 32, 32, 'bf16'), layer('b', 'a', 32, 32, 'int8'));
    expect(reducedTo(graph)).toBe('int8');
    expect(reducedTo(reduceWeights(graph, 'bf16'))).toBe('bf16');
    expect(reducedTo(reduceWeights(graph, 'none'))).toBeUndefined();
  });
});

describe('a dense node', () => {
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
