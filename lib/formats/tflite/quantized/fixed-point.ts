/**
 * TensorFlow Lite's integer arithmetic in float64, with the same integers as results. Layers multiply their sums by a
 * real number and round once, half away from zero; everything else multiplies by a fraction of 31 bits, rounded half
 * up, and then divides by a power of two, rounded half away from zero.
 */
import { type Constant, constant, literal, type Value } from '../../tensors/value.ts';
import type { LiteBuilder } from '../builder.ts';

/** The real number fraction·2^exponent; the fraction has 31 bits and a magnitude in [½, 1), or is 0. */
export interface Multiplier {
  readonly fraction: number;
  readonly exponent: number;
}

const FRACTION = 2 ** 31;
/** Smaller numbers become 0. */
const LEAST_EXPONENT = -31;

export function multiplier(real: number): Multiplier {
  if (real === 0) return { fraction: 0, exponent: 0 };
  const magnitude = Math.abs(real);
  let exponent = Math.floor(Math.log2(magnitude)) + 1;
  // The logarithm may be rounded up past a power of two.
  if (magnitude / 2 ** exponent >= 1) exponent++;
  if (magnitude / 2 ** exponent < 0.5) exponent--;
  const fraction = (Math.sign(real) * Math.round((magnitude / 2 ** exponent) * FRACTION)) / FRACTION;
  if (Math.abs(fraction) === 1) return { fraction: fraction / 2, exponent: exponent + 1 };
  return exponent < LEAST_EXPONENT ? { fraction: 0, exponent: 0 } : { fraction, exponent };
}

/** (x − offset) times the multiplier, rounded twice. */
export function multiplied(build: LiteBuilder, x: Value, { fraction, exponent }: Multiplier, offset = 0): Value {
  // Exact enough: the value to be rounded is a multiple of 2^-31, and float64 keeps 2^-28 of a 32-bit integer.
  const factor = fraction * 2 ** Math.max(exponent, 0);
  const whole = floored(build, x, literal('float64', [factor]), 0.5 - offset * factor);
  if (exponent >= 0) return whole;
  return roundAway(build, build.binary('mul', whole, literal('float64', [2 ** exponent])));
}

/** x times a factor, one for all or one for each element of the last axis, rounded once, half up. */
export function multipliedOnce(build: LiteBuilder, x: Value, factors: readonly number[]): Value {
  return floored(build, x, alongLast(factors), 0.5);
}

/** Like {@link multipliedOnce}, rounded half away from zero. */
export function multipliedAway(build: LiteBuilder, x: Value, factors: readonly number[]): Value {
  build.needDouble();
  return roundAway(build, build.binary('mul', { ...x, type: 'float64' }, alongLast(factors)));
}

function alongLast(factors: readonly number[]): Constant {
  return constant('float64', factors.length === 1 ? [] : [factors.length], Float64Array.from(factors));
}

/** The greatest integer at or below x·factor + shift. */
function floored(build: LiteBuilder, x: Value, factor: Constant, shift: number): Value {
  build.needDouble();
  const wide: Value = { ...x, type: 'float64' };
  const added = literal('float64', [shift]);
  const product =
    wide.kind === 'row'
      ? build.affine(wide, factor, added)
      : build.binary('add', build.binary('mul', wide, factor), added);
  return build.unary(product, 'floor');
}

/** The float32 just below ½: adding ½ to it would give 1. */
const BELOW_HALF = 0.5 - 2 ** -25;

/** To the nearest integer, halves away from zero. */
export function roundAway(build: LiteBuilder, x: Value): Value {
  return build.unary(build.unary(x, 'soft_shrink', BELOW_HALF, -0.5), 'trunc');
}
