/**
 * The plan, which TypeScript passes to the engine: its code, a list of 32-bit integers, and a list of parameter arrays.
 * Its numbers are those of the tables in operations/, from which native/plan_numbers.h is generated;
 * test/graph/plan-format.test.ts checks that the rest equals native/plan.h.
 *
 *   code = [VERSION, precision, valueCount, inputCount, outputCount, instructionCount,
 *           width of each value (elements of one row) …, input value …, output value …, instructions …]
 *
 * A value is either an input or defined by exactly one instruction, before its first use. An operand v ≥ 0 is a value;
 * v < 0 is the parameter array −1 − v, as wide as a row. An instruction is [opcode, number of integers in it, fields
 * …]; fields as listed in operations/opcodes.ts. Parameter arrays have the plan's precision.
 *
 * In an f32 plan, values and parameter arrays may hold doubles, each of which takes two elements; the instructions that
 * use them determine which do. An input or output of doubles is written in the header as −1 − value.
 *
 * A ragged input is written there as {@link RAGGED_PORT} + value: a row of it is any number of pairs of an id below the
 * value's width and a weight. Only `bag` and `scatter` take it.
 *
 * A plan has the least version that supports everything it uses, and engines run versions from {@link OLDEST_PLAN} on.
 */
import { WEIGHT } from './operations/choices.ts';
import { type Numbered, namesOf, OLDEST_PLAN, sinceOf } from './operations/entry.ts';
import { OPCODE } from './operations/opcodes.ts';
import { TABLES } from './operations/tables.ts';

export { OLDEST_PLAN };

/** The version of plans that first has ragged inputs. */
export const RAGGED_SINCE = 4;

/** The newest version. */
export const PLAN_VERSION = TABLES.flatMap(({ entries }) => Object.values(entries)).reduce(
  (latest, entry) => Math.max(latest, sinceOf(entry)),
  RAGGED_SINCE,
);

export const RAGGED_PORT = 2 ** 30;

export const PRECISIONS = { f32: 0, f64: 1 } as const;

export const OPCODES = numbersOf(OPCODE);

export const WEIGHTS = numbersOf(WEIGHT);

function numbersOf<N extends string>(table: Readonly<Record<N, Numbered>>): Readonly<Record<N, number>> {
  return Object.fromEntries(namesOf(table).map((name) => [name, table[name].number])) as Record<N, number>;
}

/** The most classes that `couple` accepts. */
export const MOST_COUPLED = 1024;

/** Sums of products of bytes are exact in 32 bits up to this many. */
export const MOST_INT8_INPUTS = 65536;

/** Elements of a quantised row: its scale, then room for K numbers of one or two bytes. */
export function quantizedWidth(k: number): number {
  return 1 + 8 * Math.ceil(k / 16);
}

/** The memory that the engine may use, in bytes: for packed weights, and for the values of one row. */
export interface MostBytes {
  readonly packed: number;
  readonly ofRow: number;
}

export interface Plan {
  readonly code: Int32Array;
  readonly parameters: readonly (Float32Array | Float64Array)[];
}
