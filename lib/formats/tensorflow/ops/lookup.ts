/** Lookup tables, as vocabularies are: of words or of integers. */
import { crossed } from '../../tensors/crossing.ts';
import { lookUp } from '../../tensors/lookup.ts';
import { literal } from '../../tensors/value.ts';
import { placesOf } from '../../tensors/word-places.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import type { Contents, Result, Row, Value } from '../value.ts';

/** A table's value for each key, or the default for keys that it does not have. */
function find(call: TensorFlowCall): Value {
  const entries = contents(call);
  if (entries.values.type === 'string') {
    throw call.error('UNSUPPORTED_DTYPE', 'the table gives words, and models give numbers');
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

/** Among so many places, by TensorFlow's hash of the word; the strong one takes a key. */
function hashBucket(call: TensorFlowCall): Value {
  const [given] = call.inputs;
  if (given?.kind === 'spelled') return hashedNumber(call, given.of);
  const x = call.input(0);
  if (x.type !== 'string') throw call.error('UNSUPPORTED_DTYPE', `words are hashed, found ${x.type}`);
  const count = call.integer('num_buckets', 0);
  if (!Number.isSafeInteger(count) || count < 1) throw call.error('MALFORMED', `words are spread over ${count} places`);
  return placesOf(call.build, x, count, call.node.op === 'StringToHashBucketStrong' ? keyOf(call) : undefined);
}

function hashedNumber(call: TensorFlowCall, x: Row): Value {
  const { build } = call;
  const key = call.node.op === 'StringToHashBucketStrong' ? keyOf(call) : undefined;
  const place = build.texts.place(build, [x], { count: call.integer('num_buckets', 0), ...(key && { key }) });
  if (place !== undefined) return build.reshaped(place, [...x.shape]);
  throw call.error('UNSUPPORTED_OP', 'hashes a number that is not an input of the model as it is, one a row');
}

/** As words, which only their hash is read of. */
function spelled(call: TensorFlowCall): Result {
  const x = call.input(0);
  const isPlain = call.integer('width', -1) === -1 && call.string('fill', '') === '' && !call.flag('scientific');
  if (x.kind === 'row' && /^u?int/.test(x.type) && isPlain) return { kind: 'spelled', of: x };
  throw call.error('UNSUPPORTED_OP', `spells ${x.type} as words in a way that is not read`);
}

/** Of dense columns of one value a row, whose hash is the row's one value. */
function sparseCross(call: TensorFlowCall): readonly Result[] {
  const isSparse = call.integer('N', 0) > 0 || (call.attribute('sparse_types')?.list?.types.length ?? 0) > 0;
  if (isSparse || !call.flag('hashed_output')) {
    throw call.error('UNSUPPORTED_OP', 'crosses of sparse tensors, and ones that are words, are not read');
  }
  const count = call.integer('num_buckets', 0);
  if (!Number.isSafeInteger(count) || count < 1)
    throw call.error('MALFORMED', `values are spread over ${count} places`);
  const columns = call.all();
  const wide = columns.find(({ shape }) => shape.length !== 1 || shape[0] !== 1);
  if (wide !== undefined) throw call.error('UNSUPPORTED_OP', 'crosses columns of more than one value a row');
  const key = call.integer('hash_key', 0);
  if (!Number.isSafeInteger(key)) throw call.error('UNSUPPORTED_OP', 'the key of a hash has more than 53 bits');
  const rows = columns.filter((column) => column.kind === 'row');
  const raw =
    rows.length === columns.length ? call.build.texts.place(call.build, rows, { count, start: `${key}` }) : undefined;
  const values = raw ?? call.build.asRow(crossed(call.build, columns, count, `${key}`));
  return [{ kind: 'sparse', values }, values, { kind: 'sparse', values }];
}

/** Of what `sparseCross` gives, where each row has its one value. */
function sparseToDense(call: TensorFlowCall): Value {
  const [indices, shape, values] = call.inputs;
  const isWhole = indices?.kind === 'sparse' && shape?.kind === 'sparse' && indices.values === shape.values;
  if (isWhole && values === indices.values) return values;
  throw call.error('UNSUPPORTED_OP', 'is of sparse tensors; give the model dense ones');
}

function keyOf(call: TensorFlowCall): readonly [string, string] {
  const [first, second, ...others] = call.integers('key');
  if (first === undefined || second === undefined || others.length > 0) {
    throw call.error('MALFORMED', 'expected two integers as the key of a hash');
  }
  if (Number.isSafeInteger(first) && Number.isSafeInteger(second)) return [`${first}`, `${second}`];
  throw call.error('UNSUPPORTED_OP', 'the key of a hash has more than 53 bits, which is not read');
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
