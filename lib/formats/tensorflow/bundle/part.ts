/** A part of a partitioned variable: "10 4 0,5:-" is rows 0 to 4 of [10, 4]. */
import { ForwardpassError } from '../../../errors.ts';
import { quote } from '../../../messages.ts';
import * as fold from '../../tensors/fold.ts';
import { type Constant, range } from '../../tensors/value.ts';

/** `specification`: the whole shape, then the range along each axis; empty for the whole variable. */
export function partOf(whole: Constant, specification: string, place: string): Constant {
  if (specification === '') return whole;
  const [extents, ...dims] = specification.split(' ').reverse();
  const axes = extents.split(':');
  if (dims.length !== whole.shape.length || axes.length !== whole.shape.length) throw malformed(specification, place);
  return axes.reduce((part, extent, axis) => {
    if (extent === '-') return part;
    const [start, length] = extent.split(',').map(Number);
    if (!(Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 0)) {
      throw malformed(specification, place);
    }
    if (!(start + length <= part.shape[axis])) throw malformed(specification, place);
    return fold.gather(part, axis, Int32Array.from(range(start, start + length, 1)));
  }, whole);
}

function malformed(specification: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', `${quote(specification)} is not part of the variable`, place);
}
