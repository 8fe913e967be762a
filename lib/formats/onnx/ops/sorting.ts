/** TopK: the greatest or least elements along an axis. */

import { sorted } from '../../tensors/sorting.ts';
import type { Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

/** Their number is an attribute before opset 10, and an input since. */
function topK(call: OnnxCall): readonly Value[] {
  const count = call.opset < 10 ? call.integer('k', 0) : call.number(1);
  if (count === undefined) throw call.error('MALFORMED', 'input 1 is missing');
  if (!call.flag('sorted', true)) {
    throw call.error('UNSUPPORTED_OP', 'sorted=0 leaves the order of the results undefined; export it with sorted=1');
  }
  const found = sorted(call.build, call.input(0), call.integer('axis', -1), count, call.flag('largest', true));
  return [found.values, found.places];
}

export const sorting: Translations = { TopK: topK };
