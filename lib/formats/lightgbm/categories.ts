/**
 * Columns that are categorical in pandas. A file stores the categories, but not which columns they belong to; in a row,
 * each category becomes its index, which the trees compare.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { withColumns, wordCodes } from '../sklearn/word-codes.ts';
import type { ModelText } from './text.ts';

interface Categories {
  readonly column: number;
  /** Numbers and booleans are also written as words. */
  readonly words: readonly string[];
}

/** A list of the codes that occurred, −1 for missing ones: `-1:2:0:1`; other columns have a range `[0:1]` or `none`. */
const isList = (info: string) => /^[-\d]/.test(info);

/**
 * Matches lists of categories to columns: they belong to the columns that the file describes by codes, if there are
 * equally many. A constant column or an ordered one also has a list and cannot be distinguished, so that no column is
 * known then.
 */
export function categoriesOf(model: ModelText): readonly Categories[] | 'unknown' {
  const known = found.get(model) ?? find(model);
  found.set(model, known);
  return known;
}

const found = new WeakMap<ModelText, readonly Categories[] | 'unknown'>();

function find(model: ModelText): readonly Categories[] | 'unknown' {
  const lists = model.categories;
  if (lists.length === 0) return [];
  const columns = model.header.infos.flatMap((info, column) => (isList(info) ? [column] : []));
  if (columns.length !== lists.length) return 'unknown';
  const all = lists.map((list, i) => ({ column: columns[i], words: list.map(wordOf) }));
  const areAll = all.every(({ column, words }) => greatest(model.header.infos[column]) < words.length);
  return areAll && all.every(({ words }) => new Set(words).size === words.length) ? all : 'unknown';
}

/** Categories that equal their own codes stay numbers. */
function isPlain({ words }: Categories, list: readonly unknown[]): boolean {
  return words.every((word, i) => word === `${i}` && list[i] === i);
}

function wordOf(category: unknown): string {
  if (typeof category === 'string') return category;
  if (typeof category === 'boolean') return category ? 'True' : 'False';
  if (typeof category === 'number') return `${category}`;
  throw new ForwardpassError(
    'UNSUPPORTED_DTYPE',
    'expected categories that are words or numbers',
    'pandas_categorical',
  );
}

/** NaN if there is no list. */
function greatest(info: string): number {
  let most = -1;
  for (let start = 0; start <= info.length; ) {
    const found = info.indexOf(':', start);
    const end = found < 0 ? info.length : found;
    most = Math.max(most, Number(info.slice(start, end)));
    start = end + 1;
  }
  return most;
}

/** The row with categories replaced by their codes, −1 or NaN for unknown ones. */
export function categoriesAsCodes(model: ModelText, emitter: Emitter, x: RowVector): RowVector {
  const known = categoriesOf(model);
  if (known === 'unknown') return x;
  const lists = model.categories;
  const codes = new Map<number, RowVector>();
  for (const [i, categories] of known.entries()) {
    const { column, words } = categories;
    const code = isPlain(categories, lists[i]) ? undefined : wordCodes(emitter, x, column, words);
    if (code !== undefined) codes.set(column, code);
  }
  return withColumns(emitter, x, codes);
}
