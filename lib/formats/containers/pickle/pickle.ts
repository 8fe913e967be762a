/**
 * Python's pickles, protocols 0 to 5, read as data: nothing of them is ever called. See values.ts for what comes out,
 * docs/formats/pickle.md for what is refused.
 */
import { Machine, type PickleOptions } from './machine.ts';
import { OPCODES } from './opcodes.ts';
import type { PickleValue } from './values.ts';

export type { PickleHooks, PickleOptions } from './machine.ts';

export interface ReadPickle {
  readonly value: PickleValue;
  /** Where the pickle ends. */
  readonly end: number;
  /** As declared; 0 for those that declare none. */
  readonly protocol: number;
  /** Of the values that `limits` allow. */
  readonly valuesLeft: number;
}

/** What a pickle takes to begin and to end, however short it is. */
const PICKLE_STEPS = 8;

/**
 * The bytes are taken over: values may be views of them, for which they may be moved. Throws `TRUNCATED`, `MALFORMED`,
 * `UNSAFE`, `LIMIT` or `UNSUPPORTED_VERSION`, with the byte as the place.
 */
export function readPickle(bytes: Uint8Array, options: PickleOptions): ReadPickle {
  options.budget.step(PICKLE_STEPS, options.place);
  const machine = new Machine(bytes, options);
  const { value, protocol } = machine.run(OPCODES);
  return { value, protocol, end: machine.stream.at, valuesLeft: machine.valuesLeft };
}
