/** MultinomialNB, ComplementNB and BernoulliNB, which count, and CategoricalNB, which counts categories. */
import type { FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import { PickleList } from '../../formats/containers/pickle/values.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { Label } from '../../labels.ts';
import type { LearningOptions } from '../origin.ts';
import { allocated, diverged } from '../stepper.ts';
import { ClassTargets } from '../targets.ts';
import { arrayOf, integers, setAttribute } from '../tree.ts';
import {
  CategoryCounts,
  type CategoryState,
  classLogPriors,
  DiscreteCounts,
  type DiscreteKind,
  type PriorOptions,
} from './discrete-counts.ts';
import type { Batch, Incremental } from './incremental.ts';
import { checkRows, labelsOf } from './inputs.ts';
import { classArray } from './labels.ts';
import { likelihoods } from './likelihoods.ts';

const KINDS: Readonly<Record<string, DiscreteKind>> = {
  MultinomialNB: 'multinomial',
  ComplementNB: 'complement',
  BernoulliNB: 'bernoulli',
};
/** The least alpha, to which smaller ones are raised unless `force_alpha` is set. */
const LEAST_ALPHA = 1e-10;
/** The most categories of one feature; each has a number for each class. */
const MOST_CATEGORIES = 1_000_000;
/** The most counts of all features and classes. */
const MOST_COUNTS = 2 ** 25;

/** What all discrete naive Bayes classifiers have in common. */
abstract class Discrete implements Incremental {
  readonly name: string;
  readonly targets = 'classes';
  readonly Floats = Float64Array;
  classes: readonly Label[] | undefined;
  width: number | undefined;
  protected classTargets: ClassTargets | undefined;

  constructor(protected readonly estimator: Estimator) {
    this.name = estimator.className;
  }

  begin(width: number, classes: readonly Label[] | undefined): void {
    const { object } = this.estimator;
    this.setClasses(classes ?? []);
    this.width = width;
    this.allocate(width, (classes ?? []).length);
    setAttribute(object, 'classes_', classArray(classes ?? []));
    setAttribute(object, 'n_features_in_', width);
  }

  protected setClasses(classes: readonly Label[]): void {
    this.classes = Object.freeze([...classes]);
    this.classTargets = new ClassTargets(classes);
  }

  protected abstract allocate(width: number, classes: number): void;
  abstract partialFit(batch: Batch): void;
  abstract undo(): void;
  abstract keep(): unknown;
  abstract restore(kept: unknown): void;
  abstract state(): Record<string, unknown>;
  abstract store(): void;

  /** One number, or one for each feature. */
  protected alpha(): number | Float64Array {
    const { estimator } = this;
    const { shape, data } = estimator.numbers('alpha');
    if (shape.length > 0 && data.length !== this.width) {
      throw estimator.error('SHAPE', `expected one number, or one for each of ${this.width} features`, 'alpha');
    }
    if (data.some((value) => value < 0)) throw estimator.error('MALFORMED', 'expected 0 or more', 'alpha');
    const isRaised = !estimator.boolean('force_alpha', false) && data.some((value) => value < LEAST_ALPHA);
    const alphas = Float64Array.from(data, (value) => (isRaised ? Math.max(value, LEAST_ALPHA) : value));
    return shape.length === 0 ? alphas[0] : alphas;
  }

  protected logPriors(counts: Float64Array): Float64Array {
    const { estimator } = this;
    const options: PriorOptions = {
      given: estimator.has('class_prior')
        ? Float64Array.from(estimator.vector('class_prior', counts.length))
        : undefined,
      fitted: estimator.boolean('fit_prior', true),
    };
    return classLogPriors(counts, options);
  }
}

/** @throws {ForwardpassError} INPUT for negative numbers. */
function checkCounts(x: FloatArray, width: number, name: string): void {
  for (let at = 0; at < x.length; at++) {
    if (x[at] >= 0) continue;
    const place = `rows[${Math.floor(at / width)}][${at % width}]`;
    throw new ForwardpassError('INPUT', `${name} does not take negative numbers, found ${x[at]}`, place);
  }
}

/** 1 for numbers above the threshold, otherwise 0. */
function above(x: FloatArray, threshold: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at++) if (x[at] > threshold) y[at] = 1;
  return y;
}

export class DiscreteNaiveBayes extends Discrete {
  #counts: DiscreteCounts | undefined;
  readonly #kind: DiscreteKind;
  /** The factors and the start values of the likelihoods, until the next fit. */
  #terms: { readonly logs: Float64Array; readonly starts: Float64Array } | undefined;
  /** For BernoulliNB: values above it count as 1. */
  readonly #threshold: number | undefined;

