/** Bags of ids: rows of a table, added up, averaged, or reduced to the maximum of each column. */
import type { BagMode } from '../../graph/graph.ts';
import { formatShape } from '../../graph/shapes.ts';
import type { BagOperands } from './bag-inputs.ts';
import type { GraphBuilder } from './builder.ts';
import { type Constant, constant, type Value } from './value.ts';

/** Sums, means or maxima of a table's rows; ids equal to `padding` are ignored, and a row without ids is 0. */
export function bagOf(
  build: GraphBuilder,
  operands: BagOperands,
  table: Constant,
  mode: BagMode,
  padding?: number,
): Value {
  const [count, ...row] = table.shape;
  if (row.length !== 1) throw build.error('SHAPE', `expected a table of two axes, found ${formatShape(table.shape)}`);
  const input = build.bags.input(build, operands, count);
  const info = { type: table.type, shape: row, batchAxis: 0 as const };
  const of = (numbers: Constant, how: BagMode) =>
    build.emit('bag', [input, build.tensor(numbers)], { mode: how }, info);
  if (padding === undefined) return of(table, mode);
  const left = withRow(build, table, padding, mode === 'max' ? -Infinity : 0);
  if (mode === 'sum') return of(left, 'sum');
  // Only sums have weights, so these are 1.
  const ones = constant(table.type, [count, 1], table.data.slice(0, count).fill(1));
  const counted = build.emit(
    'bag',
    [input, build.tensor(withRow(build, ones, padding, 0))],
    { mode: 'sum' },
    {
      ...info,
      shape: [1],
    },
  );
  if (mode === 'mean')
    return build.binary('div', of(left, 'sum'), build.binary('max', counted, build.scalar(counted, 1)));
  return build.select(build.unary(counted, 'to_bool'), of(left, 'max'), build.scalar(counted, 0));
}

/** The same for rows of `width` ids. */
export function fixedBagOf(
  build: GraphBuilder,
  { ids, weights }: BagOperands,
  table: Constant,
  mode: BagMode,
  width: number,
): Value {
  if (ids.kind !== 'row' || ids.shape.length !== 1 || ids.shape[0] !== width || ids.merged) {
    throw build.error('SHAPE', `expected rows of ${width} ids, found ${formatShape(ids.shape)}`);
  }
  const vectors = build.embedding(ids, table);
  const factors = weights === undefined ? undefined : build.reshaped(weights, [...weights.shape, 1]);
  return build.reduce(factors === undefined ? vectors : build.binary('mul', vectors, factors), mode, [1], false);
}

function withRow(build: GraphBuilder, table: Constant, row: number, value: number): Constant {
  const [count, width] = table.shape;
  if (!(Number.isInteger(row) && row >= 0 && row < count)) {
    throw build.error('MALFORMED', `the padding ${row} is not a row of a table of ${count}`);
  }
  build.spend(table.data.length);
  const data = table.data.slice();
  data.fill(value, row * width, (row + 1) * width);
  return constant(table.type, table.shape, data);
}
