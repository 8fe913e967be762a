/** A loaded model, and how to run it. */
import { engine } from '#engine';
import { type BindOptions, type BoundBuffer, type BoundCall, bindCall, type RaggedBuffers } from './bound-call.ts';
import type { FloatArray, Named, TypedArray } from './buffers.ts';
import { type Arrays, Calls } from './calls.ts';
import { chooseIsa } from './engine/choose-isa.ts';
import type { EngineModel } from './engine/engine.ts';
import { ForwardpassError } from './errors.ts';
import { FAULT, takesIntegers } from './faults.ts';
import type { Decision, Target } from './graph/graph.ts';
import type { About, Port } from './graph/lower.ts';
import type { TreesInfo } from './graph/trees-info.ts';
import { checkHandle, type Description, type ModelHandle } from './handle.ts';
import type { Isa } from './isa.ts';
import type { Label } from './labels.ts';
import { describe, quote } from './messages.ts';
import { type ModelParts, type Precision, refuseOwnTexts, type Shared } from './model-parts.ts';
import { type AttachOptions, checkAttachOptions, checkRunOptions, type RunOptions } from './options.ts';
import {
  type Interpreted,
  type Prediction,
  type Predictions,
  Predictor,
  type Probabilities,
  type Probability,
  type Ran,
} from './predictions.ts';
import type { RaggedRows } from './ragged.ts';
import { openTexts } from './rows/texts.ts';
import { type FlatRows, RowReader, type RowRecord, type Rows } from './rows.ts';
import { type RowSchema, schemaOf } from './schema.ts';
import type { Staged } from './steps/staged.ts';
import { summarise } from './summary.ts';
import { type TensorInfo, tensorInfo } from './tensor-info.ts';

export type { BoundBuffer, BoundCall, RaggedBuffers } from './bound-call.ts';
export type { FloatArray, Named, TypedArray } from './buffers.ts';
export type { Boosting as BoostingInfo } from './graph/graph.ts';
export type { TreesInfo } from './graph/trees-info.ts';
export type { ModelParts, Precision } from './model-parts.ts';
export type { Prediction, Predictions, Probabilities, Probability } from './predictions.ts';
export type { RaggedRows } from './ragged.ts';
export type { Cell, RowRecord, Rows } from './rows.ts';
export type { RowSchema } from './schema.ts';
export type { TensorInfo } from './tensor-info.ts';

/** The inputs of {@link Model.run}: the only input itself, or all inputs by name. @inline */
type Inputs = TypedArray | RaggedRows | Named<TypedArray | RaggedRows>;

const create = Symbol('create');

/** Whether the value was made by the class, whatever its prototype. */
let isModel: (value: object) => boolean;

/**
 * A trained model, frozen and ready to run. `load`, `watch`, `define` and {@link Model.attach} make it. The methods work on
 * any number of rows, and a row's result does not depend on the others.
 */
export class Model implements Disposable {
  /** The format it was read from, such as `onnx` or `safetensors`; `define` for models of {@link define}. */
  readonly format: string;
  /** What a row consists of: name, shape and element type of each input. */
  readonly inputs: readonly TensorInfo[];
  /** What the model computes for each row: name, shape and element type of each output. */
  readonly outputs: readonly TensorInfo[];
  /** Labels of a classifier, in the order of its outputs. */
  readonly classes?: readonly (string | number)[];
  /** Names of the features of a row, in order. */
  readonly featureNames?: readonly string[];
  /** Precision of the arithmetic. `bf16` and `int8` compute in `f32` with the weights of some layers in fewer bits. */
  readonly precision: Precision;
  /** The instruction set in use. */
  readonly isa: Isa;
  /** The number of trained parameters in the source; for trees the splits and the values of leaves. */
  readonly parameterCount: number;

  readonly #engineModel: EngineModel;
  readonly #threads: number;
  readonly #calls: Calls;
  readonly #predictor: Predictor;
  readonly #about: string;
  readonly #decision: Decision | undefined;
  readonly #targets: readonly Target[] | undefined;
  readonly #decider: Model | undefined;
  readonly #staged: Staged | undefined;
  /** Created on first use. */
  #rowReader: RowReader | undefined;

