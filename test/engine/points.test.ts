/** Distances that are spelled in pieces, and computed at once where there are many points: the same up to rounding. */
import { describe, expect, it } from 'vitest';
import { Budget } from '../../lib/graph/budget.ts';
import type { Graph } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import type { Rule } from '../../lib/graph/simplify/rewriter.ts';
import { RULES, simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { assemble } from '../../lib/load.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { constant, graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, PRECISIONS, type Precision } from './engine.ts';

function run(rules: readonly Rule[], graph: Graph, precision: Precision, x: Float64Array) {
  const simple = simplify(validate(graph, DEFAULT_LIMITS), { precision, rules });
  const prepared = { source: graph, simple, arithmetic: precision, parameterCount: 0, budget: new Budget() };
  using model = assemble(prepared, simple, checkModelOptions({ precision }));
  return { values: model.run(arrayOf(precision).from(x)), ops: simple.nodes.map(({ op }) => op) };
}

function spelled(random: Random, count: number, features: number): Graph {
  const points = constant(
    Array.from({ length: count * features }, () => random.normal()),
    [count, features],
  );
  const isFlat = random.below(2) === 0;
  const row = isFlat ? [] : [node('r', 'reshape', ['x'], { shape: [1, features] })];
  const x = isFlat ? 'x' : 'r';
  const fn = random.pick(['sum_square', 'l1'] as const);
  return graphOf({ x: [features] }, [
    ...row,
    node('d', 'binary', random.below(2) === 0 ? [x, points] : [points, x], { fn: 'sub' }),
    node('y', 'reduce', ['d'], { fn, axes: [1], keepDims: random.below(2) === 0 }),
  ]);
}

describe.each(PRECISIONS)('distances from many points in %s', (precision) => {
  it.each([
    [256, 1],
    [257, 3],
    [300, 17],
    [1000, 20],
  ])('are the same at once: %i of %i features', (count, features) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const graph = spelled(random, count, features);
      const x = Float64Array.from({ length: 9 * features }, () => random.normal());
      // Of one row each, whose distances are then all like it.
      x[features] = Number.NaN;
      x[2 * features] = Infinity;
      const [plain, found] = [run([], graph, precision, x), run(RULES, graph, precision, x)];
      expect(found.ops).toContain('distances');
      expect(found.values.length).toBe(plain.values.length);
      const tolerance = precision === 'f32' ? 1e-5 : 1e-13;
      for (const [i, value] of found.values.entries()) {
        const expected = plain.values[i];
        const isSame = Object.is(value, expected) || Math.abs(value - expected) <= tolerance * Math.max(1, expected);
        expect(isSame, `seed ${seed}, ${i}: ${value}, ${expected}`).toBe(true);
      }
    }
  });

  it('are left as they are where the points are few', () => {
    const { ops } = run(RULES, spelled(new Random(1), 255, 4), precision, new Float64Array(4));
    expect(ops).not.toContain('distances');
  });
});
