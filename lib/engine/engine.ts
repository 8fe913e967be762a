/**
 * What lib/ knows of the engine that runs plans: create a model, bind buffers, run, share, dispose. One file of this folder
 * is one engine, which it exports as `engine`; `imports` of package.json say which one `#engine` is.
 */
import type { ArrayType, FloatArray, TypedArray } from '../buffers.ts';
import type { Fault } from '../faults.ts';
import type { MostBytes, Plan } from '../graph/plan-format.ts';
import type { Isa } from '../isa.ts';

/** Inputs then outputs in the plan's order. A ragged input takes three: ids, weights or undefined for ones, offsets. */
export type Buffers = readonly (TypedArray | undefined)[];

/** A plan that is ready to run. Calls give undefined when all went well. */
export interface EngineModel {
  run(...buffers: Buffers): Fault | undefined;
  /** A call over these buffers, which the engine's `allocate` made: each run is this one function and nothing on top. */
  bind(...buffers: Buffers): (() => Fault | undefined) | Fault;
  /** Off the event loop where the engine can. Inputs are copied at once; outputs are written when it resolves. */
  runAsync(...buffers: Buffers): Promise<Fault | undefined> | Fault;
  /** Calls that follow give the fault `disposed`; runs in flight end first. */
  dispose(): void;
}

export interface CreateOptions {
  readonly isa: Isa;
  /** Of each input and output, whether it takes integers. */
  readonly integers: readonly boolean[];
  /** That a run may use, the calling one included. */
  readonly threads: number;
  readonly most?: MostBytes;
}

/** How texts become ragged rows, as lib/text/scanning.ts writes it down. */
export interface Scanning {
  readonly words: Int32Array;
  /** Of all terms of ASCII. */
  readonly bytes: Uint8Array;
  readonly numbers: Float64Array;
}

/**
 * Reads some of the texts from `at` on. Their pairs go behind the `offsets[row]` that there are, and offsets behind that
 * one. Gives where the first text is that was not read: `at` where that one is for JavaScript. A negative number instead
 * is how many pairs more there have to be room for.
 */
export type Scan = (
  texts: readonly string[],
  at: number,
  ids: Int32Array,
  weights: FloatArray,
  offsets: Int32Array,
  row: number,
) => number;

/** By which other threads attach to a model. */
export type SharedNames = readonly [engine: string, model: string];

/** What an engine does throws a ForwardpassError: PLAN, MEMORY, LIMIT, ISA, HANDLE, NATIVE. */
export interface Engine {
  /** Those that this machine can run, best first; at least `scalar`. */
  instructionSets(): readonly Isa[];
  create(plan: Plan, options: CreateOptions): EngineModel;
  /** Called after each run off the event loop, by an engine that keeps memory for the next one for a while. */
  ranAsync?(): void;
  /** A new array for {@link EngineModel.bind}, full of zeros: in the engine's own memory where it has one. */
  allocate<A>(Type: ArrayType<A>, length: number): A;
  /** What reads texts faster than JavaScript; undefined where terms are too much alike. Not every engine has it. */
  createScanner?(scanning: Scanning, threads: number): Scan | undefined;
  /** The names by which other threads attach to the model, and the description with it; undefined once disposed of. */
  share(model: EngineModel, description: object): SharedNames | undefined;
  /** The model of those names, over the same weights, and the description that it was shared with. */
  attach(names: SharedNames, threads: number): readonly [EngineModel, description: unknown];
  /** Another descriptor of the same socket, for a thread that closes its own; undefined if there are none. */
  duplicateDescriptor(descriptor: number): number | undefined;
}
