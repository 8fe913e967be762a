/** Lookup tables, as vocabularies are: of words or of integers. */
import { type Constant, constant, literal } from '../../tracing/value.ts';
import type { Call, Translations } from '../call.ts';
import type { Contents, Row, Value } from '../value.ts';

/** A table's value for each key, or the default for keys that it does not have. */
function lookUp(call: Call): Value {
  const { keys, values } = contents(call);
  const x = call.input(1);
  if (values.type === 'string') throw call.error('UNSUPPORTED_DTYPE', 'the table gives words, and models give numbers');
  if ((keys.type === 'string') !== (x.type === 'string')) {
    throw call.error('UNSUPPORTED_DTYPE', `a table of ${keys.type} keys is asked for ${x.type}`);
  }
  const otherwise = call.number(2);
  if (x.kind === 'constant') return ofConstants(call, x, keys, values, otherwise);
  return x.words === undefined
    ? ofNumbers(call, x, keys, values, otherwise)
    : ofWords(call, x, keys, values, otherwise);
}

function contents(call: Call): Contents {
  const [table] = call.inputs;
  if (table?.kind === 'contents') return table;
  throw call.error('MALFORMED', 'input 0 is no lookup table');
}

function ofConstants(call: Call, x: Constant, keys: Constant, values: Constant, otherwise: number): Constant {
  call.build.spend(2 * keys.data.length + x.data.length);
  const found = new Map(Array.from(keys.data, (key, i) => [key, values.data[i]]));
  return constant(
    values.type,
    x.shape,
    Float64Array.from(x.data, (key) => found.get(key) ?? otherwise),
  );
}

/** By the word's index, from −1 for one that is not known to those that only other operations know: both ends have the default. */
function ofWords(call: Call, x: Row, keys: Constant, values: Constant, otherwise: number): Value {
  const { build } = call;
  build.spend(2 * keys.data.length);
  const indices = Array.from(keys.data, (key) => x.words?.indexOf(build.constantWords.list[key]) ?? -1);
  const last = (x.words?.list.length ?? 0) + 1;
  build.spend(last + 1);
  const table = new Float64Array(last + 1).fill(otherwise);
  for (const [i, index] of indices.entries()) table[index + 1] = values.data[i];
  const positions: Row = { ...x, type: 'int64', words: undefined };
  const ids = build.asRow(build.unary(build.binary('add', positions, build.scalar(positions, 1)), 'clip', 0, last));
  const operands = [ids.operand, build.tensor(constant(values.type, [last + 1], table))];
  return build.emit('embedding', operands, { wrap: false }, { ...ids, type: values.type });
}

/** Every key is compared: at most one is equal, and what its value is more than the default is added to that. */
function ofNumbers(call: Call, x: Row, keys: Constant, values: Constant, otherwise: number): Value {
  const { build } = call;
  const count = keys.data.length;
  if (count === 0) return build.everyRow(build.expanded(literal(values.type, [otherwise]), x.shape), x.batchAxis);
  build.spend(2 * count);
  const each = build.reshaped(x, [...x.shape, 1]);
  const isKey = build.cast(build.binary('equal', each, build.reshaped(keys, [count])), values.type);
  const gains = Float64Array.from(values.data, (value) => value - otherwise);
  const product = build.dense(isKey, constant(values.type, [count, 1], gains), 'in-out');
  return build.binary('add', build.reshaped(product, x.shape), literal(values.type, [otherwise]));
}

function tableSize(call: Call): Value {
  return literal('int64', [contents(call).keys.data.length]);
}

export const lookup: Translations = {
  LookupTableFind: lookUp,
  LookupTableFindV2: lookUp,
  LookupTableSize: tableSize,
  LookupTableSizeV2: tableSize,
};
