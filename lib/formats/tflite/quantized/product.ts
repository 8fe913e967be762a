/** Layers of only integers: sums of integers, scaled to the integers of the result. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { type Constant, constant, type Value } from '../../tensors/value.ts';
import { activationBounds } from '../activation.ts';
import type { TfliteCall } from '../call.ts';
import type { TensorInfo } from '../model.ts';
import type { Product } from '../product.ts';
import { elementType } from '../tensor.ts';
import { bounded, rangeOf, singleScale } from './convert.ts';
import { multiplied, multipliedAway, multipliedOnce, multiplier } from './fixed-point.ts';
import { isByte } from './through-floats.ts';

/** The weight minus its zero points, and the scale of its outputs: a single one, or one each. */
export function weightsOf(call: TfliteCall, { weight, weightInput }: Product): { matrix: Constant; scales: Constant } {
  const info = call.tensor(weightInput);
  const { scales, zeroPoints, axis } = call.quantization(info);
  if (scales.length > 1 && !(axis === 0 && scales.length === weight.shape[0] && info.shape.length === 2)) {
    const message = `expected a scale for each of ${weight.shape[0]} outputs, found ${scales.length} along axis ${axis}`;
    throw call.error('UNSUPPORTED_DTYPE', message);
  }
  const perOutput = constant('float32', scales.length === 1 ? [] : [scales.length], Float32Array.from(scales));
  if (zeroPoints.every((zero) => zero === 0)) return { matrix: { ...weight, type: 'float32' }, scales: perOutput };
  const [outputs, inputs] = weight.shape;
  const matrix = call.build.derive(`less ${zeroPoints}`, [weight], weight.data.length, () => {
    const centred = new Float32Array(weight.data.length);
    for (let n = 0; n < outputs; n++) {
      const zero = zeroPoints[zeroPoints.length === 1 ? 0 : n];
      for (let k = 0; k < inputs; k++) centred[n * inputs + k] = weight.data[n * inputs + k] - zero;
    }
    return constant('float32', weight.shape, centred);
  });
  return { matrix, scales: perOutput };
}

export function integerProduct(call: TfliteCall, x: Value, layer: Product): Value {
  const [input, output] = [call.tensor(1 - layer.weightInput), call.result()];
  const { matrix, scales } = weightsOf(call, layer);
  const bias = offsets(call, matrix, layer.bias, input);
  const sums = call.build.dense(x, matrix, 'out-in', bias);
  const [from, to] = [input, output].map((info) => singleScale(call, info).scale);
  const rescale = layer.isFixedPoint ? inFixedPoint : byRealNumbers;
  const [low, high] = activationBounds(call, layer.activation);
  return bounded(call, rescale(call, { sums, matrix, bias, input, from, scales, to }), output, low, high);
}

interface Sums {
  readonly sums: Value;
  readonly matrix: Constant;
  readonly bias: Constant;
  readonly input: TensorInfo;
  readonly from: number;
  readonly scales: Constant;
  readonly to: number;
}

/** Like FULLY_CONNECTED: multiplied by a double and rounded once to nearest, halves away from zero. */
function byRealNumbers(call: TfliteCall, layer: Sums): Value {
  const factors = Array.from(layer.scales.data, (scale) => (layer.from * scale) / layer.to);
  // If nothing can be halfway, rounding half up is equal, and such layers can be multiplied in bytes.
  if (isByte(layer.input) && !mayLieHalfway(call, layer, factors))
    return multipliedOnce(call.build, layer.sums, factors);
  return multipliedAway(call.build, layer.sums, factors);
}

/**
 * Whether a sum times its factor may be half an odd number: possible if the factor has few significant bits, like 2⁻⁴.
 */
function mayLieHalfway(call: TfliteCall, { matrix, bias, input }: Sums, factors: readonly number[]): boolean {
  const [outputs, inputs] = matrix.shape;
  const [least, most] = rangeOf(call, elementType(input));
  const greatest = Math.max(-least, most);
  for (let n = 0; n < outputs; n++) {
    let reach = Math.abs(bias.data[n]);
    for (let k = 0; k < inputs; k++) reach += greatest * Math.abs(matrix.data[n * inputs + k]);
    if (2 * reach * lastDigit(factors[factors.length === 1 ? 0 : n]) >= 1) return true;
  }
  return false;
}

/** The power of two of a double's last significant bit. */
function lastDigit(x: number): number {
  let digit = 2 ** (Math.floor(Math.log2(x)) - 53);
  while ((x / digit) % 2 === 0) digit *= 2;
  return digit;
}

/**
 * Like BATCH_MATMUL, whose scales are multiplied in float32: for 8 bits rounded twice, for 16 bits once with a fraction
 * of 15 bits.
 */
function inFixedPoint(call: TfliteCall, { sums, input, from, scales, to }: Sums): Value {
  if (scales.data.length > 1) throw call.error('UNSUPPORTED_DTYPE', 'expected one scale of the matrix, found several');
  const scaling = multiplier(Math.fround(from * scales.data[0]) / to);
  if (isByte(input)) return multiplied(call.build, sums, scaling);
  return multipliedOnce(call.build, sums, [shortened(scaling.fraction) * 2 ** scaling.exponent]);
}

function shortened(fraction: number): number {
  return Math.min(Math.floor(fraction * 2 ** 15 + 0.5), 2 ** 15 - 1) / 2 ** 15;
}

/** The bias, minus what the zero point of the input adds to every sum. */
function offsets(call: TfliteCall, matrix: Constant, bias: Value | undefined, input: TensorInfo): Constant {
  const [outputs, inputs] = matrix.shape;
  const { zero } = singleScale(call, input);
  if (bias !== undefined && (bias.kind === 'row' || elementCount(bias.shape) !== outputs)) {
    throw call.error('SHAPE', `expected a constant bias of ${outputs}, found ${formatShape(bias.shape)}`);
  }
  const data = Float64Array.from({ length: outputs }, (_, n) => {
    let sum = 0;
    for (let k = 0; zero !== 0 && k < inputs; k++) sum += matrix.data[n * inputs + k];
    return (bias?.data[n] ?? 0) - zero * sum;
  });
  return constant('float64', [outputs], data);
}
