/** A loaded model, and how to run it. */
import {
  allocate,
  byName,
  type FloatArray,
  isResizable,
  isTypedArray,
  lengthOf,
  type Named,
  pick,
  type TypedArray,
} from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import { FAULT, type Fault, faultError, holdsIntegers } from './faults.ts';
import {
  type Decision,
  type DType,
  decidedOutput,
  type GraphInput,
  type ReducedWeights,
  type Target,
} from './graph/graph.ts';
import type { About, Lowered, Port } from './graph/lower.ts';
import { checkHandle, type Description, type ModelHandle } from './handle.ts';
import { eachAbove, type Label, labelsOf } from './labels.ts';
import { attachNative, chooseIsa, createNative, type Isa, type NativeModel, shareNative } from './native.ts';
import { type AttachOptions, checkAttachOptions } from './options.ts';
import { type FlatRows, RowReader, type Rows } from './rows.ts';
import { summarise } from './summary.ts';
import { describe, quote } from './words.ts';

export type { FloatArray, Named, TypedArray } from './buffers.ts';
export type { Cell, Rows } from './rows.ts';

export interface TensorInfo {
  readonly name: string;
  /** The first is the batch: `[null, 14]` is any number of rows of 14 features. */
  readonly shape: readonly (number | null)[];
  /** As the source declares it. */
  readonly dtype: DType;
  /**
   * Of an input, by the element's position in the row: the words that it may be. In arrays for {@link Model.run} it is
   * the word's index, −1 for any other word. Where null is among them, it is Python's None, which the model tells apart
   * from NaN. With no words at all, nothing looks at the element.
   */
  readonly words?: GraphInput['words'];
  /** Of an input: whether some values may be missing, which is NaN in arrays for {@link Model.run}. */
  readonly missing?: boolean;
}

export type Precision = 'f64' | 'f32' | ReducedWeights;

/** What a model is made of; `load` and `define` bring it together. */
export interface ModelParts {
  readonly format: string;
  readonly lowered: Lowered;
  /** Where labels are decided by something else than the outputs: a plan for it, with inputs and outputs of the same names. */
  readonly deciding?: Lowered;
  readonly precision: Precision;
  readonly parameterCount: number;
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  readonly decision?: Decision;
  readonly targets?: readonly Target[];
  /** The option's, to be checked. */
  readonly isa?: string;
  /** That a run may use, the calling one included. */
  readonly threads: number;
}

/** Buffers of a fixed number of rows, and the fastest way to run a model over them: see {@link Model.bind}. */
export interface BoundCall {
  /** Rows in each buffer. */
  readonly batch: number;
  /** The first input's buffer, to be filled before each run: floats of the model's precision, Int32Array for ids. */
  readonly input: FloatArray | Int32Array;
  /** The first output's buffer, overwritten by each run. */
  readonly output: FloatArray;
  readonly inputs: Named<FloatArray | Int32Array>;
  readonly outputs: Named<FloatArray>;
  /** Runs the model over the inputs. Throws DISPOSED, BUFFER when a buffer was transferred away, ID, INPUT. */
  run(): void;
}

/** What of a model goes to other threads; `decider` is the name of the model that decides labels, where there is one. */
type Shared = Description<Precision, Isa> & { readonly decider?: string };

const create = Symbol('create');

export class Model implements Disposable {
  /** Which reader opened it: `onnx`, `safetensors`, `define`. */
  readonly format: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Labels of a classifier, in the order of its outputs. */
  readonly classes?: readonly (string | number)[];
  /** Names of the features of a row, in order. */
  readonly featureNames?: readonly string[];
  /** Of the arithmetic; `bf16` and `int8` where weights of some layers are kept in fewer bits than the rest's `f32`. */
  readonly precision: Precision;
  /** The instruction set in use. */
  readonly isa: Isa;
  /** Trained numbers, as the source holds them. */
  readonly parameterCount: number;

