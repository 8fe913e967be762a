/**
 * The statistics of scalers and their updates, bit for bit as in scikit-learn's `partial_fit`: means and variances
 * (Youngs and Cramer, as corrected by Chan, Golub and LeVeque: Algorithms for Computing the Sample Variance, 1983),
 * least and greatest values. NaN is a missing value, which no column learns from.
 *
 * In scikit-learn, the statistics of a column become NaN forever after a batch with only NaN in it, such as one row
 * with a missing value. Here such a column learns nothing, unless `strict` asks for scikit-learn's behaviour.
 */
import { columnSums, type Reals, type Round, rounding } from '../sums.ts';

const EPSILON = 2 ** -52;
const EPSILON_32 = 2 ** -23;

function anyNaN(x: Reals): boolean {
  for (let at = 0; at < x.length; at++) if (Number.isNaN(x[at])) return true;
  return false;
}

/** Whether all values are finite, or NaN if `strict`. */
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
  /** Undefined if neither means nor variances are used. */
  mean: Float64Array | undefined;
  variance: Float64Array | undefined;
  /** The number of rows, or the total weight, that each column has seen. */
  seen: Float64Array;
}

/** Means and variances of columns: `StandardScaler`. */
export class StandardMoments {
  #now: ColumnMoments;
  #next: ColumnMoments;
  /** Whether all columns have seen the same number of rows. */
  #isEven: boolean;
  readonly #scale: Float64Array | undefined;
  /** Whether the scale is up to date with the moments. */
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

  /** Restores the moments before the last batch. */
  undo(): void {
    this.#take();
    this.#isEven = isEven(this.#now.seen);
  }

  /** Sets other moments of the same columns. */
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

  /** Whether all columns have seen the same number of rows. */
  get isEven(): boolean {
    return this.#isEven;
  }

  /** The divisors of rows, which the next batch replaces. */
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

  /** @returns whether everything stays finite; if not, nothing has changed. */
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

  /**
   * Learns one row of numbers, if all columns have seen the same number of rows: divisions by 1 and sums of one number
   * are skipped.
   */
  #learnOne(x: Reals): boolean {
    const { mean, variance, seen } = this.#now;
    const to = this.#next;
    // The number of samples is an int64, so fractions from earlier weights are dropped.
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

/** Σ x, Σ (x − mean) and Σ (x − mean)² of a batch's columns, and the weight of each column. */
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

/** The product of a vector and a matrix, summed in the order of rows. */
function weightedSums(weights: Reals): typeof columnSums {
  return (a, rows, sums) => {
    const width = sums.length;
    sums.fill(0);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let j = 0; j < width; j++, at++) sums[j] += weights[row] * a[at];
    }
  };
}

/** The extremes of columns. */
export interface ColumnExtremes {
  /** `MinMaxScaler`'s data_min_ and data_max_; without `least`, as in `MaxAbsScaler`, only max_abs_. */
  readonly least: Reals | undefined;
  readonly greatest: Reals;
  /** The number of rows. */
  seen: number;
}

/** Least and greatest values of columns, in the precision of the first rows. */
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
        // Also if the previous value is NaN.
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

  /** Replaces values that are too small to divide by with 1. */
  divisors(values: Reals): Reals {
    const shortest = 10 * (values instanceof Float32Array ? EPSILON_32 : EPSILON);
    return mapped(values, (value) => (value < shortest ? 1 : value));
  }

  /** `MinMaxScaler`: x·scale + min ranges from `low` to `high`. */
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
