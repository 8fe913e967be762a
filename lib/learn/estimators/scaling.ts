/**
 * What scalers have learnt of each column, and how they learn on, to the bit of scikit-learn's `partial_fit`: means and
 * variances (Youngs and Cramer, as corrected by Chan, Golub and LeVeque: Algorithms for Computing the Sample Variance,
 * 1983), least and greatest values. NaN is a missing value, which no column learns from.
 *
 * scikit-learn makes the statistics of a column NaN for ever when a batch has nothing but NaN in it, such as one row that
 * lacks a value. Here such a column learns nothing, unless `strict` asks for the same as there.
 */
import { columnSums, type Reals, type Round, rounding } from '../sums.ts';

const EPSILON = 2 ** -52;
const EPSILON_32 = 2 ** -23;

function anyNaN(x: Reals): boolean {
  for (let at = 0; at < x.length; at++) if (Number.isNaN(x[at])) return true;
  return false;
}

/** Finite, or NaN by the wish of `strict`. */
function isSound(values: Float64Array | undefined, strict: boolean): boolean {
  if (values === undefined) return true;
  for (let j = 0; j < values.length; j++) {
    if (!Number.isFinite(values[j]) && !(strict && Number.isNaN(values[j]))) return false;
  }
  return true;
}

function isEven(seen: Float64Array): boolean {
  return seen.every((count) => count === seen[0]);
}

export interface ColumnMoments {
  /** Undefined where neither means nor variances are wanted. */
  mean: Float64Array | undefined;
  variance: Float64Array | undefined;
  /** How many rows, or what weight, each column has seen. */
  seen: Float64Array;
}

/** Means and variances of columns: `StandardScaler`. */
export class StandardMoments {
  #now: ColumnMoments;
  #next: ColumnMoments;
  /** Whether all columns have seen the same. */
  #isEven: boolean;
  readonly #scale: Float64Array | undefined;
  /** Whether it is what the moments say by now. */
  #hasScale = false;

  constructor(
    moments: ColumnMoments,
    readonly strict: boolean,
  ) {
    this.#now = moments;
    this.#next = { mean: moments.mean?.slice(), variance: moments.variance?.slice(), seen: moments.seen.slice() };
    this.#isEven = isEven(moments.seen);
    this.#scale = moments.variance?.slice();
  }

  /** The moments from before the last batch. */
  undo(): void {
    this.#take();
    this.#isEven = isEven(this.#now.seen);
  }

  /** Other moments of the same columns. */
  restore({ mean, variance, seen }: ColumnMoments): void {
    const to = this.#next;
    if (mean) to.mean?.set(mean);
    if (variance) to.variance?.set(variance);
    to.seen.set(seen);
    this.undo();
  }

  get moments(): Readonly<ColumnMoments> {
    return this.#now;
  }

  /** Whether one number says what every column has seen. */
  get isEven(): boolean {
    return this.#isEven;
  }

  /** What rows are divided by, of which the next batch makes another. */
  get scale(): Float64Array | undefined {
    const { mean, variance, seen } = this.#now;
    const scale = this.#scale;
    if (mean === undefined || variance === undefined || scale === undefined || this.#hasScale) return scale;
    for (let j = 0; j < scale.length; j++) {
      const error = seen[j] * mean[j] * EPSILON;
      const isConstant = variance[j] <= seen[j] * EPSILON * variance[j] + error * error;
      scale[j] = isConstant ? 1 : Math.sqrt(variance[j]);
    }
    this.#hasScale = true;
    return scale;
  }

  /** @returns whether all stays finite; otherwise nothing has changed. */
  learn(x: Reals, rows: number, weights: Reals | undefined): boolean {
    const isFast = rows === 1 && weights === undefined && this.#isEven && this.#now.seen[0] > 0;
    return (isFast && this.#learnOne(x)) || this.#learnMany(x, rows, weights);
  }

  #take(): void {
    const next = this.#next;
    this.#next = this.#now;
    this.#now = next;
    this.#hasScale = false;
  }

  /** One row of numbers, where all columns have seen as many: divisions by 1 and sums of one are left out. */
  #learnOne(x: Reals): boolean {
    const { mean, variance, seen } = this.#now;
    const to = this.#next;
    // Of n samples an int64 is left, whatever weights came before.
    const count = Math.trunc(seen[0]);
    if (mean === undefined || variance === undefined || to.mean === undefined || to.variance === undefined)
      return false;
    if (count === 0) return false;
    const total = count + 1;
    const share = count / total;
    const width = mean.length;
    let sound = 0;
    for (let j = 0; j < width; j++) {
      const sum = mean[j] * count;
      const difference = sum / count - x[j];
      const spread = (variance[j] * count + share * (difference * difference)) / total;
      const middle = (sum + x[j]) / total;
      to.mean[j] = middle;
      to.variance[j] = spread;
      to.seen[j] = total;
      sound += middle - middle + (spread - spread);
    }
    if (sound !== 0) return false;
    this.#take();
    return true;
  }

