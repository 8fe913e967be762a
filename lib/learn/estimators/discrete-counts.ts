/**
 * The counts of features and classes of discrete naive Bayes, as in scikit-learn's `partial_fit`. They are exact if the
 * counts are integers; otherwise they are summed in row order, while NumPy leaves the order to its matrix product. The
 * logarithms are computed from the counts on demand.
 */
import { numpySum } from '../../formats/sklearn/arrays.ts';
import { columnSums, type Reals, vectorSum } from '../sums.ts';

export type DiscreteKind = 'multinomial' | 'complement' | 'bernoulli';

/** The sum of each row of a matrix. */
function rowSums(matrix: Float64Array, columns: number): Float64Array {
  const sums = new Float64Array(columns === 0 ? 0 : matrix.length / columns);
  return sums.map((_, row) => numpySum(matrix, row * columns, columns));
}

/** The total weight of the rows of each class in one batch. */
export function classWeights(
  rows: number,
  labels: ArrayLike<number>,
  weights: Reals | undefined,
  classes: number,
): Float64Array {
  const present = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) present[row * classes + labels[row]] = weights === undefined ? 1 : weights[row];
  const sums = new Float64Array(classes);
  columnSums(present, rows, sums);
  return sums;
}

function logOf(values: Float64Array): Float64Array {
  return values.map((value) => Math.log(value));
}

export interface PriorOptions {
  /** Probabilities that the caller has set. */
  readonly given: Float64Array | undefined;
  /** Whether they follow the counts; otherwise all classes are equally likely. */
  readonly fitted: boolean;
}

/** The logarithms of the classes' probabilities; −Infinity for a class without rows. */
export function classLogPriors(counts: Float64Array, { given, fitted }: PriorOptions): Float64Array {
  if (given !== undefined) return logOf(given);
  if (!fitted) return counts.map(() => -Math.log(counts.length));
  const all = Math.log(vectorSum(counts));
  return counts.map((count) => Math.log(count) - all);
}

/** What a batch adds to the features of one class. */
interface Added {
  readonly label: number;
  readonly sums: Float64Array;
}

/** A row multiplied by its weight. */
function weighted(x: Reals, first: number, width: number, weight: number): Float64Array {
  const row = new Float64Array(width);
  for (let j = 0; j < width; j++) row[j] = weight * x[first + j];
  return row;
}

function sumsByClass(
  x: Reals,
  rows: number,
  labels: ArrayLike<number>,
  weights: Reals | undefined,
  width: number,
): Added[] {
  const added = new Map<number, Added>();
  for (let row = 0, at = 0; row < rows; row++) {
    const label = labels[row];
    const own = added.get(label) ?? { label, sums: new Float64Array(width) };
    added.set(label, own);
    const weight = weights === undefined ? 1 : weights[row];
    for (let j = 0; j < width; j++, at++) own.sums[j] += weight * x[at];
  }
  return [...added.values()];
}

export class DiscreteCounts {
  /** The values before the last batch changed them. */
  #before: { readonly rows: readonly Added[]; readonly classes: Float64Array } | undefined;

  constructor(
    readonly kind: DiscreteKind,
    /** Classes × features. */
    readonly features: Float64Array,
    readonly classes: Float64Array,
  ) {}

  /** @returns whether everything stays finite; if not, nothing has changed. */
  learn(x: Reals, rows: number, labels: ArrayLike<number>, weights: Reals | undefined): boolean {
    const width = this.features.length / this.classes.length;
    const added =
      rows === 1
        ? [{ label: labels[0], sums: weighted(x, 0, width, weights === undefined ? 1 : weights[0]) }]
        : sumsByClass(x, rows, labels, weights, width);
    const classes = this.classes.slice();
    if (rows === 1) classes[labels[0]] += weights === undefined ? 1 : weights[0];
    else {
      const batch = classWeights(rows, labels, weights, classes.length);
      for (let label = 0; label < classes.length; label++) classes[label] += batch[label];
    }
    let sound = 0;
    for (const { label, sums } of added) {
      const first = label * width;
      for (let j = 0; j < width; j++) {
        sums[j] += this.features[first + j];
        sound += sums[j] - sums[j];
      }
    }
    for (let label = 0; label < classes.length; label++) sound += classes[label] - classes[label];
    if (sound !== 0) return false;
    const rowsBefore = added.map(({ label }) => {
      return { label, sums: this.features.slice(label * width, (label + 1) * width) };
    });
    this.#before = { rows: rowsBefore, classes: this.classes.slice() };
    this.#set(added, classes);
    return true;
  }

  undo(): void {
    if (this.#before !== undefined) this.#set(this.#before.rows, this.#before.classes);
  }

  #set(rows: readonly Added[], classes: Float64Array): void {
    for (const { label, sums } of rows) this.features.set(sums, label * sums.length);
    this.classes.set(classes);
  }

