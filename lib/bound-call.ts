/** Buffers of a fixed number of rows, and the fastest way to run a model over them. */
import { allocate, byName, type FloatArray, lengthOf, type Named } from './buffers.ts';
import type { Calls } from './calls.ts';
import { ForwardpassError } from './errors.ts';
import { type Fault, holdsInt32 } from './faults.ts';
import type { NativeModel } from './native.ts';
import { reading } from './reading.ts';
import { describe, quote } from './words.ts';

/** What {@link Model.bind} gives. */
export interface BoundCall {
  /** Rows in each buffer. */
  readonly batch: number;
  /**
   * The first input's buffer, to be filled before each run: floats of the model's precision, Int32Array for ids,
   * Float64Array for integers that have to be exact beyond its range.
   */
  readonly input: FloatArray | Int32Array;
  /** The first output's buffer, overwritten by each run. */
  readonly output: FloatArray;
  readonly inputs: Named<FloatArray | Int32Array>;
  readonly outputs: Named<FloatArray>;
  /** Runs the model over the inputs. Throws DISPOSED, BUFFER when a buffer was transferred away, ID, INPUT. */
  run(): void;
}

export function bindCall(bound: NativeModel, calls: Calls, options: { readonly batch: number }): BoundCall {
  const batch = reading('OPTION', 'options', () => options?.batch);
  if (!Number.isSafeInteger(batch) || batch < 0) {
    throw new ForwardpassError('OPTION', `expected a number of rows, found ${describe(batch)}`, 'option batch');
  }
  const { inputs, outputs } = calls;
  const inputBuffers = inputs.map((port) =>
    holdsInt32(port) ? allocate(Int32Array, batch, port) : calls.newFloats(batch, port),
  );
  const outputBuffers = outputs.map((port) => calls.newFloats(batch, port));
  const buffers = [...inputBuffers, ...outputBuffers];
  const native = bound.bind(...buffers);
  if (typeof native !== 'function') throw calls.explain(native, buffers);

  const lengths = buffers.map(lengthOf);
  const explain = (fault: Fault) => calls.explain(fault, buffers);
  const detached = () => {
    const { name } = calls.port(buffers.findIndex((buffer, i) => lengthOf(buffer) !== lengths[i]));
    const message = 'its buffer was detached (transferred elsewhere); bind again';
    return new ForwardpassError('BUFFER', message, `buffer of ${quote(name)}`);
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
