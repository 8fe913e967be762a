/** int8 layers of one scale for all rows: see docs/numerics.md. What each way of multiplying gives is in test/native/reduced_test.cc. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toInt8 } from '../../lib/formats/safetensors/reduced.ts';
import { writeFrozen } from '../../lib/formats/safetensors/write-frozen.ts';
import type { Graph, InputScale, Node, Tensor } from '../../lib/graph/graph.ts';
import { denseLayout } from '../../lib/graph/ops/dense.ts';
import { load, modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { openQuantizable } from '../../lib/quantize.ts';
import { constant, graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { bitsOf, ISAS, runGuarded } from './engine.ts';
import { everyStatic } from './every-kernel.ts';

const ROWS = 257;
const BATCHES = [0, 1, 2, 3, 5, 6, 7, 12, 13, 48, 64, ROWS];

function rowsOf(graph: Graph, rows: number, size = 1): Float32Array {
  const width = graph.inputs[0].shape.reduce((a, b) => a * b);
  const random = new Random(71);
  return Float32Array.from({ length: rows * width }, () => size * random.normal());
}

/** x·(1/scale) + zero to the nearest integer, ties to even: numbers of tests are such that doubles hold the sum. */
function toByte(x: number, [scale, zero]: InputScale): number {
  const value = x * Math.fround(1 / scale) + zero;
  const down = Math.floor(value);
  const rest = value - down;
  const nearest = rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
  return Math.min(Math.max(nearest, -128), 127);
}

/** One layer as docs/numerics.md says it. */
function naive(layer: Node<'dense'>, x: Float32Array): Float32Array {
  const [weight, bias] = layer.inputs.slice(1) as [Tensor, Tensor | undefined];
  const { layout, clamp = [-Infinity, Infinity], inputScale } = layer.attributes;
  const [scale, zero] = inputScale as InputScale;
  const { k, n, kStep, nStep } = denseLayout(layout, weight.shape);
  const { q, scale: scales } = toInt8(weight, layout);
  return Float32Array.from({ length: (x.length / k) * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    const given = x.subarray(row * k, (row + 1) * k);
    if (!given.every(Number.isFinite)) return Number.NaN;
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (toByte(given[i], [scale, zero]) - zero) * q[i * kStep + column * nStep];
    // The product is exact in doubles, and so is its sum with a bias of few bits.
    const y = Math.fround(Math.fround(sum) * Math.fround(scale * scales[column]) + (bias?.data[column] ?? 0));
    return Math.min(Math.max(y, clamp[0]), clamp[1]);
  });
}

