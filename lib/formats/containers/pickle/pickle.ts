/**
 * Python's pickles, protocols 0 to 5, read as data: nothing in them is ever called. See values.ts for the result,
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
  /** The declared protocol; 0 if none is declared. */
  readonly protocol: number;
  /** How many of the values that `limits` allow are left. */
  readonly valuesLeft: number;
}

/** The fixed cost of a pickle, however short it is. */
const PICKLE_STEPS = 8;

/**
 * Takes ownership of the bytes: values may be views of them, and bytes may be moved for alignment. Throws `TRUNCATED`,
 * `MALFORMED`, `UNSAFE`, `LIMIT` or `UNSUPPORTED_VERSION`, with the byte as the place.
 */
export function readPickle(bytes: Uint8Array, options: PickleOptions): ReadPickle {
  options.budget.step(PICKLE_STEPS, options.place);
  const machine = new Machine(bytes, options);
  const { value, protocol } = machine.run(OPCODES);
  return { value, protocol, end: machine.stream.at, valuesLeft: machine.valuesLeft };
}
