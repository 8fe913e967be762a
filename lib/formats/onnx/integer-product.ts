/**
 * Products of quantised rows and quantised weights, exact like sums of integers: float32 represents every integer up to
 * 2^24, and a layer whose sums may be greater is split into two whose results are added.
 */
import { combine } from '../../graph/combine.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { type Constant, constant, type Numbers, type Row, type Value } from '../tensors/value.ts';

/** float32 represents every integer up to here. */
const EXACT = 2 ** 24;
/** The maximum of a byte minus its zero point. */
const GREATEST_INPUT = 255;
/** The factor of the upper part of a weight; the rest is between −8 and 8. */
const SPLIT = 16;

/** 8-bit integer weights with zero points. */
export interface IntegerMatrix {
  /** Of two axes. */
  readonly weight: Constant;
  readonly layout: 'in-out' | 'out-in';
  /** One number, or one for each output. */
  readonly zeroPoints: Numbers;
  /** Integers, one for each output. */
  readonly bias?: Numbers;
}

/** Σ (x − zero point)·(w − its zero point) + bias, of type int32. */
export function integerProduct(build: GraphBuilder, x: Row, zeroPoint: Value | undefined, matrix: IntegerMatrix): Row {
  const isKnown = zeroPoint === undefined || (zeroPoint.kind === 'constant' && zeroPoint.data.length === 1);
  const centred = isKnown ? x : (build.binary('sub', x, zeroPoint) as Row);
  const inputs = { ...centred, type: 'int32' as const };
  const weights = centredWeights(build, matrix);
  build.lookThrough(weights.data.length);
  const columns = new Columns(weights, matrix);
  const offset = isKnown && zeroPoint?.kind === 'constant' ? zeroPoint.data[0] : 0;
  const bias = columns.bias(offset);
  const dense = (part: Constant, biases: Float64Array) =>
    build.dense(
      inputs,
      part,
      matrix.layout,
      biases.some((value) => value !== 0) ? constant('int32', [biases.length], biases) : undefined,
    ) as Row;
  if (columns.greatestSum(bias) < EXACT) return dense(weights, bias);
  const upper = (value: number) => Math.round(value / SPLIT);
  const lower = (value: number) => value - SPLIT * upper(value);
  // Multiplying by 16 is exact too, so only the addition rounds: to the float nearest to the sum.
  const part = (name: string, of: (value: number) => number) =>
    build.derive(name, [weights], weights.data.length, () => constant('int32', weights.shape, weights.data.map(of)));
  const high = dense(part('upper', upper), bias.map(upper));
  const scaled = build.binary('mul', high, build.scalar(high, SPLIT));
  return build.binary('add', scaled, dense(part('lower', lower), bias.map(lower))) as Row;
}

/** The weights of each output minus its zero point. */
function centredWeights(build: GraphBuilder, { weight, layout, zeroPoints }: IntegerMatrix): Constant {
  if (zeroPoints.every((zero) => zero === 0)) return { ...weight, type: 'int32' };
  const zeros = constant('float32', layout === 'in-out' ? [zeroPoints.length] : [zeroPoints.length, 1], zeroPoints);
  return build.derive('centred', [weight, zeros], weight.data.length, () => {
    const data = new Float32Array(weight.data.length);
    return constant('int32', weight.shape, combine('sub', [weight, zeros], weight.shape, data));
  });
}

/** Sums over the weights of each output. */
class Columns {
  readonly #sums: Float64Array;
  readonly #magnitudes: Float64Array;
  readonly #given: Numbers | undefined;

  constructor(weight: Constant, { layout, bias }: IntegerMatrix) {
    const [rows, width] = weight.shape;
    const isWide = layout === 'in-out';
    const outputs = isWide ? width : rows;
    this.#sums = new Float64Array(outputs);
    this.#magnitudes = new Float64Array(outputs);
    this.#given = bias;
    for (let i = 0; i < weight.data.length; i++) {
      const output = isWide ? i % width : Math.floor(i / width);
      const value = weight.data[i];
      this.#sums[output] += value;
      this.#magnitudes[output] += Math.abs(value);
    }
  }

  /** The term that accounts for the zero point of the inputs if it is not subtracted from each input. */
  bias(zeroPoint: number): Float64Array {
    return this.#sums.map((sum, output) => (this.#given?.[output] ?? 0) - zeroPoint * sum);
  }

  /** The maximum magnitude of the sum, in any order of summation. */
  greatestSum(bias: Float64Array): number {
    return this.#magnitudes.reduce(
      (greatest, magnitude, output) => Math.max(greatest, magnitude * GREATEST_INPUT + Math.abs(bias[output])),
      0,
    );
  }
}
