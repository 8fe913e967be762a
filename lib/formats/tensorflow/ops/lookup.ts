/** Lookup tables, such as vocabularies: from words or integers. */
import { crossed } from '../../tensors/crossing.ts';
import { lookUp } from '../../tensors/lookup.ts';
import { literal } from '../../tensors/value.ts';
import { placesOf } from '../../tensors/word-places.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import type { Contents, Result, Row, Value } from '../value.ts';

/** A table's value for each key; the default for unknown keys. */
function find(call: TensorFlowCall): Value {
  const entries = contents(call);
  if (entries.values.type === 'string') {
    throw call.error('UNSUPPORTED_DTYPE', 'the table gives words, but a model must give numbers');
  }
  return lookUp(call.build, call.input(1), entries, call.number(2));
}

function contents(call: TensorFlowCall): Contents {
  const [table] = call.inputs;
  if (table?.kind === 'contents') return table;
  throw call.error('MALFORMED', 'input 0 is not a lookup table');
}

function tableSize(call: TensorFlowCall): Value {
  return literal('int64', [contents(call).keys.data.length]);
}

/** An index below `count`, by TensorFlow's hash of the word; the strong hash takes a key. */
function hashBucket(call: TensorFlowCall): Value {
  const [given] = call.inputs;
  if (given?.kind === 'spelled') return hashedNumber(call, given.of);
  const x = call.input(0);
  if (x.type !== 'string') throw call.error('UNSUPPORTED_DTYPE', `expected words to hash, found ${x.type}`);
  const count = call.integer('num_buckets', 0);
  if (!Number.isSafeInteger(count) || count < 1)
    throw call.error('MALFORMED', `cannot distribute words over ${count} buckets`);
  return placesOf(call.build, x, count, call.node.op === 'StringToHashBucketStrong' ? keyOf(call) : undefined);
}

function hashedNumber(call: TensorFlowCall, x: Row): Value {
  const { build } = call;
  const key = call.node.op === 'StringToHashBucketStrong' ? keyOf(call) : undefined;
  const place = build.texts.place(build, [x], { count: call.integer('num_buckets', 0), ...(key && { key }) });
  if (place !== undefined) return build.reshaped(place, [...x.shape]);
  throw call.error(
    'UNSUPPORTED_OP',
    'hashes a number that is not directly an input of the model with one number per row',
  );
}

/** Formats numbers as words, which only hashes may use. */
function spelled(call: TensorFlowCall): Result {
  const x = call.input(0);
  const isPlain = call.integer('width', -1) === -1 && call.string('fill', '') === '' && !call.flag('scientific');
  if (x.kind === 'row' && /^u?int/.test(x.type) && isPlain) return { kind: 'spelled', of: x };
  throw call.error('UNSUPPORTED_OP', `formats ${x.type} as words in an unsupported way`);
}

/** Crosses dense columns of one value per row; the hash is one value for each row. */
function sparseCross(call: TensorFlowCall): readonly Result[] {
  const isSparse = call.integer('N', 0) > 0 || (call.attribute('sparse_types')?.list?.types.length ?? 0) > 0;
  if (isSparse || !call.flag('hashed_output')) {
    throw call.error('UNSUPPORTED_OP', 'crosses of sparse tensors, and crosses that give words, are not supported');
  }
  const count = call.integer('num_buckets', 0);
  if (!Number.isSafeInteger(count) || count < 1)
    throw call.error('MALFORMED', `cannot distribute values over ${count} buckets`);
  const columns = call.all();
  const wide = columns.find(({ shape }) => shape.length !== 1 || shape[0] !== 1);
  if (wide !== undefined) throw call.error('UNSUPPORTED_OP', 'crosses columns with more than one value per row');
  const key = call.integer('hash_key', 0);
  if (!Number.isSafeInteger(key)) throw call.error('UNSUPPORTED_OP', 'the key of a hash has more than 53 bits');
  const rows = columns.filter((column) => column.kind === 'row');
  const raw =
    rows.length === columns.length ? call.build.texts.place(call.build, rows, { count, start: `${key}` }) : undefined;
  const values = raw ?? call.build.asRow(crossed(call.build, columns, count, `${key}`));
  return [{ kind: 'sparse', values }, values, { kind: 'sparse', values }];
}

/** Converts the result of `sparseCross`, in which each row has one value. */
function sparseToDense(call: TensorFlowCall): Value {
  const [indices, shape, values] = call.inputs;
  const isWhole = indices?.kind === 'sparse' && shape?.kind === 'sparse' && indices.values === shape.values;
  if (isWhole && values === indices.values) return values;
  throw call.error('UNSUPPORTED_OP', 'takes sparse tensors, which are not supported; give the model dense ones');
}

function keyOf(call: TensorFlowCall): readonly [string, string] {
  const [first, second, ...others] = call.integers('key');
  if (first === undefined || second === undefined || others.length > 0) {
    throw call.error('MALFORMED', 'expected two integers as the key of a hash');
  }
  if (Number.isSafeInteger(first) && Number.isSafeInteger(second)) return [`${first}`, `${second}`];
  throw call.error('UNSUPPORTED_OP', 'the key of a hash has more than 53 bits, which is not supported');
}

export const lookup: Translations = {
  AsString: spelled,
  StringToHashBucketFast: hashBucket,
  StringToHashBucketStrong: hashBucket,
  SparseCross: sparseCross,
  SparseToDense: sparseToDense,
  LookupTableFind: find,
  LookupTableFindV2: find,
  LookupTableSize: tableSize,
  LookupTableSizeV2: tableSize,
};
