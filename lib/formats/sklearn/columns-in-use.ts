/** Which columns of the model's input a graph computes of, and in which rows of them None is its own number. */
import type { Budget } from '../../graph/budget.ts';
import type { Cells } from './cells.ts';
import type { RowVector } from './outcome.ts';

const COLUMNS_IN_A_STEP = 64;

export class ColumnsInUse {
  readonly #budget: Budget;
  readonly #cells: Cells;
  /** Rows in which None is its own number. */
  readonly #withNone = new Set<string>();
  /** By row that may hold columns of the input, these; and those of such rows that something is computed of. */
  readonly #columns = new Map<string, readonly (number | undefined)[]>();
  readonly #computed = new Set<string>();
  /** Of these, those of whose elements more counts than whether they are missing. */
  readonly #valued = new Set<string>();

  constructor(budget: Budget, cells: Cells) {
    this.#budget = budget;
    this.#cells = cells;
  }

  /** Something is computed of a row, or with `isMissing` of whether its elements are. */
  take(operand: string, isMissing: boolean): void {
    if (!this.#columns.has(operand)) return;
    this.#computed.add(operand);
    if (!isMissing) this.#valued.add(operand);
  }

  /** A row of elements of others, of which some may hold None. */
  moved(row: RowVector, mayHoldNone: boolean): RowVector {
    if (row.columns !== undefined) this.#columns.set(row.operand, row.columns);
    if (mayHoldNone && this.hasBoth(row)) this.#withNone.add(row.operand);
    return row;
  }

  holdsNone(operand: string): boolean {
    return this.#withNone.has(operand);
  }

  /** Whether None and a missing number are two things in some column. */
  hasBoth({ columns }: RowVector): boolean {
    return columns?.some((column) => this.#cells.hasBoth(column)) ?? true;
  }

  /** The columns of the input that something is computed of as numbers. */
  computed(): ReadonlySet<number> {
    return this.#columnsOf(this.#computed);
  }

  /** The columns of the input whose values count, be it in these rows; of others it is whether they are missing at the most. */
  valued(outputs: readonly string[]): ReadonlySet<number> {
    return this.#columnsOf([...this.#valued, ...outputs]);
  }

  #columnsOf(operands: Iterable<string>): ReadonlySet<number> {
    const found = new Set<number>();
    for (const operand of operands) {
      const columns = this.#columns.get(operand) ?? [];
      this.#budget.step(columns.length / COLUMNS_IN_A_STEP, 'the columns of a row');
      for (const column of columns) if (column !== undefined) found.add(column);
    }
    return found;
  }
}
