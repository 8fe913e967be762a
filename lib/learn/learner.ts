/** A model that continues learning. */
import { type FloatArray, lengthOf, type TypedArray } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { type Beside, writeAlone } from '../formats/safetensors/write-frozen.ts';
import { frozenFile } from '../frozen-file.ts';
import { Budget } from '../graph/budget.ts';
import type { Graph } from '../graph/graph.ts';
import type { Port } from '../graph/lower.ts';
import type { Label } from '../labels.ts';
import { modelFromGraph, prepare, withWeights } from '../load.ts';
import { describe } from '../messages.ts';
import type { Model, Prediction, Predictions, Probabilities, Probability, RowRecord, Rows } from '../model.ts';
import { checkModelOptions, type ModelOptions } from '../options.ts';
import type { RaggedParts } from '../ragged.ts';
import { RowReader } from '../rows.ts';
import { copyTree, type Kept, writeCheckpoint } from './checkpoint.ts';
import type { Incremental, Targets } from './estimators/incremental.ts';
import { asFloats } from './estimators/inputs.ts';
import {
  checkNotes,
  checkPath,
  checkRate,
  isMany,
  type LearnTargets,
  sortedClasses,
  targetsOf,
  weightsOf,
} from './given.ts';
import type { DriftReport, MetricValues } from './metrics.ts';
import { Observer } from './observer.ts';
import type { CheckedLearnOptions } from './options.ts';
import type { Origin } from './origin.ts';
import { accuracy, determination } from './score.ts';
import { writeWhole } from './write-file.ts';

export type { LearnTargets } from './given.ts';

/** The options of {@link Learner.partialFit}. */
export interface FitOptions {
  /** A finite number of 0 or more for each row, not all of them 0. */
  readonly sampleWeight?: ArrayLike<number> | number;
  /** For a new classifier: all classes that will ever occur, in any order. */
  readonly classes?: readonly (Label | boolean)[];
  /** For a network: the learning rate of all its parameters from this fit on. A finite number of 0 or more. */
  readonly learningRate?: number;
}

/** Rows as flat arrays. */
interface Flat {
  readonly x: FloatArray;
  readonly rows: number;
  readonly isRecord: boolean;
  /** The terms of texts, instead of x. */
  readonly pairs?: RaggedParts;
  /** Whether other steps made them from the caller's rows. */
  readonly isFronted?: boolean;
}

/** A model that continues learning, opened by `learn`. Each fit changes its predictions. */
export class Learner implements Disposable {
  #origin: Origin;
  #learns: Incremental;
  readonly #history: number;
  /** Older states than the one that can be undone. */
  readonly #kept: unknown[] = [];
  #undoable = 0;
  #reader: RowReader | undefined;
  /** The names of the features, from the first record if the file has none. */
  #names: readonly string[] | undefined;
  /** The model as of the last request for it. */
  #current: Model | undefined;
  /** The steps before those that learn, which do not change; created with the first row. */
  #front: Model | undefined;
  readonly #observer: Observer | undefined;

  /** @internal */
  constructor(origin: Origin, { history, metrics }: Pick<CheckedLearnOptions, 'history' | 'metrics'>, kept?: Kept) {
    this.#origin = origin;
    this.#learns = origin.learns;
    this.#history = history;
    this.#names = origin.featureNames;
    this.notes = kept?.notes;
    if (metrics !== undefined) this.#observer = new Observer(origin.learns, metrics, kept?.metrics);
  }

  /** The notes that were passed to {@link save}, if it was opened from a checkpoint. */
  readonly notes: unknown;

  /**
   * The quality of the predictions for the last rows, each made before learning from the row. Undefined without the
   * option `metrics`.
   */
  get metrics(): MetricValues | undefined {
    return this.#observer?.metrics.values();
  }

  /** The report of the drift detector in the option `metrics`; undefined without one. */
  get drift(): DriftReport | undefined {
    return this.#observer?.metrics.drift;
  }

  /** The name of the estimator's class. */
  get estimator(): string {
    return this.#learns.name;
  }

  /** The classes, for a classifier that knows them. */
  get classes(): readonly Label[] | undefined {
    return this.#learns.classes;
  }

  /** The names of the features of a row, in order. */
  get featureNames(): readonly string[] | undefined {
    return this.#names;
  }