  constructor(estimator: Estimator, _options: LearningOptions) {
    super(estimator);
    this.#kind = KINDS[estimator.className];
    const isBinary = this.#kind === 'bernoulli' && estimator.value('binarize', 0) !== null;
    this.#threshold = isBinary ? estimator.number('binarize', 0) : undefined;
    if (!estimator.has('feature_count_')) return;
    this.setClasses(estimator.labels('classes_'));
    const count = (this.classes as readonly Label[]).length;
    const features = estimator.matrix('feature_count_', count);
    this.width = features.columns;
    const classes = Float64Array.from(estimator.vector('class_count_', count));
    this.#counts = new DiscreteCounts(this.#kind, Float64Array.from(features.data), classes);
    this.#checkAlpha();
  }

  protected allocate(width: number, classes: number): void {
    const features = allocated(() => new Float64Array(width * classes));
    this.#counts = new DiscreteCounts(this.#kind, features, new Float64Array(classes));
    this.#checkAlpha();
  }

  #checkAlpha(): void {
    if (typeof this.alpha() === 'number' || this.#kind !== 'bernoulli') return;
    const message = 'has a value for each feature, which scikit-learn would use to smooth the classes of a BernoulliNB';
    throw this.estimator.error('UNSUPPORTED_OP', message, 'alpha');
  }

