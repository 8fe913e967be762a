/** Values by key, as in lookup tables: keys are words or integers. */
import { greatest, least } from '../../extremes.ts';
import type { GraphBuilder } from './builder.ts';
import { rowsOf } from './picking.ts';
import { type Constant, constant, literal, type Row, type Value } from './value.ts';

export interface Entries {
  /** Vectors of the same length. */
  readonly keys: Constant;
  readonly values: Constant;
}

/** The value for each key, or `otherwise` for unknown keys. Words are looked up by words, numbers by numbers. */
export function lookUp(build: GraphBuilder, x: Value, entries: Entries, otherwise: number): Value {
  const { keys, values } = entries;
  if ((keys.type === 'string') !== (x.type === 'string')) {
    throw build.error('UNSUPPORTED_DTYPE', `cannot look up ${x.type} in a table of ${keys.type} keys`);
  }
  if (x.kind === 'constant') return ofConstants(build, x, entries, otherwise);
  if (x.type === 'string') {
    const { list } = build.constantWords;
    build.spend(keys.data.length);
    const words = Array.from(keys.data, (index) => list[index]);
    return lookUpWords(build, x, words, values, otherwise);
  }
  if (keys.data.length === 0) {
    return build.everyRow(build.expanded(literal(values.type, [otherwise]), x.shape), x.batchAxis);
  }
  return isDense(keys) ? ofDense(build, x, entries, otherwise) : ofSparse(build, x, entries, otherwise);
}

function ofConstants(build: GraphBuilder, x: Constant, { keys, values }: Entries, otherwise: number): Constant {
  build.spend(2 * keys.data.length + x.data.length);
  const found = new Map(Array.from(keys.data, (key, i) => [key, values.data[i]]));
  return constant(
    values.type,
    x.shape,
    Float64Array.from(x.data, (key) => found.get(key) ?? otherwise),
  );
}

/**
 * For words of a row: by the word's index. Both ends of the table contain the default: negative indices are unknown
 * words, and higher ones are words that only other operations know.
 */
export function lookUpWords(
  build: GraphBuilder,
  x: Row,
  keys: readonly string[],
  values: Constant,
  otherwise: number,
): Value {
  const { words } = x;
  if (words === undefined) throw build.error('UNSUPPORTED_OP', 'looks up words that the model itself computes');
  for (const key of keys) words.indexOf(key);
  const last = words.list.length + 1;
  build.spend(last + 1);
  const table = new Float64Array(last + 1).fill(otherwise);
  for (const [i, key] of keys.entries()) table[words.indexOf(key) + 1] = values.data[i];
  const positions: Row = { ...x, type: 'int64', words: undefined, spread: undefined };
  const shifted = build.binary('add', positions, build.scalar(positions, 1));
  return rowsOf(build, build.asRow(build.unary(shifted, 'clip', 0, last)), constant(values.type, [last + 1], table));
}

/**
 * A dense table of all integers up to the greatest key may be at most this many times as large as the keys, or have
 * this many elements.
 */
const LOOSEST = 4;
const SMALL_TABLE = 4096;

function isDense({ data }: Constant): boolean {
  return least(data) >= 0 && greatest(data) < Math.max(LOOSEST * data.length, SMALL_TABLE);
}

/** Integers outside of the table are mapped to the entries at its ends. */
function ofDense(build: GraphBuilder, x: Row, { keys, values }: Entries, otherwise: number): Value {
  const last = greatest(keys.data) + 2;
  build.spend(last + 1);
  const table = new Float64Array(last + 1).fill(otherwise);
  for (const [i, key] of keys.data.entries()) table[key + 1] = values.data[i];
  const shifted = build.unary(build.binary('add', x, build.scalar(x, 1)), 'clip', 0, last);
  return rowsOf(build, build.asRow(shifted), constant(values.type, [last + 1], table));
}

/**
 * Compares every key: at most one is equal, and the difference between its value and the default is added to the
 * default.
 */
function ofSparse(build: GraphBuilder, x: Row, { keys, values }: Entries, otherwise: number): Value {
  const count = keys.data.length;
  build.spend(2 * count);
  const each = build.reshaped(x, [...x.shape, 1]);
  const isKey = build.cast(build.binary('equal', each, build.reshaped(keys, [count])), values.type);
  const gains = Float64Array.from(values.data, (value) => value - otherwise);
  const product = build.dense(isKey, constant(values.type, [count, 1], gains), 'in-out');
  return build.binary('add', build.reshaped(product, x.shape), literal(values.type, [otherwise]));
}
