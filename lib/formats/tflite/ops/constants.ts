/** Operators that make a constant, of which shapes are computed. */
import { formatShape } from '../../../graph/shapes.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import { type Constant, constant, literal, range, type Value } from '../../tensors/value.ts';
import type { Call, Translations } from '../call.ts';

/** The batch is kept as a symbol. */
function shape(call: Call): Constant {
  const x = call.input(0);
  const batchAxis = batchAxisOf(x);
  if (batchAxis === undefined) return literal(call.resultType, x.shape, [x.shape.length]);
  const data = Float64Array.from(x.shape.toSpliced(batchAxis, 0, 0));
  const batch = new Float64Array(data.length);
  batch[batchAxis] = 1;
  return constant(call.resultType, [data.length], data, batch);
}

function rank(call: Call): Constant {
  return literal(call.resultType, [call.build.rank(call.input(0))]);
}

/** A shape that holds the batch gives a value per row, the same for each. */
function fill(call: Call): Value {
  const { data, batch } = call.constant(0);
  call.build.checkRank(data);
  const value = call.build.reshaped(call.input(1), []);
  const batchAxis = batch?.findIndex((factor) => factor !== 0);
  if (batchAxis === undefined) return filled(call, value, Array.from(data));
  if (value.kind === 'row' || data[batchAxis] !== 0 || batch?.some((factor, i) => factor !== Number(i === batchAxis))) {
    throw call.build.crossing('the batch enters the shape of a constant');
  }
  const row = filled(call, value, Array.from(data).toSpliced(batchAxis, 1)) as Constant;
  return call.build.everyRow(row, batchAxis);
}

function filled(call: Call, value: Value, dims: readonly number[]): Value {
  if (dims.every((dim) => Number.isInteger(dim) && dim >= 0)) return call.build.expanded(value, dims);
  throw call.error('SHAPE', `expected a shape, found ${formatShape(dims)}`);
}

function zerosLike(call: Call): Value {
  const x = call.input(0);
  const zeros = call.build.expanded(literal(x.type, [0]), x.shape);
  return x.kind === 'row' ? call.build.everyRow(zeros, x.batchAxis) : zeros;
}

function constantRange(call: Call): Constant {
  const [start, limit, delta] = [call.number(0), call.number(1), call.number(2)];
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (!(count <= call.build.budget.limits.rowElements))
    throw call.error('LIMIT', `a range of ${count} numbers is too long`);
  call.build.spend(2 * count);
  return literal(call.resultType, range(start, limit, delta), [count]);
}

export const constants: Translations = {
  SHAPE: shape,
  RANK: rank,
  FILL: fill,
  ZEROS_LIKE: zerosLike,
  RANGE: constantRange,
};
