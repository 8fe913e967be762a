import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../../lib/graph/limits.ts';
import { neededNodes, simplify } from '../../../lib/graph/simplify.ts';
import { validate } from '../../../lib/graph/validate.ts';
import { constant, graphOf, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

describe('what decides', () => {
  const nodes = [
    node('s', 'dense', ['x', constant([1, 2, 3, 4], [2, 2])], { layout: 'in-out' }),
    node('r', 'unary', ['s'], { fn: 'tanh' }),
    node('y', 'softmax', ['s'], { axis: 0, fn: 'softmax' }),
  ];
  const graph: Graph = {
    ...graphOf({ x: [2] }, nodes, ['y', 's']),
    classes: [1, 2],
    decision: { rule: 'arg_max', probabilities: true, scores: 'r' },
  };

  it('stands beside the outputs, and is computed only for whoever asks', () => {
    const simplified = simplify(validate(graph, DEFAULT_LIMITS), { precision: 'f64' });
    expect(simplified.outputs.map(({ value }) => value)).toEqual(['y', 's']);
    expect(simplified.deciders?.map(({ value }) => value)).toEqual(['r', 's']);
    expect(simplified.nodes.map(({ output }) => output).sort()).toEqual(['r', 's', 'y']);
    expect(neededNodes(simplified).map(({ output }) => output)).toEqual(['s', 'y']);
    const deciding = { ...simplified, outputs: simplified.deciders ?? [] };
    expect(neededNodes(deciding).map(({ output }) => output)).toEqual(['s', 'r']);
  });

  it('stands beside a single output too', () => {
    const one = { ...graph, outputs: graph.outputs.slice(0, 1) };
    const { deciders } = simplify(validate(one, DEFAULT_LIMITS), { precision: 'f64' });
    expect(deciders?.map(({ value }) => value)).toEqual(['r']);
  });

  it('is not named where the outputs decide', () => {
    const { decision: _, ...plain } = graph;
    expect('deciders' in simplify(validate(plain, DEFAULT_LIMITS), { precision: 'f64' })).toBe(false);
  });
});

describe('rules', () => {
  it('are followed by others at the same node, and from pass to pass', () => {
    // Each step needs what the one before it made: c·x/c, a root's square, layers of clips.
    const clips: Node[] = Array.from({ length: 40 }, (_, at) =>
      node(`v${at}`, 'unary', [at === 0 ? 'x' : `v${at - 1}`], { fn: 'clip', alpha: -at - 1, beta: at + 1 }),
    );
    expect(kinds({ x: [2] }, clips)).toEqual(['clip']);
  });

  it('leave what an output and another node take where it is', () => {
    const nodes = [
      node('a', 'binary', ['x', scalar(2)], { fn: 'mul' }),
      node('b', 'reshape', ['a'], { shape: [2, 1] }),
      node('c', 'reshape', ['b'], { shape: [2] }),
      node('y', 'unary', ['c'], { fn: 'exp' }),
    ];
    const simplified = simple({ x: [2] }, nodes, { outputs: ['y', 'b', 'c'] });
    expect(simplified.outputs.map(({ value }) => value)).toEqual(['y', 'b', 'a']);
    expect(simplified.nodes.map(({ output }) => output)).toEqual(['a', 'b', 'y']);
  });

  it('remove what nothing takes any more, with all that leads to it', () => {
    const nodes = [
      node('a', 'unary', ['z'], { fn: 'tanh' }),
      node('b', 'unary', ['a'], { fn: 'exp' }),
      node('c', 'unary', ['b'], { fn: 'is_nan' }),
      node('d', 'unary', ['c'], { fn: 'to_bool' }),
      node('y', 'binary', ['x', 'd'], { fn: 'add' }),
    ];
    expect(kinds({ x: [2], z: [2] }, nodes)).toEqual(['tanh', 'exp', 'is_nan', 'add']);
    const powers = [node('a', 'unary', ['x'], { fn: 'neg' }), node('b', 'unary', ['a'], { fn: 'neg' })];
    expect(kinds({ x: [2] }, [...powers, node('y', 'unary', ['b'], { fn: 'exp' })])).toEqual(['exp']);
  });
});
