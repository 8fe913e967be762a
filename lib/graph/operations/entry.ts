/**
 * The tables in this folder are the single description of each operation. TypeScript's lists and types are derived from
 * them; `node scripts/operations.js` generates the C++ enumerations and docs/operations.md. docs/design.md says how to
 * add one.
 */

/** The oldest version of plans, before any version in `since`. */
export const OLDEST_PLAN = 3;

/** The number of something in plans. */
export interface Numbered {
  /**
   * The number in plans. It never changes, because files contain plans: new numbers follow the greatest, and none is
   * reused.
   */
  readonly number: number;
  /** The first version of plans that has it. Default: {@link OLDEST_PLAN}. */
  readonly since?: number;
}

/** How a kernel is compiled, depending on how often models use it: see native/kernels/table.h. */
export type KernelUse = 'often' | 'single' | 'seldom' | 'doubled';

/** What functions of one and of two numbers have in common. */
export interface ElementwiseEntry extends Numbered {
  readonly kernel: KernelUse;
  /** What it computes, if the name does not say so. */
  readonly formula?: string;
  /**
   * What it returns for any argument: `truth` 1 or 0; `finite` neither NaN nor infinity; `positive` a positive number,
   * 0 or NaN, but never −0.
   */
  readonly gives?: 'truth' | 'finite' | 'positive';
  /** At most one IEEE operation: for floats, computing in doubles and then rounding gives the same result. */
  readonly roundedOnce?: true;
  /** May return NaN or infinity for finite numbers: outside its domain, or on overflow. */
  readonly partial?: true;
}

export const sinceOf = ({ since = OLDEST_PLAN }: Numbered): number => since;

/** The names of a table, in order. */
export function namesOf<N extends string>(table: Readonly<Record<N, unknown>>): readonly N[] {
  return Object.keys(table) as N[];
}

/** The names of a table whose entries match the condition. */
export function namesWhere<N extends string, E>(
  table: Readonly<Record<N, E>>,
  isSo: (entry: E) => boolean,
): ReadonlySet<N> {
  return new Set(namesOf(table).filter((name) => isSo(table[name])));
}
