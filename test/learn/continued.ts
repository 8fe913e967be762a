/** Families of fixtures/learn/*.json: see fixtures/make/make_learn_bayes.py. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Learner, type LearnOptions, learn, type NewEstimator } from '../../lib/learn.ts';

/** Numbers as JSON has them: null is NaN in rows, and words are what is not finite in states. */
type Written = number | string | null | readonly Written[];
type Names = { readonly [attribute: string]: Written | Names };

export interface Call {
  readonly x: readonly (readonly (number | null)[])[];
  readonly y?: readonly (number | string | readonly number[])[];
  readonly w?: readonly number[];
}

export interface Continued {
  readonly name: string;
  /** A pickle, in base64; of an estimator that has learnt nothing, its class and parameters. */
  readonly file?: string;
  readonly begin?: NewEstimator;
  readonly classes?: readonly number[];
  readonly strict?: boolean;
  readonly calls: readonly Call[];
  /** Some rows, and what the estimator says of them in the end. */
  readonly probe: { readonly x: Call['x']; readonly answer: Written };
  readonly states: readonly (Names & { readonly after: number; readonly parts?: readonly Names[] })[];
}

export function familyOf(name: string): readonly Continued[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/learn/${name}.json`, import.meta.url), 'utf8')).cases;
}

export function open({ file, begin, strict = false }: Continued, options: LearnOptions = {}): Promise<Learner> {
  return learn(begin ?? Buffer.from(file as string, 'base64'), { strict, ...options });
}

export function give(learner: Learner, { x, y, w }: Call, classes?: readonly number[]): void {
  const rows = x.map((row) => Float64Array.from(row, (value) => value ?? Number.NaN));
  learner.partialFit(rows, y, { ...(w && { sampleWeight: w }), ...(classes && { classes }) });
}

/** How far apart numbers may be, relative to the greatest of their array; 0 for equal bits. */
export type Bounds = (attribute: string) => number;

/** Goes on as Python did, and compares the states. */
export async function follow(
  each: Continued,
  bounds: Bounds,
  options: LearnOptions = {},
  /** Of an estimator that is made of several, their states. */
  partsOf: (state: Record<string, unknown>) => readonly Record<string, unknown>[] = () => [],
): Promise<Learner> {
  const learner = await open(each, options);
  for (const [at, call] of each.calls.entries()) {
    give(learner, call, at === 0 ? each.classes : undefined);
    const expected = each.states.find(({ after }) => after === at + 1);
    if (expected === undefined) continue;
    const { after, parts = [], ...own } = expected;
    const state = learner.state();
    const place = `${each.name}, call ${after}`;
    compare(state, own, bounds, place);
    expect(partsOf(state).length, place).toBe(parts.length);
    for (const [i, part] of parts.entries()) compare(partsOf(state)[i], part, bounds, `${place}: part ${i}`);
  }
  return learner;
}

function compare(found: Record<string, unknown>, expected: Names, bounds: Bounds, place: string): void {
  for (const [name, value] of Object.entries(expected)) {
    const own = name.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], found);
    compareNumbers(flat(own), flat(value), bounds(name), `${place}: ${name}`);
  }
}

export function compareNumbers(
  found: readonly number[],
  expected: readonly number[],
  bound: number,
  place: string,
): void {
  if (bound === 0) {
    // 0 and −0 are equal here: which of them a sum of nothing is, is no matter.
    expect(found.map(unsigned), place).toEqual(expected.map(unsigned));
    return;
  }
  expect(found.length, place).toBe(expected.length);
  const greatest = Math.max(...expected.map(Math.abs).filter(Number.isFinite));
  for (const [i, value] of expected.entries()) {
    if (!Number.isFinite(value)) expect(found[i], place).toBe(value);
    else expect(Math.abs(found[i] - value), `${place}[${i}]`).toBeLessThanOrEqual(bound * greatest);
  }
}

const unsigned = (value: number) => (value === 0 ? 0 : value);

export function flat(value: unknown): number[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(flat);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  return [Number(value)];
}
