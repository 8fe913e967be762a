/** Buffers of a fixed number of rows, and the fastest way to run a model over them. */
import { engine } from '#engine';
import { allocate, byName, type FloatArray, lengthOf, type Named } from './buffers.ts';
import type { Calls } from './calls.ts';
import type { EngineModel } from './engine/engine.ts';
import { ForwardpassError } from './errors.ts';
import { type Fault, holdsInt32 } from './faults.ts';
import type { Port } from './graph/lower.ts';
import { describe, quote } from './messages.ts';
import { argumentsOf, type Given } from './ragged.ts';
import { reading } from './reading.ts';

/** The buffer of an input: floats of the model's precision, Int32Array for ids, Float64Array for integers beyond its range. */
export type BoundBuffer = FloatArray | Int32Array | RaggedBuffers;

/** The buffers of a ragged input, for at most as many pairs as were bound. */
export interface RaggedBuffers {
  /** The ids of all pairs, row after row, from 0 to below the input's width. */
  readonly ids: Int32Array;
  /** All 1 at first. */
  readonly weights: FloatArray;
  /**
   * Has one element more than there are rows: row r has the pairs from `offsets[r]` to before `offsets[r + 1]`. The
   * first is 0.
   */
  readonly offsets: Int32Array;
}

/** The result of {@link Model.bind}. */
export interface BoundCall<Inputs extends Named<BoundBuffer> = Named<FloatArray | Int32Array>> {
  /** Rows in each buffer. */
  readonly batch: number;
  /**
   * The first input's buffer, to be filled before each run: floats of the model's precision, Int32Array for ids,
   * Float64Array for integers that must be exact beyond its range, {@link RaggedBuffers} for a ragged input.
   */
  readonly input: Inputs[keyof Inputs];
  /** The first output's buffer, overwritten by each run. */
  readonly output: FloatArray;
  /** The buffer of each input, by name. */
  readonly inputs: Inputs;
  /** The buffer of each output, by name. */
  readonly outputs: Named<FloatArray>;
  /** Runs the model over the inputs. Throws DISPOSED, BUFFER when a buffer was transferred away, ID, INPUT. */
  run(): void;
}

/** Options of {@link Model.bind}. */
export interface BindOptions {
  /** Rows in each buffer. */
  readonly batch: number;
  /** The most pairs that a ragged input may have, over all rows. */
  readonly items?: number;
}

export function bindCall(model: EngineModel, calls: Calls, options: BindOptions): BoundCall<Named<BoundBuffer>> {
  if (typeof options !== 'object' || options === null) {
    throw new ForwardpassError(
      'OPTION',
      `expected an object such as { batch: 1 }, found ${describe(options)}`,
      'options',
    );
  }
  const asked = reading('OPTION', 'options', () => ({ batch: options?.batch, items: options?.items }));
  const batch = wholeOf(asked.batch, 'batch', 'rows');
  const { inputs, outputs } = calls;
  const isRagged = inputs.some(({ ragged }) => ragged);
  if (!isRagged && asked.items !== undefined) {
    throw new ForwardpassError(
      'OPTION',
      'only applies to inputs of ragged rows, which this model does not have',
      'option items',
    );
  }
  const items = isRagged ? wholeOf(asked.items, 'items', 'pairs, over all rows') : 0;
  const newFloats: NewFloats = (rows, port) => calls.newFloats(rows, port, engine.allocate);
  const inputBuffers = inputs.map((port): BoundBuffer => {
    if (port.ragged) return raggedBuffers(newFloats, port, batch, items);
    return holdsInt32(port) ? newInt32s(batch, port) : newFloats(batch, port);
  });
  const outputBuffers = outputs.map((port) => newFloats(batch, port));
  const given: Given[] = [...inputBuffers, ...outputBuffers];
  const buffers = argumentsOf(given, inputs);
  const call = model.bind(...buffers);
  if (typeof call !== 'function') throw calls.explain(call, given);

  const lengths = buffers.map(lengthOf);
  const explain = (fault: Fault) => calls.explain(fault, given);
  const detached = () => {
    const gone = buffers.findIndex((buffer, i) => lengthOf(buffer) !== lengths[i]);
    const { name } = calls.port(given.findIndex((_, at) => argumentsOf(given.slice(0, at + 1), inputs).length > gone));
    const message = 'its buffer was detached (transferred elsewhere); bind again';
    return new ForwardpassError('BUFFER', message, `buffer of ${quote(name)}`);
  };
  const [input, output] = [inputBuffers[0], outputBuffers[0]];
  const [inputLength, outputLength] = lengths;
  // A detached array has length 0: the call may only use buffers that are not detached.
  const run =
    buffers.length === 2
      ? () => {
          if (lengthOf(input) !== inputLength || lengthOf(output) !== outputLength) throw detached();
          const fault = call();
          if (fault !== undefined) throw explain(fault);
        }
      : () => {
          for (let i = 0; i < buffers.length; i++) if (lengthOf(buffers[i]) !== lengths[i]) throw detached();
          const fault = call();
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

/** Calls are bound to buffers that the engine allocates. */
type NewFloats = (rows: number, port: Pick<Port, 'name' | 'width' | 'exact'>) => FloatArray;

function newInt32s(rows: number, port: Pick<Port, 'name' | 'width'>): Int32Array {
  return allocate(Int32Array, rows, port, engine.allocate);
}

function raggedBuffers(newFloats: NewFloats, { name }: Port, rows: number, items: number): RaggedBuffers {
  const weights = newFloats(items, { name, width: 1 }).fill(1);
  const ids = newInt32s(items, { name, width: 1 });
  return Object.freeze({ ids, weights, offsets: newInt32s(rows + 1, { name, width: 1 }) });
}

function wholeOf(value: unknown, option: string, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new ForwardpassError('OPTION', `expected a number of ${what}, found ${describe(value)}`, `option ${option}`);
}
