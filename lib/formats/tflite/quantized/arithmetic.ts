/** Sums, differences and products of quantised tensors, computed in 32 bits like the reference. */
import type { BinaryName } from '../../../graph/graph.ts';
import { literal, type Value } from '../../tensors/value.ts';
import { activationBounds } from '../activation.ts';
import type { TfliteCall, Translation, Translations } from '../call.ts';
import { elementwise } from '../ops/elementwise.ts';
import { elementType } from '../tensor.ts';
import { bounded, centred, singleScale } from './convert.ts';
import { multiplied, multiplier } from './fixed-point.ts';
import { throughFloats } from './through-floats.ts';

/** Bits by which the operands are shifted left before they are converted to a common scale. */
const WIDENED = { int8: 20, uint8: 20, int16: 15 } as const;

const POT_SCALE = 1;

/** Both operands are converted to twice the greater of their scales, added, and converted to the scale of the result. */
function sum(fn: BinaryName): Translation {
  const otherwise = throughFloats(elementwise[fn === 'add' ? 'ADD' : 'SUB']);
  return (call) => {
    const { build } = call;
    const type = elementType(call.result());
    if (type !== 'int8' && type !== 'uint8' && type !== 'int16') return otherwise(call);
    if (type === 'int16' && (call.options?.has(POT_SCALE) ? call.flag(POT_SCALE) : true)) return otherwise(call);
    const scales = [0, 1].map((index) => singleScale(call, call.tensor(index)).scale);
    const common = 2 * Math.max(...scales);
    const widened = 2 ** WIDENED[type];
    const [left, right] = [0, 1].map((index) => {
      const { scale, zero } = singleScale(call, call.tensor(index));
      const wide = build.binary('mul', centred(call, call.input(index), zero), literal('float64', [widened]));
      return multiplied(build, wide, multiplier(scale / common));
    });
    const total = build.binary(fn, left, right);
    const result = multiplied(build, total, multiplier(common / (widened * singleScale(call, call.result()).scale)));
    return bounded(call, result, call.result(), ...activationBounds(call, call.choice(0)));
  };
}

function product(call: TfliteCall): Value {
  const { build } = call;
  const [left, right] = [0, 1].map((index) => {
    return centred(call, call.input(index), singleScale(call, call.tensor(index)).zero);
  });
  const [a, b, output] = [call.tensor(0), call.tensor(1), call.result()].map((info) => singleScale(call, info).scale);
  const real = Math.fround(Math.fround(a * b) / output);
  const whole = build.binary('mul', left, right);
  const result = multiplied(build, whole, multiplier(real));
  return bounded(call, result, call.result(), ...activationBounds(call, call.choice(0)));
}

/** Converts to another scale and zero point. */
export function requantized(call: TfliteCall): Value {
  const [input, output] = [singleScale(call, call.tensor(0)), singleScale(call, call.result())];
  const scaled = multiplied(call.build, call.input(0), multiplier(input.scale / output.scale), input.zero);
  return bounded(call, scaled, call.result(), -Infinity, Infinity);
}

export const arithmetic: Translations = { ADD: sum('add'), SUB: sum('sub'), MUL: product };