describe('layers of one scale for all rows', () => {
  it.each([1, 2, 15, 16, 17, 31, 33, 64, 97])('of %s inputs are the naive ones', (k) => {
    const random = new Random(k);
    const halves = (shape: number[]) => ({ shape, data: random.tensor(shape).data.map((x) => Math.round(2 * x) / 2) });
    for (const n of [1, 7, 16, 31, 32, 33, 65]) {
      const layout = random.below(2) === 0 ? 'in-out' : 'out-in';
      const weight = random.tensor(layout === 'in-out' ? [k, n] : [n, k]);
      const inputScale: InputScale = [Math.fround(0.01 + random.unit() / 50), random.below(256) - 128];
      const dense = node('y', 'dense', ['x', weight, halves([n])], { layout, weights: 'int8', inputScale });
      const graph = graphOf({ x: [k] }, [dense]);
      const x = rowsOf(graph, 29);
      const wanted = naive(dense as Node<'dense'>, x);
      for (const isa of ISAS) {
        using model = modelFromGraph(graph, { isa });
        for (const rows of [0, 1, 2, 29]) {
          const found = model.run(x.subarray(0, rows * k));
          expect(bitsOf(found), `${isa} ${n} ${rows}`).toEqual(bitsOf(wanted.slice(0, rows * n)));
        }
      }
    }
  });

  it('give the same bits in every instruction set and batch, and on several threads', () => {
    const graph = everyStatic();
    const x = rowsOf(graph, ROWS);
    x[100 * 74] = Number.NaN;
    x[101 * 74 + 73] = Infinity;
    using first = modelFromGraph(graph, { isa: ISAS[0] });
    expect([first.precision, first.summary()]).toEqual(['int8', expect.stringContaining('dense int8 static + relu')]);
    const wanted = Object.fromEntries(Object.entries(first.run({ x })).map(([name, y]) => [name, bitsOf(y)]));
    for (const isa of ISAS) {
      using model = modelFromGraph(graph, { isa });
      for (const rows of BATCHES) {
        for (const [name, y] of Object.entries(runGuarded(model, graph, { x }, 'f32', rows))) {
          expect(bitsOf(y), `${isa}, ${rows} rows, ${name}`).toEqual(wanted[name].slice(0, y.length));
        }
      }
    }
    using several = modelFromGraph(graph, { threads: 2 });
    for (const [name, y] of Object.entries(several.run({ x }))) expect(bitsOf(y)).toEqual(wanted[name]);
  });

  it('give the same bits whether floats or bytes are between them, and on threads that share a layer', () => {
    const random = new Random(73);
    const layer = (output: string, x: string, k: number, n: number, scale: number) =>
      node(output, 'dense', [x, random.tensor([n, k], 0.05), random.tensor([n])], {
        layout: 'out-in',
        weights: 'int8',
        inputScale: [scale, -128],
        clamp: [0, Infinity],
      });
    // Threads share layers of some four million products.
    const nodes = [
      layer('a', 'x', 700, 1100, 0.0078125),
      layer('b', 'a', 1100, 999, 0.015625),
      layer('y', 'b', 999, 33, 0.03125),
    ];
    const graph = graphOf({ x: [700] }, nodes);
    const x = rowsOf(graph, 9, 0.5);
    x[4 * 700 + 3] = -Infinity;
    using bytes = modelFromGraph(graph);
    const wanted = bitsOf(bytes.run(x));
    using floats = modelFromGraph({
      ...graph,
      outputs: [
        ...graph.outputs,
        { name: 'a', value: 'a', dtype: 'float32' },
        { name: 'b', value: 'b', dtype: 'float32' },
      ],
    });
    expect(bitsOf(floats.run({ x }).y)).toEqual(wanted);
    using several = modelFromGraph(graph, { threads: 2 });
    for (let run = 0; run < 5; run++) expect(bitsOf(several.run(x))).toEqual(wanted);
  });

  it.each(ISAS)('take what is beyond their range as its end, and NaN and infinities as NaN (%s)', (isa) => {
    const weight = constant(new Array(32).fill(1), [2, 16]);
    const dense = node('y', 'dense', ['x', weight], { layout: 'in-out', weights: 'int8', inputScale: [0.5, -28] });
    using model = modelFromGraph(graphOf({ x: [2] }, [dense]), { isa });
    const first = (...row: number[]) => model.run(Float32Array.from(row))[0];
    const one = first(0.5, 0) / 0.5;
    expect(one).toBeCloseTo(1, 3);
    expect(first(77.5, 0)).toBe(first(3.4e38, 0));
    expect(first(77, 0)).toBeLessThan(first(77.5, 0));
    expect(first(-50, 0)).toBe(first(-3.4e38, 0));
    expect(first(0.25, 0)).toBe(0); // ties to the even of the integers behind zero: -28, not -27
    expect(first(0.75, 0)).toBe(first(1, 0));
    expect(first(-0, 1e-45)).toBe(0);
    for (const special of [Number.NaN, Infinity, -Infinity]) expect(first(1, special)).toBeNaN();
  });
});