  static {
    isModel = (value) => #engineModel in value;
  }

  private constructor(
    key: symbol,
    engineModel: EngineModel,
    threads: number,
    description: Description<Precision, Isa>,
    decider?: Model,
    staged?: Staged,
  ) {
    if (key !== create) throw new ForwardpassError('OPTION', 'models come from load(), define() or attach()', 'Model');
    const { inputs, outputs, classes, featureNames } = description;
    this.format = description.format;
    this.inputs = staged?.inputs ?? inputs.map(tensorInfo);
    this.outputs = outputs.map(tensorInfo);
    this.classes = classes && Object.freeze([...classes]);
    const names = staged === undefined ? featureNames : staged.names;
    this.featureNames = names && Object.freeze([...names]);
    this.precision = description.precision;
    this.parameterCount = staged?.parameterCount ?? description.parameterCount;
    this.isa = description.isa;
    this.#engineModel = engineModel;
    this.#threads = threads;
    this.#about = description.about;
    this.#decision = description.decision;
    this.#targets = description.targets;
    this.#decider = decider;
    this.#staged = staged;
    const called = { inputs, outputs, featureNames, about: () => this.#tellAbout() };
    this.#calls = new Calls(engineModel, called, this.#Floats);
    const deciding = decider === undefined ? this.#calls : decider.#calls;
    this.#predictor = new Predictor({ ...description, classes: this.classes }, this.#calls, deciding);
  }

  /** @internal */
  static create({ lowered, deciding, isa: asked, threads, boosting, leftOut, staged, ...same }: ModelParts): Model {
    const { plan, most, inputs, outputs, layers, places, origins, makers } = lowered;
    const trees = lowered.trees && { ...lowered.trees, boosting };
    const isa = chooseIsa(asked);
    const integers = [...inputs, ...outputs].map(takesIntegers);
    const engineModel = engine.create(plan, { isa, integers, threads, most });
    const about = JSON.stringify({ layers, places, origins, makers, trees, leftOut } satisfies About);
    let decider: Model | undefined;
    try {
      decider = deciding && Model.create({ ...same, lowered: deciding, isa, threads });
    } catch (error) {
      engineModel.dispose();
      throw error;
    }
    return new Model(create, engineModel, threads, { ...same, isa, inputs, outputs, about }, decider, staged);
  }

  /**
   * The model that another thread of this process shares, with the same weights: nothing is read, copied or packed again. It
   * is an ordinary model; disposing of it does not affect the others.
   *
   * @throws {ForwardpassError} HANDLE if the handle does not come from {@link share}, comes from another process or another copy
   * of forwardpass, or its model does not exist any more; OPTION, MEMORY.
   */
  static attach(handle: ModelHandle, options: AttachOptions = {}): Model {
    const { addon, model } = checkHandle(handle);
    return Model.#attach(addon, model, checkAttachOptions(options).threads);
  }

  static #attach(addon: string, model: string, threads: number): Model {
    const [engineModel, description] = engine.attach([addon, model], threads);
    const { decider, ...own } = description as Shared;
    // If it fails, the first prediction also fails and says why.
    if (own.inputs.some(({ terms }) => terms !== undefined)) openTexts().catch(() => {});
    try {
      const deciding = decider === undefined ? undefined : Model.#attach(addon, decider, threads);
      return new Model(create, engineModel, threads, own, deciding);
    } catch (error) {
      engineModel.dispose();
      throw error;
    }
  }