  /** `feature_all_` of a complement. */
  get all(): Float64Array {
    const sums = new Float64Array(this.features.length / this.classes.length);
    columnSums(this.features, this.classes.length, sums);
    return sums;
  }

  /** `feature_log_prob_`, smoothed by one alpha or by one for each feature. */
  logProbabilities(alpha: number | Float64Array, isNormed = false): Float64Array {
    const width = this.features.length / this.classes.length;
    const alphaOf = (feature: number) => (typeof alpha === 'number' ? alpha : alpha[feature]);
    if (this.kind === 'complement') return this.#complements(width, alphaOf, isNormed);
    const smooth = this.features.map((count, at) => count + alphaOf(at % width));
    if (this.kind === 'bernoulli') {
      return smooth.map((count, at) => {
        const label = Math.floor(at / width);
        return Math.log(count) - Math.log(this.classes[label] + alphaOf(at % width) * 2);
      });
    }
    const totals = logOf(rowSums(smooth, width));
    return smooth.map((count, at) => Math.log(count) - totals[Math.floor(at / width)]);
  }

  #complements(width: number, alphaOf: (feature: number) => number, isNormed: boolean): Float64Array {
    const { all } = this;
    const others = this.features.map((count, at) => all[at % width] + alphaOf(at % width) - count);
    const totals = rowSums(others, width);
    const logs = others.map((count, at) => Math.log(count / totals[Math.floor(at / width)]));
    if (!isNormed) return logs.map((log) => -log);
    const sums = rowSums(logs, width);
    return logs.map((log, at) => log / sums[Math.floor(at / width)]);
  }
}

export interface CategoryState {
  readonly tables: readonly Float64Array[];
  readonly classes: Float64Array;
  /** `n_categories_`: scikit-learn stores that of the last batch here, but uses the tables. */
  readonly categories: Int32Array;
}

/** `CategoricalNB`: how often each feature had each category, as a table of classes × categories per feature. */
export class CategoryCounts {
  /** The state, replaced after each batch. */
  now: CategoryState;
  #before: CategoryState;

  constructor(
    state: CategoryState,
    /** `min_categories`, one for each feature. */
    readonly fewest: Int32Array | undefined,
  ) {
    this.now = state;
    this.#before = state;
  }

  /**
   * @param x integers, none negative.
   * @returns whether everything stays finite; if not, nothing has changed.
   */
  learn(x: ArrayLike<number>, rows: number, labels: ArrayLike<number>, weights: Reals | undefined): boolean {
    const { now } = this;
    const width = now.tables.length;
    const count = now.classes.length;
    const categories = new Int32Array(width);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let j = 0; j < width; j++, at++) categories[j] = Math.max(categories[j], x[at] + 1);
    }
    if (this.fewest) for (let j = 0; j < width; j++) categories[j] = Math.max(categories[j], this.fewest[j]);
    const tables = now.tables.map((table, j) => widened(table, count, categories[j]));
    let sound = 0;
    for (const [j, table] of tables.entries()) {
      const columns = table.length / count;
      const batch = new Float64Array(table.length);
      for (let row = 0; row < rows; row++) {
        batch[labels[row] * columns + x[row * width + j]] += weights === undefined ? 1 : weights[row];
      }
      for (let at = 0; at < table.length; at++) {
        table[at] += batch[at];
        sound += table[at] - table[at];
      }
    }
    const classes = classWeights(rows, labels, weights, count).map((weight, label) => now.classes[label] + weight);
    for (const total of classes) sound += total - total;
    if (sound !== 0) return false;
    this.#before = now;
    this.now = { tables, classes, categories };
    return true;
  }

  undo(): void {
    this.now = this.#before;
  }

  /** `feature_log_prob_`, a table for each feature. */
  logProbabilities(alpha: number | Float64Array): Float64Array[] {
    const { tables, classes } = this.now;
    return tables.map((table, j) => {
      const columns = table.length / classes.length;
      const smooth = table.map((count) => count + (typeof alpha === 'number' ? alpha : alpha[j]));
      const totals = logOf(rowSums(smooth, columns));
      return smooth.map((count, at) => Math.log(count) - totals[Math.floor(at / columns)]);
    });
  }
}

/** A copy, padded with columns of zeros up to `columns`. */
function widened(table: Float64Array, classes: number, columns: number): Float64Array {
  const old = table.length / classes;
  if (columns <= old) return table.slice();
  const wide = new Float64Array(classes * columns);
  for (let label = 0; label < classes; label++) {
    wide.set(table.subarray(label * old, (label + 1) * old), label * columns);
  }
  return wide;
}
