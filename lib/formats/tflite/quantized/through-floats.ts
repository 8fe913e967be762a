/** Quantised operators computed on real numbers: exact except for the rounding of halfway cases. */
import { constant, isFloat, type Row, range, type Value } from '../../tensors/value.ts';
import type { LiteBuilder } from '../builder.ts';
import { TfliteCall, type Translation } from '../call.ts';
import type { TensorInfo } from '../model.ts';
import { elementType, isQuantized } from '../tensor.ts';
import { dequantized, quantized, rangeOf, shifted, singleScale } from './convert.ts';

/** The operator on real numbers, between a conversion of its quantised inputs and one of its results. */
export function throughFloats(translation: Translation): Translation {
  return (call) => {
    const inputs = call.inputs.map((value, i) => {
      const info = call.tensors.inputs[i];
      return value && info && isQuantized(info) ? dequantized(call, value, info) : value;
    });
    const found = translation(new TfliteCall(call.build, call.options, inputs, call.tensors));
    const results: readonly Value[] = 'kind' in found ? [found] : found;
    return results.map((value, i) => {
      const info = call.result(i);
      return isQuantized(info) && isFloat(value.type) ? quantized(call, value, info) : value;
    });
  };
}

/**
 * An elementwise function with a table of its values for all elements of 8 bits; the reference uses tables of float32
 * too. Elements for which the function is NaN are the least integer in the reference, or stop it if `isStrict`.
 */
export function byTable(translation: Translation, isStrict: boolean): Translation {
  const otherwise = throughFloats(translation);
  const throughReals = (call: TfliteCall, every: Value) => {
    const inputs = [dequantized(call, every, call.tensor(0)), ...call.inputs.slice(1)];
    const result = translation(new TfliteCall(call.build, call.options, inputs, call.tensors)) as Value;
    const inverse = Math.fround(1 / singleScale(call, call.result()).scale);
    const { build } = call;
    const scaled = build.binary('mul', result, build.scalar(result, inverse));
    if (isStrict) return shifted(call, scaled, call.result());
    const known = build.select(build.unary(scaled, 'is_nan'), build.scalar(scaled, -Infinity), scaled);
    return shifted(call, known, call.result());
  };
  return (call) => (isByte(call.tensor(0)) ? tabulated(call, throughReals) : otherwise(call));
}

export function isByte(info: TensorInfo): boolean {
  const type = elementType(info);
  return type === 'int8' || type === 'uint8';
}

/**
 * `fn` of each element; for rows it is computed once for every 8-bit integer, and then looked up. The table is float32,
 * whatever the model computes in.
 */
export function tabulated(call: TfliteCall, fn: (call: TfliteCall, x: Value) => Value): Value {
  const x = call.input(0);
  if (x.kind === 'constant') return call.build.inOwnTypes(() => fn(call, x));
  const [least, greatest] = rangeOf(call, elementType(call.tensor(0)));
  // Negative ids count from the table's end.
  const every = [...range(0, greatest + 1, 1), ...range(least, 0, 1)];
  const bytes = constant(x.type, [every.length], Float32Array.from(every));
  const table = call.build.inOwnTypes(() => fn(call, bytes));
  return lookedUp(call, x, table);
}

function lookedUp(call: TfliteCall, x: Row, table: Value): Row {
  const { build } = call;
  if (table.kind === 'row') throw build.error('UNSUPPORTED_OP', 'the function has parameters that depend on the input');
  const info = { ...x, type: elementType(call.result()) };
  if (!table.data.some(Number.isNaN)) {
    return build.emit('embedding', [x.operand, build.tensor(table)], { wrap: true }, info);
  }
  const numbers = build.tensor({ ...table, type: 'float32' });
  return requireNumber(build, build.emit('embedding', [x.operand, numbers], { wrap: true }, info));
}

/** A row in which an element is NaN is refused. */
export function requireNumber(build: LiteBuilder, x: Row): Row {
  return build.emit('require_finite', [x.operand], { nan: false }, x);
}
