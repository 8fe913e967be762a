import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { randomGraph, randomInputs } from '../random-graph.ts';
import { reference } from '../reference.ts';
import { expectClose } from './close.ts';

describe('simplifying random graphs', () => {
  for (const [precision, tolerance] of [
    ['f64', 1e-9],
    ['f32', 1e-6],
  ] as const) {
    it(`changes no result of 300 graphs in ${precision}`, () => {
      for (let seed = 1; seed <= 300; seed++) {
        const graph = randomGraph(seed);
        const inputs = randomInputs(graph, seed, 2);
        const simplified = simplify(validate(graph, DEFAULT_LIMITS), { precision });
        expectClose(reference(simplified, inputs, 2), reference(graph, inputs, 2), tolerance, `seed ${seed}`);
      }
    });
  }

  it('leaves nothing to do', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const checked = validate(randomGraph(seed), DEFAULT_LIMITS);
      const once = simplify(checked, { precision: 'f64' });
      const outputs = once.outputs.filter(({ value }) => typeof value === 'string');
      const again = validate({ ...checked, ...once, outputs: outputs as never }, DEFAULT_LIMITS);
      expect(simplify(again, { precision: 'f64' }).nodes.length).toBe(again.nodes.length);
    }
  });
});
