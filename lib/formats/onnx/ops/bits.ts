/** Operators on the bits of integers, where one side is constant: translated to arithmetic, in two's complement. */
import { narrowRange, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translation, Translations } from '../call.ts';

/** Beyond this, doubles do not represent all integers. */
const MOST_BITS = 53;

/** The variable operand, and the only number of the constant one. */
function withConstant(call: OnnxCall): [x: Value, mask: number] {
  const [a, b] = [call.input(0), call.input(1)];
  const [x, given] = b.kind === 'constant' ? [a, b] : [b, a];
  const isOne =
    given.kind === 'constant' && given.data.length > 0 && given.data.every((bits) => bits === given.data[0]);
  if (!isOne || given.batch)
    throw call.error('UNSUPPORTED_OP', 'bitwise operations on two variable operands are not supported');
  const [mask] = given.data;
  if (!Number.isSafeInteger(mask))
    throw call.error('UNSUPPORTED_DTYPE', `bits beyond 2^${MOST_BITS} are not supported`);
  if (given.shape.length <= call.build.rank(x)) return [x, mask];
  throw call.error('SHAPE', 'the constant has more axes than the value');
}

/** x AND mask. A negative mask keeps what its complement does not. */
function masked(call: OnnxCall, x: Value, mask: number): Value {
  return mask < 0 ? call.build.binary('sub', x, bitsAt(call, x, -1 - mask)) : bitsAt(call, x, mask);
}

/** Sums the remainders that each run of ones in a non-negative mask keeps. */
function bitsAt(call: OnnxCall, x: Value, mask: number): Value {
  const { build } = call;
  const runs: Value[] = [];
  for (let from = 0; from < MOST_BITS; ) {
    const rest = Math.floor(mask / 2 ** from);
    if (rest === 0) break;
    if (rest % 2 === 0) {
      from++;
      continue;
    }
    let to = from;
    while (Math.floor(mask / 2 ** to) % 2 === 1) to++;
    const [above, below] = [to, from].map((bit) => build.remainder(x, build.scalar(x, 2 ** bit), 'floor'));
    runs.push(from === 0 ? above : build.binary('sub', above, below));
    from = to;
  }
  return runs.length === 0 ? build.binary('sub', x, x) : runs.reduce((sum, run) => build.binary('add', sum, run));
}

function bitwise(combine: (call: OnnxCall, x: Value, mask: number, both: Value) => Value): Translation {
  return (call) => {
    const [x, mask] = withConstant(call);
    return combine(call, x, mask, masked(call, x, mask));
  };
}

/** The sum of both minus `times` their common bits. */
function besides(times: 1 | 2) {
  return ({ build }: OnnxCall, x: Value, mask: number, both: Value): Value => {
    const all = build.binary('add', x, build.scalar(x, mask));
    return build.binary('sub', all, times === 1 ? both : build.binary('mul', both, build.scalar(x, 2)));
  };
}

/** −1 − x, or for an unsigned type the greatest number minus x. */
function complement(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const greatest = x.type === 'uint32' ? 2 ** 32 - 1 : (narrowRange(x.type)?.[1] ?? -1);
  if (x.type === 'uint64') throw call.error('UNSUPPORTED_DTYPE', `bits beyond 2^${MOST_BITS} are not supported`);
  return build.binary('sub', build.scalar(x, x.type.startsWith('u') ? greatest : -1), x);
}

/** Shifts by a constant number of bits; bits shifted out on the left are lost. */
function shift(call: OnnxCall): Value {
  const { build } = call;
  const [x, bits] = [call.input(0), call.numbers(1) ?? []];
  const [by] = bits;
  if (bits.length === 0 || bits.some((each) => each !== by) || !(by >= 0 && by < MOST_BITS)) {
    throw call.error('UNSUPPORTED_OP', `expected one constant number of bits below ${MOST_BITS} to shift by`);
  }
  const factor = build.scalar(x, 2 ** by);
  if (call.string('direction', '') === 'LEFT') {
    const wide = build.binary('mul', x, factor);
    return x.type === 'uint64' ? wide : build.cast({ ...wide, type: 'int64', below: undefined } as Value, x.type);
  }
  return build.binary('div', build.binary('sub', x, build.remainder(x, factor, 'floor')), factor);
}

export const bits: Translations = {
  BitwiseAnd: bitwise((_call, _x, _mask, both) => both),
  BitwiseOr: bitwise(besides(1)),
  BitwiseXor: bitwise(besides(2)),
  BitwiseNot: complement,
  BitShift: shift,
};
