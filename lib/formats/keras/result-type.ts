/** Type promotion of Keras: keras.backend.result_type. */
import { DTYPES, type DType } from '../../graph/graph.ts';
import { isObject } from './config.ts';
import { isValue, type KerasTensor } from './layer.ts';
import { type Argument, Serialized } from './spec.ts';

const FLOAT = 'float32';
/** The maximum depth of nested lists of numbers. */
const DEEPEST = 32;

export function isFloating(dtype: DType): boolean {
  return dtype.includes('float');
}

/** The same type if it is a float type; otherwise the float type that Keras converts it to. */
export function asFloating(dtype: DType): DType {
  return isFloating(dtype) ? dtype : FLOAT;
}

/** The type of sums and products. */
export function asSum(dtype: DType): DType {
  if (isFloating(dtype) || dtype.endsWith('64')) return dtype;
  return dtype.startsWith('uint') ? 'uint32' : 'int32';
}

/**
 * The promoted type of tensors, arrays and plain numbers. A plain number turns integers into floats if it has a
 * fraction, and otherwise affects only bool: in JSON, 2.0 becomes 2.
 */
export function resultType(operands: readonly Argument<KerasTensor>[]): DType {
  const typed = operands.flatMap((operand) => typeOf(operand) ?? []);
  const first = typed.length > 0 ? typed.reduce(promote) : 'bool';
  const numbers = operands.filter((operand) => typeof operand === 'number');
  if (numbers.some((number) => !Number.isInteger(number))) return asFloating(first);
  return first === 'bool' && numbers.length > 0 ? 'int32' : first;
}

/** Undefined for a plain number, whose type depends on the other operands. */
export function typeOf(operand: Argument<KerasTensor>): DType | undefined {
  if (isValue(operand)) return operand.dtype;
  if (Array.isArray(operand)) return operand.flat(DEEPEST).every(Number.isInteger) ? 'int32' : FLOAT;
  if (!(operand instanceof Serialized)) return undefined;
  const value = operand.config.raw('value');
  const said =
    operand.config.raw('dtype') ?? (isObject(value) && isObject(value.config) ? value.config.dtype : undefined);
  return DTYPES.find((dtype) => dtype === said);
}

function promote(a: DType, b: DType): DType {
  if (a === b || b === 'bool') return a;
  if (a === 'bool') return b;
  if (isFloating(a) && isFloating(b)) return [a, b].includes('float64') ? 'float64' : FLOAT;
  if (isFloating(a) || isFloating(b)) return isFloating(a) ? a : b;
  const [isUnsigned, isOther] = [a.startsWith('u'), b.startsWith('u')];
  if (isUnsigned === isOther) return bits(a) > bits(b) ? a : b;
  // A signed type that holds the values of both.
  const [unsigned, signed] = isUnsigned ? [a, b] : [b, a];
  const needed = Math.max(2 * bits(unsigned), bits(signed));
  return DTYPES.find((dtype) => dtype === `int${needed}`) ?? FLOAT;
}

function bits(dtype: DType): number {
  return Number(dtype.replace(/\D/g, ''));
}
