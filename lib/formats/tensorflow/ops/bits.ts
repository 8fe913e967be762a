/** Operators on the bits of numbers; supported only to test a sign. */

import { type Constant, constant } from '../../tensors/value.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import type { Bits, Result } from '../value.ts';

const SIGN_BIT = -(2 ** 31);

/** Reinterprets float32 as int32 or the reverse. */
function bitcast(call: TensorFlowCall): Result {
  const x = call.input(0);
  const type = call.type('type', x.type);
  if (type === x.type) return x;
  if (x.kind === 'constant' && x.type === 'float32' && type === 'int32' && !x.batch) {
    return constant(type, x.shape, Float64Array.from(new Int32Array(Float32Array.from(x.data).buffer)));
  }
  if (x.kind === 'constant' && x.type === 'int32' && type === 'float32' && !x.batch) {
    return constant(type, x.shape, new Float32Array(Int32Array.from(x.data).buffer));
  }
  if (x.kind === 'row' && x.type === 'float32' && type === 'int32') return { kind: 'bits', of: x, isSign: false };
  throw call.error('UNSUPPORTED_OP', `interprets the bits of ${x.type} as ${type}, which is not supported`);
}

/** The sign of a number whose bits were taken. */
function bitwiseAnd(call: TensorFlowCall): Result {
  const bits = call.inputs.find((input): input is Bits => input?.kind === 'bits');
  const mask = call.inputs.find((input): input is Constant => input?.kind === 'constant');
  if (bits !== undefined && mask?.data.length === 1 && mask.data[0] === SIGN_BIT) return { ...bits, isSign: true };
  throw call.error('UNSUPPORTED_OP', 'combines bits, which is supported only to test the sign of a number');
}

function less(call: TensorFlowCall): Result {
  const [bits, limit] = call.inputs;
  if (bits?.kind !== 'bits') return call.build.binary('less', call.input(0), call.input(1));
  const isZero = limit?.kind === 'constant' && limit.data.length === 1 && limit.data[0] === 0;
  if (isZero) return call.build.hasSign(bits.of);
  throw call.error('UNSUPPORTED_OP', 'compares bits, which is supported only to test the sign of a number');
}

export const bits: Translations = {
  Bitcast: bitcast,
  BitwiseAnd: bitwiseAnd,
  Less: less,
};
