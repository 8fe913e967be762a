/** The categories of a feature, and the place of a row's own among them. */
import { type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import { itemsOf, plainScalar } from '../values.ts';

export interface Categories {
  readonly column: number;
  readonly items: readonly PickleValue[];
  /** The position of NaN or None, where it is one of them. */
  readonly missing: number | undefined;
}

/** `categories_` of an encoder: a list for each column. */
export function categoriesOf(estimator: Estimator, x: Row): readonly Categories[] {
  const lists = estimator.list('categories_');
  if (lists.length !== x.width) {
    throw estimator.error('SHAPE', `expected categories of ${x.width} columns, found ${lists.length}`, 'categories_');
  }
  return lists.map((list, column) => {
    const place = `categories_[${column}]`;
    const items = itemsOf(list)?.map(plainScalar);
    if (items === undefined) throw estimator.error('MALFORMED', `expected an array, found ${pickleKind(list)}`, place);
    const missing = items.flatMap((item, i) => (isMissing(item) ? [i] : []));
    if (missing.length > 1) {
      throw estimator.error(
        'UNSUPPORTED_DTYPE',
        'holds None and a missing number, which cannot be told apart here',
        place,
      );
    }
    return { column, items, missing: missing.at(0) };
  });
}

function isMissing(item: PickleValue): boolean {
  return item === null || (typeof item === 'number' && Number.isNaN(item));
}

/**
 * What a table has for the row's category in its column: rows of `width` numbers, one for each category, and where
 * categories that are not among them are not refused, one for those.
 */
export function lookUp(
  estimator: Estimator,
  emitter: Emitter,
  x: Row,
  categories: Categories,
  table: { readonly rows: readonly (readonly number[])[]; readonly unknown?: readonly number[] },
): Row {
  const { rows, unknown } = table;
  const width = (rows.at(0) ?? unknown ?? []).length;
  if (width === 0) throw estimator.error('SHAPE', 'no column is left of it', `categories_[${categories.column}]`);
  if (unknown !== undefined || categories.missing !== undefined) emitter.takesMissing = true;
  const ids = idsOf(estimator, emitter, x, categories, unknown !== undefined);
  const all = unknown === undefined ? rows : [unknown, ...rows];
  const data = Float64Array.from(all.flat());
  const found = emitter.emit('embedding', [ids.operand, { shape: [all.length, width], data }], { wrap: false });
  return emitter.flat(found, width);
}

/**
 * Where the category stands: from 0 on, −1 where it is none of them. With `handled` from 1 on, 0 where it is none, so
 * that none need be refused.
 */
function idsOf(estimator: Estimator, emitter: Emitter, x: Row, categories: Categories, handled: boolean): Row {
  const { column, items, missing } = categories;
  const numbers = numbersOf(estimator, emitter, x, categories);
  const own = emitter.gather(x, [column]);
  // Words are numbered from 0 on, and mostly by this very encoder.
  const isWords = items.some((item) => typeof item === 'string');
  if (!handled && missing === undefined && isWords && numbers.every((number, i) => number === i)) {
    return own;
  }
  const present = numbers.filter((_, i) => i !== missing);
  const places = items.flatMap((_, i) => (i === missing ? [] : [i + 1]));
  let place: Row | undefined;
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

/** Each category as the number that stands for it in the row; NaN for what is missing. */
export function numbersOf(
  estimator: Estimator,
  emitter: Emitter,
  x: Row,
  { column, items }: Categories,
): readonly number[] {
  const words = items.filter((item) => typeof item === 'string');
  const model = x.columns?.[column];
  if (words.length > 0 && model === undefined) {
    throw estimator.error('UNSUPPORTED_OP', `column ${column} holds words that a step before has made`);
  }
  const indices = words.length > 0 ? emitter.wordIndices(model as number, words) : [];
  const numbers = new Map(words.map((word, i) => [word, indices[i]]));
  return items.map((item, i) => {
    if (typeof item === 'string') return numbers.get(item) as number;
    if (typeof item === 'number') return item;
    if (typeof item === 'boolean') return Number(item);
    if (item === null) return Number.NaN;
    const found = `expected a category that is a word or a number, found ${pickleKind(item)}`;
    throw estimator.error('UNSUPPORTED_DTYPE', found, `categories_[${column}][${i}]`);
  });
}
