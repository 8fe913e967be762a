import { describe, expect, it } from 'vitest';
import { engine } from '../../lib/engine/native.ts';
import type { DType, Graph, Node } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { lower } from '../../lib/graph/lower.ts';
import { OLDEST_PLAN } from '../../lib/graph/plan-format.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { modelFromGraph } from '../../lib/load.ts';
import { Model } from '../../lib/model.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { BATCHES, bitsOf, ISAS, runGuarded } from './engine.ts';

const number = (value: number) => ({ shape: [], data: Float64Array.of(value) });

interface Layer {
  readonly weight: Float32Array;
  readonly bias: Float64Array;
  readonly factors: Float64Array;
  readonly low: number;
  readonly high: number;
  readonly zero: number;
}

/** Of real sizes: what is scaled lies within the bounds and beyond them. */
function layerOf(random: Random, k: number, n: number): Layer {
  return {
    weight: Float32Array.from({ length: n * k }, () => random.below(256) - 128),
    bias: Float64Array.from({ length: n }, () => random.below(20000) - 10000),
    factors: Float64Array.from({ length: n }, () => (1 + random.below(1000) / 1000) / (60 * Math.sqrt(k))),
    low: -118,
    high: 137,
    zero: -10,
  };
}

function nodesOf(layer: Layer, x: string, y: string): Node[] {
  const { weight, bias, factors, low, high, zero } = layer;
  const n = bias.length;
  return [
    node(`${y}_sum`, 'dense', [x, { shape: [n, weight.length / n], data: weight }, { shape: [n], data: bias }], {
      layout: 'out-in',
    }),
    node(`${y}_scaled`, 'affine', [`${y}_sum`, { shape: [n], data: factors }, number(0.5)], {}),
    node(`${y}_floor`, 'unary', [`${y}_scaled`], { fn: 'floor' }),
    node(`${y}_clip`, 'unary', [`${y}_floor`], { fn: 'clip', alpha: low, beta: high }),
    node(y, 'affine', [`${y}_clip`, number(1), number(zero)], {}),
  ];
}

/** The product and ½ are rounded twice here, which makes no difference: the results of these are no ties. */
function computed({ weight, bias, factors, low, high, zero }: Layer, x: ArrayLike<number>): number[] {
  const n = bias.length;
  const k = weight.length / n;
  return Array.from({ length: (x.length / k) * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = bias[column];
    for (let i = 0; i < k; i++) sum += x[row * k + i] * weight[column * k + i];
    return Math.min(Math.max(Math.floor(sum * factors[column] + 0.5), low), high) + zero;
  });
}

function graphFrom(nodes: readonly Node[], k: number, dtype: DType, outputs?: readonly string[]): Graph {
  const graph = graphOf({ x: [k] }, nodes, outputs);
  return { ...graph, precision: 'f64', inputs: [{ name: 'x', shape: [k], dtype }] };
}

function layersOf(graph: Graph, precision: 'f32' | 'f64' = 'f64') {
  const { layers, plan } = lower(simplify(validate(graph, DEFAULT_LIMITS), { precision }), precision);
  return { kinds: layers.map(({ kind }) => kind), version: plan.code[0] };
}

const isInBytes = (graph: Graph, precision?: 'f32' | 'f64') =>
  layersOf(graph, precision).kinds.includes('dense in bytes');

const SIZES = [
  [16, 8],
  [31, 33],
  [64, 17],
  [65, 130],
  [300, 3],
  [1000, 40],
] as const;

