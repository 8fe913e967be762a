/** The greatest elements along the last axis. */

import { sorted } from '../../tensors/sorting.ts';
import type { Value } from '../../tensors/value.ts';
import type { TensorFlowCall, Translations } from '../call.ts';

function topK(call: TensorFlowCall): readonly Value[] {
  if (!call.flag('sorted', true)) {
    throw call.error(
      'UNSUPPORTED_OP',
      'sorted=False leaves the order of the results undefined; export it with sorted=True',
    );
  }
  const { values, places } = sorted(call.build, call.input(0), -1, call.number(1), true);
  return [values, call.build.cast(places, call.type('index_type', 'int32'))];
}

export const sorting: Translations = {
  TopKV2: topK,
};