  readonly #native: NativeModel;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #about: string;
  readonly #decision: Decision | undefined;
  readonly #targets: readonly Target[] | undefined;
  readonly #decider: Model | undefined;
  /** Made when rows as people hold them first come. */
  #rowReader: RowReader | undefined;
  readonly #Floats: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Whether there is one input and one output, which then need no names. */
  readonly #single: boolean;

  private constructor(key: symbol, native: NativeModel, description: Description<Precision, Isa>, decider?: Model) {
    if (key !== create) throw new ForwardpassError('OPTION', 'models come from load(), define() or attach()', 'Model');
    const { inputs, outputs, classes, featureNames } = description;
    this.format = description.format;
    this.inputs = inputs.map(tensorInfo);
    this.outputs = outputs.map(tensorInfo);
    this.classes = classes && Object.freeze([...classes]);
    this.featureNames = featureNames && Object.freeze([...featureNames]);
    this.precision = description.precision;
    this.parameterCount = description.parameterCount;
    this.isa = description.isa;
    this.#native = native;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#about = description.about;
    this.#decision = description.decision;
    this.#targets = description.targets;
    this.#decider = decider;
    this.#Floats = description.precision === 'f64' ? Float64Array : Float32Array;
    this.#single = inputs.length === 1 && outputs.length === 1;
  }

  /** @internal */
  static create({ lowered, deciding, isa: asked, threads, ...same }: ModelParts): Model {
    const { plan, inputs, outputs, layers, places, origins } = lowered;
    const isa = chooseIsa(asked);
    const native = createNative(plan, isa, [...inputs, ...outputs].map(holdsIntegers), threads);
    const about = JSON.stringify({ layers, places, origins } satisfies About);
    const decider = deciding && Model.create({ ...same, lowered: deciding, isa, threads });
    return new Model(create, native, { ...same, isa, inputs, outputs, about }, decider);
  }

  /**
   * The model that another thread of this process shares, over the very same weights: nothing is read, copied or packed
   * again. It is a model as any other; disposing of one concerns none of the others.
   *
   * @throws {ForwardpassError} HANDLE: not of {@link share}, of another process or another copy of forwardpass, or of a
   * model that is no more; OPTION, MEMORY.
   */
  static attach(handle: ModelHandle, options: AttachOptions = {}): Model {
    const { addon, model } = checkHandle(handle);
    return Model.#attach(addon, model, checkAttachOptions(options).threads);
  }

  static #attach(addon: string, model: string, threads: number): Model {
    const [native, description] = attachNative(addon, model, threads);
    const { decider, ...own } = description as Shared;
    try {
      return new Model(create, native, own, decider === undefined ? undefined : Model.#attach(addon, decider, threads));
    } catch (error) {
      native.dispose();
      throw error;
    }
  }

