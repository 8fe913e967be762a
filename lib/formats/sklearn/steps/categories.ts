/** The categories of a feature, and the index of a row's value among them. */
import { partCount } from '../../containers/pickle/parts.ts';
import { type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { itemsOf, plainScalar } from '../values.ts';

/** The memory of a category while its column is read. */
const ITEM_BYTES = 48;

export interface Categories {
  readonly column: number;
  readonly items: readonly PickleValue[];
  /** Whether they are words; None among them counts as one. */
  readonly areWords: boolean;
  /** The index of NaN, if it is a category. */
  readonly nan: number | undefined;
  /** The index of the category that is NaN in a row: NaN itself or, among numbers, None. */
  readonly missing: number | undefined;
}

/** `categories_` of an encoder: one list for each column. */
export function categoriesOf(estimator: Estimator, emitter: Emitter, x: RowVector): readonly Categories[] {
  const lists = estimator.list('categories_');
  if (lists.length !== x.width) {
    throw estimator.error('SHAPE', `expected categories of ${x.width} columns, found ${lists.length}`, 'categories_');
  }
  return lists.map((list, column) => categoriesIn(estimator, emitter, x, list, column, `categories_[${column}]`));
}

/** The categories of one column, from a list at a place of the estimator. */
export function categoriesIn(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  list: PickleValue,
  column: number,
  place: string,
): Categories {
  // Several columns may share their categories.
  if (typeof list === 'object' && list !== null && !estimator.budget.isNew(list)) {
    estimator.budget.build(ITEM_BYTES * partCount(list), estimator.placeOf(place));
  }
  const items = itemsOf(list)?.map(plainScalar);
  if (items === undefined) throw estimator.error('MALFORMED', `expected an array, found ${pickleKind(list)}`, place);
  const [nan, none] = [items.findIndex(isNan), items.indexOf(null)].map((at) => (at < 0 ? undefined : at));
  const isPlain = (item: PickleValue) => (typeof item === 'number' && !Number.isNaN(item)) || typeof item === 'boolean';
  const areNumbers = items.some(isPlain);
  const areWords = items.some((item) => typeof item === 'string') || (none !== undefined && !areNumbers);
  const own = x.columns?.[column];
  if (areNumbers && (areWords || (own !== undefined && emitter.cells.isOfWords(own)))) {
    throw estimator.error('UNSUPPORTED_DTYPE', 'contains both numbers and words, which is not supported', place);
  }
  if (nan !== undefined) emitter.cells.takeNan(own);
  if (none === undefined || areWords) return { column, items, areWords, nan, missing: nan };
  if (own === undefined) {
    throw estimator.error('UNSUPPORTED_OP', `column ${column} contains None, which an earlier step created`);
  }
  const isNumber = !Number.isNaN(emitter.cells.takeNone(own));
  return { column, items, areWords, nan, missing: isNumber ? nan : none };
}

function isNan(item: PickleValue): boolean {
  return typeof item === 'number' && Number.isNaN(item);
}

/** A row of `width` numbers for each category, and one for unknown categories unless they are refused. */
export interface CategoryTable {
  readonly width: number;
  readonly rows: ArrayLike<number>;
  readonly unknown?: ArrayLike<number>;
}

/** The table's row for the category in the row's column. */
export function lookUp(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  categories: Categories,
  { width, rows, unknown }: CategoryTable,
): RowVector {
  if (width === 0) throw estimator.error('SHAPE', 'leaves no column of it', `categories_[${categories.column}]`);
  if (unknown !== undefined || categories.missing !== undefined) emitter.cells.takesMissing = true;
  const ids = idsOf(estimator, emitter, x, categories, unknown !== undefined);
  const before = unknown === undefined ? 0 : width;
  const data = new Float64Array(before + rows.length);
  if (unknown !== undefined) data.set(unknown);
  data.set(rows, before);
  const found = emitter.emit('embedding', [ids.operand, { shape: [data.length / width, width], data }], {
    wrap: false,
  });
  return emitter.flat(found, width);
}

/**
 * The index of the category, from 0, or −1 if it is unknown. With `handled` the index counts from 1, and 0 means
 * unknown, so that nothing is refused.
 */
function idsOf(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  categories: Categories,
  handled: boolean,
): RowVector {
  const { column, items, areWords, missing } = categories;
  const numbers = numbersOf(estimator, emitter, x, categories);
  const own = emitter.gather(x, [column]);
  // Words are numbered from 0, usually by this encoder itself.
  if (!handled && missing === undefined && areWords && numbers.every((number, i) => number === i)) {
    return own;
  }
  const present = numbers.filter((_, i) => i !== missing);
  const places = items.flatMap((_, i) => (i === missing ? [] : [i + 1]));
  let place: RowVector | undefined;
  if (present.length > 0) {
    const hits = emitter.binary('equal', own, Float64Array.from(present));
    place = emitter.reduce(emitter.binary('mul', hits, Float64Array.from(places)), 'sum');
  }
  if (missing !== undefined) {
    const absent = emitter.affine(emitter.unary(own, 'is_nan'), missing + 1, 0);
    place = place === undefined ? absent : emitter.binary('add', place, absent);
  }
  const ids = place ?? emitter.affine(own, 0, 0);
  return handled ? ids : emitter.affine(ids, 1, -1);
}

/** The number that represents each category in the row; NaN for a missing value. */
export function numbersOf(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  { column, items, areWords }: Categories,
): readonly number[] {
  const isWord = (item: PickleValue): item is string | null => typeof item === 'string' || item === null;
  const words = areWords ? items.filter(isWord) : [];
  const model = x.columns?.[column];
  if (words.length > 0 && model === undefined) {
    throw estimator.error('UNSUPPORTED_OP', `column ${column} contains words that an earlier step created`);
  }
  const indices = words.length > 0 ? emitter.cells.wordIndices(model as number, words) : [];
  let at = 0;
  return items.map((item, i) => {
    if (areWords && isWord(item)) return indices[at++];
    if (typeof item === 'number') return item;
    if (typeof item === 'boolean') return Number(item);
    if (item === null) return model === undefined ? Number.NaN : emitter.cells.noneOf(model);
    const found = `expected a category that is a word or a number, found ${pickleKind(item)}`;
    throw estimator.error('UNSUPPORTED_DTYPE', found, `categories_[${column}][${i}]`);
  });
}
