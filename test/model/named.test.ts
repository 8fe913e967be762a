import { describe, expect, it } from 'vitest';
import type { TypedArray } from '../../lib/buffers.ts';
import { define } from '../../lib/load.ts';
import type { FloatArray, Prediction } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { line, pairs, towers } from './models.ts';

const user = Int32Array.of(2, 0);
const grid = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);

describe('several inputs and outputs', () => {
  it('go by name, in any order', () => {
    const wanted = { score: Float32Array.of(310, 126), rows: Float32Array.of(3, 7, 11, 15) };
    expect({ ...towers().run({ user, grid }) }).toEqual(wanted);
    expect({ ...towers().run({ grid, user }) }).toEqual(wanted);
  });

  it('may each be of another type', () => {
    const outputs = { rows: new Float64Array(4), score: new Float32Array(2) };
    expect(towers('f64').run({ user: BigInt64Array.of(2n, 0n), grid: new Float32Array(grid) }, outputs)).toBe(outputs);
    expect(outputs).toEqual({ score: Float32Array.of(310, 126), rows: Float64Array.of(3, 7, 11, 15) });
  });

  it('come in the order of the model, as float arrays of its precision', () => {
    const result = towers('f64').run({ user, grid });
    expect(Object.keys(result)).toEqual(['score', 'rows']);
    expect(Object.values(result).every((array) => array instanceof Float64Array)).toBe(true);
  });

  it('may be without any rows', () => {
    const result = towers().run({ user: new Int32Array(0), grid: new Float32Array(0) });
    expect(Object.values(result).map(({ length }) => length)).toEqual([0, 0]);
  });

  it.each<[string, unknown, unknown, string]>([
    ['an input is missing', { user }, undefined, "input 'grid': not found; expected 'user', 'grid'"],
    ['an output is missing', { user, grid }, { score: new Float32Array(2) }, "output 'rows': not found"],
    [
      'an input is unknown',
      { user, grids: grid },
      undefined,
      "'grids' is not an input of this model; did you mean 'grid'",
    ],
    ['an output is unknown', { user, grid }, { scores: grid }, "'scores' is not an output of this model; did you mean"],
    ['an input is inherited', Object.create({ user, grid }), undefined, "input 'user': not found"],
    [
      'an input is undefined',
      { user, grid: undefined },
      undefined,
      "input 'grid': expected a Float32Array or Float64Array",
    ],
    [
      'an input is null',
      { user: null, grid },
      undefined,
      "input 'user': expected a Float32Array or Float64Array, or an array of integers",
    ],
    [
      'an output is null',
      { user, grid },
      { score: null, rows: new Float32Array(4) },
      "output 'score': expected a Float",
    ],
    [
      'outputs are one array',
      { user, grid },
      new Float32Array(2),
      "outputs: expected an object with 'score', 'rows', found",
    ],
    [
      'inputs are one array',
      grid,
      undefined,
      'the model has 2 inputs and 2 outputs; pass them by name: run({ user, grid })',
    ],
    [
      'inputs are a list',
      [user, grid],
      undefined,
      "inputs: expected an object with 'user', 'grid', found an array of 2",
    ],
    ['inputs are nothing', undefined, undefined, "inputs: expected an object with 'user', 'grid', found nothing"],
    [
      'rows differ',
      { user, grid: grid.subarray(4) },
      undefined,
      "input 'grid': expected 2 rows as in input 'user', found 1",
    ],
    ['a row is broken', { user, grid: grid.subarray(1) }, undefined, '7 elements are not a whole number of rows of 4'],
  ])('are refused where %s', async (_, inputs, outputs, message) => {
    const model = towers();
    const [x, y] = [inputs as Record<string, TypedArray>, outputs as Record<string, TypedArray>];
    const error = await failureOf(() => model.run(x, y));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining(message)]);
    const rejection = await failureOf(() => model.runAsync(x, y));
    expect([rejection.code, rejection.message]).toEqual([error.code, error.message]);
  });

  it('are given by name by predict, of several rows and of one', () => {
    const rows = [
      { user: 1, grid: [1, 2, 3, 4] },
      { user: 0, grid: [0, 0, 0, 1] },
    ];
    const [score, sums] = [Float32Array.of(210, 101), Float32Array.of(3, 7, 0, 1)];
    expect(towers().predict<Record<string, FloatArray>>(rows)).toEqual({ score, rows: sums });
    expect(towers().predict<Prediction>(rows[1])).toEqual({ score: 101, rows: Float32Array.of(0, 1) });
  });
});

