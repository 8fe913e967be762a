/** Calls of the engine over callers' arrays: a bare array if there is one input or output, else arrays by name. */
import { engine } from '#engine';
import {
  allocate,
  type FloatArray,
  isResizable,
  isTypedArray,
  type Named,
  type NewArray,
  pick,
  type TypedArray,
  withLists,
} from './buffers.ts';
import type { Buffers, EngineModel } from './engine/engine.ts';
import { ForwardpassError } from './errors.ts';
import { type Called, type Fault, faultError } from './faults.ts';
import type { Port } from './graph/lower.ts';
import { describe, quote } from './messages.ts';
import { argumentsOf, type Given, isRaggedRows, type RaggedRows, raggedParts, rowsIn } from './ragged.ts';
import { reading } from './reading.ts';
import type { FlatRows } from './rows.ts';

export type Floats = Float32ArrayConstructor | Float64ArrayConstructor;

/** What a run takes or gives: an array, or arrays by name. */
export type Arrays = TypedArray | RaggedRows | Named<TypedArray | RaggedRows>;

/** A bound call over one record's arrays, which it keeps. */
interface LentCall {
  readonly arrays: readonly Given[];
  readonly results: readonly FloatArray[];
  readonly call: () => Fault | undefined;
}

/** A model's weights, and everything that a call needs to run them. */
export class Calls {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #model: EngineModel;
  readonly #called: Called;
  readonly #Floats: Floats;
  /** Whether there is one input, which is not ragged, and one output, so that callers may leave out the names. */
  readonly #single: boolean;
  /** The call over the arrays of the last lent record. */
  #lent: LentCall | undefined;

  constructor(model: EngineModel, called: Called, Floats: Floats) {
    this.inputs = called.inputs;
    this.outputs = called.outputs;
    this.#model = model;
    this.#called = called;
    this.#Floats = Floats;
    this.#single = called.inputs.length === 1 && called.outputs.length === 1 && !called.inputs[0].ragged;
  }

  /** `given` are the model's own inputs, if they differ from what its caller passes. */
  run(input: Arrays, output?: Arrays, given?: FlatRows): unknown {
    if (given === undefined && this.#single && isTypedArray(input) && (output === undefined || isTypedArray(output))) {
      const y = output === undefined ? this.newFloats(this.#rowsOf(input), this.outputs[0]) : output;
      if (isResizable(input) || isResizable(y)) throw this.#resizable([input, y]);
      const fault = this.#model.run(input as TypedArray, y as TypedArray);
      if (fault !== undefined) throw this.explain(fault, [input, y]);
      return y;
    }
    const { buffers, result } = this.#arrange(input, output, given);
    const parts = argumentsOf(buffers, this.inputs);
    const fault = this.#model.run(...parts);
    if (fault !== undefined) throw this.explain(fault, buffers, given);
    return result;
  }

  async runAsync(input: Arrays, output?: Arrays, signal?: AbortSignal, given?: FlatRows): Promise<unknown> {
    if (signal?.aborted) throw abortError(signal);
    const { buffers, result } = this.#arrange(input, output, given);
    const parts = argumentsOf(buffers, this.inputs);
    const running = this.#runOff(parts);
    const fault = await (signal === undefined ? running : unlessAborted(running, signal));
    if (fault !== undefined) throw this.explain(fault, buffers, given);
    return result;
  }

  /**
   * Arrays of the outputs, in order. They are new, except for a lent record, whose outputs are valid until the next
   * one.
   */
  runRows(rows: FlatRows): readonly FloatArray[] {
    if (rows.isLent) return this.#runLent(rows);
    const { results, buffers } = this.#around(rows);
    const parts = argumentsOf(buffers, this.inputs);
    const fault = this.#model.run(...parts);
    if (fault !== undefined) throw this.explain(fault, buffers, rows);
    return results;
  }

  /** The same, off the event loop. */
  async runRowsAsync(rows: FlatRows): Promise<FloatArray[]> {
    const { results, buffers } = this.#around(rows);
    const parts = argumentsOf(buffers, this.inputs);
    const fault = await this.#runOff(parts);
    if (fault !== undefined) throw this.explain(fault, buffers, rows);
    return results;
  }

  /** Off the event loop. A run that was aborted goes on here to its end. */
  async #runOff(parts: Buffers): Promise<Fault | undefined> {
    const fault = await this.#model.runAsync(...parts);
    engine.ranAsync?.();
    return fault;
  }

  #runLent(rows: FlatRows): readonly FloatArray[] {
    if (this.#lent?.arrays !== rows.arrays) this.#lent = this.#bindLent(rows);
    const { call, results } = this.#lent;
    const fault = call();
    if (fault !== undefined) throw this.explain(fault, [...rows.arrays, ...results], rows);
    return results;
  }

