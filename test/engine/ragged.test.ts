/** Sums of table rows over ragged inputs against a loop of scipy's order, and the same bits however they are run. */
import { describe, expect, it } from 'vitest';
import type { BagMode, Graph, Node } from '../../lib/graph/graph.ts';
import { modelFromGraph } from '../../lib/load.ts';
import type { Model, RaggedRows } from '../../lib/model.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, bitsOf, type Floats, ISAS, PRECISIONS, type Precision } from './engine.ts';

interface Batch extends RaggedRows {
  readonly ids: Int32Array;
  readonly weights: Floats;
  readonly offsets: Int32Array;
}

/** A graph of one bag beside the scatter of the same input. */
function bagOf(precision: Precision, table: Floats, width: number, mode: BagMode, bias?: Floats): Graph {
  const count = table.length / width;
  const dtype = precision === 'f64' ? 'float64' : 'float32';
  const constants = [{ shape: [count, width], data: table }, ...(bias ? [{ shape: [width], data: bias }] : [])];
  const nodes: Node[] = [
    { op: 'bag', name: 'bag', inputs: ['text', ...constants], output: 'sums', attributes: { mode } },
    { op: 'scatter', name: 'scatter', inputs: ['text'], output: 'row', attributes: {} },
  ];
  return {
    format: 'test',
    precision,
    inputs: [{ name: 'text', shape: [count], dtype, ragged: true }],
    outputs: [
      { name: 'sums', value: 'sums', dtype },
      { name: 'row', value: 'row', dtype },
    ],
    nodes,
  };
}

function batchOf(random: Random, precision: Precision, lengths: readonly number[], count: number): Batch {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [r, length] of lengths.entries()) offsets[r + 1] = offsets[r] + length;
  const pairs = offsets[lengths.length];
  return {
    ids: new Int32Array(pairs).map(() => random.below(count)),
    weights: new (arrayOf(precision))(pairs).map(() => random.normal()),
    offsets,
  };
}

/** In the precision's own arithmetic: each product and each sum is rounded. */
function expected(batch: Batch, table: Floats, width: number, mode: BagMode, bias?: Floats): [Floats, Floats] {
  const { ids, weights, offsets } = batch;
  const round = table instanceof Float32Array ? Math.fround : (x: number) => x;
  const rows = offsets.length - 1;
  const count = table.length / width;
  const Own = table.constructor as Float64ArrayConstructor;
  const [sums, dense] = [new Own(rows * width), new Own(rows * count)];
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j++) {
      let value = 0;
      for (let k = offsets[r]; k < offsets[r + 1]; k++) {
        const product = round(weights[k] * table[ids[k] * width + j]);
        if (mode !== 'max') value = round(value + product);
        else if (k === offsets[r] || product > value || Number.isNaN(product)) value = product;
      }
      if (mode === 'mean' && offsets[r + 1] > offsets[r]) value = round(value / (offsets[r + 1] - offsets[r]));
      sums[r * width + j] = bias === undefined ? value : round(value + bias[j]);
    }
    for (let k = offsets[r]; k < offsets[r + 1]; k++)
      dense[r * count + ids[k]] = round(dense[r * count + ids[k]] + weights[k]);
  }
  return [sums, dense];
}

const numbersOf = (random: Random, precision: Precision, count: number): Floats =>
  new (arrayOf(precision))(count).map(() => random.normal());

const bits = (floats: unknown) => [...bitsOf(floats as Floats)];

function run(model: Model, batch: RaggedRows): [Floats, Floats] {
  const { sums, row } = model.run<{ sums: Floats; row: Floats }>({ text: batch });
  return [sums, row];
}

const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129];