  /**
   * A handle by which other threads of this process {@link attach} to the model: a small plain object, for `postMessage`,
   * `workerData`, a pool's task, or JSON. It keeps no weights: they live for as long as some model over them does, so keep
   * this one until the others have attached. Of one model, all handles are the same.
   *
   * @throws {ForwardpassError} DISPOSED, MEMORY.
   */
  share(): ModelHandle {
    const decider = this.#decider?.share().model;
    const { format, precision, isa, parameterCount, classes, featureNames } = this;
    const names = shareNative(this.#native, {
      ...{ format, precision, isa, parameterCount, classes, featureNames, decider },
      inputs: this.#inputs,
      outputs: this.#outputs,
      about: this.#about,
      decision: this.#decision,
      targets: this.#targets,
    } satisfies Shared);
    if (names === undefined) throw this.#explain([FAULT.disposed, 0, 0, 0, 0, 0, 0], []);
    return Object.freeze({ forwardpass: 1, addon: names[0], model: names[1] });
  }

  /**
   * Runs the model over as many rows as the input holds.
   *
   * With one input and one output: `run(x)` gives a new array of the model's precision, `run(x, y)` fills `y` and
   * allocates nothing. x is [rows, …row shape], row-major; floats of either precision, for ids also an array of
   * integers. Otherwise inputs and outputs go by name: `run({ user, item })`, `run({ user, item }, { score })`.
   * Words go by their indices: see {@link TensorInfo.words}.
   *
   * A classifier gives what `predict_proba` gives, or its decision function where it has no probabilities.
   *
   * @throws {ForwardpassError} INPUT (type, length, name, NaN where the model takes none), BUFFER (detached, shared,
   * resizable, overlapping), ID (outside its table), DISPOSED.
   */
  run(input: TypedArray): FloatArray;
  run<Output extends TypedArray>(input: TypedArray, output: Output): Output;
  run(inputs: Named<TypedArray>): Record<string, FloatArray>;
  run<Outputs extends Named<TypedArray>>(inputs: Named<TypedArray>, outputs: Outputs): Outputs;
  run(input: TypedArray | Named<TypedArray>, output?: TypedArray | Named<TypedArray>): unknown {
    if (this.#single && isTypedArray(input)) {
      const y = output === undefined ? this.#newFloats(this.#rowsOf(input), this.#outputs[0]) : output;
      if (isResizable(input) || isResizable(y)) throw this.#resizable([input, y]);
      const fault = this.#native.run(input as TypedArray, y as TypedArray);
      if (fault !== undefined) throw this.#explain(fault, [input, y]);
      return y;
    }
    const { buffers, result } = this.#namedBuffers(input, output);
    const fault = this.#native.run(...buffers);
    if (fault !== undefined) throw this.#explain(fault, buffers);
    return result;
  }

  /**
   * As {@link run}, off the event loop. Inputs are copied when it is called; outputs are written when it resolves.
   * A rejection is what `run` would have thrown.
   */
  runAsync(input: TypedArray): Promise<FloatArray>;
  runAsync<Output extends TypedArray>(input: TypedArray, output: Output): Promise<Output>;
  runAsync(inputs: Named<TypedArray>): Promise<Record<string, FloatArray>>;
  runAsync<Outputs extends Named<TypedArray>>(inputs: Named<TypedArray>, outputs: Outputs): Promise<Outputs>;
  async runAsync(input: TypedArray | Named<TypedArray>, output?: TypedArray | Named<TypedArray>): Promise<unknown> {
    const { buffers, result } = this.#namedBuffers(input, output);
    const fault = await this.#native.runAsync(...buffers);
    if (fault !== undefined) throw this.#explain(fault, buffers);
    return result;
  }

  /**
   * Buffers for `batch` rows, and a call over them without arguments: the fast path.
   *
   *     const call = model.bind({ batch: 1 });
   *     call.input.set(features);
   *     call.run();
   *     call.output[0];
   */
  bind(options: { readonly batch: number }): BoundCall {
    const batch = options?.batch;
    if (!Number.isSafeInteger(batch) || batch < 0) {
      throw new ForwardpassError('OPTION', `expected a number of rows, found ${describe(batch)}`, 'option batch');
    }
    const [inputs, outputs] = [this.#inputs, this.#outputs];
    const inputBuffers = inputs.map((port) =>
      holdsIntegers(port) ? allocate(Int32Array, batch, port) : this.#newFloats(batch, port),
    );
    const outputBuffers = outputs.map((port) => this.#newFloats(batch, port));
    const buffers = [...inputBuffers, ...outputBuffers];
    const native = this.#native.bind(...buffers);
    if (typeof native !== 'function') throw this.#explain(native, buffers);

    const lengths = buffers.map(lengthOf);
    const explain = (fault: Fault) => this.#explain(fault, buffers);
    const detached = () => {
      const { name } = this.#port(buffers.findIndex((buffer, i) => lengthOf(buffer) !== lengths[i]));
      return new ForwardpassError(
        'BUFFER',
        'its buffer was detached (transferred elsewhere); bind again',
        `buffer of ${quote(name)}`,
      );
    };
    const [input, output] = [inputBuffers[0], outputBuffers[0]];
    const [inputLength, outputLength] = lengths;
    // A detached array has no length: the native call may only touch buffers that are still whole.
    const run =
      buffers.length === 2
        ? () => {
            if (lengthOf(input) !== inputLength || lengthOf(output) !== outputLength) throw detached();
            const fault = native();
            if (fault !== undefined) throw explain(fault);
          }
        : () => {
            for (let i = 0; i < buffers.length; i++) if (lengthOf(buffers[i]) !== lengths[i]) throw detached();
            const fault = native();
            if (fault !== undefined) throw explain(fault);
          };
    return Object.freeze({
      batch,
      input,
      output,
      inputs: Object.freeze(byName(inputs, inputBuffers)),
      outputs: Object.freeze(byName(outputs, outputBuffers)),
      run,
    });
  }

  /**
   * What the estimator's `predict` says: labels where the model knows its classes, else the values of {@link run}. Of
   * many labels that a row may each have, 1 or 0 for each; of several targets, their labels row after row.
   *
   * Rows are flat arrays, arrays of arrays, or records by feature name. Records of a model with several inputs and no
   * feature names have the inputs' names.
   */
  predict(rows: Rows): Label[] | FloatArray {
    const model = this.#decider ?? this;
    const flat = this.#read(rows);
    if (this.#targets !== undefined) return this.#labelsOfTargets(this.#targets, model.#runRows(flat));
    const values = model.#runRows(flat)[this.#decided()];
    if (this.#decision?.rule === 'each_above') return eachAbove(values, this.#decision);
    if (this.classes === undefined || this.#decision === undefined) return values;
    return labelsOf(values, this.classes, this.#decision);
  }

  /** Probabilities, rows × classes. @throws {ForwardpassError} NOT_A_CLASSIFIER when the model gives none. */
  predictProba(rows: Rows): FloatArray {
    if (this.#targets !== undefined) {
      const names = this.outputs.map(({ name }) => name).join(', ');
      const message = `the model has ${this.#targets.length} targets, each with classes of its own; run() gives ${names}`;
      throw new ForwardpassError('NOT_A_CLASSIFIER', message);
    }
    if (this.#decision === undefined || !this.#decision.probabilities) {
      const scores = this.#decision === undefined ? 'values' : 'scores';
      throw new ForwardpassError(
        'NOT_A_CLASSIFIER',
        `the model's output is ${scores}, not class probabilities; use run() or predict()`,
      );
    }
    const values = this.#runRows(this.#read(rows))[this.#decided()];
    if (this.#decision.rule !== 'above') return values;
    const both = allocate<FloatArray>(this.#Floats, values.length, { name: 'probabilities', width: 2 });
    values.forEach((value, i) => {
      both[2 * i] = 1 - value;
      both[2 * i + 1] = value;
    });
    return both;
  }

  /** A table of inputs, layers, shapes, parameters and outputs, for people. */
  summary(): string {
    return summarise(this, { inputs: this.#inputs, outputs: this.#outputs, layers: this.#tellAbout().layers });
  }

  /** Frees the weights, unless other threads' models share them; work in flight ends first. Using the model afterwards throws DISPOSED; disposing is not. */
  dispose(): void {
    this.#native.dispose();
    this.#decider?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #read(rows: Rows): FlatRows {
    this.#rowReader ??= new RowReader({ inputs: this.#inputs, featureNames: this.featureNames, Floats: this.#Floats });
    return this.#rowReader.read(rows);
  }

  /** New arrays of the outputs, in their order. */
  #runRows(rows: FlatRows): FloatArray[] {
    const results = this.#outputs.map((port) => this.#newFloats(this.#rowsOf(rows.arrays[0]), port));
    const buffers = this.#checked([...rows.arrays, ...results]);
    const fault = this.#native.run(...buffers);
    if (fault !== undefined) throw this.#explain(fault, buffers, rows);
    return results;
  }

  #labelsOfTargets(targets: readonly Target[], values: readonly FloatArray[]): Label[] {
    const columns = targets.map(({ classes, decision }, i) => labelsOf(values[i], classes, decision));
    return columns[0].flatMap((_, row) => columns.map((labels) => labels[row]));
  }

  /** The position of the output that predictions are made of. */
  #decided(): number {
    if (this.#outputs.length === 1 || this.#decision?.output !== undefined) {
      return decidedOutput({ outputs: this.#outputs, decision: this.#decision });
    }
    throw new ForwardpassError('INPUT', `the model has ${this.#counts()}; use run() with named arrays`, 'rows');
  }

  #counts(): string {
    const { inputs, outputs } = this;
    return `${inputs.length} input${inputs.length === 1 ? '' : 's'} and ${outputs.length} output${outputs.length === 1 ? '' : 's'}`;
  }

  #newFloats(rows: number, port: Port): FloatArray {
    return allocate<FloatArray>(this.#Floats, rows, port);
  }

  /** Whole rows in the first input: none when it is no typed array, which the native call refuses. */
  #rowsOf(firstInput: unknown): number {
    return isTypedArray(firstInput) ? Math.floor(lengthOf(firstInput) / this.#inputs[0].width) : 0;
  }

  /** Inputs then outputs in the plan's order, and what the caller gets back. */
  #namedBuffers(input: unknown, output: unknown): { buffers: TypedArray[]; result: unknown } {
    const [inputs, outputs] = [this.#inputs, this.#outputs];
    if (ArrayBuffer.isView(input)) {
      if (!this.#single) {
        const names = `run({ ${inputs.map(({ name }) => name).join(', ')} })`;
        throw new ForwardpassError('INPUT', `the model has ${this.#counts()}; pass them by name: ${names}`, 'inputs');
      }
      const y = output === undefined ? this.#newFloats(this.#rowsOf(input), this.#outputs[0]) : output;
      return { buffers: this.#checked([input, y]), result: y };
    }
    const given = pick(input, inputs, 'input');
    if (output !== undefined) {
      return { buffers: this.#checked([...given, ...pick(output, outputs, 'output')]), result: output };
    }
    const rows = this.#rowsOf(given[0]);
    const made = outputs.map((port) => this.#newFloats(rows, port));
    return { buffers: this.#checked([...given, ...made]), result: byName(outputs, made) };
  }

  /** Of what the native call refuses by itself, nothing. */
  #checked(buffers: readonly unknown[]): TypedArray[] {
    if (buffers.some(isResizable)) throw this.#resizable(buffers);
    return buffers as TypedArray[];
  }

  #resizable(buffers: readonly unknown[]): ForwardpassError {
    const { name } = this.#port(buffers.findIndex(isResizable));
    return new ForwardpassError(
      'BUFFER',
      'its ArrayBuffer is resizable; use one of fixed length',
      `buffer of ${quote(name)}`,
    );
  }

  #port(index: number): Port {
    return index < this.#inputs.length ? this.#inputs[index] : this.#outputs[index - this.#inputs.length];
  }

  #explain(fault: Fault, buffers: readonly unknown[], rows?: FlatRows): ForwardpassError {
    const [inputs, outputs, { featureNames }] = [this.#inputs, this.#outputs, this];
    return faultError(fault, { inputs, outputs, featureNames, about: () => this.#tellAbout() }, buffers, rows);
  }

  #tellAbout(): About {
    return JSON.parse(this.#about);
  }
}

/** Concatenated to, since a spread leaves room for more in the array that it makes. */
const EVERY_BATCH: readonly (number | null)[] = [null];

function tensorInfo({ name, shape, dtype, words, missing, nones }: Port): TensorInfo {
  return {
    name,
    shape: EVERY_BATCH.concat(shape),
    dtype,
    ...(words && { words: copyOf(words) }),
    ...((missing || nones) && { missing: true }),
  };
}

/** What callers do to it changes no model. */
function copyOf(words: NonNullable<Port['words']>): NonNullable<Port['words']> {
  return new Map([...words].map(([element, list]) => [element, Object.freeze([...list])]));
}
