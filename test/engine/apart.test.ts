/** Rows about a multiple of 4 KB apart, which dense layers read from a copy: the bits are those of single rows. */
import { describe, expect, it } from 'vitest';
import { modelFromGraph } from '../../lib/load.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, bitsOf, bytesOf, type Floats, ISAS, type Named } from './engine.ts';

const BATCHES = [8, 9, 12, 25, 130];
/** The tiles of scalar code have one row. */
const VECTORS = ISAS.filter((isa) => isa !== 'scalar');

describe.each(['f32', 'f64', 'bf16'] as const)('rows of 4 KB in %s', (precision) => {
  const type = precision === 'f64' ? 'f64' : 'f32';
  const unit = type === 'f64' ? 2 : 1;

  it.each(VECTORS)('give the same bits in every batch on %s, on two threads too', (isa) => {
    for (const inputs of [1024, 1030, 2047].map((count) => Math.ceil(count / unit))) {
      const random = new Random(inputs);
      const layer = () => random.tensor([inputs, 137], 0.05);
      const graph = graphOf({ x: [inputs] }, [
        node('a', 'dense', ['x', layer()], { layout: 'in-out', clamp: [0, 1] }),
        node('b', 'unary', ['x'], { fn: 'tanh' }),
        node('c', 'dense', ['b', layer()], { layout: 'in-out' }),
        node('d', 'binary', ['a', 'c'], { fn: 'add' }),
      ]);
      using one = modelFromGraph(graph, { precision, isa });
      using two = modelFromGraph(graph, { precision, isa, threads: 2 });
      const x = arrayOf(type).from(random.values(130 * inputs)) as Floats;
      const run = (model: typeof one, first: number, rows: number) => {
        const { y } = model.run({ x: x.subarray(first * inputs, (first + rows) * inputs) } as Named) as Named;
        return bytesOf(bitsOf(y));
      };
      const wanted = Array.from({ length: 30 }, (_, row) => run(one, row, 1));
      for (const batch of BATCHES) {
        for (const model of [one, two]) {
          const found = run(model, 0, batch);
          const expected = Buffer.concat(wanted.slice(0, batch));
          expect(found.subarray(0, expected.length).equals(expected), `${inputs} inputs, ${batch} rows`).toBe(true);
        }
      }
    }
  });
});
