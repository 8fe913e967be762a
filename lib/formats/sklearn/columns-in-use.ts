/** Which columns of the model's input the graph uses, and in which rows None is represented by its own number. */
import type { Budget } from '../../graph/budget.ts';
import type { Cells } from './cells.ts';
import type { RowVector } from './outcome.ts';

const COLUMNS_IN_A_STEP = 64;

export class ColumnsInUse {
  readonly #budget: Budget;
  readonly #cells: Cells;
  /** Rows in which None is represented by its own number. */
  readonly #withNone = new Set<string>();
  /** By row that may contain input columns: these columns; then those of such rows that are used. */
  readonly #columns = new Map<string, readonly (number | undefined)[]>();
  readonly #computed = new Set<string>();
  /** Among these, the ones of whose elements more is used than whether they are missing. */
  readonly #valued = new Set<string>();

  constructor(budget: Budget, cells: Cells) {
    this.#budget = budget;
    this.#cells = cells;
  }

  /** Notes that a row is used, or with `isMissing` only whether its elements are missing. */
  take(operand: string, isMissing: boolean): void {
    if (!this.#columns.has(operand)) return;
    this.#computed.add(operand);
    if (!isMissing) this.#valued.add(operand);
  }

  /** A row made of elements of other rows, some of which may contain None. */
  moved(row: RowVector, mayHoldNone: boolean): RowVector {
    if (row.columns !== undefined) this.#columns.set(row.operand, row.columns);
    if (mayHoldNone && this.hasBoth(row)) this.#withNone.add(row.operand);
    return row;
  }

  holdsNone(operand: string): boolean {
    return this.#withNone.has(operand);
  }

  /** Whether None and a missing number are different in some column. */
  hasBoth({ columns }: RowVector): boolean {
    return columns?.some((column) => this.#cells.hasBoth(column)) ?? true;
  }

  /** The input columns that are used as numbers. */
  computed(): ReadonlySet<number> {
    return this.#columnsOf(this.#computed);
  }

  /**
   * The input columns whose values are used, also through these rows; for other columns at most it matters whether they
   * are missing.
   */
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
