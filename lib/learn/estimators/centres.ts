/**
 * The centres of `MiniBatchKMeans` and their updates, bit for bit as in scikit-learn's `partial_fit`, unless a row is
 * equally near to two centres within rounding: scikit-learn computes distances by a matrix product. Float32 is rounded
 * at each step.
 */
import { type Reals, type Round, rounding } from '../sums.ts';

export interface CentresState {
  /** Clusters × features. */
  readonly centres: Reals;
  /** The total weight of the rows in each cluster. */
  readonly counts: Reals;
  readonly sinceReassigned: number;
  /** `n_steps_`. */
  readonly steps: number;
}

/** There are this many rows per cluster between two reassignments. */
const REASSIGNED_AFTER = 10;

export class Centres {
  readonly #round: Round;
  readonly #width: number;

  /** The state, replaced after each batch. */
  state: CentresState;
  #before: CentresState;

  constructor(
    state: CentresState,
    /** The number of rows that each call counts as, whatever it has. */
    readonly batchSize: number,
    readonly ratio: number,
    /** The numbers from 0 to `count` − 1 in random order, to choose rows that become centres. */
    readonly permutation: (count: number) => ArrayLike<number>,
  ) {
    this.state = state;
    this.#before = state;
    this.#round = rounding(state.centres);
    this.#width = state.centres.length / state.counts.length;
  }

  /** The nearest centre of each row. */
  labels(x: Reals, rows: number): Int32Array {
    const labels = new Int32Array(rows);
    const { centres, counts } = this.state;
    const [clusters, width, round] = [counts.length, this.#width, this.#round];
    const norms = new Float64Array(clusters);
    for (let k = 0; k < clusters; k++) norms[k] = this.#dot(centres, k * width, centres, k * width);
    for (let row = 0; row < rows; row++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let k = 0; k < clusters; k++) {
        const distance = round(norms[k] - 2 * this.#dot(x, row * width, centres, k * width));
        if (k === 0 || distance < nearest) {
          nearest = distance;
          labels[row] = k;
        }
      }
    }
    return labels;
  }

  #dot(a: Reals, from: number, b: Reals, at: number): number {
    const [width, round] = [this.#width, this.#round];
    let sum = 0;
    for (let j = 0; j < width; j++) sum = round(sum + round(a[from + j] * b[at + j]));
    return sum;
  }

  /** The weighted sum of squared distances to the centres. */
  inertia(x: Reals, labels: Int32Array, weights: Reals | undefined): number {
    const round = this.#round;
    let sum = 0;
    for (let row = 0; row < labels.length; row++) {
      const distance = this.#distance(x, row * this.#width, labels[row] * this.#width);
      sum = round(sum + round(distance * (weights === undefined ? 1 : weights[row])));
    }
    return sum;
  }

  /** Sums in groups of four, as scikit-learn does. */
  #distance(x: Reals, from: number, centre: number): number {
    const { centres } = this.state;
    const [width, round] = [this.#width, this.#round];
    const square = (j: number) => {
      const difference = round(x[from + j] - centres[centre + j]);
      return round(difference * difference);
    };
    let sum = 0;
    let j = 0;
    for (; j + 4 <= width; j += 4) {
      const three = round(round(square(j) + square(j + 1)) + square(j + 2));
      sum = round(sum + round(three + square(j + 3)));
    }
    for (; j < width; j++) sum = round(sum + square(j));
    return sum;
  }

  /**
   * @returns whether everything stays finite. If not, nothing has changed, except that random numbers may have been
   * drawn.
   */
  learn(x: Reals, rows: number, weights: Reals | undefined): boolean {
    const { state } = this;
    const centres = state.centres.slice();
    const counts = state.counts.slice();
    let since = state.sinceReassigned + this.batchSize;
    const reassigns = counts.includes(0) || since >= REASSIGNED_AFTER * counts.length;
    if (reassigns) since = 0;
    const labels = this.labels(x, rows);
    for (let k = 0; k < counts.length; k++) this.#move(k, x, labels, weights, centres, counts);
    let sound = 0;
    for (let at = 0; at < centres.length; at++) sound += centres[at] - centres[at];
    for (let k = 0; k < counts.length; k++) sound += counts[k] - counts[k];
    if (sound !== 0) return false;
    if (reassigns && this.ratio > 0) this.#reassign(x, rows, centres, counts);
    this.#before = state;
    this.state = { centres, counts, sinceReassigned: since, steps: state.steps + 1 };
    return true;
  }

  undo(): void {
    this.state = this.#before;
  }

  #move(k: number, x: Reals, labels: Int32Array, weights: Reals | undefined, centres: Reals, counts: Reals): void {
    const [width, round] = [this.#width, this.#round];
    const first = k * width;
    let weight = 0;
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] === k) weight = round(weight + (weights === undefined ? 1 : weights[row]));
    }
    if (!(weight > 0)) return;
    for (let j = 0; j < width; j++) centres[first + j] *= counts[k];
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] !== k) continue;
      const own = weights === undefined ? 1 : weights[row];
      for (let j = 0; j < width; j++) centres[first + j] += round(x[row * width + j] * own);
    }
    counts[k] += weight;
    const share = round(1 / counts[k]);
    for (let j = 0; j < width; j++) centres[first + j] *= share;
  }

  /** Restarts clusters with very few rows at rows of this batch, at most at half of them. */
  #reassign(x: Reals, rows: number, centres: Reals, counts: Reals): void {
    const { ratio } = this;
    let most = counts[0];
    for (let k = 1; k < counts.length; k++) if (counts[k] > most) most = counts[k];
    const bound = this.#round(ratio * most);
    const moved = Array.from(counts, (count) => count < bound);
    const half = Math.floor(rows / 2);
    if (moved.filter(Boolean).length > rows / 2) {
      const byCount = Array.from(counts, (_, k) => k).sort((a, b) => counts[a] - counts[b] || a - b);
      for (const k of byCount.slice(half)) moved[k] = false;
    }
    const clusters = moved.flatMap((isMoved, k) => (isMoved ? [k] : []));
    if (clusters.length === 0) return;
    const chosen = this.permutation(rows);
    for (const [i, k] of clusters.entries()) {
      centres.set(x.subarray(chosen[i] * this.#width, (chosen[i] + 1) * this.#width), k * this.#width);
    }
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < counts.length; k++) if (!moved[k] && counts[k] < least) least = counts[k];
    for (const k of clusters) counts[k] = least;
  }
}
