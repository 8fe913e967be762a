/**
 * Columns that are categorical in a data frame. Files of XGBoost 3.1 and later contain the categories; in a row, each
 * category becomes its index, which the trees compare.
 */
import type { Budget } from '../../graph/budget.ts';
import { type Fields, fields, list, refuse } from '../containers/checks.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { withColumns, wordCodes } from '../sklearn/word-codes.ts';
import type { XgboostModel } from './model.ts';
import { numbers } from './numbers.ts';

/** The memory of a category until its model is made, besides its characters. */
const WORD_BYTES = 96;
/** Bits of the unsigned integer types, which UBJSON does not have, by their number in the file. */
const UNSIGNED: ReadonlyMap<unknown, number> = new Map([
  [12 as unknown, 16],
  [14, 32],
]);

/** By column, only for categorical ones. */
export function categoriesIn(value: unknown, features: number, budget: Budget, place: string) {
  const { enc } = fields(value, place);
  const columns = enc === undefined ? [] : list(fields)(enc, `${place}.enc`);
  if (columns.length > 0 && columns.length !== features) {
    refuse(`${place}.enc`, `expected categories of ${features} columns, found ${columns.length}`);
  }
  const found = new Map<number, readonly string[]>();
  for (const [column, one] of columns.entries()) {
    const at = `${place}.enc[${column}]`;
    const words = one.offsets === undefined ? integersOf(one, budget, at) : wordsOf(one, budget, at);
    if (new Set(words).size !== words.length) refuse(at, 'contains a category twice');
    if (words.length > 0) found.set(column, words);
  }
  return found;
}

/** Concatenated characters, as signed bytes of UTF-8, and where each word begins. */
function wordsOf({ offsets, values }: Fields, budget: Budget, place: string): readonly string[] {
  const starts = numbers(offsets, `${place}.offsets`);
  const letters = Uint8Array.from(numbers(values, `${place}.values`));
  budget.build(letters.length + WORD_BYTES * starts.length, place);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return Array.from({ length: Math.max(0, starts.length - 1) }, (_, i) => {
    const [start, end] = [starts[i], starts[i + 1]];
    const isWithin = Number.isInteger(start) && start >= 0 && end >= start && end <= letters.length;
    if (!isWithin) refuse(place, `word ${i} is outside of its ${letters.length} bytes`);
    return decoder.decode(letters.subarray(start, end));
  });
}

function integersOf({ type, values }: Fields, budget: Budget, place: string): readonly string[] {
  const integers = numbers(values, `${place}.values`);
  budget.build(WORD_BYTES * integers.length, place);
  const above = 2 ** (UNSIGNED.get(type) ?? 0);
  return Array.from(integers, (integer) => {
    if (!Number.isSafeInteger(integer))
      refuse(place, `has the category ${integer}, which is not an integer within ±2^53`);
    return `${integer < 0 && above > 1 ? integer + above : integer}`;
  });
}

/** The row with the codes of its categories. An unknown word is refused, as in XGBoost. */
export function withCodes({ categories }: XgboostModel, emitter: Emitter, x: RowVector): RowVector {
  const codes = new Map<number, RowVector>();
  for (const [column, words] of categories ?? []) {
    if (x.columns?.[column] === undefined) continue;
    codes.set(column, known(emitter, wordCodes(emitter, x, column, words) ?? emitter.gather(x, [column])));
  }
  return withColumns(emitter, x, codes);
}

/** The code unchanged, if it is not negative: a table of one row has no entry for −1. */
function known(emitter: Emitter, code: RowVector): RowVector {
  const sign = emitter.select(emitter.unary(code, 'is_nan'), 0, emitter.unary(code, 'clip', -1, 0));
  const table = { shape: [1, 1], data: new Float64Array(1) };
  const nothing = emitter.flat(emitter.emit('embedding', [sign.operand, table], { wrap: false }), 1);
  return emitter.binary('add', code, nothing);
}