  #bindLent(rows: FlatRows): LentCall {
    const { results, buffers } = this.#around(rows, engine.allocate);
    const parts = argumentsOf(buffers, this.inputs);
    const call = this.#model.bind(...parts);
    if (typeof call !== 'function') throw this.explain(call, buffers, rows);
    return { arrays: rows.arrays, results, call };
  }

  #around(rows: FlatRows, make?: NewArray): { results: FloatArray[]; buffers: Given[] } {
    const results = this.outputs.map((port) => this.newFloats(this.#rowsOf(rows.arrays[0]), port, make));
    return { results, buffers: [...this.#checked(rows.arrays), ...results] };
  }

  /** The outputs of one row, given as an array for each input, or why the model rejects it. */
  answer(row: readonly Given[]): Fault | FloatArray[] {
    const results = this.outputs.map((port) => this.newFloats(1, port));
    const parts = argumentsOf([...row, ...results], this.inputs);
    return this.#model.run(...parts) ?? results;
  }

  newFloats(rows: number, port: Pick<Port, 'name' | 'width' | 'exact'>, make?: NewArray): FloatArray {
    return allocate<FloatArray>(port.exact ? Float64Array : this.#Floats, rows, port, make);
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

  /** The number of complete rows in the first input. */
  #rowsOf(firstInput: unknown): number {
    return rowsIn(firstInput, this.inputs[0]);
  }

  /** Inputs, then outputs, in the plan's order, and the value to return to the caller. */
  #arrange(input: unknown, output: unknown, given?: FlatRows): { buffers: Given[]; result: unknown } {
    return reading('INPUT', 'inputs', () => this.#arranged(input, output, given));
  }

  #arranged(input: unknown, output: unknown, rows?: FlatRows): { buffers: Given[]; result: unknown } {
    const { inputs, outputs } = this;
    const isOwn = ArrayBuffer.isView(input) || (inputs.length === 1 && inputs[0].ragged && isRaggedRows(input));
    const isBare = rows?.isBare ?? isOwn;
    const given = rows?.arrays ?? this.#taken(isBare ? this.#only(input) : this.#named(input));
    const isSingle = isBare && outputs.length === 1;
    if (output !== undefined) {
      const y = isSingle && !isNamed(output) ? [output] : pick(output, outputs, 'output');
      return { buffers: this.#checked([...given, ...y]), result: output };
    }
    const count = this.#rowsOf(given[0]);
    const made = outputs.map((port) => this.newFloats(count, port));
    return { buffers: this.#checked([...given, ...made]), result: isSingle ? made[0] : withLists(outputs, made) };
  }

  /** The inputs, with the properties of ragged rows read only once. */
  #taken(found: readonly unknown[]): unknown[] {
    return found.map((value, i) => (this.inputs[i].ragged ? raggedParts(value, this.inputs[i]) : value));
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

  /** Whether `input` holds a row's features by name, instead of arrays by input name. */
  #isRecord(input: unknown): boolean {
    if (!isNamed(input)) return false;
    const names = Object.keys(input as object);
    const isFeature = (name: string) => this.#called.featureNames?.includes(name) === true;
    return !names.some((name) => this.inputs.some((port) => port.name === name)) && names.some(isFeature);
  }

  /** Checks only what the native call does not reject itself. */
  #checked(buffers: readonly unknown[]): Given[] {
    if (buffers.some(isResizable)) throw this.#resizable(buffers);
    return buffers as Given[];
  }

  #resizable(buffers: readonly unknown[]): ForwardpassError {
    const { name } = this.port(buffers.findIndex(isResizable));
    const message = 'its ArrayBuffer is resizable; use one of fixed length';
    return new ForwardpassError('BUFFER', message, `buffer of ${quote(name)}`);
  }
}

/** The runs in flight of each signal. They share one listener, because Node warns about more than ten. */
const aborts = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>();

/** Settles with the run, or rejects when the signal aborts, whichever comes first. */
async function unlessAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = withReject();
  const inFlight = aborts.get(signal) ?? new Set();
  if (inFlight.size === 0) {
    aborts.set(signal, inFlight);
    signal.addEventListener('abort', rejectAll, { once: true });
  }
  inFlight.add(reject);
  try {
    return await Promise.race([running, promise]);
  } finally {
    inFlight.delete(reject);
    if (inFlight.size === 0) signal.removeEventListener('abort', rejectAll);
  }
}

function rejectAll(this: AbortSignal): void {
  for (const reject of aborts.get(this) ?? []) reject(abortError(this));
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

/** Whether the value is an object of arrays by name, not an array. */
function isNamed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Array.isArray(value);
}
