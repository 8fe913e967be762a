/**
 * Rows that are sparse in scikit-learn: those that vectorizers make from texts. Steps that keep zeros become steps of a
 * program (graph/terms.ts), which `predict` runs before the model; layers then take the row's few terms. Any other use
 * converts such a row to a dense one.
 */
import type { TermProgram, TermStep } from '../../graph/terms.ts';
import type { Matrix, Vector } from './arrays.ts';
import type { RowVector } from './outcome.ts';

/** A step without its input step. */
type Next = TermStep extends infer S ? (S extends { readonly of: number } ? Omit<S, 'of'> : never) : never;

/** Where a row of terms enters the graph, and its dense form. */
export interface TermSink {
  /** The dense row; created on first use. */
  writtenOut(row: TermRow): string;
}

export class TermRow implements RowVector {
  readonly columns = undefined;

  constructor(
    readonly width: number,
    readonly program: TermProgram,
    /** Whether it is float32 in scikit-learn. */
    readonly single: boolean,
    private readonly sink: TermSink,
    readonly holdsNoZeros = true,
  ) {}

  get operand(): string {
    return this.sink.writtenOut(this);
  }

  with(step: Next, width = this.width): TermRow {
    const next = { ...step, of: this.program.length - 1 } as TermStep;
    return new TermRow(width, [...this.program, next], this.single, this.sink, this.holdsNoZeros);
  }

  marked(holdsNoZeros: boolean): TermRow {
    return new TermRow(this.width, this.program, this.single, this.sink, holdsNoZeros);
  }

  /** The features of the model's row that it is made from. */
  get features(): readonly number[] {
    return [...new Set(this.program.flatMap((step) => ('feature' in step ? [step.feature] : [])))].sort(
      (a, b) => a - b,
    );
  }

  /** Joins rows into one. */
  static joined(rows: readonly TermRow[]): TermRow {
    const [first] = rows;
    if (rows.length === 1) return first;
    const program: TermStep[] = [];
    const of = rows.map((row) => {
      const before = program.length;
      for (const step of row.program) program.push(shifted(step, before));
      return program.length - 1;
    });
    const width = rows.reduce((sum, row) => sum + row.width, 0);
    const single = rows.every((row) => row.single);
    return new TermRow(width, [...program, { op: 'join', of }], single, first.sink, first.holdsNoZeros);
  }
}

function shifted(step: TermStep, by: number): TermStep {
  if (!('of' in step)) return step;
  if (step.op === 'join') return { ...step, of: step.of.map((of) => of + by) };
  return { ...step, of: step.of + by };
}

/** Writes graph nodes for rows that are converted to dense ones. */
export interface Writer {
  /** The operand with the elements of all rows, concatenated. */
  writtenSideBySide(rows: readonly RowVector[]): string;
  gather(x: RowVector, positions: readonly number[]): RowVector;
  unary(x: RowVector, fn: KeepingZeros): RowVector;
  binary(fn: 'mul' | 'div' | 'greater', x: RowVector, by: Vector | number): RowVector;
}

/** Rows of terms joined with others. */
export class MixedRow implements RowVector {
  readonly width: number;
  readonly #writer: Writer;
  #operand: string | undefined;

  constructor(
    readonly parts: readonly RowVector[],
    writer: Writer,
  ) {
    this.width = parts.reduce((sum, part) => sum + part.width, 0);
    this.#writer = writer;
  }

  get holdsNoZeros(): boolean {
    return this.parts.some((part) => part.holdsNoZeros);
  }