  #learnMany(x: Reals, rows: number, weights: Reals | undefined): boolean {
    const to = this.#next;
    const seen = this.#now.seen.slice();
    if (this.#isEven && weights === undefined) for (let j = 0; j < seen.length; j++) seen[j] = Math.trunc(seen[j]);
    const sums = new BatchSums(x, rows, weights, seen.length);
    for (let j = 0; j < seen.length; j++) {
      to.seen[j] = seen[j] + sums.count[j];
      if (sums.count[j] === 0 && !this.strict) this.#keep(j, seen[j]);
      else this.#merge(j, seen[j], sums);
    }
    if (!isSound(to.mean, this.strict) || !isSound(to.variance, this.strict)) return false;
    this.#take();
    this.#isEven = isEven(this.#now.seen);
    return true;
  }

  #keep(j: number, seen: number): void {
    const [from, to] = [this.#now, this.#next];
    if (from.mean && to.mean) to.mean[j] = from.mean[j];
    if (from.variance && to.variance) to.variance[j] = from.variance[j];
    to.seen[j] = seen;
  }

  #merge(j: number, past: number, { count, sum, correction, squares }: BatchSums): void {
    const [from, to] = [this.#now, this.#next];
    if (from.mean === undefined || to.mean === undefined) return;
    const total = past + count[j];
    const last = from.mean[j] * past;
    to.mean[j] = (last + sum[j]) / total;
    if (from.variance === undefined || to.variance === undefined) return;
    const own = squares[j] - (correction[j] * correction[j]) / count[j];
    if (past === 0) {
      to.variance[j] = own / total;
      return;
    }
    const ratio = past / count[j];
    const difference = last / ratio - sum[j];
    to.variance[j] = (from.variance[j] * past + own + (ratio / total) * (difference * difference)) / total;
  }
}

/** Σ x, Σ (x − mean) and Σ (x − mean)² of a batch's columns, and how much it has of each. */
class BatchSums {
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly correction: Float64Array;
  readonly squares: Float64Array;

  constructor(x: Reals, rows: number, weights: Reals | undefined, width: number) {
    const array = () => new Float64Array(width);
    [this.count, this.sum, this.correction, this.squares] = [array(), array(), array(), array()];
    const isMissing = anyNaN(x) ? Uint8Array.from(x, (value) => Number(Number.isNaN(value))) : undefined;
    const values = Float64Array.from(x);
    const weigh = weights === undefined ? columnSums : weightedSums(weights);
    this.#count(rows, weights, isMissing);
    blank(values, isMissing);
    weigh(values, rows, this.sum);
    for (let at = 0; at < values.length; at++) values[at] = x[at] - this.sum[at % width] / this.count[at % width];
    blank(values, isMissing);
    weigh(values, rows, this.correction);
    for (let at = 0; at < values.length; at++) values[at] *= values[at];
    weigh(values, rows, this.squares);
  }

