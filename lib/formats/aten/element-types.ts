/** Element types, by torch's numbers and names, and type promotion. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { type ElementType, isFloat, type Value } from '../tensors/value.ts';
import { PyNumber } from './argument.ts';

/** c10::ScalarType, which TorchScript writes as a number. */
const BY_CODE = new Map<number, ElementType>([
  [0, 'uint8'],
  [1, 'int8'],
  [2, 'int16'],
  [3, 'int32'],
  [4, 'int64'],
  [5, 'float16'],
  [6, 'float32'],
  [7, 'float64'],
  [11, 'bool'],
  [15, 'bfloat16'],
  [27, 'uint16'],
  [28, 'uint32'],
  [29, 'uint64'],
]);

const REFUSED = new Map([
  [8, 'complex32'],
  [9, 'complex64'],
  [10, 'complex128'],
  [12, 'qint8'],
  [13, 'quint8'],
  [14, 'qint32'],
  [23, 'float8_e5m2'],
  [24, 'float8_e4m3fn'],
]);

export function typeOfCode(code: number, place: string): ElementType {
  const type = BY_CODE.get(code);
  if (type !== undefined) return type;
  const found = quote(REFUSED.get(code) ?? `the unknown type ${code}`);
  throw new ForwardpassError(
    'UNSUPPORTED_DTYPE',
    `expected floats, integers or bool as elements, found ${found}`,
    place,
  );
}

export function codeOfType(type: ElementType): number {
  return [...BY_CODE].find(([, known]) => known === type)?.[0] ?? 0;
}

const FLOAT_RANK: readonly ElementType[] = ['float32', 'float64'];
const SIGNED: readonly ElementType[] = ['int8', 'int16', 'int32', 'int64'];

/** 0 for bool, 1 for integers, 2 for floats. */
function categoryOf(type: ElementType): number {
  if (type === 'bool') return 0;
  return isFloat(type) ? 2 : 1;
}

/** torch.promote_types */
function promote(a: ElementType, b: ElementType): ElementType {
  if (a === b) return a;
  const [low, high] = categoryOf(a) <= categoryOf(b) ? [a, b] : [b, a];
  if (categoryOf(low) < categoryOf(high)) return high;
  if (isFloat(a)) return FLOAT_RANK[Math.max(FLOAT_RANK.indexOf(a), FLOAT_RANK.indexOf(b), 0)];
  if (!SIGNED.includes(a) && !SIGNED.includes(b)) return bits(a) > bits(b) ? a : b;
  // A signed type that holds the values of both.
  const signedBits = (type: ElementType) => (SIGNED.includes(type) ? bits(type) : 2 * bits(type));
  const needed = Math.max(signedBits(a), signedBits(b));
  return SIGNED.find((type) => bits(type) >= needed) ?? 'int64';
}

function bits(type: ElementType): number {
  return Number(type.replace(/\D/g, ''));
}

/** A tensor or a number. */
export type Operand = Value | PyNumber;

/** The type of a Python float if nothing else determines it. */
const DEFAULT_FLOAT: ElementType = 'float32';

/**
 * The type of a result: tensors take precedence over tensors of rank 0, and these over numbers, unless the latter are
 * floats among integers or integers among bool.
 */
export function resultType(operands: readonly Operand[], rankOf: (x: Value) => number): ElementType {
  const groups: (ElementType | undefined)[] = [undefined, undefined, undefined];
  for (const operand of operands) {
    const isNumber = operand instanceof PyNumber;
    const type = isNumber ? typeOfNumber(operand) : operand.type;
    const group = isNumber ? 2 : rankOf(operand) === 0 ? 1 : 0;
    const known = groups[group];
    groups[group] = known === undefined ? type : promote(known, type);
  }
  const decided = groups.reduce((higher, lower) => {
    if (higher === undefined || lower === undefined) return higher ?? lower;
    return categoryOf(lower) > categoryOf(higher) ? promote(higher, lower) : higher;
  });
  return decided ?? DEFAULT_FLOAT;
}

function typeOfNumber(number: PyNumber): ElementType {
  return number.type === 'float64' ? DEFAULT_FLOAT : number.type;
}

/** The same type if it is a float type; otherwise the float type that torch converts it to. */
export function asFloat(type: ElementType): ElementType {
  return isFloat(type) ? type : DEFAULT_FLOAT;
}