  withParts(parts: readonly RowVector[]): MixedRow {
    return new MixedRow(parts, this.#writer);
  }

  get columns(): readonly (number | undefined)[] {
    return this.parts.flatMap((part) => part.columns ?? new Array<undefined>(part.width).fill(undefined));
  }

  get operand(): string {
    this.#operand ??= this.#writer.writtenSideBySide(this.parts);
    return this.#operand;
  }
}

export type Sparse = TermRow | MixedRow;

export function isSparse(row: unknown): row is Sparse {
  return row instanceof TermRow || row instanceof MixedRow;
}

/** Joins rows of which at least one is sparse: adjacent rows of terms are merged. */
export function sideBySide(writer: Writer, rows: readonly RowVector[]): RowVector {
  const parts: RowVector[] = [];
  for (const row of rows.flatMap((each) => (each instanceof MixedRow ? each.parts : [each]))) {
    const last = parts.at(-1);
    if (row instanceof TermRow && last instanceof TermRow) parts[parts.length - 1] = TermRow.joined([last, row]);
    else parts.push(row);
  }
  return parts.length === 1 ? parts[0] : new MixedRow(parts, writer);
}

/** Applies a function to each part of the row, with the part's first position. */
export function eachPart(
  writer: Writer,
  x: MixedRow,
  change: (part: RowVector, first: number) => RowVector,
): RowVector {
  let first = 0;
  const parts = x.parts.map((part) => {
    const changed = change(part, first);
    first += part.width;
    return changed;
  });
  return sideBySide(writer, parts);
}

/** Undefined if the row has to become dense. */
export function gathered(writer: Writer, x: Sparse, positions: readonly number[]): RowVector | undefined {
  if (x instanceof TermRow) {
    if (new Set(positions).size < positions.length) return undefined;
    const isAll = positions.length === x.width && positions.every((position, i) => position === i);
    return isAll ? x : x.with({ op: 'select', ids: Int32Array.from(positions) }, positions.length);
  }
  const runs: RowVector[] = [];
  let first = 0;
  let taken = 0;
  for (const part of x.parts) {
    const from = taken;
    while (taken < positions.length && positions[taken] >= first && positions[taken] < first + part.width) taken++;
    if (taken > from) {
      const start = first;
      runs.push(
        writer.gather(
          part,
          positions.slice(from, taken).map((position) => position - start),
        ),
      );
    }
    first += part.width;
  }
  // Parts in another order.
  if (taken < positions.length) return undefined;
  return sideBySide(writer, runs);
}

/** x multiplied by, divided by, or compared with values that are the same for every row. Undefined as above. */
export function combined(writer: Writer, fn: string, x: Sparse, by: Vector | number): RowVector | undefined {
  if (x instanceof MixedRow) {
    if (fn !== 'mul' && fn !== 'div' && fn !== 'greater') return undefined;
    return eachPart(writer, x, (part, first) => writer.binary(fn, part, sliceOf(by, first, part.width)));
  }
  const { single } = x;
  // NumPy also casts a number beside a float32 array to float32.
  const numbers = typeof by === 'number' ? Float64Array.of(single ? Math.fround(by) : by) : Float64Array.from(by);
  if (fn === 'greater' && numbers.length === 1 && numbers[0] >= 0)
    return x.with({ op: 'above', threshold: numbers[0] });
  const isUsable = numbers.every((number) => Number.isFinite(number) && (fn === 'mul' || number !== 0));
  if ((fn !== 'mul' && fn !== 'div') || !isUsable || (numbers.length !== 1 && numbers.length !== x.width))
    return undefined;
  return x.with({ op: 'scale', by: numbers, divides: fn === 'div', single });
}

function sliceOf(by: Vector | number, first: number, width: number): Vector | number {
  return typeof by === 'number' || by.length === 1 ? by : by.subarray(first, first + width);
}

const KEEPING_ZEROS = ['abs', 'sign', 'sqrt', 'square', 'log1p', 'expm1'] as const;
/** A function that maps 0 to 0. */
type KeepingZeros = (typeof KEEPING_ZEROS)[number];

/** An elementwise function. Undefined as above. */
export function appliedTo(writer: Writer, x: Sparse, fn: string): RowVector | undefined {
  const own = KEEPING_ZEROS.find((name) => name === fn);
  if (own === undefined) return undefined;
  if (x instanceof MixedRow) return eachPart(writer, x, (part) => writer.unary(part, own));
  return x.with({ op: 'map', fn: own, single: x.single });
}

/** The part of a matrix for some inputs of a layer, with a row for each input. */
export function tableOf(matrix: Matrix, layout: 'in-out' | 'out-in', first: number, width: number): Vector {
  const { rows, columns, data } = matrix;
  if (layout === 'in-out') return data.subarray(first * columns, (first + width) * columns);
  const table = new (data instanceof Float32Array ? Float32Array : Float64Array)(width * rows);
  for (let output = 0; output < rows; output++) {
    for (let i = 0; i < width; i++) table[i * rows + output] = data[output * columns + first + i];
  }
  return table;
}
