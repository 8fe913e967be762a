/** A pandas data frame in a pickle: the names of its columns, and the values of each. */
import { PickleArray, PickleList, PickleObject, PickleTuple, type PickleValue } from '../containers/pickle/values.ts';
import { arrowStrings } from '../sklearn/arrow.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import { columnIndex, itemsOf, plainScalar } from '../sklearn/values.ts';

export type Level = string | number | boolean;

/** Items that are read per step. */
const ITEMS_IN_A_STEP = 32;

/** One column, read as far as a model needs it. */
export interface Column {
  readonly kind: 'words' | 'numbers' | 'truths';
  /** The categories of a categorical column, in order; the distinct values of any other, in ascending order. */
  readonly levels: readonly Level[];
  /** For a column of numbers, all of them, row by row. */
  readonly numbers?: readonly number[];
}

export class Frame {
  readonly names: readonly string[];
  readonly #columns = new Map<string, Column | undefined>();

  private constructor(
    private readonly estimator: Estimator,
    /** By the number of a column: its block, and its row in the block. */
    private readonly places: ReadonlyMap<number, { readonly values: PickleValue; readonly at: number }>,
    names: readonly string[],
  ) {
    this.names = names;
  }

  /** Undefined for anything but a frame whose columns are named by strings. */
  static of(value: PickleValue, estimator: Estimator): Frame | undefined {
    if (!(value instanceof PickleObject) || value.callable.name !== 'DataFrame') return undefined;
    const manager = value.attribute('_mgr') ?? value.attribute('_data');
    if (!(manager instanceof PickleObject)) return undefined;
    const [blocks, axes] = manager.args.map(itemsOf);
    const names = indexItems(axes?.[0] ?? null, estimator);
    if (blocks === undefined || !names?.every((name) => typeof name === 'string')) return undefined;
    const places = new Map<number, { values: PickleValue; at: number }>();
    for (const block of blocks) {
      if (!(block instanceof PickleObject) || block.callable.name !== '_unpickle_block') return undefined;
      const [values, placement] = block.args;
      const columns = positionsOf(placement, names.length);
      if (columns === undefined) return undefined;
      estimator.budget.step(columns.length / ITEMS_IN_A_STEP, estimator.title);
      columns.forEach((column, at) => {
        places.set(column, { values, at });
      });
    }
    return new Frame(estimator, places, names);
  }

  /** Undefined if the name is not found, or the column is of another kind: dates, mixed objects. */
  column(name: string): Column | undefined {
    if (!this.#columns.has(name)) this.#columns.set(name, this.#read(this.names.indexOf(name)));
    return this.#columns.get(name);
  }

  #read(position: number): Column | undefined {
    const place = this.places.get(position);
    if (place === undefined) return undefined;
    const { values, at } = place;
    const categories = categoriesOf(values);
    if (categories !== undefined) return columnOf(indexItems(categories, this.estimator) ?? [], false);
    const items = rowOf(values, at, this.estimator);
    if (items === undefined) return undefined;
    this.estimator.budget.again(values as object, 1 + items.length / ITEMS_IN_A_STEP, this.estimator.title);
    return columnOf(items, true);
  }
}

function columnOf(items: readonly PickleValue[], isSorted: boolean): Column | undefined {
  const given = items
    .map(plainScalar)
    .filter((item) => item !== null && !(typeof item === 'number' && Number.isNaN(item)));
  const levels = [...new Set(given)] as Level[];
  if (levels.length > 0 && levels.every((level) => typeof level === 'string')) {
    // Sorted by code points, like strings in Python.
    return { kind: 'words', levels: isSorted ? levels.sort(byCodePoints) : levels };
  }
  if (levels.every((level) => typeof level === 'boolean')) return { kind: 'truths', levels: [false, true] };
  if (!levels.every((level) => typeof level === 'number')) return undefined;
  const numbers = given.length === items.length ? (given as number[]) : undefined;
  return { kind: 'numbers', levels: isSorted ? levels.sort((a, b) => Number(a) - Number(b)) : levels, numbers };
}

function byCodePoints(a: Level, b: Level): number {
  const [left, right] = [Array.from(String(a)), Array.from(String(b))];
  const at = left.findIndex((letter, i) => letter !== right[i]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? Number(left[at].codePointAt(0)) - Number(right[at].codePointAt(0)) : 1;
}

/** The items of an index, a list or an array, in whichever way pandas stores them. */
export function indexItems(value: PickleValue, estimator: Estimator): readonly PickleValue[] | undefined {
  const data = columnIndex(value, estimator.budget);
  return rowOf(data, 0, estimator)?.map(plainScalar);
}

/** One row of a block of columns: of an array with two axes, or a single column of an extension type. */
function rowOf(values: PickleValue, at: number, estimator: Estimator): readonly PickleValue[] | undefined {
  const array = heldArray(values, estimator);
  if (!(array instanceof PickleArray) || array.shape.length < 1)
    return array === undefined ? undefined : itemsOf(array);
  const width = array.shape[array.shape.length - 1];
  const row = array.shape.length === 1 ? 0 : at;
  if ((row + 1) * width > array.data.length) return undefined;
  const isTruth = array.dtype.startsWith('b');
  const items = array.data.slice(row * width, (row + 1) * width);
  return Array.from<PickleValue | undefined, PickleValue>(items, (item) => (isTruth ? item !== 0 : (item ?? null)));
}

function heldArray(values: PickleValue, estimator: Estimator): PickleValue | undefined {
  if (values instanceof PickleArray || values instanceof PickleList || values instanceof PickleTuple) return values;
  const strings = arrowStrings(values, estimator.budget);
  if (strings !== undefined) return strings;
  if (!(values instanceof PickleObject) || values.callable.name !== '__pyx_unpickle_NDArrayBacked') return undefined;
  const { state } = values;
  return state instanceof PickleTuple ? state.items.find((item) => item instanceof PickleArray) : undefined;
}

/** The categories of a categorical column. */
function categoriesOf(values: PickleValue): PickleValue | undefined {
  if (!(values instanceof PickleObject)) return undefined;
  const [cls] = values.args;
  if (!String(cls).endsWith('.Categorical')) return undefined;
  const items = values.state instanceof PickleTuple ? values.state.items : [];
  const dtype = items.find((item) => item instanceof PickleObject && item.callable.name === 'CategoricalDtype');
  return dtype instanceof PickleObject ? dtype.attribute('categories') : undefined;
}

/** A slice, or an array of integers. */
function positionsOf(placement: PickleValue, count: number): readonly number[] | undefined {
  if (placement instanceof PickleArray) return Array.from(placement.data, Number);
  if (!(placement instanceof PickleObject) || placement.callable.name !== 'slice') return undefined;
  const [start, stop, step] = placement.args.map((item) => (item === null ? 1 : Number(item)));
  if (![start, stop, step].every(Number.isSafeInteger) || step < 1 || start < 0 || stop > count) return undefined;
  return Array.from({ length: Math.max(Math.ceil((stop - start) / step), 0) }, (_, i) => start + i * step);
}
