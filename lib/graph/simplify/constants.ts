/** Helpers for rules: properties of constants, and arithmetic on them in float64, which is rounded when lowered. */
import { evaluate } from '../evaluate.ts';
import type { BinaryName, Operand, Tensor } from '../graph.ts';
import { broadcastColumns, broadcastsTo, type Shape, sameShape, takeColumns } from '../shapes.ts';
import { remembered } from '../spans.ts';

export function isConstant(operand: Operand): operand is Tensor {
  return typeof operand !== 'string';
}

export function scalar(value: number): Tensor {
  return { shape: [], data: Float64Array.of(value) };
}

/**
 * The number that all elements of a constant are, with zeros distinguished by sign; undefined for others and for row
 * tensors.
 */
export function uniform(operand: Operand): number | undefined {
  return isConstant(operand) ? uniformOf(operand.data) : undefined;
}

const uniformOf = remembered((data) => {
  const first = data[0];
  return !Number.isNaN(first) && data.every((value) => Object.is(value, first)) ? first : undefined;
});

/** Whether all elements are −0, which changes nothing when added; adding 0 would turn −0 into 0. */
export function isNegativeZero(operand: Operand): boolean {
  return Object.is(uniform(operand), -0);
}

export function isZero(tensor: Tensor): boolean {
  return greatestMagnitude(tensor.data) === 0;
}

export function combine(fn: BinaryName, a: Tensor, b: Tensor): Tensor {
  return evaluate({ op: 'binary', name: fn, inputs: [a, b], output: fn, attributes: { fn } }, [a, b]);
}

/** NaN if any element is NaN. */
export const greatestMagnitude = remembered((values) => {
  let greatest = 0;
  for (const value of values) greatest = Math.max(greatest, Math.abs(value));
  return greatest;
});

/** Whether the precision represents every element as a normal number or zero, without overflow or underflow. */
export function isNormal(values: Tensor['data'], precision: 'f32' | 'f64'): boolean {
  return NORMAL[precision](values);
}

/** The same for one number. */
export function isNormalNumber(value: number, precision: 'f32' | 'f64'): boolean {
  const [least, greatest] = RANGE[precision];
  return value === 0 || (Math.abs(value) >= least && Math.abs(value) <= greatest);
}

const RANGE = { f32: [2 ** -126, (2 - 2 ** -23) * 2 ** 127], f64: [2 ** -1022, Number.MAX_VALUE] } as const;
const NORMAL = {
  f32: remembered((values) => values.every((value) => isNormalNumber(value, 'f32'))),
  f64: remembered((values) => values.every((value) => isNormalNumber(value, 'f64'))),
};

/** The negated elements, and their reciprocals, shared by all nodes that share the constant. */
export const negated = remembered((data) => Float64Array.from(data, (value) => -value));
export const inverted = remembered((data) => Float64Array.from(data, (value) => 1 / value));

/** The constant as a vector over the last axis of a shape it broadcasts to; undefined if other axes matter. */
export function overLastAxis(tensor: Tensor, shape: Shape): Tensor['data'] | undefined {
  return overTrailingAxes(tensor, shape.slice(-1))?.data;
}

/** The constant over only the last axes; undefined if earlier axes matter. */
export function overTrailingAxes(tensor: Tensor, trailing: Shape): Tensor | undefined {
  const padding = tensor.shape.length - trailing.length;
  if (tensor.shape.slice(0, Math.max(padding, 0)).some((size) => size !== 1)) return undefined;
  const shape = tensor.shape.slice(Math.max(padding, 0));
  if (sameShape(shape, trailing)) return { shape: trailing, data: tensor.data };
  if (!broadcastsTo(shape, trailing)) return undefined;
  return { shape: trailing, data: takeColumns(tensor.data, broadcastColumns(shape, trailing)) };
}
