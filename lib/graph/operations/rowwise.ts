/** Functions along an axis of the row. */
import { type Numbered, namesOf, namesWhere } from './entry.ts';

export interface ReduceEntry extends Numbered {
  /** The reference in float64. The kernel defines the results of models. */
  readonly evaluate: (values: Float64Array) => number;
  /** What it returns: the `position` of one of the elements; `positive` as for functions of one number. */
  readonly gives?: 'position' | 'positive';
  /** Whether a last bit of an element may decide the result: see simplify/steps.ts. */
  readonly step?: true;
}

/**
 * `arg_max` and `arg_min` return the first index unless `last`. The first NaN wins (NumPy, torch). With `number`, NaN
 * never wins, and the index is 0 if there are only NaN and infinities that cannot win (TensorFlow). With `scan`, NaN
 * only wins in the first position (onnxruntime). `sum_in_order` adds the elements one after another, from the first; so
 * does `sum_float32`, which rounds each sum to float32.
 */
const reductions = {
  sum: { number: 0, evaluate: sum },
  mean: { number: 1, evaluate: (values) => sum(values) / values.length },
  max: { number: 2, evaluate: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity) },
  min: { number: 3, evaluate: (values) => values.reduce((a, b) => Math.min(a, b), Infinity) },
  prod: { number: 4, evaluate: (values) => values.reduce((a, b) => a * b, 1) },
  l1: { number: 5, gives: 'positive', evaluate: (values) => sum(values, Math.abs) },
  l2: { number: 6, gives: 'positive', evaluate: (values) => Math.sqrt(sum(values, square)) },
  sum_square: { number: 7, gives: 'positive', evaluate: (values) => sum(values, square) },
  log_sum: { number: 8, step: true, evaluate: (values) => Math.log(sum(values)) },
  log_sum_exp: { number: 9, evaluate: logSumExp },
  arg_max: { number: 10, gives: 'position', step: true, evaluate: (values) => place(values, isMore, 'wins') },
  arg_min: { number: 11, gives: 'position', step: true, evaluate: (values) => place(values, isLess, 'wins') },
  arg_max_last: {
    number: 12,
    gives: 'position',
    step: true,
    evaluate: (values) => place(values, isMore, 'wins', true),
  },
  arg_min_last: {
    number: 13,
    gives: 'position',
    step: true,
    evaluate: (values) => place(values, isLess, 'wins', true),
  },
  arg_max_number: { number: 14, gives: 'position', step: true, evaluate: (values) => place(values, isMore, 'ignored') },
  arg_min_number: { number: 15, gives: 'position', step: true, evaluate: (values) => place(values, isLess, 'ignored') },
  arg_max_scan: { number: 16, gives: 'position', step: true, evaluate: (values) => place(values, isMore, 'scanned') },
  arg_min_scan: { number: 17, gives: 'position', step: true, evaluate: (values) => place(values, isLess, 'scanned') },
  arg_max_last_scan: {
    number: 18,
    gives: 'position',
    step: true,
    evaluate: (values) => place(values, isMore, 'scanned', true),
  },
  arg_min_last_scan: {
    number: 19,
    gives: 'position',
    step: true,
    evaluate: (values) => place(values, isLess, 'scanned', true),
  },
  sum_float32: {
    number: 20,
    step: true,
    evaluate: (values) => values.subarray(1).reduce((total, value) => Math.fround(total + value), values[0]),
  },
  sum_in_order: {
    number: 21,
    step: true,
    evaluate: (values) => values.subarray(1).reduce((total, value) => total + value, values[0]),
  },
} satisfies Record<string, ReduceEntry>;

/** A reduction along an axis. @inline */
export type ReduceName = keyof typeof reductions;
export const REDUCE: Readonly<Record<ReduceName, ReduceEntry>> = reductions;
export const REDUCE_NAMES = namesOf(REDUCE);
/** The reductions that return the position of an element. */
export const POSITIONS = namesWhere(REDUCE, ({ gives }) => gives === 'position');

export interface SoftmaxEntry extends Numbered {
  readonly formula: string;
  readonly evaluate: (values: Float64Array) => Float64Array;
}

const softmaxes = {
  softmax: {
    number: 0,
    formula: 'e^x/Σe^x',
    evaluate(values) {
      const total = softmaxTotal(values);
      return values.map((value) => Math.exp(value - total));
    },
  },
  log_softmax: {
    number: 1,
    formula: 'its logarithm, x − log Σe^x',
    evaluate(values) {
      const total = softmaxTotal(values);
      return values.map((value) => value - total);
    },
  },
  sparsemax: { number: 2, formula: 'max(x − τ, 0), with τ so that they sum to 1', evaluate: sparsemax },
} satisfies Record<string, SoftmaxEntry>;

/** A function along an axis. @inline */
export type SoftmaxName = keyof typeof softmaxes;
export const SOFTMAX: Readonly<Record<SoftmaxName, SoftmaxEntry>> = softmaxes;
export const SOFTMAX_NAMES = namesOf(SOFTMAX);

/** From the greatest down, each value that is above the threshold that it would give joins the support. */
function sparsemax(values: Float64Array): Float64Array {
  const greatest = reductions.max.evaluate(values);
  let [total, threshold] = [0, Number.NaN];
  for (const [at, value] of values.toSorted().reverse().entries()) {
    total += value - greatest;
    const next = (total - 1) / (at + 1);
    if (!(value - greatest > next)) break;
    threshold = next;
  }
  return values.map((value) => Math.max(value - greatest - threshold, 0));
}

/** If the total is infinite, all results are NaN. */
function softmaxTotal(values: Float64Array): number {
  const total = logSumExp(values);
  return Number.isFinite(total) ? total : Number.NaN;
}

function logSumExp(values: Float64Array): number {
  const greatest = reductions.max.evaluate(values);
  if (!Number.isFinite(greatest)) return greatest;
  return greatest + Math.log(sum(values, (value) => Math.exp(value - greatest)));
}

function sum(values: Float64Array, of: (value: number) => number = (value) => value): number {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
}

function square(x: number): number {
  return x * x;
}

type Beats = (value: number, best: number) => boolean;

const isMore: Beats = (value, best) => value > best;
const isLess: Beats = (value, best) => value < best;

/** The first index, or the last, whose element is not beaten by another. For NaN, see the table. */
function place(values: Float64Array, beats: Beats, nan: 'wins' | 'ignored' | 'scanned', last = false): number {
  let at = 0;
  let best = nan === 'ignored' ? (beats(1, 0) ? -Infinity : Infinity) : values[0];
  for (let i = nan === 'ignored' ? 0 : 1; i < values.length; i++) {
    const wins = nan === 'wins' && Number.isNaN(values[i]) && (last || !Number.isNaN(best));
    if (!beats(values[i], best) && !wins && !(last && values[i] === best)) continue;
    [at, best] = [i, values[i]];
  }
  return at;
}
