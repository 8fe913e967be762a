/** DictVectorizer: a record's numbers, and 1 for each known pair of a key and a string. */

import { quote } from '../../../messages.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Features } from '../features.ts';
import type { RowVector } from '../outcome.ts';

/** Bytes of a name while the columns are determined. */
const NAME_BYTES = 160;

/** A key of records: the column of a number, or one column for each of its strings. */
interface Field {
  readonly key: string;
  /** The column of a number. */
  column: number | undefined;
  /** The column of each string. */
  readonly columns: Map<string, number>;
}

/** From the names of columns: `age`, or `city=nice` for the string 'nice' of the key `city`. */
function fieldsOf(estimator: Estimator): readonly Field[] {
  const separator = estimator.text('separator', '=');
  const names = estimator.texts('feature_names_');
  estimator.budget.build(NAME_BYTES * names.length, estimator.title);
  if (new Set(names).size < names.length) throw estimator.error('MALFORMED', 'contains a name twice', 'feature_names_');
  const fields = new Map<string, Field>();
  for (const [column, name] of names.entries()) {
    const at = separator === '' ? -1 : name.indexOf(separator);
    if (at >= 0 && name.indexOf(separator, at + separator.length) >= 0) {
      const message = `the column ${quote(name)} contains ${quote(separator)} twice, so it is ambiguous which part is the key; fit it with another \`separator\``;
      throw estimator.error('UNSUPPORTED_OP', message, `feature_names_[${column}]`);
    }
    const key = at < 0 ? name : name.slice(0, at);
    const field = fields.get(key) ?? { key, column: undefined, columns: new Map<string, number>() };
    fields.set(key, field);
    if (at < 0) field.column = column;
    else field.columns.set(name.slice(at + separator.length), column);
    if (field.column === undefined || field.columns.size === 0) continue;
    throw estimator.error('UNSUPPORTED_OP', `${quote(key)} is a number in some records and a string in others`);
  }
  return [...fields.values()];
}

export function fieldNames(estimator: Estimator): Features {
  const names = fieldsOf(estimator).map(({ key }) => key);
  return { width: names.length, names };
}

/** Keys that a record does not have, and unknown strings, are 0. */
export function dictVectorizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const fields = fieldsOf(estimator);
  if (fields.length !== x.width) {
    throw estimator.error('SHAPE', `expects ${fields.length} keys, found ${x.width} columns`);
  }
  emitter.cells.takesMissing = true;
  const order: number[] = [];
  const parts = fields.map(({ column, columns }, at) => {
    const own = emitter.gather(x, [at]);
    if (column !== undefined) {
      order.push(column);
      return emitter.select(emitter.unary(own, 'is_nan'), 0, emitter.requireFinite(own, true));
    }
    for (const each of columns.values()) order.push(each);
    const words = emitter.cells.wordIndices(x.columns?.[at] ?? at, [...columns.keys()]);
    // A missing key is treated like an unknown string.
    const known = emitter.select(emitter.unary(own, 'is_nan'), -1, own);
    return emitter.binary('equal', known, Float64Array.from(words));
  });
  const places = new Array<number>(order.length);
  for (const [place, column] of order.entries()) places[column] = place;
  const row = emitter.gather(emitter.concat(parts), places);
  if (!estimator.boolean('sparse', true)) return row;
  // The matrix stores the numbers of a record, including zeros.
  const isNumber = fields.map(({ column }) => column !== undefined);
  emitter.heldZeros.set(row.operand, () => {
    const held = parts.map((part, at) =>
      isNumber[at] ? emitter.requireFinite(emitter.gather(x, [at]), true) : emitter.select(part, 1, Number.NaN),
    );
    return emitter.gather(emitter.concat(held), places);
  });
  return row;
}