describe.each(['int8', 'uint8'] as const)('layers of %s', (dtype) => {
  const least = dtype === 'int8' ? -128 : 0;

  it.each(SIZES)('of %i inputs and %i outputs give what doubles do, everywhere', (k, n) => {
    const random = new Random(k + n);
    const [first, second] = [layerOf(random, k, n), layerOf(random, n, 50)];
    const graph = graphFrom([...nodesOf(first, 'x', 'h'), ...nodesOf(second, 'h', 'y')], k, dtype, ['y']);
    expect(layersOf(graph).version).toBe(5);
    const most = Math.max(...BATCHES);
    const x = Float64Array.from({ length: most * k }, () => least + random.below(256));
    const wanted = computed(second, computed(first, x));
    expect(new Set(wanted).size).toBeGreaterThan(20);
    for (const isa of ISAS) {
      using model = modelFromGraph(graph, { isa });
      for (const rows of BATCHES) {
        const { y } = runGuarded(model, graph, { x }, 'f64', rows);
        expect(bitsOf(y), `${isa}, ${rows} rows`).toEqual(bitsOf(Float64Array.from(wanted.slice(0, rows * 50))));
      }
    }
  });

  it('give what doubles do where products lie halfway between integers, and NaN for rows of NaN only', () => {
    const [k, n, rows] = [24, 40, 48];
    const random = new Random(5);
    const whole = (layer: Layer): Layer => ({ ...layer, factors: layer.factors.map(() => 2 ** -8) });
    const [first, second] = [whole(layerOf(random, k, n)), layerOf(random, n, 30)];
    const graph = graphFrom([...nodesOf(first, 'x', 'h'), ...nodesOf(second, 'h', 'y')], k, dtype, ['y']);
    const x = Float64Array.from({ length: rows * k }, () => least + random.below(256));
    const wanted = Float64Array.from(computed(second, computed(first, x)));
    x[5 * k + 3] = Number.NaN;
    wanted.fill(Number.NaN, 5 * 30, 6 * 30);
    for (const isa of ISAS) {
      using model = modelFromGraph(graph, { isa });
      expect(bitsOf(model.run(x)), isa).toEqual(bitsOf(wanted));
    }
  });

  it('take inputs of integers as they are, and results that others take too', () => {
    const random = new Random(6);
    const [first, second] = [layerOf(random, 21, 40), layerOf(random, 40, 5)];
    const nodes = [...nodesOf(first, 'x', 'h'), ...nodesOf(second, 'h', 'y')];
    const graph = graphFrom(nodes, 21, dtype, ['y']);
    const shown = graphFrom(nodes, 21, dtype, ['y', 'h']);
    for (const isa of ISAS) {
      using model = modelFromGraph(graph, { isa });
      using both = modelFromGraph(shown, { isa });
      for (const Integers of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
        const x = new Integers(Array.from({ length: 70 * 21 }, () => 300 - random.below(600)));
        const wanted = model.run(Float64Array.from(x));
        expect(model.run(x), `${isa}, ${Integers.name}`).toEqual(wanted);
        expect(both.run({ x }), `${isa}, ${Integers.name}`).toEqual({
          y: wanted,
          y1: both.run({ x: Float64Array.from(x) }).y1,
        });
      }
    }
  });

  it('take what is beyond the type as the nearest of it, and give NaN for NaN', () => {
    const layer = layerOf(new Random(3), 40, 20);
    const graph = graphFrom(nodesOf(layer, 'x', 'y'), 40, dtype);
    using model = modelFromGraph(graph);
    const greatest = least + 255;
    const within = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? least : greatest));
    const beyond = within.map((value) => (value === least ? least - 1000 : Infinity));
    expect(model.run(beyond)).toEqual(model.run(within));
    expect(model.run(within.with(7, Number.NaN)).every(Number.isNaN)).toBe(true);
  });

  it.each(ISAS)('give NaN with %s where a plan says that their middle is none', (isa) => {
    const graph = graphFrom(nodesOf(layerOf(new Random(4), 40, 20), 'x', 'y'), 40, dtype);
    const { plan } = lower(simplify(validate(graph, DEFAULT_LIMITS), { precision: 'f64' }), 'f64');
    const middle = plan.parameters.findIndex(({ length }) => length === 1);
    const run = (value: number) => {
      const parameters = plan.parameters.with(middle, Float64Array.of(value));
      const made = engine.create({ ...plan, parameters }, { isa, integers: [false], threads: 1 });
      const y = new Float64Array(20);
      expect(made.run(new Float64Array(40).fill(3), y)).toBeUndefined();
      made.dispose();
      return y;
    };
    expect(run(plan.parameters[middle][0]).some(Number.isNaN)).toBe(false);
    expect(run(Number.NaN).every(Number.isNaN)).toBe(true);
  });
});

