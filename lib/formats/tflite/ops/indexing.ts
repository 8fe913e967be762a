/** Operators that pick elements. */
import { gatherInRows } from '../../tensors/along.ts';
import { equalParts, parted } from '../../tensors/moves.ts';
import { oneHot, pickedAt, pickedOrLookedUp, rowsOf } from '../../tensors/picking.ts';
import { boundsOf, cut, subscript, subscripted } from '../../tensors/slicing.ts';
import type { Constant, Row, Value } from '../../tensors/value.ts';
import type { TfliteCall, Translations } from '../call.ts';
import { dequantized } from '../quantized/convert.ts';
import { isQuantized } from '../tensor.ts';

const MASKS = { begin: 0, end: 1, ellipsis: 2, newAxis: 3, shrink: 4, offset: 5 } as const;

/** Python's subscripts, with masks that say what the bounds mean. */
function stridedSlice(call: TfliteCall): Value {
  const bounds = boundsOf(call.build, call.constant(1), call.constant(2), call.numbers(3));
  const isIn = (field: number, at: number) => ((call.integer(field) >>> at) & 1) === 1;
  if (call.flag(MASKS.offset))
    throw call.error('UNSUPPORTED_OP', 'ends relative to the begins (offset) are not supported');
  const subscripts = bounds.map((each, at) =>
    subscript(each, {
      ellipsis: isIn(MASKS.ellipsis, at),
      newAxis: isIn(MASKS.newAxis, at),
      shrink: isIn(MASKS.shrink, at),
      begin: isIn(MASKS.begin, at),
      end: isIn(MASKS.end, at),
    }),
  );
  return subscripted(call.build, call.input(0), subscripts);
}

/** Constant indices select along the axis; indices that vary per row look up a constant table. */
function gather(call: TfliteCall): Value {
  const { build } = call;
  const batchDims = call.integer(1);
  if (batchDims !== 0) return gatherInRows(build, call.input(0), call.integer(0), call.input(1), batchDims);
  return pickedOrLookedUp(build, call.input(0), call.integer(0), call.input(1), lookUp(call));
}

function lookUp({ build }: TfliteCall) {
  return (ids: Row, table: Constant) => rowsOf(build, ids, table);
}

/** Ids, then the table, which may be quantised even if the result is not. */
function embeddingLookup(call: TfliteCall): Value {
  const info = call.tensor(1);
  const stored = call.constant(1);
  const table = isQuantized(info) && !isQuantized(call.result()) ? dequantized(call, stored, info) : stored;
  return pickedOrLookedUp(call.build, table, 0, call.input(0), lookUp(call));
}

function oneHotOf(call: TfliteCall): Value {
  const [depth, on, off] = [call.number(1), call.number(2), call.number(3)];
  return oneHot(call.build, call.row(0), call.integer(0), { depth, off, on, type: call.resultType, wrap: false });
}

export const indexing: Translations = {
  SPLIT: (call) => equalParts(call.build, call.input(1), call.number(0), call.integer(0)),
  SPLIT_V: (call) => parted(call.build, call.input(0), call.number(2), call.numbers(1)),
  SLICE: (call) => cut(call.build, call.input(0), call.dimensions(1), call.dimensions(2)),
  STRIDED_SLICE: stridedSlice,
  GATHER: gather,
  GATHER_ND: (call) => pickedAt(call.build, call.input(0), 0, call.constant(1)),
  EMBEDDING_LOOKUP: embeddingLookup,
  ONE_HOT: oneHotOf,
};
