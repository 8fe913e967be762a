/** The greatest elements along the last axis. */

import { sorted } from '../../tensors/sorting.ts';
import type { Value } from '../../tensors/value.ts';
import type { TfliteCall, Translations } from '../call.ts';
import { elementType } from '../tensor.ts';

function topK(call: TfliteCall): readonly Value[] {
  const { values, places } = sorted(call.build, call.input(0), -1, call.number(1), true);
  return [values, call.build.cast(places, elementType(call.result(1)))];
}

export const sorting: Translations = { TOPK_V2: topK };
