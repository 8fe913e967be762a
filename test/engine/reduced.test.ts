import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Graph, REDUCED_NAMES, type ReducedWeights } from '../../lib/graph/graph.ts';
import { load, modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { bitsOf, ISAS, runGuarded } from './engine.ts';

const ROWS = 257;
const BATCHES = [0, 1, 2, 3, 5, 12, 13, 33, 64, ROWS];

/** Two wide layers, one of them applied to each vector of a row, and what a network has between and around them. */
function network(): Graph {
  const random = new Random(31);
  return graphOf(
    { x: [2, 70] },
    [
      node('a', 'dense', ['x', random.tensor([70, 97], 0.1), random.tensor([97])], { layout: 'in-out' }),
      node('b', 'unary', ['a'], { fn: 'gelu' }),
      node('c', 'reshape', ['b'], { shape: [194] }),
      node('d', 'dense', ['c', random.tensor([130, 194], 0.1)], { layout: 'out-in', clamp: [0, Infinity] }),
      node('e', 'dense', ['d', random.tensor([130, 3], 0.1)], { layout: 'in-out' }),
    ],
    ['d', 'e'],
  );
}

function inputs(width: number): Float32Array {
  const random = new Random(37);
  return Float32Array.from({ length: ROWS * width }, () => random.normal());
}

describe.each(REDUCED_NAMES)('a model with %s weights', (precision) => {
  const graph = network();
  const x = inputs(140);

  it('says so, and has as many parameters', () => {
    using whole = modelFromGraph(graph);
    using reduced = modelFromGraph(graph, { precision });
    expect([whole.precision, reduced.precision]).toEqual(['f32', precision]);
    expect(reduced.parameterCount).toBe(whole.parameterCount);
    expect(reduced.summary()).toContain(`dense ${precision} + relu`);
    expect(reduced.run({ x }).y).toBeInstanceOf(Float32Array);
  });

  it('gives the same bits in every instruction set and batch, and on several threads', () => {
    const options = { precision };
    using first = modelFromGraph(graph, { ...options, isa: ISAS[0] });
    const wanted = Object.fromEntries(Object.entries(first.run({ x })).map(([name, y]) => [name, bitsOf(y)]));
    for (const isa of ISAS) {
      using model = modelFromGraph(graph, { ...options, isa });
      for (const rows of BATCHES) {
        for (const [name, y] of Object.entries(runGuarded(model, graph, { x }, 'f32', rows))) {
          expect(bitsOf(y), `${isa}, ${rows} rows, ${name}`).toEqual(wanted[name].slice(0, y.length));
        }
      }
    }
    using several = modelFromGraph(graph, { ...options, threads: 2 });
    for (const [name, y] of Object.entries(several.run({ x }))) expect(bitsOf(y)).toEqual(wanted[name]);
  });

  it('computes in f32 where the source does in f64', () => {
    using model = modelFromGraph({ ...graph, precision: 'f64' }, { precision });
    using single = modelFromGraph(graph, { precision });
    expect([model.precision, model.run({ x })]).toEqual([precision, single.run({ x })]);
  });

  it('stays as it is where no layer is large enough', () => {
    const random = new Random(5);
    const small = graphOf({ x: [4] }, [node('y', 'dense', ['x', random.tensor([4, 16])], { layout: 'in-out' })]);
    using model = modelFromGraph(small, { precision });
    expect(model.precision).toBe('f32');
  });

  it('takes from what the source says of its layers, unless told otherwise', () => {
    const nodes = graph.nodes.map((found) =>
      found.op === 'dense' && found.name !== 'n_e'
        ? { ...found, attributes: { ...found.attributes, weights: precision } }
        : found,
    );
    using said = modelFromGraph({ ...graph, nodes });
    using asked = modelFromGraph(graph, { precision });
    using whole = modelFromGraph({ ...graph, nodes }, { precision: 'f32' });
    expect([said.precision, whole.precision]).toEqual([precision, 'f32']);
    expect(said.run({ x })).toEqual(asked.run({ x }));
    expect(whole.run({ x })).toEqual(modelFromGraph(graph).run({ x }));
  });

  it('loses less than half a point on digits that it never saw', async () => {
    const folder = new URL('../../examples/digits/', import.meta.url);
    const bytes = (name: string) => {
      const file = readFileSync(new URL(name, folder));
      return file.subarray(10 + file.readUInt16LE(8));
    };
    const [images, labels] = [Float32Array.from(bytes('test-images.npy')), bytes('test-labels.npy')];
    const right = (model: Model) => {
      const scores = model.run(images);
      return labels.filter((label, row) => {
        const own = scores.subarray(row * 10, row * 10 + 10);
        return own.indexOf(Math.max(...own)) === label;
      }).length;
    };
    using whole = await load(new URL('digits.onnx', folder));
    using reduced = await load(new URL('digits.onnx', folder), { precision });
    expect(reduced.precision).toBe(precision);
    expect(right(reduced)).toBeGreaterThan(right(whole) - 0.005 * labels.length);
  });
});

/** Of y = x·W: how far it may be from the exact product, from how far each factor may be from what it stands for. */
const BOUNDS: Record<ReducedWeights, (x: Float32Array, column: Float32Array) => number> = {
  bf16: (x, column) => sum(x, (value, k) => Math.abs(value * column[k]) * 2 ** -9),
  int8: (x, column) => {
    // Half a step each; the scale of a column is up to 2^-15 more than its greatest weight needs.
    const step = (values: Float32Array) => (Math.max(...values.map(Math.abs)) / 254) * (1 + 2 ** -15);
    const [dx, dw] = [step(x), step(column)];
    return sum(x, (value, k) => Math.abs(value) * dw + Math.abs(column[k]) * dx + dx * dw);
  },
};

function sum(values: Float32Array, term: (value: number, at: number) => number): number {
  return values.reduce((total, value, at) => total + term(value, at), 0);
}

describe.each(REDUCED_NAMES)('a layer with %s weights', (precision) => {
  const [k, n] = [200, 40];
  const random = new Random(41);
  const weight = random.tensor([n, k]);
  const graph = graphOf({ x: [k] }, [node('y', 'dense', ['x', weight], { layout: 'out-in' })]);

  it('is as near the exact product as its bits allow, and no nearer', () => {
    const x = inputs(k);
    using model = modelFromGraph(graph, { precision });
    const y = model.run(x);
    let greatest = 0;
    for (let at = 0; at < y.length; at++) {
      const row = x.subarray(Math.floor(at / n) * k, (Math.floor(at / n) + 1) * k);
      const column = (weight.data as Float32Array).subarray((at % n) * k, ((at % n) + 1) * k);
      const error = Math.abs(y[at] - sum(row, (value, i) => value * column[i]));
      const bound = BOUNDS[precision](row, column);
      expect(error).toBeLessThan(bound + 1e-4);
      greatest = Math.max(greatest, error / bound);
    }
    expect(greatest).toBeGreaterThan(0.05);
  });
});

describe('a layer with int8 weights', () => {
  const [k, n] = [32, 16];
  const weight = new Random(43).tensor([k, n]);
  const graph = graphOf({ x: [k] }, [node('y', 'dense', ['x', weight], { layout: 'in-out', clamp: [0, Infinity] })]);

  it.each(ISAS)('gives NaN for a row that holds a value that is not finite, and for it alone (%s)', (isa) => {
    using model = modelFromGraph(graph, { precision: 'int8', isa });
    const x = inputs(k).subarray(0, 4 * k);
    const clean = model.run(x);
    for (const special of [Number.NaN, Infinity, -Infinity]) {
      const row = Float32Array.from(x);
      row[2 * k + 31] = special;
      const wanted = Float32Array.from(clean).fill(Number.NaN, 2 * n, 3 * n);
      expect(model.run(row)).toEqual(wanted);
    }
  });
});
