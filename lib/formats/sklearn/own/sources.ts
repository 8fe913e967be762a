/**
 * Where columns come from: the model's input rows, and the results of user-defined steps. Each is an input of the
 * graph, and each of its columns has its own number.
 */
import type { OwnColumn } from '../../../graph/graph.ts';
import type { Cells } from '../cells.ts';
import type { RowVector } from '../outcome.ts';

export interface Source {
  readonly name: string;
  /** The number of its first column. */
  readonly first: number;
  /** 0 if the number of columns is not in the file. */
  readonly width: number;
  readonly isOpen: boolean;
}

export interface Given {
  readonly name: string;
  /** Undefined if it is not in the file. */
  readonly width: number | undefined;
  readonly names?: readonly string[];
}

export class Sources {
  readonly all: Source[] = [];
  #columns = 0;

  /** The row of a new source. */
  add({ name, width, names }: Given): RowVector {
    const first = this.#columns;
    this.#columns += width ?? 0;
    this.all.push({ name, first, width: width ?? 0, isOpen: width === undefined });
    const columns = Array.from({ length: width ?? 0 }, (_, i) => first + i);
    const isOpen = width === undefined;
    return { operand: name, width: columns.length, columns, raw: columns, ...(isOpen && { isOpen }), ...named(names) };
  }

  isOpen(operand: unknown): boolean {
    return this.all.some(({ name, isOpen }) => isOpen && name === operand);
  }

  /** A column by its number. */
  placeOf(column: number): { input: string; element: number } {
    const source = this.all.findLast(({ first, isOpen }) => !isOpen && first <= column) as Source;
    return { input: source.name, element: column - source.first };
  }

  /** The columns of a row that a step takes: unchanged input cells if nothing has modified them. */
  taken({ operand, width, columns, raw }: RowVector, cells: Cells): OwnColumn[] {
    return Array.from({ length: width }, (_, element): OwnColumn => {
      const given = raw?.[element];
      if (given !== undefined) return this.placeOf(given);
      const column = columns?.[element];
      const isOfWords = column !== undefined && (cells.categories.get(column)?.length ?? 0) > 0;
      return { value: operand, element, ...(isOfWords && { categoriesOf: this.placeOf(column) }) };
    });
  }

  /** The entries of a map by columns that belong to a source, keyed by its own elements. */
  partOf<T>(map: ReadonlyMap<number, T>, { first, width }: Source): Map<number, T> {
    const found = new Map<number, T>();
    for (const [column, value] of map) {
      if (column >= first && column < first + width) found.set(column - first, value);
    }
    return found;
  }
}

function named(names: readonly string[] | undefined): Pick<RowVector, 'names' | 'frame'> {
  return names === undefined ? {} : { names, frame: names };
}
