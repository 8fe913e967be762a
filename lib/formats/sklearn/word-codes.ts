/** Columns whose categories a model identifies by their positions in a list. */
import type { Emitter } from './emitter.ts';
import type { RowVector } from './outcome.ts';

/**
 * The index of the row's word among these, −1 for an unknown word, NaN for a missing one. Undefined if the row already
 * contains that: words are numbered in order, and results of earlier steps are positions.
 */
export function wordCodes(
  emitter: Emitter,
  x: RowVector,
  column: number,
  words: readonly string[],
): RowVector | undefined {
  const own = x.columns?.[column];
  if (own === undefined) return undefined;
  const numbers = emitter.cells.wordIndices(own, words);
  if (numbers.every((number, code) => number === code)) return undefined;
  const value = emitter.gather(x, [column]);
  // Other estimators know other words of the column.
  const hits = emitter.binary('equal', value, Float64Array.from(numbers));
  const places = emitter.binary(
    'mul',
    hits,
    Float64Array.from(numbers, (_, i) => i + 1),
  );
  const code = emitter.affine(emitter.reduce(places, 'sum'), 1, -1);
  return emitter.select(emitter.unary(value, 'is_nan'), Number.NaN, code);
}

/** The row with some columns replaced. */
export function withColumns(emitter: Emitter, x: RowVector, columns: ReadonlyMap<number, RowVector>): RowVector {
  if (columns.size === 0) return x;
  const parts: RowVector[] = [];
  for (let from = 0; from < x.width; from++) {
    const replaced = columns.get(from);
    let end = from + 1;
    while (replaced === undefined && end < x.width && !columns.has(end)) end++;
    const kept = Array.from({ length: end - from }, (_, i) => from + i);
    parts.push(replaced ?? emitter.gather(x, kept));
    from = end - 1;
  }
  return emitter.concat(parts);
}