  partialFit(batch: Batch): void {
    const width = this.width as number;
    const labels = labelsOf(batch, this.classTargets as ClassTargets);
    checkRows(batch.x, width);
    const threshold = this.#threshold;
    if (this.#kind !== 'bernoulli') checkCounts(batch.x, width, this.name);
    const x = threshold === undefined ? batch.x : above(batch.x, threshold);
    if (!this.#counts?.learn(x, batch.rows, labels, batch.weights)) throw diverged();
    this.#terms = undefined;
  }

  outputs(x: FloatArray, rows: number): FloatArray {
    this.#terms ??= this.#termsOf(this.#counts as DiscreteCounts);
    const { logs, starts } = this.#terms;
    const width = this.width as number;
    const row = this.#threshold === undefined ? x : above(x, this.#threshold);
    return likelihoods(row, rows, starts, (label, feature, value) => value * logs[label * width + feature]);
  }

  #termsOf(counts: DiscreteCounts): { logs: Float64Array; starts: Float64Array } {
    const logs = counts.logProbabilities(this.alpha(), this.estimator.boolean('norm', false));
    const { classes } = counts;
    const starts =
      this.#kind === 'complement' && classes.length > 1 ? new Float64Array(classes.length) : this.logPriors(classes);
    if (this.#kind !== 'bernoulli') return { logs, starts };
    // log P if a feature is present, log(1 − P) if it is not.
    const width = logs.length / classes.length;
    for (let at = 0; at < logs.length; at++) {
      const absent = Math.log(1 - Math.exp(logs[at]));
      starts[Math.floor(at / width)] += absent;
      logs[at] -= absent;
    }
    return { logs, starts };
  }

  undo(): void {
    this.#counts?.undo();
    this.#terms = undefined;
  }

  keep(): unknown {
    return this.#counts && { features: this.#counts.features.slice(), classes: this.#counts.classes.slice() };
  }

  restore(kept: unknown): void {
    const { features, classes } = kept as Pick<DiscreteCounts, 'features' | 'classes'>;
    this.#counts?.features.set(features);
    this.#counts?.classes.set(classes);
    this.#terms = undefined;
  }

  state(): Record<string, unknown> {
    if (this.#counts === undefined) return {};
    const { features, classes, all } = this.#counts;
    return {
      class_count_: classes.slice(),
      feature_count_: features.slice(),
      class_log_prior_: this.logPriors(classes),
      feature_log_prob_: this.#counts.logProbabilities(this.alpha(), this.estimator.boolean('norm', false)),
      ...(this.#kind === 'complement' && { feature_all_: all }),
    };
  }

  store(): void {
    const { object } = this.estimator;
    const count = this.#counts?.classes.length ?? 0;
    for (const [name, data] of Object.entries(this.state()) as [string, Float64Array][]) {
      const isMatrix = name === 'feature_count_' || name === 'feature_log_prob_';
      setAttribute(object, name, arrayOf(isMatrix ? [count, data.length / count] : [data.length], data));
    }
  }
}

export class CategoricalNaiveBayes extends Discrete {
  #counts: CategoryCounts | undefined;
  /** The logarithms, until the next fit. */
  #logs: readonly Float64Array[] | undefined;

  constructor(estimator: Estimator, _options: LearningOptions) {
    super(estimator);
    if (!estimator.has('category_count_')) return;
    this.setClasses(estimator.labels('classes_'));
    const count = (this.classes as readonly Label[]).length;
    const tables = estimator.list('category_count_').map((table, feature) => {
      const place = `category_count_[${feature}]`;
      const { shape, data } = estimator.numbersIn(table, place);
      if (shape.length === 2 && shape[0] === count) return Float64Array.from(data);
      throw estimator.error('SHAPE', `expected a row for each of ${count} classes`, place);
    });
    const classes = Float64Array.from(estimator.vector('class_count_', count));
    this.width = tables.length;
    const known = estimator.has('n_categories_')
      ? estimator.vector('n_categories_', tables.length)
      : tables.map((table) => table.length / count);
    this.#counts = this.#countsOf({ tables, classes, categories: Int32Array.from(known) });
  }

  protected allocate(width: number, classes: number): void {
    const tables = Array.from({ length: width }, () => new Float64Array(0));
    this.#counts = this.#countsOf({ tables, classes: new Float64Array(classes), categories: new Int32Array(width) });
  }

  #countsOf(state: CategoryState): CategoryCounts {
    const { estimator } = this;
    if (!estimator.has('min_categories')) return new CategoryCounts(state, undefined);
    const { shape, data } = estimator.numbers('min_categories');
    const width = state.tables.length;
    const isNumber = (value: number) => Number.isInteger(value) && value >= 0 && value <= MOST_CATEGORIES;
    if (!data.every(isNumber) || (shape.length > 0 && data.length !== width)) {
      throw estimator.error('MALFORMED', `expected an integer, or one for each of ${width} features`, 'min_categories');
    }
    const fewest = new Int32Array(width);
    return new CategoryCounts(state, shape.length === 0 ? fewest.fill(data[0]) : Int32Array.from(data));
  }

  /** Takes integers; fractions are truncated, as in NumPy. */
  partialFit(batch: Batch): void {
    const width = this.width as number;
    const labels = labelsOf(batch, this.classTargets as ClassTargets);
    checkRows(batch.x, width);
    const x = new Float64Array(batch.x.length);
    for (let at = 0; at < x.length; at++) x[at] = Math.trunc(batch.x[at]);
    checkCounts(x, width, this.name);
    this.#checkCategories(x, width);
    if (!this.#counts?.learn(x, batch.rows, labels, batch.weights)) throw diverged();
    this.#logs = undefined;
  }

  /** A category without an entry contributes nothing; a frozen model rejects it. */
  outputs(x: FloatArray, rows: number): FloatArray {
    const counts = this.#counts as CategoryCounts;
    this.#logs ??= counts.logProbabilities(this.alpha());
    const logs = this.#logs;
    const { classes } = counts.now;
    return likelihoods(x, rows, this.logPriors(classes), (label, feature, value) => {
      const columns = logs[feature].length / classes.length;
      const at = Math.trunc(value);
      return at >= 0 && at < columns ? logs[feature][label * columns + at] : 0;
    });
  }

  /** Checks the size of tables that have room for these categories. */
  #checkCategories(x: Float64Array, width: number): void {
    const { tables, classes } = (this.#counts as CategoryCounts).now;
    const columns = Float64Array.from(tables, (table) => table.length / classes.length);
    let count = columns.reduce((sum, each) => sum + each, 0);
    for (let at = 0; at < x.length; at++) {
      const more = x[at] + 1 - columns[at % width];
      if (more <= 0) continue;
      columns[at % width] += more;
      count += more;
      if (x[at] < MOST_CATEGORIES && count * classes.length <= MOST_COUNTS) continue;
      const place = `rows[${Math.floor(at / width)}][${at % width}]`;
      const message = `the category ${x[at]} needs more counts than a model may have; use categories that are integers from 0, without gaps`;
      throw new ForwardpassError('LIMIT', message, place);
    }
  }

  undo(): void {
    this.#counts?.undo();
    this.#logs = undefined;
  }

  keep(): unknown {
    return this.#counts?.now;
  }

  restore(kept: unknown): void {
    if (this.#counts !== undefined) this.#counts.now = kept as CategoryState;
    this.#logs = undefined;
  }

  state(): Record<string, unknown> {
    if (this.#counts === undefined) return {};
    const { tables, classes, categories } = this.#counts.now;
    return {
      class_count_: classes.slice(),
      category_count_: tables.map((table) => table.slice()),
      class_log_prior_: this.logPriors(classes),
      feature_log_prob_: this.#counts.logProbabilities(this.alpha()),
      n_categories_: categories.slice(),
    };
  }

  store(): void {
    const { object } = this.estimator;
    const count = this.#counts?.now.classes.length ?? 0;
    for (const [name, data] of Object.entries(this.state())) {
      if (Array.isArray(data)) {
        const tables = data.map((table: Float64Array) => arrayOf([count, table.length / count], table));
        setAttribute(object, name, new PickleList(tables));
      } else {
        const numbers = Float64Array.from(data as Float64Array);
        setAttribute(object, name, name === 'n_categories_' ? integers(numbers) : arrayOf([numbers.length], numbers));
      }
    }
  }
}
