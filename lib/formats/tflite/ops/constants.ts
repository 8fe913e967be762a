/** Operators that create constants, used to compute shapes. */
import { shapeOf } from '../../tensors/dimensions.ts';
import { counted, filled, filledLike } from '../../tensors/filling.ts';
import { literal } from '../../tensors/value.ts';
import type { Translations } from '../call.ts';

export const constants: Translations = {
  SHAPE: (call) => shapeOf(call.input(0), call.resultType),
  RANK: (call) => literal(call.resultType, [call.build.rank(call.input(0))]),
  FILL: (call) => filled(call.build, call.input(1), call.dimensions(0)),
  ZEROS_LIKE: (call) => filledLike(call.build, call.input(0), 0),
  RANGE: (call) => counted(call.build, call.resultType, call.number(0), call.number(1), call.number(2)),
};
