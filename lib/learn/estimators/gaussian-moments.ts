/**
 * The moments of Gaussian naive Bayes and their updates, bit for bit as in scikit-learn's `GaussianNB.partial_fit`:
 * means and variances of each class and feature are merged with those of the rows (Chan, Golub, LeVeque: Updating
 * Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979). In float32 each step is rounded to it.
 */
import { columnSums, type Reals, type Round, rounding, vectorSum } from '../sums.ts';

/** Total weights of at most this count as 0, as in NumPy's `isclose`. */
const NO_WEIGHT = 1e-8;

export interface Moments {
  /** Means, classes × features. */
  readonly theta: Reals;
  /** Variances, including epsilon. */
  readonly variances: Reals;
  /** The total weight of the rows of each class. */
  readonly counts: Reals;
  /** The value last added to all variances. */
  epsilon: number;
}

/** The rows of one class, and arrays for their moments. */
interface Batch {
  rows: Reals;
  weights: Reals | undefined;
  mean: Reals;
  variance: Reals;
  squares: Reals;
}

/** Learns batches; single rows of doubles are learnt in native/learn/gaussian.h. */
export class GaussianMoments {
  readonly #round: Round;
  readonly #width: number;
  /** The mean of a batch. */
  readonly #mean: Reals;
  readonly #variance: Reals;

  constructor(
    readonly moments: Moments,
    readonly smoothing: number,
  ) {
    const { theta, counts } = moments;
    this.#round = rounding(theta);
    this.#width = theta.length / counts.length;
    this.#mean = theta.slice(0, this.#width);
    this.#variance = theta.slice(0, this.#width);
  }

  /**
   * Learns from rows × features, at least one row; `labels` has the class of each.
   *
   * @returns whether everything stays finite; if not, nothing has changed.
   */
  learn(x: Reals, rows: number, labels: ArrayLike<number>, weights: Reals | undefined): boolean {
    const { moments } = this;
    const next = {
      theta: moments.theta.slice(),
      variances: moments.variances.slice(),
      counts: moments.counts.slice(),
    };
    const epsilon = this.#round(this.#round(this.smoothing) * this.#greatestVariance(x, rows));
    for (let at = 0; at < next.variances.length; at++) next.variances[at] -= epsilon;
    for (let label = 0; label < next.counts.length; label++) {
      const batch = this.#rowsOf(label, x, rows, labels, weights);
      if (batch !== undefined) this.#merge(label, batch, next);
    }
    let sound = epsilon - epsilon;
    for (let at = 0; at < next.variances.length; at++) {
      next.variances[at] += epsilon;
      sound += next.variances[at] - next.variances[at] + (next.theta[at] - next.theta[at]);
    }
    for (const count of next.counts) sound += count - count;
    if (sound !== 0) return false;
    moments.theta.set(next.theta);
    moments.variances.set(next.variances);
    moments.counts.set(next.counts);
    moments.epsilon = epsilon;
    return true;
  }

  #greatestVariance(x: Reals, rows: number): number {
    const [mean, variance] = [this.#mean, this.#variance];
    this.#variances(x, rows, mean, variance, x.slice());
    let greatest = variance[0];
    for (let j = 1; j < this.#width; j++) if (variance[j] > greatest) greatest = variance[j];
    return greatest;
  }

  /** Means and variances of columns; `squares` is as large as `x`, and overwritten. */
  #variances(x: Reals, rows: number, mean: Reals, variance: Reals, squares: Reals): void {
    columnSums(x, rows, mean);
    for (let j = 0; j < this.#width; j++) mean[j] /= rows;
    this.#squares(x, rows, mean, squares);
    columnSums(squares, rows, variance);
    for (let j = 0; j < this.#width; j++) variance[j] /= rows;
  }

  #squares(x: Reals, rows: number, mean: Reals, squares: Reals): void {
    for (let row = 0, at = 0; row < rows; row++) {
      for (let j = 0; j < this.#width; j++, at++) {
        squares[at] = x[at] - mean[j];
        squares[at] *= squares[at];
      }
    }
  }

  #rowsOf(
    label: number,
    x: Reals,
    rows: number,
    labels: ArrayLike<number>,
    weights: Reals | undefined,
  ): Batch | undefined {
    const width = this.#width;
    let count = 0;
    for (let row = 0; row < rows; row++) if (labels[row] === label) count++;
    if (count === 0) return undefined;
    const theta = this.moments.theta;
    const like = (size: number): Reals =>
      theta instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
    const own = like(count * width);
    const ownWeights = weights && like(count);
    for (let row = 0, at = 0; row < rows; row++) {
      if (labels[row] !== label) continue;
      own.set(x.subarray(row * width, (row + 1) * width), at * width);
      if (ownWeights && weights) ownWeights[at] = weights[row];
      at++;
    }
    return { rows: own, weights: ownWeights, mean: like(width), variance: like(width), squares: like(count * width) };
  }

  #merge(label: number, batch: Batch, next: Pick<Moments, 'theta' | 'variances' | 'counts'>): void {
    const [round, width] = [this.#round, this.#width];
    const { mean, variance } = batch;
    const weight = this.#measure(batch);
    const past = next.counts[label];
    next.counts[label] += weight;
    if (batch.weights && Math.abs(weight) <= NO_WEIGHT) return;
    const total = round(past + weight);
    const share = round(round(weight * past) / total);
    for (let j = 0, at = label * width; j < width; j++, at++) {
      if (past === 0) {
        next.theta[at] = mean[j];
        next.variances[at] = variance[j];
        continue;
      }
      const difference = round(next.theta[at] - mean[j]);
      const squares = round(round(past * next.variances[at]) + round(weight * variance[j]));
      const merged = round(squares + round(share * round(difference * difference)));
      next.variances[at] = merged / total;
      next.theta[at] = round(round(weight * mean[j]) + round(past * next.theta[at])) / total;
    }
  }

  /** Fills in the batch's mean and variance. @returns its weight. */
  #measure({ rows, weights, mean, variance, squares }: Batch): number {
    const width = this.#width;
    const count = rows.length / width;
    if (weights === undefined) {
      this.#variances(rows, count, mean, variance, squares);
      return count;
    }
    const weight = vectorSum(weights);
    for (let at = 0; at < rows.length; at++) squares[at] = rows[at] * weights[Math.floor(at / width)];
    columnSums(squares, count, mean);
    for (let j = 0; j < width; j++) mean[j] /= weight;
    this.#squares(rows, count, mean, squares);
    for (let at = 0; at < rows.length; at++) squares[at] *= weights[Math.floor(at / width)];
    columnSums(squares, count, variance);
    for (let j = 0; j < width; j++) variance[j] /= weight;
    return weight;
  }
}
