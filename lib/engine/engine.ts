/**
 * The interface of the engine that runs plans: create a model, bind buffers, run, share, dispose. Each file in this
 * folder is an engine, exported as `engine`; `imports` in package.json selects which one `#engine` is.
 */
import type { ArrayType, FloatArray, TypedArray } from '../buffers.ts';
import type { Fault } from '../faults.ts';
import type { MostBytes, Plan } from '../graph/plan-format.ts';
import type { Isa } from '../isa.ts';

/**
 * Inputs then outputs in the plan's order. A ragged input has three: ids, weights (undefined if all are 1), offsets.
 */
export type Buffers = readonly (TypedArray | undefined)[];

/** A plan that is ready to run. Calls return undefined on success. */
export interface EngineModel {
  run(...buffers: Buffers): Fault | undefined;
  /** A call over these buffers, which `allocate` made. Each run is one call of the returned function. */
  bind(...buffers: Buffers): (() => Fault | undefined) | Fault;
  /** Runs off the event loop if the engine can. Inputs are copied at once; outputs are written when it resolves. */
  runAsync(...buffers: Buffers): Promise<Fault | undefined> | Fault;
  /** Later calls return the fault `disposed`; runs in progress finish first. */
  dispose(): void;
}

export interface CreateOptions {
  readonly isa: Isa;
  /** Whether each input and output takes integers. */
  readonly integers: readonly boolean[];
  /** The number of threads that a run may use, including the calling one. */
  readonly threads: number;
  readonly most?: MostBytes;
}

/** How texts become ragged rows, as written by lib/text/scanning.ts. */
export interface Scanning {
  readonly words: Int32Array;
  /** The bytes of all ASCII terms. */
  readonly bytes: Uint8Array;
  readonly numbers: Float64Array;
}

/**
 * Reads some of the texts, starting at `at`. Appends their pairs after the existing `offsets[row]` pairs, and their
 * offsets after that one. Returns the index of the first text not read, which is `at` if JavaScript has to read that
 * one. A negative result is the number of additional pairs that need room.
 */
export type Scan = (
  texts: readonly string[],
  at: number,
  ids: Int32Array,
  weights: FloatArray,
  offsets: Int32Array,
  row: number,
) => number;

/** The names by which other threads attach to a model. */
export type SharedNames = readonly [engine: string, model: string];

/** Its methods throw ForwardpassErrors: PLAN, MEMORY, LIMIT, ISA, HANDLE, NATIVE. */
export interface Engine {
  /** The instruction sets that this machine can run, best first; at least `scalar`. */
  instructionSets(): readonly Isa[];
  create(plan: Plan, options: CreateOptions): EngineModel;
  /** Called after each run off the event loop, by an engine that keeps memory for the next run for a while. */
  ranAsync?(): void;
  /** A new array of zeros for {@link EngineModel.bind}, in the engine's own memory if it has its own. */
  allocate<A>(Type: ArrayType<A>, length: number): A;
  /** A reader of texts that is faster than JavaScript; undefined if too many terms collide. Not every engine has it. */
  createScanner?(scanning: Scanning, threads: number): Scan | undefined;
  /** The names by which other threads attach to the model and its description; undefined after disposal. */
  share(model: EngineModel, description: object): SharedNames | undefined;
  /** The model with those names, using the same weights, and the description it was shared with. */
  attach(names: SharedNames, threads: number): readonly [EngineModel, description: unknown];
  /** Another descriptor of the same socket, for a thread that closes its own; undefined if descriptors do not exist. */
  duplicateDescriptor(descriptor: number): number | undefined;
}