const CLASSES = { int8: Int8Array, uint8: Uint8Array } as const;
type ByteType = keyof typeof CLASSES;

/** A model of one or two layers that takes and gives bytes, and what doubles give. */
function byteModel(random: Random, k: number, n: number, dtype: ByteType, given: ByteType, second?: number) {
  const ofBytes = given === 'int8' ? { low: -118, high: 137, zero: -10 } : { low: -140, high: 115, zero: 140 };
  const layers =
    second === undefined
      ? [{ ...layerOf(random, k, n), ...ofBytes }]
      : [layerOf(random, k, n), { ...layerOf(random, n, second), ...ofBytes }];
  const nodes = layers.flatMap((layer, at) =>
    nodesOf(layer, at === 0 ? 'x' : 'h', at === layers.length - 1 ? 'y' : 'h'),
  );
  const graph = graphFrom(nodes, k, dtype, ['y']);
  const outputs = graph.outputs.map((output) => ({ ...output, dtype: given }));
  const wanted = (x: ArrayLike<number>) => layers.reduce<ArrayLike<number>>((rows, layer) => computed(layer, rows), x);
  return { graph: { ...graph, outputs }, wanted };
}

/** An array that begins so many bytes into its buffer. */
function unaligned(dtype: ByteType, values: readonly number[], offset: number): Int8Array | Uint8Array {
  const bytes = new CLASSES[dtype](new ArrayBuffer(values.length + offset), offset, values.length);
  bytes.set(values);
  return bytes;
}

const ENDS = [
  [16, 4],
  [17, 1],
  [15, 5],
  [31, 3],
  [300, 1],
  [300, 9],
  [5, 16],
  [64, 8],
  [33, 17],
  [21, 1100],
] as const;
const HEIGHTS = [0, 1, 2, 3, 4, 5, 7, 63, 64, 65];