  #count(rows: number, weights: Reals | undefined, isMissing: Uint8Array | undefined): void {
    const width = this.count.length;
    const present = Float64Array.from({ length: rows * width }, (_, at) =>
      isMissing?.[at] ? 0 : (weights?.[Math.floor(at / width)] ?? 1),
    );
    columnSums(present, rows, this.count);
  }
}

function blank(values: Float64Array, isMissing: Uint8Array | undefined): void {
  if (isMissing === undefined) return;
  for (let at = 0; at < values.length; at++) if (isMissing[at]) values[at] = 0;
}

/** Products of a vector and a matrix, in the order of rows. */
function weightedSums(weights: Reals): typeof columnSums {
  return (a, rows, sums) => {
    const width = sums.length;
    sums.fill(0);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let j = 0; j < width; j++, at++) sums[j] += weights[row] * a[at];
    }
  };
}

/** What a column may be. */
export interface ColumnExtremes {
  /** `MinMaxScaler`'s data_min_ and data_max_; where there is no least, as in `MaxAbsScaler`, max_abs_ alone. */
  readonly least: Reals | undefined;
  readonly greatest: Reals;
  /** Rows. */
  seen: number;
}

/** Least and greatest values of columns, in the precision that they were first met in. */
export class Extremes {
  readonly #round: Round;
  readonly #before: ColumnExtremes;

  constructor(
    readonly now: ColumnExtremes,
    readonly strict: boolean,
  ) {
    this.#round = rounding(now.greatest);
    this.#before = { least: now.least?.slice(), greatest: now.greatest.slice(), seen: now.seen };
  }

  /** Never fails: extremes of finite numbers are finite. */
  learn(x: Reals, rows: number): void {
    const { now } = this;
    copyExtremes(now, this.#before);
    const isFirst = now.seen === 0;
    const width = now.greatest.length;
    for (let j = 0; j < width; j++) {
      let least = Number.NaN;
      let greatest = Number.NaN;
      for (let at = j; at < rows * width; at += width) {
        const value = now.least === undefined ? Math.abs(x[at]) : x[at];
        // Also where the one before is NaN.
        if (Number.isNaN(value)) continue;
        if (!(least <= value)) least = value;
        if (!(greatest >= value)) greatest = value;
      }
      now.greatest[j] = this.#merged(now.greatest[j], greatest, isFirst, -1);
      if (now.least) now.least[j] = this.#merged(now.least[j], least, isFirst, 1);
    }
    now.seen += rows;
  }

  undo(): void {
    copyExtremes(this.#before, this.now);
  }

  #merged(past: number, value: number, isFirst: boolean, sign: 1 | -1): number {
    if (isFirst) return value;
    if (Number.isNaN(value)) return this.strict ? value : past;
    if (Number.isNaN(past)) return this.strict ? past : value;
    return sign * value < sign * past ? value : past;
  }

  /** What is too small to divide by becomes 1. */
  divisors(values: Reals): Reals {
    const shortest = 10 * (values instanceof Float32Array ? EPSILON_32 : EPSILON);
    return mapped(values, (value) => (value < shortest ? 1 : value));
  }

  /** `MinMaxScaler`: x·scale + min reaches from the first to the second. */
  range([low, high]: readonly [low: number, high: number]): { range: Reals; scale: Reals; min: Reals } {
    const round = this.#round;
    const { greatest, least = greatest } = this.now;
    const [from, to] = [round(low), round(high)];
    const range = mapped(greatest, (value, j) => value - least[j]);
    const scale = mapped(this.divisors(range), (value) => round(to - from) / value);
    const min = mapped(scale, (value, j) => from - round(least[j] * value));
    return { range, scale, min };
  }
}

export function copyExtremes(from: ColumnExtremes, to: ColumnExtremes): void {
  if (from.least) to.least?.set(from.least);
  to.greatest.set(from.greatest);
  to.seen = from.seen;
}

function mapped(values: Reals, make: (value: number, at: number) => number): Reals {
  const made = values.slice();
  for (let at = 0; at < made.length; at++) made[at] = make(values[at], at);
  return made;
}
