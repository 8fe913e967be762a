/** Single precision as XGBoost uses it: with glibc's `logf` and `expf`, which are Arm's optimized routines. */
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { single } from '../sklearn/single.ts';

const bits = new DataView(new ArrayBuffer(4));

/** The greatest float32 below a number: `x < t` is `x ≤ nextDown(t)`. */
export function nextDown(value: number): number {
  if (Number.isNaN(value) || value === -Infinity) return value;
  if (value === 0) return -(2 ** -149);
  bits.setFloat32(0, value);
  bits.setInt32(0, bits.getInt32(0) + (value > 0 ? -1 : 1));
  return bits.getFloat32(0);
}

/** 1/c for a number c in each sixteenth of [0.7, 1.4). */
const INVERSES = [
  ...[1.398907162146528, 1.3403141896637998, 1.286432210124115, 1.2367150214269895, 1.1906977166711752],
  ...[1.1479821020556429, 1.1082251448272158, 1.0711297413057381, 1.036437278977283, 1, 0.9492859795739057],
  ...[0.8951049428609004, 0.8476821620351103, 0.8050314851692001, 0.7664671008843108, 0.731428603316328],
];
const LOG_TERMS = [-0.25089342214237154, 0.333456765744066, -0.4999997485802103] as const;
/** 0.7, where the sixteenths begin. */
const LOG_OFFSET = 0x3f330000;

/** The natural logarithm of a float32, with the same bits as glibc's. */
export function logf(value: number): number {
  // For normal positive numbers, which are a power of two times a mantissa; others use the standard function.
  if (!(value >= 2 ** -126 && value < Infinity)) return Math.fround(Math.log(value));
  bits.setFloat32(0, value);
  const word = bits.getInt32(0);
  const offset = word - LOG_OFFSET;
  const exponent = offset >> 23;
  const inverse = INVERSES[(offset >> 19) & 15];
  bits.setInt32(0, word - (exponent << 23));
  const r = bits.getFloat32(0) * inverse - 1;
  const [cube, square, half] = LOG_TERMS;
  const whole = exponent * Math.LN2 - Math.log(inverse);
  const rest = cube * (r * r) + (square * r + half);
  return Math.fround(rest * (r * r) + (whole + r));
}

const PARTS = 32;
/** Beyond these bounds the result is 0 or infinite. */
const LEAST = -105;
const GREATEST = 90;
const FIRST = Math.floor(LEAST * Math.LOG2E * PARTS) - 1;
const LAST = Math.ceil(GREATEST * Math.LOG2E * PARTS) + 1;
/** 2^(k/32) for each k that occurs. */
const POWERS = Float64Array.from(
  { length: LAST - FIRST + 1 },
  (_, i) => 2 ** (((((FIRST + i) % PARTS) + PARTS) % PARTS) / PARTS) * 2 ** Math.floor((FIRST + i) / PARTS),
);
/** 2^(r/32) for r within ±1/2. */
const EXP_TERMS = [0.05550361559341535 / PARTS ** 3, 0.2402284522445722 / PARTS ** 2, 0.6931471806916203 / PARTS];

/** e^x of float32 numbers in a graph of float64, rounded to float32: the same steps as glibc's `expf`. */
export function expf(emitter: Emitter, x: RowVector): RowVector {
  const [cubic, square, linear] = EXP_TERMS;
  const bounded = emitter.unary(x, 'clip', LEAST, GREATEST);
  const parts = emitter.binary('mul', bounded, Math.LOG2E * PARTS);
  const whole = emitter.unary(parts, 'round');
  const r = emitter.binary('sub', parts, whole);
  const high = emitter.binary('mul', emitter.affine(r, cubic, square), emitter.unary(r, 'square'));
  const polynomial = emitter.binary('add', high, emitter.affine(r, linear, 1));
  const table = { shape: [POWERS.length, 1], data: POWERS, isFormula: true };
  const place = emitter.binary('sub', whole, FIRST);
  const power = emitter.flat(emitter.emit('embedding', [place.operand, table], { wrap: false }), x.width);
  return single(emitter, emitter.binary('mul', polynomial, power));
}
