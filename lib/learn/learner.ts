/** A model that goes on learning. */
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
  /** For a classifier that has learnt nothing: all classes there will ever be, in any order. */
  readonly classes?: readonly (Label | boolean)[];
  /** For a network: the learning rate from this fit on, of all its parameters. A finite number of 0 or more. */
  readonly learningRate?: number;
}

/** Rows as arrays. */
interface Flat {
  readonly x: FloatArray;
  readonly rows: number;
  readonly isRecord: boolean;
  /** Of texts, in place of x. */
  readonly pairs?: RaggedParts;
  /** Whether other steps made them of the caller's. */
  readonly isFronted?: boolean;
}

/** A model that goes on learning: `learn` opens it. What it predicts follows each fit. */
export class Learner implements Disposable {
  #origin: Origin;
  #learns: Incremental;
  readonly #history: number;
  /** Older states than the one that can be undone. */
  readonly #kept: unknown[] = [];
  #undoable = 0;
  #reader: RowReader | undefined;
  /** Names of the features, which the first record gives where the file has none. */
  #names: readonly string[] | undefined;
  /** The model as it was when somebody last asked. */
  #current: Model | undefined;
  /** The steps that stay as they are before those that learn; created with the first row. */
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

  /** What {@link save} was given to keep, of a checkpoint. */
  readonly notes: unknown;

  /**
   * How good the predictions of the last rows were, each of which was made before the row was learnt from. Undefined unless
   * the option `metrics` asks for it.
   */
  get metrics(): MetricValues | undefined {
    return this.#observer?.metrics.values();
  }

  /** What the drift detector of the option `metrics` has said; undefined without one. */
  get drift(): DriftReport | undefined {
    return this.#observer?.metrics.drift;
  }

  /** The name of the estimator's class. */
  get estimator(): string {
    return this.#learns.name;
  }

  /** Of a classifier that knows them. */
  get classes(): readonly Label[] | undefined {
    return this.#learns.classes;
  }

  /** Names of the features of a row, in order. */
  get featureNames(): readonly string[] | undefined {
    return this.#names;
  }

