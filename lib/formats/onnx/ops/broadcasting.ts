/** Broadcasting of operators with several operands: like NumPy since opset 7 or 8, and restricted before. */
import type { BinaryName } from '../../../graph/graph.ts';
import { formatShape, sameShape } from '../../../graph/shapes.ts';
import type { Value } from '../../tensors/value.ts';
import type { OnnxCall } from '../call.ts';

/** An operator of two operands. Before opset 7 the second was broadcast to the first, and only with `broadcast`. */
export function combine(call: OnnxCall, fn: BinaryName): Value {
  const [a, b] = [call.input(0), call.input(1)];
  if (call.opset >= 7) return call.build.binary(fn, a, b);
  if (call.flag('broadcast', false)) return intoFirst(call, fn, a, fromAxis(call, a, b));
  refuseOtherShapes(call, [a, b], 'before opset 7 without broadcast=1');
  return call.build.binary(fn, a, b);
}

/** An operator over any number of inputs, two at a time; before opset 8 all had one shape. */
export function combineAll(call: OnnxCall, fn: BinaryName): Value {
  const values = call.all();
  if (call.opset < 8) refuseOtherShapes(call, values, 'before opset 8');
  return values.reduce((left, right) => call.build.binary(fn, left, right));
}

/** Only `b` broadcasts. */
export function intoFirst(call: OnnxCall, fn: BinaryName, a: Value, b: Value): Value {
  const result = call.build.binary(fn, a, b);
  if (a.kind !== result.kind || sameShape(a.shape, result.shape)) return result;
  throw call.error(
    'SHAPE',
    `the second operand, ${formatShape(b.shape)}, does not broadcast to ${formatShape(a.shape)}`,
  );
}

/**
 * Appends axes of size 1 to `b`, so that its first axis is aligned with `axis`; without `axis` the last axes are
 * aligned.
 */
function fromAxis(call: OnnxCall, a: Value, b: Value): Value {
  const { build } = call;
  if (!call.hasAttribute('axis') || isNumber(b)) return b;
  const rank = build.rank(a);
  const axis = build.axis(call.integer('axis', 0), rank);
  return withAxesAfter(call, b, rank - axis - build.rank(b));
}

function isNumber(x: Value): boolean {
  return x.kind === 'constant' && x.data.length === 1;
}

export function withAxesAfter(call: OnnxCall, x: Value, count: number): Value {
  if (count >= 0) return call.build.reshaped(x, [...x.shape, ...new Array<number>(count).fill(1)]);
  throw call.error('SHAPE', `the second operand, ${formatShape(x.shape)}, has ${-count} axes too many`);
}

function refuseOtherShapes(call: OnnxCall, values: readonly Value[], when: string): void {
  const { build } = call;
  const row = values.find((x) => x.kind === 'row');
  const ofOneRank = new Set(values.map((x) => build.rank(x))).size === 1;
  const own = row && ofOneRank ? values.map((x) => build.asRow(x, row.batchAxis)) : values;
  const [first, ...others] = own.map((x) => x.shape);
  if (ofOneRank && others.every((shape) => sameShape(shape, first))) return;
  const shapes = own.map((x) => formatShape(x.shape)).join(' and ');
  throw call.error('SHAPE', `expected operands of one shape, as required ${when}, found ${shapes}`);
}
