/**
 * Keeps the inputs of DequantizeLinear. A matrix product of two dequantised operands is computed on their integers, as
 * in onnxruntime, and scaled afterwards.
 */
import type { GraphBuilder } from '../tensors/builder.ts';
import type { Constant, Row, Value } from '../tensors/value.ts';
import { integerProduct } from './integer-product.ts';

/** (integers − zero point)·scale, where scale and zero point are one number, or one for each position along the axis. */
export interface Origin {
  readonly integers: Value;
  readonly scale: Constant;
  readonly zeroPoint: Constant | undefined;
  /** In ONNX's numbering; undefined if scale and zero point are one number. */
  readonly axis: number | undefined;
}

const origins = new WeakMap<Value, Origin>();

export function rememberOrigin(value: Value, origin: Origin): void {
  origins.set(value, origin);
}

/** x times a matrix, on their integers; undefined if either is not a dequantised tensor of bytes. */
export function dequantizedProduct(
  build: GraphBuilder,
  x: Value,
  matrix: Value,
  layout: 'in-out' | 'out-in',
): Value | undefined {
  const [rows, weights] = [origins.get(x), origins.get(matrix)];
  if (!rows || !weights || rows.axis !== undefined) return undefined;
  const { integers } = weights;
  const outputAxis = layout === 'in-out' ? 1 : 0;
  const fits =
    integers.kind === 'constant' && integers.shape.length === 2 && (weights.axis ?? outputAxis) === outputAxis;
  if (rows.integers.kind !== 'row' || !fits || !isBytes(rows.integers) || !isBytes(integers)) return undefined;
  const zeroPoints = weights.zeroPoint?.data ?? new Float32Array(1);
  const sum = integerProduct(build, rows.integers, rows.zeroPoint, { weight: integers, layout, zeroPoints });
  return scaledBy(build, sum, rows.scale, weights.scale);
}

/** Sums of products times the product of the scales, which is rounded first. */
export function scaledBy(build: GraphBuilder, sum: Row, scale: Value, weightScale: Constant): Value {
  const scales = { ...weightScale, shape: weightScale.data.length === 1 ? [] : [weightScale.data.length] };
  return build.binary('mul', { ...sum, type: scale.type }, build.binary('mul', scale, scales));
}

function isBytes({ type }: Value): boolean {
  return type === 'int8' || type === 'uint8';
}