describe.each(['int8', 'uint8'] as const)("callers' bytes, %s", (dtype) => {
  const least = dtype === 'int8' ? -128 : 0;

  it.each(ENDS)('are read and written directly by layers of %i inputs and %i outputs, wherever they begin', (k, n) => {
    const random = new Random(k * n);
    for (const given of ['int8', 'uint8'] as const) {
      for (const second of [undefined, 3]) {
        const { graph, wanted } = byteModel(random, k, n, dtype, given, second);
        const width = second ?? n;
        const x = Array.from({ length: 65 * k }, () => least + random.below(256));
        const y = CLASSES[given].from(wanted(x));
        expect(new Set(y).size).toBeGreaterThan(2);
        for (const isa of ISAS) {
          using model = modelFromGraph(graph, { isa });
          HEIGHTS.forEach((rows, at) => {
            const bytes = unaligned(dtype, x.slice(0, rows * k), at % 4);
            const margin = 8 + (at % 3);
            const whole = new CLASSES[given](2 * margin + rows * width).fill(77);
            model.run(bytes, whole.subarray(margin, margin + rows * width));
            const found = [...whole];
            const margins = [...found.splice(margin + rows * width), ...found.splice(0, margin)];
            expect(
              margins.every((value) => value === 77),
              `${isa}, ${rows} rows: written beyond its end`,
            ).toBe(true);
            expect(found, `${isa}, ${given}, ${rows} rows`).toEqual([...y.subarray(0, rows * width)]);
          });
        }
      }
    }
  });

  it.each([
    [40, 3],
    [40, 20],
  ])('become what other elements do: %i inputs, %i outputs', (k, n) => {
    const random = new Random(11);
    const { graph } = byteModel(random, k, n, dtype, 'int8');
    const arrays = [
      Int8Array,
      Uint8Array,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
    ];
    for (const isa of ISAS) {
      using model = modelFromGraph(graph, { isa });
      for (const X of arrays) {
        const x = new X(Array.from({ length: 9 * k }, () => 300 - random.below(600)));
        const wanted = model.run(Float64Array.from(x)) as Float64Array;
        for (const Y of arrays) {
          const isByte = Y === Int8Array || Y === Uint8Array;
          const [low, high] = Y === Int8Array ? [-128, 127] : [Y.name.startsWith('Uint') ? 0 : -Infinity, Infinity];
          const whole = wanted.map((value) => Math.min(Math.max(value, low), isByte && Y === Uint8Array ? 255 : high));
          expect(model.run(x, new Y(wanted.length)), `${isa}, ${X.name} to ${Y.name}`).toEqual(Y.from(whole));
        }
      }
    }
  });

  it.each([1, 3, 20])('are exact where products lie halfway between integers, and 0 for NaN: %i outputs', (n) => {
    const [k, rows] = [24, 50];
    const random = new Random(12);
    const layer = { ...layerOf(random, k, n), factors: new Float64Array(n).fill(2 ** -8) };
    const graph = graphFrom(nodesOf(layer, 'x', 'y'), k, dtype);
    const outputs = graph.outputs.map((output) => ({ ...output, dtype: 'int8' as const }));
    const x = Float64Array.from({ length: rows * k }, () => least + random.below(256));
    const wanted = Int8Array.from(computed(layer, x));
    for (const isa of ISAS) {
      using model = modelFromGraph({ ...graph, outputs }, { isa });
      expect(model.run(CLASSES[dtype].from(x), new Int8Array(rows * n)), isa).toEqual(wanted);
      const found = model.run(x.with(7 * k + 5, Number.NaN), new Int8Array(rows * n));
      expect(found, isa).toEqual(wanted.slice().fill(0, 7 * n, 8 * n));
    }
  });

  it('are read beside other uses of the input, and of several inputs', async () => {
    const random = new Random(13);
    const [first, second] = [layerOf(random, 20, 4), layerOf(random, 20, 30)];
    const nodes = [
      ...nodesOf(first, 'x', 'y'),
      ...nodesOf(first, 'z', 'u'),
      ...nodesOf(second, 'z', 'v'),
      node('w', 'affine', ['z', number(2), number(1)], {}),
    ];
    const graph = graphFrom(nodes, 20, dtype, ['y', 'u', 'v', 'w']);
    const inputs = ['x', 'z'].map((name) => ({ name, shape: [20], dtype }));
    const outputs = graph.outputs.map((output) => ({ ...output, dtype: 'int8' as const }));
    for (const isa of ISAS) {
      using model = modelFromGraph({ ...graph, inputs, outputs }, { isa });
      for (const rows of [1, 7, 65]) {
        const [x, z] = [0, 1].map(() =>
          CLASSES[dtype].from(Array.from({ length: rows * 20 }, () => least + random.below(256))),
        );
        const wanted = [
          computed(first, x),
          computed(first, z),
          computed(second, z),
          Array.from(z, (value) => Math.min(Math.max(2 * value + 1, -128), 127)),
        ].map((values) => Int8Array.from(values));
        const given = wanted.map(({ length }) => new Int8Array(length));
        const named = Object.fromEntries(given.map((array, at) => [outputs[at].name, array]));
        model.run({ x, z }, named);
        expect(given, `${isa}, ${rows} rows`).toEqual(wanted);
        for (const array of given) array.fill(0);
        await model.runAsync({ x, z }, named);
        expect(given, `${isa}, ${rows} rows, async`).toEqual(wanted);
      }
    }
  });

  it('are read and written by threads and shared models', () => {
    const random = new Random(14);
    const [k, n, rows] = [512, 3, 9001];
    const { graph, wanted } = byteModel(random, k, 300, dtype, 'int8', n);
    const x = CLASSES[dtype].from(Array.from({ length: rows * k }, () => least + random.below(256)));
    const some = Int8Array.from(wanted(x.subarray(0, 100 * k)));
    using model = modelFromGraph(graph, { threads: 2 });
    using alone = modelFromGraph(graph);
    using shared = Model.attach(model.share());
    const y = model.run(x, new Int8Array(rows * n)) as Int8Array;
    expect(y.subarray(0, some.length)).toEqual(some);
    expect(alone.run(x, new Int8Array(rows * n))).toEqual(y);
    expect(shared.run(x, new Int8Array(rows * n))).toEqual(y);
  });
});

