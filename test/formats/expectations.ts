/** What the fixtures' NAME.json files hold, and the comparison with what a model gives. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DType } from '../../lib/graph/graph.ts';
import type { LoadOptions } from '../../lib/load.ts';
import { load } from '../../lib/load.ts';
import type { FloatArray, Model, RowRecord, Rows } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';

export interface FixtureTensor {
  readonly dtype: DType;
  /** The whole batch's: rows first. */
  readonly shape: readonly number[];
  /** NaN and the infinities are strings. */
  readonly data: readonly (number | string)[];
}

/** One batch. */
export interface FixtureCase {
  readonly inputs: Readonly<Record<string, FixtureTensor>>;
  readonly outputs: Readonly<Record<string, FixtureTensor>>;
}

/** What predict() and predictProba() give for rows of JavaScript values; or rows that are refused one by one. */
export interface FixturePrediction {
  readonly rows: Rows;
  readonly refused?: readonly RowRecord[];
  readonly labels?: readonly (string | number)[];
  readonly values?: FixtureTensor;
  readonly probabilities?: FixtureTensor;
}

export interface Fixture {
  readonly name: string;
  /** Who wrote the model and who gave the outputs. */
  readonly source: string;
  /** The model's file or folder beside it. */
  readonly file?: string;
  readonly options?: LoadOptions;
  /** The relative error allowed, of an element or of the greatest one. */
  readonly tolerance?: number;
  /** That the model must compute in, where its outputs do not say it. */
  readonly precision?: 'f32' | 'f64';
  readonly classes?: readonly (string | number)[];
  readonly cases: readonly FixtureCase[];
  readonly predictions?: readonly FixturePrediction[];
}

export type InputArray = Float32Array | Float64Array | Int32Array | BigInt64Array;
type Numbers = ArrayLike<number | bigint>;

/** Every NAME.json of a folder of fixtures. */
export function fixturesIn(folder: URL): Fixture[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({
      name: file.slice(0, -'.json'.length),
      ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
    }));
}

/** The models of a folder of fixtures, NAME + `extension` unless they say otherwise, against their frameworks' outputs. */
export function testFixtures(folder: string, extension: string): void {
  const directory = new URL(`../fixtures/${folder}/`, import.meta.url);
  describe(`every model of ${folder}`, () => {
    for (const fixture of fixturesIn(directory)) {
      const { name, file = `${name}${extension}` } = fixture;
      it(`gives ${name} the outputs that its framework gives it`, async () => {
        await expectAgreement(new URL(file, directory), fixture);
      });
    }
  });
}

/** Loads a fixture's model, runs each of its batches and compares; then one row by itself, then its predictions. */
async function expectAgreement(file: URL, fixture: Fixture): Promise<void> {
  const model = await load(file, fixture.options);
  if (fixture.classes !== undefined) expect(model.classes).toEqual(fixture.classes);
  if (fixture.cases.length > 0) {
    expectSignature(model, fixture.cases[0], fixture.precision);
    for (const { inputs, outputs } of fixture.cases) {
      const results = outputsOf(model, mapValues(inputs, toInput));
      for (const [name, expected] of Object.entries(outputs)) {
        expectClose(results[name], expected, name, fixture.tolerance);
      }
    }
    expectSameBitsAlone(model, fixture.cases[fixture.cases.length - 1]);
  }
  for (const { rows, refused, labels, values, probabilities } of fixture.predictions ?? []) {
    for (const record of refused ?? []) expect((await failureOf(() => model.predict([record]))).code).toBe('ID');
    if (refused !== undefined) continue;
    const predicted = model.predict(rows);
    if (labels !== undefined) expect(predicted).toEqual(labels);
    if (values !== undefined) expectClose(predicted as Float64Array, values, 'predict', fixture.tolerance);
    if (probabilities !== undefined) {
      expectClose(model.predictProba(rows), probabilities, 'predictProba', fixture.tolerance);
    }
  }
  model.dispose();
}

function expectSignature(model: Model, { inputs, outputs }: FixtureCase, precision: Fixture['precision']): void {
  const signature = (tensors: FixtureCase['inputs']) =>
    Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, shape: [null, ...shape.slice(1)], dtype }));
  expect(model.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype }))).toEqual(signature(inputs));
  expect(model.outputs.map(({ list: _, ...output }) => output)).toEqual(signature(outputs));
  const floats = Object.values({ ...inputs, ...outputs }).filter(({ dtype }) => dtype.startsWith('float'));
  const double = floats.at(-1)?.dtype === 'float64';
  expect(model.precision).toBe(precision ?? (double ? 'f64' : 'f32'));
}

/** What a run gives, each item of a list by itself. */
function outputsOf(model: Model, inputs: Record<string, InputArray>): Record<string, FloatArray> {
  const results: Record<string, FloatArray | FloatArray[]> = model.run(inputs);
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, result]): [string, FloatArray][] =>
      Array.isArray(result) ? result.map((item, i) => [`${name}[${i}]`, item]) : [[name, result]],
    ),
  );
}

/** A row gives the same bits alone as in a batch. */
function expectSameBitsAlone(model: Model, { inputs }: FixtureCase): void {
  const rows = Object.values(inputs)[0].shape[0];
  const together = outputsOf(model, mapValues(inputs, toInput));
  const last = mapValues(inputs, ({ dtype, shape, data }) => {
    const width = data.length / rows;
    return toInput({ dtype, shape: [1, ...shape.slice(1)], data: data.slice((rows - 1) * width) });
  });
  for (const [name, alone] of Object.entries(outputsOf(model, last))) {
    expect(alone, `the last row's ${name}`).toEqual(together[name].subarray((rows - 1) * alone.length));
  }
}

export function toInput({ dtype, data }: FixtureTensor): InputArray {
  if (dtype === 'int64') return BigInt64Array.from(data, BigInt);
  if (/^u?int/.test(dtype)) return Int32Array.from(data, Number);
  return dtype === 'float64' ? Float64Array.from(data, Number) : Float32Array.from(data, Number);
}

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Equal integers; floats within 1e-5 (f64: 1e-12) of their own size or of the output's greatest, whichever is more. */
export function expectClose(actual: Numbers, expected: FixtureTensor, name: string, tolerance?: number): void {
  // Written in the fewest digits that read back as the same number of the type.
  const numbers = expected.data.map(expected.dtype === 'float32' ? (value) => Math.fround(Number(value)) : Number);
  const greatest = Math.max(0, ...numbers.filter(Number.isFinite).map(Math.abs));
  const relative = tolerance ?? (expected.dtype === 'float64' ? 1e-12 : 1e-5);
  const exact = tolerance === undefined && /^u?int|^bool$/.test(expected.dtype);
  const difference = firstDifference(actual, numbers, exact ? EXACT : { relative, absolute: relative * greatest });
  expect(difference && `${name}${difference}`).toBeUndefined();
}

export const EXACT: Tolerance = { relative: 0, absolute: 0 };

/** Words for the first element that is further off than max(absolute, relative·|expected|); NaN equals NaN. */
export function firstDifference(actual: Numbers, expected: Numbers, tolerance: Tolerance): string | undefined {
  if (actual.length !== expected.length) return `: expected ${expected.length} elements, found ${actual.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [Number(actual[i]), Number(expected[i])];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (Math.abs(a - e) <= Math.max(tolerance.absolute, tolerance.relative * Math.abs(e))) continue;
    return `[${i}]: expected ${e}, found ${a}`;
  }
  return undefined;
}

export function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