  /**
   * Learns from some rows, as the estimator's `partial_fit` does: one call is one pass over them. Rows are what `predict`
   * takes, targets a label or number for each; one row may go with one target.
   *
   * Where a parameter would become infinite or NaN, nothing is learnt and the error says so.
   *
   * @throws {ForwardpassError} INPUT (rows, targets, weights), DIVERGED, OPTION, MEMORY.
   */
  partialFit(rows: Rows | RowRecord | string, targets?: LearnTargets, options?: FitOptions): this {
    if (this.#learns.width === undefined) this.#firstFit(rows, targets, options);
    else this.#fit(rows, targets, options, false);
    return this;
  }

  /** Where it fails, nothing has begun: neither how many features there are nor which classes. */
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
    if (count === 0) throw new ForwardpassError('INPUT', 'expected one row at least, found none', 'rows');
    const each = targetsOf(targets, count, isRecord);
    const weights = options === undefined ? undefined : weightsOf(options.sampleWeight, count);
    if (options?.classes !== undefined) this.#checkClasses(options.classes);
    const rate = options?.learningRate;
    if (rate !== undefined) checkRate(rate, learns);
    // Before the first fit there is nothing to predict with.
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

  /** Goes back to the state before the last fit, and again as often as the option `history` says. @throws {ForwardpassError} OPTION. */
  rollback(): this {
    if (this.#kept.length > 0) this.#learns.restore(this.#kept.pop());
    else if (this.#undoable > 0) {
      this.#learns.undo();
      this.#undoable--;
    } else {
      const message = `no earlier state; the option \`history\` is ${this.#history}, which fits since the start or the last rollbacks have used up`;
      throw new ForwardpassError('OPTION', message, 'rollback');
    }
    this.#forget();
    return this;
  }

  /** What the model of now predicts: see {@link Model.predict}. */
  predict(rows: Rows): Label[] | FloatArray;
  predict(record: RowRecord | string): Label;
  predict<Answer extends Predictions | Prediction>(rows: Rows | RowRecord | string): Answer;
  predict(rows: Rows | RowRecord | string): unknown {
    return this.#model().predict(rows);
  }

  /** Probabilities of the model of now: see {@link Model.predictProba}. */
  predictProba(rows: Rows): FloatArray;
  predictProba(record: RowRecord | string): Record<string, number>;
  predictProba<Answer extends Probabilities | Probability>(rows: Rows | RowRecord | string): Answer;
  predictProba(rows: Rows | RowRecord | string): unknown {
    return this.#model().predictProba(rows);
  }

  /** What the model of now gives: see {@link Model.run}. */
  run(rows: TypedArray): FloatArray {
    return this.#model().run(rows);
  }

  /**
   * How good the model of now is on some rows, as the estimator's `score` has it: the share of right labels of a
   * classifier, R² of a regressor.
   *
   * @throws {ForwardpassError} OPTION for others; INPUT.
   */
  score(rows: Rows, targets: Targets, options: Pick<FitOptions, 'sampleWeight'> = {}): number {
    const { targets: kind, name } = this.#learns;
    if (kind === 'none') throw new ForwardpassError('OPTION', `${name} has no score of targets`, 'score');
    const said: unknown = this.#model().predict(rows);
    if (!isMany(said) || isMany(targets[0])) {
      throw new ForwardpassError('OPTION', `${name} has several targets, and a score is of one`, 'score');
    }
    const predicted = said as ArrayLike<Label>;
    const each = targetsOf(targets, predicted.length, false) as ArrayLike<unknown>;
    const weights = weightsOf(options.sampleWeight, predicted.length);
    return kind === 'classes' ? accuracy(predicted, each, weights) : determination(predicted, each, weights);
  }

  /** Its state by the framework's own attribute names, such as `coef_`: copies, arrays flat and row-major. */
  state(): Record<string, unknown> {
    return this.#learns.state();
  }

  /** The model of now, which learns no more: an ordinary one, that may be shared, served and saved. */
  freeze(options: ModelOptions = {}): Model {
    this.#requireBegun();
    this.#learns.store();
    return modelFromGraph(this.#origin.graph(), options);
  }

  /**
   * A checkpoint, which `learn` opens again to the bit, and `load` as an ordinary model. It is written beside its place and
   * moved there, so that a reader finds the old one or the new one.
   *
   * `notes` is what JSON can hold of the caller's, such as how far a journal was read: {@link notes} of what opens it.
   *
   * @throws {ForwardpassError} SOURCE where it cannot be written; OPTION for notes that are none.
   */
  async save(path: string, { notes }: { readonly notes?: unknown } = {}): Promise<void> {
    const kept = { notes: checkNotes(notes), metrics: this.#observer?.metrics.state() };
    const beside: Beside = (add) => writeCheckpoint({ kind: this.#origin.kind, tree: this.#origin.tree(), kept }, add);
    await writeWhole(checkPath(path), this.#learns.width === undefined ? writeAlone(beside) : this.#frozen(beside));
  }

  /**
   * The model of now as a file that `load` and `watch` open: what watches the path takes it up. Written as {@link save} does.
   *
   * @throws {ForwardpassError} SOURCE where it cannot be written; OPTION before the first fit.
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

  /** Frees the model that it predicts with. Its state is kept, and it can go on learning. */
  dispose(): void {
    this.#forget();
    this.#front?.dispose();
    this.#front = undefined;
  }

  /** As {@link dispose}, for `using`. */
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
    throw new ForwardpassError('OPTION', 'it has learnt nothing yet; partialFit() comes first', this.#learns.name);
  }

  // The first fit

  #begin(rows: unknown, targets: LearnTargets | undefined, options: FitOptions | undefined): void {
    const learns = this.#learns;
    const first: unknown = Array.isArray(rows) ? rows[0] : rows;
    const isOne = targets === undefined || !isMany(targets);
    const Floats = first instanceof Float32Array ? Float32Array : Float64Array;
    const classes = learns.targets === 'classes' ? sortedClasses(options?.classes) : undefined;
    const begin = (width: number) => {
      if (width === 0) throw new ForwardpassError('INPUT', 'expected one feature at least, found none', 'rows');
      learns.begin?.(width, classes, Floats);
    };
    if (ArrayBuffer.isView(rows)) {
      if (targets === undefined) {
        const message = 'a flat array does not say how many features a row has; give the first rows as arrays: [[…]]';
        throw new ForwardpassError('INPUT', message, 'rows');
      }
      const count = isOne ? 1 : (targets as ArrayLike<unknown>).length;
      const width = lengthOf(rows) / count;
      if (!Number.isInteger(width)) {
        const message = `${lengthOf(rows)} numbers are not a whole number for each of ${count} targets`;
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
    throw new ForwardpassError('OPTION', 'are others than those that it was begun with', 'classes');
  }

  // Rows

  #read(rows: Rows | RowRecord | string): Flat {
    if (this.#learns.takesTexts) return this.#readTexts(rows);
    this.#front ??= this.#learns.frontSteps ? modelFromGraph(this.#origin.front?.() as Graph, {}) : undefined;
    return this.#front === undefined ? this.#flatten(rows) : this.#through(this.#front, rows);
  }

  /** Rows as the steps before those that learn make them. */
  #through(front: Model, rows: Rows | RowRecord | string): Flat {
    const flat = front.flatten(rows);
    const [made] = front.ask('run', flat) as readonly FloatArray[];
    const { width, Floats } = this.#learns;
    const x = asFloats(made, Floats);
    const count = x.length / (width as number);
    if (!Number.isInteger(count)) {
      const message = `the steps before the one that learns give ${x.length} numbers, which are not rows of ${width}`;
      throw new ForwardpassError('SHAPE', message, 'rows');
    }
    return { x, rows: count, isRecord: flat.isRecord || (ArrayBuffer.isView(rows) && count === 1), isFronted: true };
  }

  /** Texts, as the model reads them: what makes terms of them does not learn. */
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
      const message = `expected rows of ${width} numbers one after another, found ${length} numbers`;
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
      const message = `expected rows of ${width} numbers one after another, found ${flat.length} numbers`;
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
