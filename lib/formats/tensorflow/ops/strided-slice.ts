/** NumPy indexing, `x[1:3, ..., 0, None]`, in the form of StridedSlice: bounds, and masks that change their meaning. */
import { boundsOf, subscript, subscripted } from '../../tensors/slicing.ts';
import type { TensorFlowCall } from '../call.ts';
import type { Value } from '../value.ts';

export function stridedSlice(call: TensorFlowCall): Value {
  const bounds = boundsOf(call.build, call.constant(1), call.constant(2), call.constant(3).data);
  const isIn = (name: string, at: number) => ((call.integer(name, 0) >>> at) & 1) === 1;
  const subscripts = bounds.map((each, at) =>
    subscript(each, {
      ellipsis: isIn('ellipsis_mask', at),
      newAxis: isIn('new_axis_mask', at),
      shrink: isIn('shrink_axis_mask', at),
      begin: isIn('begin_mask', at),
      end: isIn('end_mask', at),
    }),
  );
  return subscripted(call.build, call.input(0), subscripts);
}