describe('digits that it never saw', () => {
  const folder = new URL('../../examples/digits/', import.meta.url);
  const bytes = (name: string) => {
    const file = readFileSync(new URL(name, folder));
    return file.subarray(10 + file.readUInt16LE(8));
  };
  const [images, labels] = [Float32Array.from(bytes('test-images.npy')), bytes('test-labels.npy')];
  const half = images.length / 2;
  const right = (model: Model) => {
    const scores = model.run(images);
    return labels.filter((label, row) => {
      const own = scores.subarray(row * 10, row * 10 + 10);
      return own.indexOf(Math.max(...own)) === label;
    }).length;
  };
  const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, at) => sum + Math.abs(value - b[at]), 0);

  it('are read as well as in f32 and with a scale for each row, by scales of other digits', async () => {
    const quantizable = await openQuantizable(new URL('digits.onnx', folder));
    const ranges = quantizable.ranges([[images.subarray(0, half)]]);
    using whole = quantizable.model({ weights: 'none' });
    using dynamic = quantizable.model({ weights: 'int8' });
    using fixed = quantizable.model({ weights: 'int8', ranges });
    expect(fixed.summary()).toContain('dense int8 static');
    expect(right(fixed)).toBeGreaterThan(right(whole) - 0.005 * labels.length);
    const others = images.subarray(half);
    const errors = [fixed, dynamic].map((model) => distance(model.run(others), whole.run(others)));
    expect(errors[0]).toBeGreaterThan(0);
    expect(errors[0]).toBeLessThan(errors[1]);
  });

  it('have the same bits from a file, and keep the scales only where it says how weights are kept', async () => {
    const quantizable = await openQuantizable(new URL('digits.onnx', folder));
    const how = { weights: 'int8', ranges: quantizable.ranges([[images]]) } as const;
    using model = quantizable.model(how);
    const file = Buffer.concat(quantizable.file(how));
    const wanted = bitsOf(model.run(images));
    for (const isa of ISAS) {
      using opened = await load(file, { isa });
      expect(bitsOf(opened.run(images))).toEqual(wanted);
    }
    using asked = await load(file, { precision: 'int8' });
    using dynamic = await load(new URL('digits.onnx', folder), { precision: 'int8' });
    expect(bitsOf(asked.run(images))).toEqual(bitsOf(dynamic.run(images)));
    using half16 = await load(file, { precision: 'bf16' });
    expect(half16.summary()).not.toContain('static');
  });
});

it('a file of such layers is of the version of plans that has them, which readers of earlier ones name', () => {
  const graph = everyStatic();
  const file = Buffer.concat(writeFrozen(graph, 'f32'));
  expect(file.toString('latin1')).toContain('"inputScale\\":[0.03125,-3]');
});

describe('ranges', () => {
  const random = new Random(79);
  const layers = [
    node('a', 'dense', ['x', random.tensor([40, 32])], { layout: 'in-out', clamp: [0, Infinity] }),
    node('y', 'dense', ['a', random.tensor([32, 16])], { layout: 'in-out' }),
  ];
  const file = Buffer.concat(writeFrozen(graphOf({ x: [40] }, layers), 'f32'));

  it('are those of what comes into layers, over all blocks', async () => {
    const quantizable = await openQuantizable(file);
    const x = rowsOf(graphOf({ x: [40] }, layers), 6);
    using whole = modelFromGraph(graphOf({ x: [40] }, layers, ['a']));
    const [low, high] = [Math.min(...x), Math.max(...x)];
    const blocks = [[x.subarray(0, 80)], [x.subarray(80)]];
    expect([...quantizable.ranges(blocks)]).toEqual(
      expect.arrayContaining([
        ['x', { low, high }],
        ['a', { low: 0, high: Math.max(...whole.run(x)) }],
      ]),
    );
  });

  it('need rows, and finite numbers', async () => {
    const quantizable = await openQuantizable(file);
    expect(() => quantizable.ranges([])).toThrow('expected rows to measure, found none');
    for (const special of [Number.NaN, Infinity, -Infinity]) {
      const x = new Float32Array(3 * 40);
      x[2 * 40 + 1] = special;
      expect(() => quantizable.ranges([[new Float32Array(80)], [x]])).toThrow(
        `sample: row 4 of the sample brings ${special} to the layer n_a`,
      );
    }
    const overflow = new Float32Array(40).fill(3e38);
    expect(() => quantizable.ranges([[overflow]])).toThrow('to the layer n_y');
  });

  it('are none where no layer is large enough', async () => {
    const small = graphOf({ x: [4] }, [node('y', 'dense', ['x', random.tensor([4, 16])], { layout: 'in-out' })]);
    const quantizable = await openQuantizable(Buffer.concat(writeFrozen(small, 'f32')));
    expect(quantizable.ranges([[new Float32Array(4)]]).size).toBe(0);
  });
});