describe.each(PRECISIONS)('a bag in %s', (precision) => {
  it.each(ISAS)('gives the bits of the plain loop on %s, for any width, mode and row', (isa) => {
    const random = new Random(5);
    for (const width of WIDTHS) {
      for (const mode of ['sum', 'mean', 'max'] as const) {
        const count = 1 + random.below(40);
        const table = numbersOf(random, precision, count * width);
        const bias = random.unit() < 0.5 ? numbersOf(random, precision, width) : undefined;
        using model = modelFromGraph(bagOf(precision, table, width, mode, bias), { isa });
        for (const lengths of [[], [0], [1], [0, 3, 0, 0, 1], [127, 128, 129, 300, 2]]) {
          const batch = batchOf(random, precision, lengths, count);
          const [sums, row] = run(model, batch);
          const [wantedSums, wantedRow] = expected(batch, table, width, mode, bias);
          expect(bits(sums), `${width} ${mode} ${lengths}`).toEqual(bits(wantedSums));
          expect(bits(row)).toEqual(bits(wantedRow));
        }
      }
    }
  });

  it('gives NaN and infinities as the loop does', () => {
    const random = new Random(7);
    const special = [Number.NaN, Infinity, -Infinity, -0, 0, 1];
    for (const mode of ['sum', 'mean', 'max'] as const) {
      for (const width of [1, 5, 40]) {
        const table = numbersOf(random, precision, 12 * width).map((x) =>
          random.unit() < 0.2 ? random.pick(special) : x,
        );
        const batch = batchOf(random, precision, [5, 0, 9, 1, 40], 12);
        batch.weights.forEach((_, i) => {
          if (random.unit() < 0.1) batch.weights[i] = special[i % 6];
        });
        using model = modelFromGraph(bagOf(precision, table as Floats, width, mode));
        expect(bits(run(model, batch)[0])).toEqual(bits(expected(batch, table as Floats, width, mode)[0]));
      }
    }
  });

  it('takes ids of any width, weights of either precision or none, and unaligned views', () => {
    const random = new Random(11);
    const [count, width] = [50, 6];
    const table = numbersOf(random, precision, count * width);
    using model = modelFromGraph(bagOf(precision, table, width, 'sum'));
    const whole = batchOf(random, 'f32', [3, 0, 140, 7], count);
    const wanted = run(model, { ...whole, weights: arrayOf(precision).from(whole.weights) as Floats });
    const shifted = new Int32Array(whole.ids.length + 1);
    shifted.set(whole.ids, 1);
    for (const ids of [
      whole.ids,
      Uint32Array.from(whole.ids),
      BigInt64Array.from(whole.ids, BigInt),
      shifted.subarray(1),
    ]) {
      for (const weights of [whole.weights, Float64Array.from(whole.weights)]) {
        for (const offsets of [whole.offsets, [...whole.offsets]]) {
          expect(run(model, { ids, weights, offsets }).map(bits)).toEqual(wanted.map(bits));
        }
      }
    }
    const ones = new (arrayOf(precision))(whole.ids.length).fill(1);
    const { ids, offsets } = whole;
    expect(run(model, { ids, offsets }).map(bits)).toEqual(run(model, { ids, offsets, weights: ones }).map(bits));
  });

  it('gives the same bits in any batch, on any number of threads, asynchronously and bound', async () => {
    const random = new Random(13);
    const [count, width] = [3000, 33];
    const table = numbersOf(random, precision, count * width);
    const graph = bagOf(precision, table, width, 'mean');
    const only = { ...graph, outputs: graph.outputs.slice(0, 1) };
    const lengths = Array.from({ length: 700 }, (_, r) => (r === 350 ? 100_000 : r % 90));
    const batch = batchOf(random, precision, lengths, count);
    using model = modelFromGraph(only);
    const wanted = bits(model.run<{ sums: Floats }>({ text: batch }).sums);
    expect(wanted).toEqual(bits(expected(batch, table, width, 'mean')[0]));
    for (const threads of [2, 4]) {
      using shared = modelFromGraph(only, { threads });
      expect(bits(shared.run<{ sums: Floats }>({ text: batch }).sums)).toEqual(wanted);
      expect(bits((await shared.runAsync<{ sums: Floats }>({ text: batch })).sums)).toEqual(wanted);
    }
    for (const r of [0, 1, 349, 350, 351, 699]) {
      const [from, to] = batch.offsets.subarray(r, r + 2);
      const call = model.bind({ batch: 1, items: 100_000 });
      call.inputs.text.ids.set(batch.ids.subarray(from, to));
      call.inputs.text.weights.set(batch.weights.subarray(from, to) as Float32Array);
      call.inputs.text.offsets[1] = to - from;
      call.run();
      expect(bits(call.output)).toEqual(wanted.slice(r * width, (r + 1) * width));
    }
  });
});
