import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../lib/buffers.ts';
import { define, modelFromGraph } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';
import { expectClose } from '../graph/close.ts';
import { reference } from '../reference.ts';
import { greatest, line, lookup, networkGraph, pairs, randomRows } from './models.ts';

const PRECISIONS = [
  ['f32', Float32Array],
  ['f64', Float64Array],
] as const;
const FLOATS = [Float32Array, Float64Array] as const;

describe.each(PRECISIONS)('a model of precision %s', (precision, Own) => {
  it.each(FLOATS)('gives a new array of its own precision for a %o', (Input) => {
    const y = pairs(precision).run(Input.of(1, 2, -3, 0.5));
    expect(y).toEqual(Own.of(5, 11, 2, -2, -7, 0.5));
    expect(y.constructor).toBe(Own);
  });

  it.each(FLOATS.flatMap((Input) => FLOATS.map((Output) => [Input, Output])))(
    'takes a %o and fills the caller’s %o, which it returns',
    (Input, Output) => {
      const y = new Output(6).fill(-1);
      expect(pairs(precision).run(Input.of(1, 2, -3, 0.5), y)).toBe(y);
      expect(y).toEqual(Output.of(5, 11, 2, -2, -7, 0.5));
    },
  );

  it.each([0, 1, 7, 100])('agrees with the reference on a batch of %i, in every way to run', async (rows) => {
    const graph = networkGraph([13, 31, 17, 3]);
    const model = modelFromGraph(graph, { precision });
    const x = Own.from(randomRows(rows * 13));
    const wanted = reference(graph, { x }, rows);
    const call = model.bind({ batch: rows });
    call.input.set(x as Float32Array);
    call.run();
    const results: Record<string, FloatArray> = {
      'run(x)': model.run(x),
      'run(x, y)': model.run(x, new Own(rows * 3)),
      'run({ x })': model.run({ x }).y,
      'run({ x }, { y })': model.run({ x }, { y: new Own(rows * 3) }).y,
      'runAsync(x)': await model.runAsync(x),
      'runAsync({ x })': (await model.runAsync({ x })).y,
      'bind()': call.output,
    };
    expectClose({ y: results['run(x)'] }, wanted, precision === 'f32' ? 1e-6 : 1e-14, 'run(x)');
    for (const [way, y] of Object.entries(results)) expect(y, way).toEqual(results['run(x)']);
  });

  it('keeps what only float64 can hold where the arrays and the model can', () => {
    const x = Float64Array.of(1 + 2 ** -40);
    const exact = precision === 'f64' ? 3 + 2 ** -39 : 3;
    expect(line(precision).run(x, new Float64Array(1))).toEqual(Float64Array.of(exact));
    expect(line(precision).run(x, new Float32Array(1))).toEqual(Float32Array.of(3));
  });

  it('runs an empty batch', () => {
    const model = pairs(precision);
    expect(model.run(new Float32Array(0))).toEqual(new Own(0));
    const y = new Float64Array(0);
    expect(model.run(new Float64Array(0), y)).toBe(y);
  });

  it('writes nothing outside an output that begins in the midst of a buffer', () => {
    const memory = new Own(12).fill(-1);
    memory.set([1, 2], 1);
    pairs(precision).run(memory.subarray(1, 3), memory.subarray(5, 8));
    expect(memory).toEqual(Own.of(-1, 1, 2, -1, -1, 5, 11, 2, -1, -1, -1, -1));
  });

  it('leaves its input as it was', () => {
    const x = Own.of(1, 2);
    pairs(precision).run(x);
    expect(x).toEqual(Own.of(1, 2));
  });

  it.each([Int32Array.of(3, 0, 1), BigInt64Array.of(3n, 0n, 1n), Float32Array.of(3, 0, 1), Float64Array.of(3, 0, 1)])(
    'takes ids as a %o',
    (ids) => {
      expect(lookup(precision).run(ids)).toEqual(Own.of(3, 35, 0, 5, 1, 15));
    },
  );

  it('writes integers to a BigInt64Array or an Int32Array where the source says int64', () => {
    const x = Own.of(1, 5, 2, 9, 8, 7);
    expect(greatest(precision).run(x, new BigInt64Array(2))).toEqual(BigInt64Array.of(1n, 0n));
    expect(greatest(precision).run(x, new Int32Array(2))).toEqual(Int32Array.of(1, 0));
    expect(greatest(precision).run(x)).toEqual(Own.of(1, 0));
  });
});

it('takes rows of rank over 1 in row-major order', () => {
  const model = define({
    inputs: [{ name: 'grid', shape: [2, 3] }],
    layers: [{ weight: [[1, 10, 100]] }],
  });
  expect(model.inputs[0].shape).toEqual([null, 2, 3]);
  expect(model.outputs[0].shape).toEqual([null, 2, 1]);
  const two = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 1);
  expect(model.run(two)).toEqual(Float64Array.of(321, 654, 987, 100));
});

describe('an id that is not in its table', () => {
  it.each([
    ['too great', Int32Array.of(0, 4), "row 1 holds the id 4 in 'id'; expected ids from 0 to 3"],
    ['negative', Int32Array.of(-1), 'row 0 holds the id -1'],
    ['broken', Float64Array.of(2, 1, 1.5), 'row 2 holds 1.5, which is not an integer'],
    ['infinite', Float64Array.of(Infinity), 'row 0 holds Infinity, which is not an integer'],
    ['far too great', BigInt64Array.of(2n ** 62n), 'row 0 holds the id 4611686018427388000'],
  ])('is named with its row when it is %s', async (_, ids, message) => {
    const error = await failureOf(() => lookup('f64').run(ids));
    expect(error.code).toBe('ID');
    expect(error.message).toContain(message);
    expect(error.place).toMatch(/^node /);
  });

  it('is named when it is NaN', () => {
    expect(() => lookup('f64').run(Float64Array.of(1, Number.NaN))).toThrow('row 1 holds NaN, which is not an integer');
  });

  it('is found in any block of a long batch, and the model runs again afterwards', async () => {
    const model = lookup();
    const ids = new Int32Array(10_000);
    ids[9_876] = 4;
    expect((await failureOf(() => model.run(ids))).message).toContain('row 9876 holds the id 4');
    ids[9_876] = 2;
    expect(model.run(ids).subarray(2 * 9_876, 2 * 9_877)).toEqual(Float32Array.of(2, 25));
  });
});

describe('results that no memory can hold', () => {
  const wide = () =>
    define({
      inputs: [{ name: 'id', shape: [], dtype: 'int64' }],
      layers: [{ name: 'hot', type: 'one_hot', depth: 2 ** 20 }],
    });
  const ids = new Int32Array(2 ** 16);

  it.each([
    ['run(x)', () => wide().run(ids)],
    ['run({ id })', () => wide().run({ id: ids })],
    ['runAsync(x)', () => wide().runAsync(ids)],
    ['predict(x)', () => wide().predict(ids)],
  ])('make %s fail with MEMORY and the figures, not with a RangeError', async (_, action) => {
    const error = await failureOf(action);
    expect(error.code).toBe('MEMORY');
    expect(error.message).toContain("buffer of 'hot': no memory for 65536 rows (549755813888 bytes)");
  });
});
