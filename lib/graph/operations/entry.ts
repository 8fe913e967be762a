/**
 * The tables of this folder are where an operation is described, once: TypeScript's lists and types are made from them, and by
 * `node scripts/operations.js` the C++ enumerations and docs/operations.md. docs/design.md says how to add one.
 */

/** The version of plans before those that entries say they came with. */
export const OLDEST_PLAN = 3;

/** What a plan calls something by. */
export interface Numbered {
  /** In plans. Fixed for good, as plans are kept in files: new ones follow the greatest, and none is used again. */
  readonly number: number;
  /** The first version of plans that has it; {@link OLDEST_PLAN} unless given. */
  readonly since?: number;
}

/** How a kernel is compiled, by whether models often have it: see native/kernels/table.h. */
export type KernelUse = 'often' | 'single' | 'seldom' | 'doubled';

/** What functions of one number and two have in common. */
export interface ElementwiseEntry extends Numbered {
  readonly kernel: KernelUse;
  /** What it computes, where the name does not say it. */
  readonly formula?: string;
  /**
   * What it gives, whatever it is given: `truth` 1 or 0, `finite` no NaN and no infinity. `positive`: positive numbers, 0 or NaN,
   * but never −0.
   */
  readonly gives?: 'truth' | 'finite' | 'positive';
  /** For one IEEE operation at the most: of floats it rounds the same when computed in doubles and then rounded. */
  readonly roundedOnce?: true;
  /** May give NaN or infinity for finite numbers: outside its domain, or too large. */
  readonly partial?: true;
}

export const sinceOf = ({ since = OLDEST_PLAN }: Numbered): number => since;

/** The names of a table, in its order. */
export function namesOf<N extends string>(table: Readonly<Record<N, unknown>>): readonly N[] {
  return Object.keys(table) as N[];
}

/** The names of a table whose entries are so. */
export function namesWhere<N extends string, E>(
  table: Readonly<Record<N, E>>,
  isSo: (entry: E) => boolean,
): ReadonlySet<N> {
  return new Set(namesOf(table).filter((name) => isSo(table[name])));
}
