/** Layers of integers throughout: sums in integers, scaled to the integers of the result. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { type Constant, constant, type Value } from '../../tensors/value.ts';
import { activationBounds } from '../activation.ts';
import type { TfliteCall } from '../call.ts';
import type { TensorInfo } from '../model.ts';
import type { Product } from '../product.ts';
import { elementType } from '../tensor.ts';
import { bounded, singleScale } from './convert.ts';
import { multipliedOnce, multiplier } from './fixed-point.ts';

/** The weight less its zero points, and the scales of its outputs: one, or one each. */
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
  const { build } = call;
  const [input, output] = [call.tensor(1 - layer.weightInput), call.result()];
  const { matrix, scales } = weightsOf(call, layer);
  const sums = build.dense(x, matrix, 'out-in', offsets(call, matrix, layer.bias, input));
  const [from, to] = [input, output].map((info) => singleScale(call, info).scale);
  const isWide = elementType(input) === 'int16' && layer.bias?.type !== 'int32';
  const factors = Array.from(scales.data, (scale) => {
    const { fraction, exponent } = multiplier((from * scale) / to);
    return (isWide ? shortened(fraction) : fraction) * 2 ** exponent;
  });
  const [low, high] = activationBounds(call, layer.activation);
  return bounded(call, multipliedOnce(build, sums, factors), output, low, high);
}

/** Sums of 64 bits are multiplied with 15 bits. */
function shortened(fraction: number): number {
  return Math.min(Math.floor(fraction * 2 ** 15 + 0.5), 2 ** 15 - 1) / 2 ** 15;
}

/** The bias, less what the zero point of the input adds to every sum. */
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