describe('which layers are of bytes', () => {
  const random = new Random(9);
  const layer = layerOf(random, 32, 16);
  const [k, dtype] = [32, 'int8'] as const;

  it('are those in float64 of whole weights that a byte holds', () => {
    const graph = graphFrom(nodesOf(layer, 'x', 'y'), k, dtype);
    expect(isInBytes(graph)).toBe(true);
    expect(isInBytes(graph, 'f32')).toBe(false);
    expect(layersOf(graph, 'f32').version).toBe(OLDEST_PLAN);
    for (const odd of [128, 0.5, -129]) {
      expect(isInBytes(graphFrom(nodesOf({ ...layer, weight: layer.weight.with(3, odd) }, 'x', 'y'), k, dtype))).toBe(
        false,
      );
    }
  });

  it('are not those of inputs that may be more than bytes', () => {
    expect(isInBytes(graphFrom(nodesOf(layer, 'x', 'y'), k, 'float32'))).toBe(false);
    expect(isInBytes(graphFrom(nodesOf(layer, 'x', 'y'), k, 'int16'))).toBe(false);
    const clipped = (low: number, high: number) => [
      node('f', 'unary', ['x'], { fn: 'floor' }),
      node('c', 'unary', ['f'], { fn: 'clip', alpha: low, beta: high }),
    ];
    const clippedTo = (low: number, high: number) =>
      graphFrom([...clipped(low, high), ...nodesOf(layer, 'c', 'y')], k, 'float32');
    expect(isInBytes(clippedTo(1000, 1255))).toBe(true);
    expect(isInBytes(clippedTo(1000, 1256))).toBe(false);
    expect(isInBytes(clippedTo(-0.5, 1))).toBe(false);
  });

  it('are not those whose sum or scaled sum is asked for too', () => {
    for (const shown of ['y_sum', 'y_scaled', 'y_floor', 'y_clip']) {
      const graph = graphFrom(nodesOf(layer, 'x', 'y'), k, dtype, ['y', shown]);
      expect(isInBytes(graph), shown).toBe(shown === 'y_clip');
      using model = modelFromGraph(graph);
      using alone = modelFromGraph(graphFrom(nodesOf(layer, 'x', 'y'), k, dtype));
      const x = Float64Array.from({ length: k }, (_, i) => 3 * i - 50);
      expect(model.run({ x }).y).toEqual(alone.run(x));
    }
  });

  it('are not those whose sums float32 may not hold, unless such sums are clipped', () => {
    const [inputs, outputs] = [1200, 2];
    const wide = { ...layerOf(random, inputs, outputs), weight: new Float32Array(inputs * outputs).fill(127) };
    const small = { ...wide, factors: wide.factors.map(() => 2 ** -18) };
    expect(isInBytes(graphFrom(nodesOf(small, 'x', 'y'), inputs, dtype))).toBe(false);
    const light = { ...small, weight: wide.weight.map(() => 100) };
    expect(isInBytes(graphFrom(nodesOf(light, 'x', 'y'), inputs, dtype))).toBe(true);
    const graph = graphFrom(nodesOf(wide, 'x', 'y'), inputs, dtype);
    expect(isInBytes(graph)).toBe(true);
    using model = modelFromGraph(graph);
    for (const value of [-128, -127, 126, 127, 0]) {
      const x = new Float64Array(inputs).fill(value);
      expect(model.run(x)).toEqual(Float64Array.from(computed(wide, x)));
    }
  });

  it('are those of few products only behind another', () => {
    const few = layerOf(random, 16, 3);
    expect(layersOf(graphFrom(nodesOf(few, 'x', 'y'), 16, dtype)).kinds).not.toContain('dense in bytes');
    const { kinds } = layersOf(graphFrom([...nodesOf(layer, 'x', 'h'), ...nodesOf(few, 'h', 'y')], k, dtype, ['y']));
    expect(kinds.filter((kind) => kind === 'dense in bytes')).toHaveLength(2);
  });
});