  /**
   * Learns from rows, as the estimator's `partial_fit` does: one call is one pass over them. Rows are given as for
   * `predict`, with a label or number as the target of each; a single row may be given with a single target.
   *
   * If a parameter would become infinite or NaN, nothing is learnt and the call throws DIVERGED.
   *
   * @throws {ForwardpassError} INPUT (rows, targets, weights), DIVERGED, OPTION, MEMORY.
   */
  partialFit(rows: Rows | RowRecord | string, targets?: LearnTargets, options?: FitOptions): this {
    if (this.#learns.width === undefined) this.#firstFit(rows, targets, options);
    else this.#fit(rows, targets, options, false);
    return this;
  }

  /** If it fails, neither the number of features nor the classes are set. */
  #firstFit(rows: Rows | RowRecord | string, targets: LearnTargets | undefined, options: FitOptions | undefined): void {
    const [tree, names] = [copyTree(this.#origin.tree()), this.#names];
    try {
      this.#begin(rows, targets, options);
      this.#fit(rows, targets, options, true);
    } catch (error) {
      this.#origin = this.#origin.again?.(tree) ?? this.#origin;
      this.#learns = this.#origin.learns;
      if (this.#observer !== undefined) this.#observer.learns = this.#learns;
      this.#names = names;
      this.#reader = undefined;
      throw error;
    }
  }

  #fit(
    rows: Rows | RowRecord | string,
    targets: LearnTargets | undefined,
    options: FitOptions | undefined,
    isFirst: boolean,
  ): void {
    const learns = this.#learns;
    const { x, rows: count, isRecord, pairs, isFronted } = this.#read(rows);
    if (count === 0) throw new ForwardpassError('INPUT', 'expected at least one row, found none', 'rows');
    const each = targetsOf(targets, count, isRecord);
    const weights = options === undefined ? undefined : weightsOf(options.sampleWeight, count);
    if (options?.classes !== undefined) this.#checkClasses(options.classes);
    const rate = options?.learningRate;
    if (rate !== undefined) checkRate(rate, learns);
    // Before the first fit, there is no model to predict with.
    const said = isFirst
      ? undefined
      : pairs === undefined && !isFronted
        ? this.#observer?.ask(() => this.#model(), x, count)
        : this.#observer?.askModel(this.#model(), (isRecord && !ArrayBuffer.isView(rows) ? [rows] : rows) as Rows);
    const isKept = this.#history > 1;
    const kept = isKept ? learns.keep() : undefined;
    learns.partialFit({ x, rows: count, pairs, targets: each, weights, rate });
    if (isKept) {
      this.#kept.push(kept);
      if (this.#kept.length > this.#history) this.#kept.shift();
    } else this.#undoable = this.#history;
    if (this.#current !== undefined) this.#forget();
    if (said !== undefined && each !== undefined) this.#observer?.take(said, each, count);
  }

  /**
   * Goes back to the state before the last fit; may be called as often in a row as the option `history` says. @throws
   * {ForwardpassError} OPTION.
   */
  rollback(): this {
    if (this.#kept.length > 0) this.#learns.restore(this.#kept.pop());
    else if (this.#undoable > 0) {
      this.#learns.undo();
      this.#undoable--;
    } else {
      const message = `no earlier state is kept; raise the option \`history\`, which is ${this.#history}, to go back further`;
      throw new ForwardpassError('OPTION', message, 'rollback');
    }
    this.#forget();
    return this;
  }

  /** The predictions of the current model: see {@link Model.predict}. */
  predict(rows: Rows): Label[] | FloatArray;
  predict(record: RowRecord | string): Label;
  predict<Answer extends Predictions | Prediction>(rows: Rows | RowRecord | string): Answer;
  predict(rows: Rows | RowRecord | string): unknown {
    return this.#model().predict(rows);
  }

  /** The probabilities of the current model: see {@link Model.predictProba}. */
  predictProba(rows: Rows): FloatArray;
  predictProba(record: RowRecord | string): Record<string, number>;
  predictProba<Answer extends Probabilities | Probability>(rows: Rows | RowRecord | string): Answer;
  predictProba(rows: Rows | RowRecord | string): unknown {
    return this.#model().predictProba(rows);
  }

  /** The outputs of the current model: see {@link Model.run}. */
  run(rows: TypedArray): FloatArray {
    return this.#model().run(rows);
  }

  /**
   * The score of the current model on rows, as in the estimator's `score`: accuracy for a classifier, R² for a
   * regressor.
   *
   * @throws {ForwardpassError} OPTION for others; INPUT.
   */
  score(rows: Rows, targets: Targets, options: Pick<FitOptions, 'sampleWeight'> = {}): number {
    const { targets: kind, name } = this.#learns;
    if (kind === 'none') throw new ForwardpassError('OPTION', `${name} has no score for targets`, 'score');
    const said: unknown = this.#model().predict(rows);
    if (!isMany(said) || isMany(targets[0])) {
      throw new ForwardpassError('OPTION', `${name} has several targets, but a score is only for one`, 'score');
    }
    const predicted = said as ArrayLike<Label>;
    const each = targetsOf(targets, predicted.length, false) as ArrayLike<unknown>;
    const weights = weightsOf(options.sampleWeight, predicted.length);
    return kind === 'classes' ? accuracy(predicted, each, weights) : determination(predicted, each, weights);
  }

  /** Copies of its state by the framework's own attribute names, such as `coef_`; arrays are flat and row-major. */
  state(): Record<string, unknown> {
    return this.#learns.state();
  }

  /** The current model, which does not learn any more: an ordinary model that can be shared, served and saved. */
  freeze(options: ModelOptions = {}): Model {
    this.#requireBegun();
    this.#learns.store();
    return modelFromGraph(this.#origin.graph(), options);
  }

  /**
   * Writes a checkpoint. `learn` opens it with the same bits, and `load` opens it as an ordinary model. It is written
   * to a temporary file and renamed, so that readers find either the old or the new one.
   *
   * `notes` is any JSON value of the caller, such as how far a journal was read; after opening, it is in {@link notes}.
   *
   * @throws {ForwardpassError} SOURCE if it cannot be written; OPTION for invalid notes.
   */
  async save(path: string, { notes }: { readonly notes?: unknown } = {}): Promise<void> {
    const kept = { notes: checkNotes(notes), metrics: this.#observer?.metrics.state() };
    const beside: Beside = (add) => writeCheckpoint({ kind: this.#origin.kind, tree: this.#origin.tree(), kept }, add);
    await writeWhole(checkPath(path), this.#learns.width === undefined ? writeAlone(beside) : this.#frozen(beside));
  }

  /**
   * Writes the current model as a file for `load` and `watch`; watchers of the path load it. Written like {@link save}.
   *
   * @throws {ForwardpassError} SOURCE if it cannot be written; OPTION before the first fit.
   */
  async publish(path: string): Promise<void> {
    this.#requireBegun();
    await writeWhole(checkPath(path), this.#frozen());
  }

  #frozen(beside?: Beside): Uint8Array[] {
    this.#learns.store();
    const options = checkModelOptions({});
    const budget = new Budget(options.given);
    const prepared = prepare(this.#origin.graph(), options, budget);
    return frozenFile(prepared, withWeights(prepared, options.precision), budget, beside);
  }

  /** Frees the model that it predicts with. Its state is kept, and it can continue learning. */
  dispose(): void {
    this.#forget();
    this.#front?.dispose();
    this.#front = undefined;
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #model(): Model {
    this.#current ??= this.freeze();
    return this.#current;
  }

  #forget(): void {
    this.#current?.dispose();
    this.#current = undefined;
  }

  #requireBegun(): void {
    if (this.#learns.width !== undefined) return;
    throw new ForwardpassError('OPTION', 'was not fitted yet; call partialFit() first', this.#learns.name);
  }

  // The first fit

  #begin(rows: unknown, targets: LearnTargets | undefined, options: FitOptions | undefined): void {
    const learns = this.#learns;
    const first: unknown = Array.isArray(rows) ? rows[0] : rows;
    const isOne = targets === undefined || !isMany(targets);
    const Floats = first instanceof Float32Array ? Float32Array : Float64Array;
    const classes = learns.targets === 'classes' ? sortedClasses(options?.classes) : undefined;
    const begin = (width: number) => {
      if (width === 0) throw new ForwardpassError('INPUT', 'expected at least one feature, found none', 'rows');
      learns.begin?.(width, classes, Floats);
    };
    if (ArrayBuffer.isView(rows)) {
      if (targets === undefined) {
        const message =
          'a flat array does not determine how many features a row has; pass the first rows as arrays: [[…]]';
        throw new ForwardpassError('INPUT', message, 'rows');
      }
      const count = isOne ? 1 : (targets as ArrayLike<unknown>).length;
      const width = lengthOf(rows) / count;
      if (!Number.isInteger(width)) {
        const message = `expected a multiple of ${count} numbers, for as many targets, found ${lengthOf(rows)}`;
        throw new ForwardpassError('INPUT', message, 'rows');
      }
      begin(width);
    } else if (Array.isArray(first) || ArrayBuffer.isView(first)) {
      begin((first as ArrayLike<unknown>).length);
    } else if (typeof first === 'object' && first !== null) {
      const names = this.#names ?? Object.freeze(Object.keys(first));
      begin(names.length);
      if (this.#names === undefined) this.#origin.setFeatureNames(names);
      this.#names = names;
    } else {
      const message = `expected rows of numbers or records, found ${describe(first)}`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
  }

  #checkClasses(classes: readonly (Label | boolean)[]): void {
    const known = this.#learns.classes;
    if (known === undefined) throw new ForwardpassError('OPTION', `${this.#learns.name} has no classes`, 'classes');
    const given = sortedClasses(classes);
    if (given.length === known.length && given.every((label, at) => label === known[at])) return;
    throw new ForwardpassError('OPTION', 'differ from the classes that it started with', 'classes');
  }

  // Rows

  #read(rows: Rows | RowRecord | string): Flat {
    if (this.#learns.takesTexts) return this.#readTexts(rows);
    this.#front ??= this.#learns.frontSteps ? modelFromGraph(this.#origin.front?.() as Graph, {}) : undefined;
    return this.#front === undefined ? this.#flatten(rows) : this.#through(this.#front, rows);
  }

  /** The rows that the steps before those that learn make. */
  #through(front: Model, rows: Rows | RowRecord | string): Flat {
    const flat = front.flatten(rows);
    const [made] = front.ask('run', flat) as readonly FloatArray[];
    const { width, Floats } = this.#learns;
    const x = asFloats(made, Floats);
    const count = x.length / (width as number);
    if (!Number.isInteger(count)) {
      const message = `the steps before the one that learns return ${x.length} numbers, expected rows of ${width}`;
      throw new ForwardpassError('SHAPE', message, 'rows');
    }
    return { x, rows: count, isRecord: flat.isRecord || (ArrayBuffer.isView(rows) && count === 1), isFronted: true };
  }

  /** The terms of texts, as the model reads them. The vectorizer does not learn. */
  #readTexts(rows: Rows | RowRecord | string): Flat {
    this.#reader ??= this.#model().rowReader;
    const { arrays, isRecord } = this.#reader.read(rows);
    const pairs = arrays[0] as RaggedParts;
    return { x: NO_NUMBERS, rows: pairs.offsets.length - 1, isRecord, pairs };
  }

  #flatten(rows: Rows | RowRecord | string): Flat {
    const width = this.#learns.width as number;
    if (rows instanceof Float64Array || rows instanceof Float32Array) {
      const length = lengthOf(rows);
      const count = length / width;
      if (Number.isInteger(count)) return { x: rows, rows: count, isRecord: count === 1 };
      const message = `expected rows of ${width} numbers in sequence, found ${length} numbers`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
    this.#reader ??= new RowReader({
      inputs: [{ name: 'X', shape: [width], width, dtype: 'float64' } as Port],
      featureNames: this.#names,
      Floats: this.#learns.Floats,
    });
    const { arrays, isRecord } = this.#reader.read(rows);
    const x = arrays[0] as FloatArray;
    const flat = ArrayBuffer.isView(rows) ? this.#learns.Floats.from(x as ArrayLike<number>) : x;
    if (flat.length % width !== 0) {
      const message = `expected rows of ${width} numbers in sequence, found ${flat.length} numbers`;
      throw new ForwardpassError('INPUT', message, 'rows');
    }
    return {
      x: flat,
      rows: flat.length / width,
      isRecord: isRecord || (ArrayBuffer.isView(rows) && flat.length === width),
    };
  }
}

const NO_NUMBERS = new Float64Array(0);