  /**
   * A handle with which other threads of this process {@link attach} to the model: a small plain object for `postMessage`,
   * `workerData`, a pool's task, or JSON. It does not keep the weights alive: they live as long as any model that uses them, so
   * keep this one until the others have attached. All handles of a model are equal.
   *
   * @throws {ForwardpassError} DISPOSED, MEMORY; UNSUPPORTED_OP for models with functions of the caller.
   */
  share(): ModelHandle {
    const model = own(this, 'share');
    model.#staged?.refuse('other threads do not have; load the file there as well');
    const { inputs, outputs } = model.#calls;
    refuseOwnTexts(inputs);
    const decider = model.#decider?.share().model;
    const { format, precision, isa, parameterCount, classes, featureNames } = model;
    const names = engine.share(model.#engineModel, {
      ...{ format, precision, isa, parameterCount, classes, featureNames, decider },
      inputs,
      outputs,
      about: model.#about,
      decision: model.#decision,
      targets: model.#targets,
    } satisfies Shared);
    if (names === undefined) throw model.#calls.explain([FAULT.disposed, 0, 0, 0, 0, 0, 0], []);
    return Object.freeze({ forwardpass: 1, addon: names[0], model: names[1] });
  }

  /**
   * Runs the model on all rows of the input. The number of rows is the array's length divided by the size of a row.
   *
   * - **One input and one output**: `run(x)` returns a new array of the model's precision (float64 for integers that float32
   *   does not hold); `run(x, y)` fills `y` and allocates nothing. x is [rows, …row shape], row-major: floats of either
   *   precision, or integers where the input is ids.
   * - **Several inputs or outputs** are passed by name: `run({ user, item })`, `run({ user, item }, { score })`. A single input
   *   may also be passed without its name. A list of outputs is an array of arrays: see {@link TensorInfo.list}.
   * - **Ragged rows** (see {@link TensorInfo.ragged}) are {@link RaggedRows}: `run({ text: { ids, weights, offsets } })`.
   * - **Strings** are passed by their indices: see {@link TensorInfo.categories}.
   * - A model with functions of the caller also takes an array of rows, records or texts, as {@link predict} does.
   *
   * A classifier returns what `predict_proba` returns, or its decision function if it has no probabilities. If it has neither,
   * it returns its labels, or their indices in {@link classes} if they are strings.
   *
   * @throws {ForwardpassError} INPUT (type, length, name, NaN that the model does not accept), BUFFER (detached, shared,
   * resizable, overlapping), ID (outside its table), DISPOSED.
   */
  run(input: TypedArray): FloatArray;
  run<Output extends TypedArray>(input: TypedArray | RaggedRows, output: Output): Output;
  run<Results extends FloatArray>(input: RaggedRows): Results;
  run(inputs: Named<TypedArray | RaggedRows>): Record<string, FloatArray>;
  run<Results extends FloatArray | Record<string, FloatArray>>(rows: Exclude<Rows, TypedArray>): Results;
  run<Results extends Record<string, FloatArray | FloatArray[]>>(inputs: Inputs): Results;
  run<Outputs extends Named<TypedArray>>(inputs: Inputs, outputs: Outputs): Outputs;
  run(given: Arrays | Exclude<Rows, TypedArray>, output?: Arrays): unknown {
    const input = given as Arrays;
    const model = own(this, 'run');
    const staged = model.#staged;
    return model.#calls.run(input, output, staged?.flattenInput(input));
  }

  /**
   * Like {@link run}, but off the event loop. Inputs are copied by the call; outputs are written when the promise resolves. It
   * rejects with what `run` would throw, or with ABORTED: `runAsync(x, undefined, { signal })`.
   */
  runAsync(input: TypedArray, output?: undefined, options?: RunOptions): Promise<FloatArray>;
  runAsync<Results extends FloatArray>(input: RaggedRows, output?: undefined, options?: RunOptions): Promise<Results>;
  runAsync<Output extends TypedArray>(
    input: TypedArray | RaggedRows,
    output: Output,
    options?: RunOptions,
  ): Promise<Output>;
  runAsync<Results extends FloatArray | Record<string, FloatArray>>(
    rows: Exclude<Rows, TypedArray>,
    output?: undefined,
    options?: RunOptions,
  ): Promise<Results>;
  runAsync(
    inputs: Named<TypedArray | RaggedRows>,
    outputs?: undefined,
    options?: RunOptions,
  ): Promise<Record<string, FloatArray>>;
  runAsync<Results extends Record<string, FloatArray | FloatArray[]>>(
    inputs: Inputs,
    outputs?: undefined,
    options?: RunOptions,
  ): Promise<Results>;
  runAsync<Outputs extends Named<TypedArray>>(inputs: Inputs, outputs: Outputs, options?: RunOptions): Promise<Outputs>;
  async runAsync(
    rows: Arrays | Exclude<Rows, TypedArray>,
    output?: Arrays,
    options: RunOptions = {},
  ): Promise<unknown> {
    const input = rows as Arrays;
    const model = own(this, 'runAsync');
    const { signal } = checkRunOptions(options);
    const staged = model.#staged;
    const given = staged && (await staged.flattenInputAsync(input));
    return model.#calls.runAsync(input, output, signal, given);
  }

  /**
   * Creates buffers for `batch` rows and a call on them without arguments: the fast path.
   *
   *     const call = model.bind({ batch: 1 });
   *     call.input.set(features);
   *     call.run();
   *     call.output[0];
   *
   * For an input of ragged rows, `items` is the number of pairs that all rows together may have. `call.inputs.text`
   * then has `ids`, `weights` (all 1 at first) and `offsets` (batch + 1 numbers); each run uses the first
   * `offsets[batch]` pairs.
   *
   * @throws {ForwardpassError} OPTION, MEMORY, DISPOSED.
   */
  bind(options: { readonly batch: number }): BoundCall;
  bind<Inputs extends Named<BoundBuffer> = Named<RaggedBuffers>>(options: Required<BindOptions>): BoundCall<Inputs>;
  bind(options: BindOptions): unknown {
    const model = own(this, 'bind');
    model.#staged?.refuse('a bound call cannot call; use run() or predict()');
    return bindCall(model.#engineModel, model.#calls, options);
  }

  /**
   * Returns what the estimator's `predict` returns: labels if the model knows its classes, otherwise the values of {@link run}.
   * For multilabel models it is 1 or 0 for each label; for several targets their labels, row after row. Several outputs
   * that are not a classifier's are returned by name.
   *
   * Rows are flat arrays, arrays of arrays, or records by feature name; a model with one text as input also takes
   * texts. If the model has no feature names, records use the names of the inputs. Unknown names are ignored. An absent
   * name is a missing value, if the model handles missing values.
   *
   * One record, or one text, gives one label or value, or an array if the output is wider; several outputs or targets are
   * returned by name.
   *
   * `Answer` is the type that this model returns, if it is not the common one: `predict<{ ctr: number }>(record)`.
   *
   * @throws {ForwardpassError} INPUT, ID, MEMORY, DISPOSED.
   */
  predict(rows: Rows): Label[] | FloatArray;
  predict(record: RowRecord | string): Label;
  predict<Answer extends Predictions | Prediction>(rows: Rows | RowRecord | string): Answer;
  predict(rows: Rows | RowRecord | string): unknown {
    const model = own(this, 'predict');
    return model.#predictor.predict(model.flatten(rows, true));
  }

  /**
   * Returns class probabilities, rows × classes; for several targets by the name of the output. For one record it returns an
   * object by class, as a string (`{ no: 0.2, yes: 0.8 }`, `{ 0: 0.2, 1: 0.8 }`).
   *
   * @throws {ForwardpassError} NOT_A_CLASSIFIER if the model has no probabilities; what {@link predict} throws.
   */
  predictProba(rows: Rows): FloatArray;
  predictProba(record: RowRecord | string): Record<string, number>;
  predictProba<Answer extends Probabilities | Probability>(rows: Rows | RowRecord | string): Answer;
  predictProba(rows: Rows | RowRecord | string): unknown {
    const model = own(this, 'predictProba');
    return model.#predictor.predictProba(() => model.flatten(rows, true));
  }

  /** @internal Rows of JavaScript values, as arrays for {@link run}: one for each input. `lend` as in {@link RowReader}. */
  flatten(rows: Rows | RowRecord | string, lend = false): FlatRows {
    if (this.#staged !== undefined) return this.#staged.flatten(rows);
    const ragged = this.#calls.inputs.find((port) => port.ragged && port.terms === undefined);
    if (ragged !== undefined) {
      const message = 'its rows are pairs of an id and a weight; use run(), with { ids, weights, offsets }';
      throw new ForwardpassError('INPUT', message, `input ${quote(ragged.name)}`);
    }
    return this.rowReader.read(rows, lend);
  }

  /** @internal */
  get rowReader(): RowReader {
    const { inputs } = this.#calls;
    this.#rowReader ??= new RowReader({
      inputs,
      featureNames: this.featureNames,
      Floats: this.#Floats,
      newLent: engine.allocate,
      createScanner: (scanning) => engine.createScanner?.(scanning, this.#threads),
    });
    return this.#rowReader;
  }

  /**
   * @internal For rows that were already read, not as a record: the outputs, or the results of predict or predictProba.
   */
  ask(question: 'run' | 'predict' | 'proba', rows: FlatRows): readonly FloatArray[] | Predictions | Probabilities {
    if (question === 'run') return this.#calls.runRows(rows);
    if (question === 'predict') return this.#predictor.predict(rows) as Predictions;
    return this.#predictor.predictProba(() => rows) as Probabilities;
  }

  /** @internal For rows that were already read: the outputs, and what {@link interpret} needs in addition. */
  runRows(rows: FlatRows): Ran {
    return this.#predictor.run(rows);
  }

  /** @internal The same, off the event loop. */
  runRowsAsync(rows: FlatRows): Promise<Ran> {
    return this.#predictor.runAsync(rows);
  }

  /** @internal The results of predict and predictProba for rows that ran. */
  interpret(ran: Ran): Interpreted {
    return this.#predictor.interpret(ran);
  }

  /** @internal Whether functions of the caller compute steps, so that rows are read by {@link flatten} only. */
  get hasSteps(): boolean {
    return this.#staged !== undefined;
  }

  /** @internal For a classifier with several targets: the labels of each, in the order of the outputs. */
  get targetClasses(): readonly (readonly (string | number)[])[] | undefined {
    return this.#targets?.map(({ classes }) => classes);
  }

  /** @internal Inputs and outputs for calls. */
  get ports(): { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] } {
    return this.#calls;
  }

  /**
   * JSON Schema (2020-12) of one record that {@link predict} takes, or of an array if the model has no feature names. An `enum`
   * lists all strings that the model accepts; `examples` lists the known strings where others are accepted as unknown.
   */
  schema(): RowSchema {
    const model = own(this, 'schema');
    return model.#staged?.schema() ?? schemaOf(model.#calls, model.featureNames);
  }

  /** The model's decision trees: their number, and the boosted models they belong to. Undefined if it has none. */
  get trees(): TreesInfo | undefined {
    return own(this, 'trees').#tellAbout().trees;
  }

  /** A readable table of inputs, layers, shapes, parameters and outputs, and a description of trees. */
  summary(): string {
    const model = own(this, 'summary');
    const { inputs, outputs } = model.#calls;
    const { layers, trees, leftOut } = model.#tellAbout();
    const table = summarise(model, { inputs, outputs, layers, trees, leftOut });
    return model.#staged === undefined ? table : `${table}\n${model.#staged.summary()}`;
  }

  /**
   * Frees the weights, unless other threads' models share them; runs in progress finish first. Using the model
   * afterwards throws DISPOSED; disposing it again does nothing.
   */
  dispose(): void {
    own(this, 'dispose');
    this.#engineModel.dispose();
    this.#decider?.dispose();
    this.#staged?.dispose();
  }

  /** Same as {@link dispose}, for `using model = await load(…)`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Whether `predict` returns one of the {@link classes} for each row; a type guard. */
  isClassifier(): this is Classifier {
    return own(this, 'isClassifier').#predictor.givesLabels;
  }

  get #Floats(): Float32ArrayConstructor | Float64ArrayConstructor {
    return this.precision === 'f64' ? Float64Array : Float32Array;
  }

  #tellAbout(): About {
    return JSON.parse(this.#about);
  }
}

/** The model that a method was called on. */
function own(self: Model, method: string): Model {
  if (typeof self === 'object' && self !== null && isModel(self)) return self;
  const message = `was called without its model (\`this\` is ${describe(self)}); call model.${method}(…) or bind it`;
  throw new ForwardpassError('INPUT', message, `Model.${method}`);
}

/** A model for which {@link Model.isClassifier} is true. */
export interface Classifier extends Model {
  readonly classes: readonly Label[];
  predict(rows: Rows): Label[];
  predict(record: RowRecord): Label;
  predict<Answer extends Predictions | Prediction>(rows: Rows | RowRecord): Answer;
}
