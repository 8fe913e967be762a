import { describe, expect, it } from 'vitest';
import { engine } from '#engine';
import type { Graph, Node } from '../../lib/graph/graph.ts';
import { modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { constant, node } from '../graph/graphs.ts';

/** [age, income, city] as three numbers; finite ones are required, then they are summed. */
function sum(nan = false, nodes: readonly Node[] = []): Graph {
  return {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [3], dtype: 'float64' }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes: [
      ...nodes,
      node('checked', 'require_finite', [nodes.at(-1)?.output ?? 'x'], { nan }),
      node('y', 'dense', ['checked', constant([1, 1, 1], [3, 1])], { layout: 'in-out' }),
    ],
    featureNames: ['age', 'income', 'city'],
  };
}

const calls: [string, (model: Model, x: Float64Array) => unknown][] = [
  ['run', (model, x) => model.run(x)],
  ['runAsync', (model, x) => model.runAsync(x)],
  [
    'a bound call',
    (model, x) => {
      const call = model.bind({ batch: x.length / 3 });
      call.input.set(x as never);
      call.run();
      return call.output;
    },
  ],
];

describe.each(calls)('%s where finite numbers are required', (_, call) => {
  it('gives what it would give without', async () => {
    for (const isa of engine.instructionSets()) {
      const model = modelFromGraph(sum(), { isa });
      const x = Float64Array.from({ length: 3 * 500 }, (_, i) => i);
      const y = await call(model, x);
      expect(y).toEqual(Float64Array.from({ length: 500 }, (_, i) => 9 * i + 3));
    }
  });

  it.each([Number.NaN, Infinity, -Infinity])('refuses %d by its row and feature', async (value) => {
    for (const isa of engine.instructionSets()) {
      const model = modelFromGraph(sum(), { isa });
      for (const [row, element] of [
        [0, 0],
        [3, 2],
        [499, 1],
      ]) {
        const x = new Float64Array(3 * 500);
        x[3 * row + element] = value;
        const error = await failureOf(() => call(model, x));
        expect(error.code).toBe('INPUT');
        expect(error.message).toContain(`row ${row} holds ${value} in '${['age', 'income', 'city'][element]}'`);
        expect(error.place).toBe("input 'x'");
      }
      expect(await call(model, Float64Array.of(1, 2, 3))).toEqual(Float64Array.of(6));
    }
  });

  it('lets NaN pass where it may', async () => {
    const model = modelFromGraph(sum(true));
    expect(await call(model, Float64Array.of(1, Number.NaN, 3))).toEqual(Float64Array.of(Number.NaN));
    const error = await failureOf(() => call(model, Float64Array.of(Number.NaN, 1, -Infinity)));
    expect(error.message).toContain("row 0 holds -Infinity in 'city'; the model only takes finite numbers");
  });
});

describe('a feature that is not finite', () => {
  it('is named behind what only moves or scales it', async () => {
    const moved = modelFromGraph(
      sum(false, [
        node('a', 'gather', ['x'], { axis: 0, indices: Int32Array.of(2, 1, 0) }),
        node('b', 'affine', ['a', constant([2]), constant([1])], {}),
      ]),
    );
    const error = await failureOf(() => moved.run(Float64Array.of(1, 2, Number.NaN)));
    expect(error.message).toContain("row 0 holds NaN in 'city'");
  });

  it('is said to be an element of what the node takes where several features are behind it', async () => {
    const mixed = modelFromGraph(
      sum(false, [
        node('a', 'dense', ['x', constant([1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 3])], { layout: 'in-out' }),
        node('b', 'unary', ['a'], { fn: 'log' }),
      ]),
    );
    const error = await failureOf(() => mixed.run(Float64Array.of(1, -2, 0)));
    expect(error.place).toBe('node n_checked');
    expect(error.message).toContain('element 0 of its operand in row 0 is NaN');
  });

  it('is detected by its position where features have no names', async () => {
    const { featureNames: _, ...unnamed } = sum();
    const error = await failureOf(() => modelFromGraph(unnamed).run(Float64Array.of(0, Number.NaN, 0)));
    expect(error.message).toContain('row 0 holds NaN at position 1');
  });
});
