import { describe, it } from 'vitest';
import { randomGraph, randomInputs } from '../random-graph.ts';
import { arrayOf, BATCHES, expectAsReference, PRECISIONS } from './engine.ts';

const ROWS = Math.max(...BATCHES);

describe.each(PRECISIONS)('random graphs in %s', (precision) => {
  it('agree with the reference, on every instruction set and in every batch', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const graph = randomGraph(seed);
      const named = Object.entries(randomInputs(graph, seed, ROWS));
      const inputs = Object.fromEntries(named.map(([name, values]) => [name, arrayOf(precision).from(values)]));
      const tolerance = precision === 'f32' ? 1e-4 : 1e-9;
      expectAsReference(graph, precision, inputs, { tolerance, what: `seed ${seed}`, rows: 2 });
    }
  });
});