describe('one input and output', () => {
  it('may go by name too', () => {
    const model = pairs();
    expect([model.inputs[0].name, model.outputs[0].name]).toEqual(['input', 'output']);
    expect(model.run({ input: Float32Array.of(1, 2) }).output).toEqual(Float32Array.of(5, 11, 2));
    const y = new Float32Array(3);
    model.run({ input: Float32Array.of(1, 2) }, { output: y });
    expect(y).toEqual(Float32Array.of(5, 11, 2));
  });

  it('may go by itself and what it gives by name', () => {
    const [x, y] = [Float32Array.of(1), new Float32Array(1)];
    expect(line().run(x, { output: y })).toEqual({ output: Float32Array.of(3) });
  });

  it('do not go by name where what it gives is an array', async () => {
    const [x, y] = [Float32Array.of(1), new Float32Array(1)];
    const arrays = y as unknown as Record<string, Float32Array>;
    expect((await failureOf(() => line().run({ input: x }, arrays))).message).toContain('outputs: expected an object');
  });
});

describe('one input of a model with several outputs', () => {
  const layers = [
    { name: 'a', weight: 2 },
    { name: 'b', inputs: 'a', weight: 3 },
  ];
  const model = () => define({ layers, outputs: ['a', 'b'] }, { precision: 'f32' });
  const wanted = { a: Float32Array.of(2, 4), b: Float32Array.of(6, 12) };

  it('goes by itself, and the outputs by name', async () => {
    expect(model().run<Record<string, Float32Array>>(Float32Array.of(1, 2))).toEqual(wanted);
    expect(await model().runAsync<Record<string, Float32Array>>(Float32Array.of(1, 2))).toEqual(wanted);
    const outputs = { a: new Float32Array(2), b: new Float32Array(2) };
    expect(model().run(Float32Array.of(1, 2), outputs)).toBe(outputs);
    expect(outputs).toEqual(wanted);
  });

  it('cannot fill one array', async () => {
    const error = await failureOf(() => model().run(Float32Array.of(1), new Float32Array(1)));
    expect(error.message).toContain("outputs: expected an object with 'a', 'b', found a Float32Array of 1");
  });
});

describe('rows given to run', () => {
  it.each<[string, unknown]>([
    ['records', [{ age: 1, income: 2 }]],
    ['arrays', [[1, 2]]],
    ['one record', { age: 1, income: 2 }],
  ])('are sent to predict: %s', async (_, rows) => {
    const model = define({ layers: [{ weight: [[1, -1]] }], featureNames: ['age', 'income'] });
    for (const call of [() => model.run(rows as Float32Array), () => model.runAsync(rows as Float32Array)]) {
      const error = await failureOf(call);
      expect([error.code, error.message]).toEqual([
        'INPUT',
        expect.stringMatching(/^inputs: expected typed arrays, found .*; predict\(\) takes rows and records$/),
      ]);
    }
  });
});

it('takes __proto__ for a name like any other', async () => {
  const names = ['__proto__', 'constructor'];
  const model = define({
    inputs: names.map((name) => ({ name, shape: [1], dtype: 'float32' as const })),
    layers: [
      { type: 'mul', inputs: names, name: 'toString' },
      { type: 'add', inputs: names, name: 'valueOf' },
    ],
    outputs: ['toString', 'valueOf'],
  });
  const own = Object.fromEntries(names.map((name, i) => [name, Float64Array.of(3 + i)]));
  const result = model.run(own);
  expect(Object.getPrototypeOf(result)).toBeNull();
  expect(result).toMatchObject({ toString: Float32Array.of(12), valueOf: Float32Array.of(7) });
  const call = model.bind({ batch: 1 });
  expect(Object.keys(call.inputs)).toEqual(names);

  const inherited = { constructor: Float64Array.of(1), __proto__: Float64Array.of(1) };
  const error = await failureOf(() => model.run(inherited as never));
  expect(error.message).toContain("input '__proto__': not found");
});
