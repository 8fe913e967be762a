/** Bags of ids: rows of a table, added up, averaged, or reduced to their maximum. */
import { withOne } from '../../tensors/axes.ts';
import { bagOf } from '../../tensors/bags.ts';
import { unreadable } from '../../tensors/emitter.ts';
import { apart } from '../../tensors/shared-batch.ts';
import { isFloat, type Value } from '../../tensors/value.ts';
import type { Result } from '../argument.ts';
import type { AtenCall, Translations } from '../call.ts';
import { FloatIds } from '../float-ids.ts';
import { lookUp } from './lookup.ts';

/** How each bag of vectors is reduced, by torch's number for it. */
const BAGS = ['sum', 'mean', 'max'] as const;

/**
 * Bags of a fixed width, one for each row of the batch: the ids of all rows one after another, the offset of each row,
 * and optionally a weight for each id. The other outputs of torch's operator are for training.
 */
function embeddingBag(call: AtenCall): Result {
  const { build } = call;
  const [ids, starts, table] = [apart(call.tensor('indices')), call.tensor('offsets'), call.constant('weight')];
  const fn = BAGS[call.number('mode')];
  if (fn === undefined)
    throw call.error('MALFORMED', `the mode ${call.number('mode')} is not a mode of an embedding bag`);
  const given = call.optional('per_sample_weights');
  const weights = given && apart(given);
  if (weights !== undefined && fn !== 'sum') {
    throw call.error('UNSUPPORTED_OP', 'per_sample_weights are supported only in the mode sum');
  }
  const index = call.has('padding_idx') ? call.number('padding_idx') : -1;
  const padding = index < 0 ? undefined : index;
  const others = 'what embedding_bag gives beside its bags is for training';
  const beside = [unreadable(build, others), unreadable(build, others), unreadable(build, others)];
  for (const each of [ids, starts]) if (isFloat(each.type)) throw new FloatIds(each, build.place);
  const operands = { ids, offsets: starts, ...(weights && { weights }) };
  // Offsets of ragged rows include the end of the ids, whether or not the operator's last offset is the end.
  if (build.bags.isOf(build, operands)) return [bagOf(build, operands, table, fn, padding), ...beside];
  const width = starts.kind === 'row' ? starts.starts : undefined;
  if (width === undefined || ids.kind !== 'row' || ids.shape.length !== 1 || ids.shape[0] !== width) {
    const message = 'bags of different widths are supported only if ids and offsets are unchanged inputs of one axis';
    throw call.error('UNSUPPORTED_OP', message);
  }
  if (call.flag('include_last_offset')) throw call.error('UNSUPPORTED_OP', 'include_last_offset is not supported');
  const vectors = lookUp(call, ids, table, false);
  const weighted = weights === undefined ? vectors : build.binary('mul', vectors, withOne(call.build, weights, -1));
  const found =
    padding === undefined ? build.reduce(weighted, fn, [1], false) : withoutPadding(call, weighted, ids, padding, fn);
  return [found, ...beside];
}

/** Ids equal to the padding index are left out; a bag of nothing else is 0. */
function withoutPadding(call: AtenCall, vectors: Value, ids: Value, padding: number, fn: (typeof BAGS)[number]): Value {
  const { build } = call;
  const isPadding = withOne(call.build, build.binary('equal', ids, build.scalar(ids, padding)), -1);
  const left = build.select(isPadding, build.scalar(vectors, fn === 'max' ? -Infinity : 0), vectors);
  const counted = build.cast(build.unary(isPadding, 'not'), vectors.type);
  const count = build.reduce(counted, 'sum', [1], false);
  if (fn === 'sum') return build.reduce(left, 'sum', [1], false);
  if (fn === 'max') {
    return build.select(build.unary(count, 'to_bool'), build.reduce(left, 'max', [1], false), build.scalar(left, 0));
  }
  const sum = build.reduce(left, 'sum', [1], false);
  return build.binary('div', sum, build.binary('max', count, build.scalar(count, 1)));
}

const GIVEN =
  'Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, ' +
  'Tensor? per_sample_weights=None, bool include_last_offset=False, int? padding_idx=-1';

export const bagOperators: Translations = Object.fromEntries(
  ['embedding_bag', '_embedding_bag', '_embedding_bag_forward_only'].map((name) => [`${name}(${GIVEN})`, embeddingBag]),
);
