/** Calls of the engine over callers' arrays: by themselves where there is one input or output, else by name. */
import {
  allocate,
  type FloatArray,
  isResizable,
  isTypedArray,
  lengthOf,
  type Named,
  pick,
  type TypedArray,
  withLists,
} from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import { type Called, type Fault, faultError } from './faults.ts';
import type { Port } from './graph/lower.ts';
import type { NativeModel } from './native.ts';
import { reading } from './reading.ts';
import type { FlatRows } from './rows.ts';
import { describe, quote } from './words.ts';

export type Floats = Float32ArrayConstructor | Float64ArrayConstructor;

/** What a run takes or gives: an array, or arrays by name. */
export type Arrays = TypedArray | Named<TypedArray>;

/** A model's weights, and all that a call over them needs to know. */
export class Calls {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #native: NativeModel;
  readonly #called: Called;
  readonly #Floats: Floats;
  /** Whether there is one input and one output, which then need no names. */
  readonly #single: boolean;

  constructor(native: NativeModel, called: Called, Floats: Floats) {
    this.inputs = called.inputs;
    this.outputs = called.outputs;
    this.#native = native;
    this.#called = called;
    this.#Floats = Floats;
    this.#single = called.inputs.length === 1 && called.outputs.length === 1;
  }

  /** `given` are the model's own inputs, where it takes others than its caller gives. */
  run(input: Arrays, output?: Arrays, given?: FlatRows): unknown {
    if (given === undefined && this.#single && isTypedArray(input) && (output === undefined || isTypedArray(output))) {
      const y = output === undefined ? this.newFloats(this.#rowsOf(input), this.outputs[0]) : output;
      if (isResizable(input) || isResizable(y)) throw this.#resizable([input, y]);
      const fault = this.#native.run(input as TypedArray, y as TypedArray);
      if (fault !== undefined) throw this.explain(fault, [input, y]);
      return y;
    }
    const { buffers, result } = this.#arrange(input, output, given);
    const fault = this.#native.run(...buffers);
    if (fault !== undefined) throw this.explain(fault, buffers, given);
    return result;
  }

  async runAsync(input: Arrays, output?: Arrays, signal?: AbortSignal, given?: FlatRows): Promise<unknown> {
    if (signal?.aborted) throw abortError(signal);
    const { buffers, result } = this.#arrange(input, output, given);
    const running = this.#native.runAsync(...buffers);
    const fault = await (signal === undefined ? running : unlessAborted(running, signal));
    if (fault !== undefined) throw this.explain(fault, buffers, given);
    return result;
  }

  /** New arrays of the outputs, in their order. */
  runRows(rows: FlatRows): FloatArray[] {
    const { results, buffers } = this.#around(rows);
    const fault = this.#native.run(...buffers);
    if (fault !== undefined) throw this.explain(fault, buffers, rows);
    return results;
  }

  /** The same, off the event loop. */
  async runRowsAsync(rows: FlatRows): Promise<FloatArray[]> {
    const { results, buffers } = this.#around(rows);
    const fault = await this.#native.runAsync(...buffers);
    if (fault !== undefined) throw this.explain(fault, buffers, rows);
    return results;
  }

  #around(rows: FlatRows): { results: FloatArray[]; buffers: TypedArray[] } {
    const results = this.outputs.map((port) => this.newFloats(this.#rowsOf(rows.arrays[0]), port));
    return { results, buffers: this.#checked([...rows.arrays, ...results]) };
  }

  /** The outputs of one row, an array for each input, or why the model does not take it. */
  answer(row: readonly TypedArray[]): Fault | FloatArray[] {
    const results = this.outputs.map((port) => this.newFloats(1, port));
    return this.#native.run(...row, ...results) ?? results;
  }

  newFloats(rows: number, port: Pick<Port, 'name' | 'width' | 'exact'>): FloatArray {
    return allocate<FloatArray>(port.exact ? Float64Array : this.#Floats, rows, port);
  }

  explain(fault: Fault, buffers: readonly unknown[], rows?: FlatRows): ForwardpassError {
    return faultError(fault, this.#called, buffers, rows);
  }

  /** The input or output that a buffer of a call is for. */
  port(index: number): Port {
    return index < this.inputs.length ? this.inputs[index] : this.outputs[index - this.inputs.length];
  }

  /** `2 inputs and 1 output` */
  counts(): string {
    const [inputs, outputs] = [this.inputs.length, this.outputs.length];
    return `${inputs} input${inputs === 1 ? '' : 's'} and ${outputs} output${outputs === 1 ? '' : 's'}`;
  }

  /** Whole rows in the first input: none when it is no typed array, which the native call refuses. */
  #rowsOf(firstInput: unknown): number {
    return isTypedArray(firstInput) ? Math.floor(lengthOf(firstInput) / this.inputs[0].width) : 0;
  }

  /** Inputs then outputs in the plan's order, and what the caller gets back. */
  #arrange(input: unknown, output: unknown, given?: FlatRows): { buffers: TypedArray[]; result: unknown } {
    return reading('INPUT', 'inputs', () => this.#arranged(input, output, given));
  }

  #arranged(input: unknown, output: unknown, rows?: FlatRows): { buffers: TypedArray[]; result: unknown } {
    const { outputs } = this;
    const isBare = ArrayBuffer.isView(input);
    const given = rows?.arrays ?? (isBare ? this.#only(input) : this.#named(input));
    const isSingle = isBare && outputs.length === 1;
    if (output !== undefined) {
      const y = isSingle && !isNamed(output) ? [output] : pick(output, outputs, 'output');
      return { buffers: this.#checked([...given, ...y]), result: output };
    }
    const count = this.#rowsOf(given[0]);
    const made = outputs.map((port) => this.newFloats(count, port));
    return { buffers: this.#checked([...given, ...made]), result: isSingle ? made[0] : withLists(outputs, made) };
  }

  #only(input: unknown): unknown[] {
    if (this.inputs.length === 1) return [input];
    const names = `run({ ${this.inputs.map(({ name }) => name).join(', ')} })`;
    throw new ForwardpassError('INPUT', `the model has ${this.counts()}; pass them by name: ${names}`, 'inputs');
  }

  #named(input: unknown): unknown[] {
    const rows = Array.isArray(input) ? !isTypedArray(input[0]) : this.#isRecord(input);
    if (rows) {
      const message = `expected typed arrays, found ${describe(input)}; predict() takes rows and records`;
      throw new ForwardpassError('INPUT', message, 'inputs');
    }
    return pick(input, this.inputs, 'input');
  }

  /** Whether it is a row's features by name, where arrays are expected by the inputs' names. */
  #isRecord(input: unknown): boolean {
    if (!isNamed(input)) return false;
    const names = Object.keys(input as object);
    const isFeature = (name: string) => this.#called.featureNames?.includes(name) === true;
    return !names.some((name) => this.inputs.some((port) => port.name === name)) && names.some(isFeature);
  }

  /** Of what the native call refuses by itself, nothing. */
  #checked(buffers: readonly unknown[]): TypedArray[] {
    if (buffers.some(isResizable)) throw this.#resizable(buffers);
    return buffers as TypedArray[];
  }

  #resizable(buffers: readonly unknown[]): ForwardpassError {
    const { name } = this.port(buffers.findIndex(isResizable));
    const message = 'its ArrayBuffer is resizable; use one of fixed length';
    return new ForwardpassError('BUFFER', message, `buffer of ${quote(name)}`);
  }
}

/** What is settled first: the run, or a rejection by the signal. */
async function unlessAborted<T>(running: T | Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = withReject();
  const abort = () => reject(abortError(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([running, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function withReject(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_, no) => {
    reject = no;
  });
  return { promise, reject };
}

function abortError(signal: AbortSignal): ForwardpassError {
  return new ForwardpassError('ABORTED', 'the run was aborted', undefined, { cause: signal.reason });
}

/** Whether it is arrays by name, and no array. */
function isNamed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Array.isArray(value);
}
