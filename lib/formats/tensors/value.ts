/** What the names of a graph stand for while it is read: a constant, or one value per row. */
import type { DType, Operand } from '../../graph/graph.ts';
import type { Spread } from './spread.ts';
import type { Vocabulary } from './vocabulary.ts';

export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'int2'
  | 'uint2'
  | 'int4'
  | 'uint4'
  | 'string';

/** Axes of a tensor at the most; models have at most 6 or 8. */
export const HIGHEST_RANK = 32;

export type Numbers = Float32Array | Float64Array;

/**
 * A tensor known while reading. Types of more than 24 significant bits are held as float64, all others as float32;
 * integers beyond ±2^53 are held as infinities, which a slice's bounds understand and which nothing else takes. Words
 * are held as their indices among the constant words of the model.
 */
export interface Constant {
  readonly kind: 'constant';
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Numbers;
  /** Where a shape holds the batch size B, element i is `data[i] + batch[i]·B`. */
  readonly batch?: Float64Array;
}

/** One value per row. */
export interface Row {
  readonly kind: 'row';
  readonly type: ElementType;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** Which axis ONNX sees as the batch; undefined when the model is read as one row, which is then the whole tensor. */
  readonly batchAxis: number | undefined;
  /**
   * Whether the file sees the batch and the row's own axis at `batchAxis` as one: a matrix of B·3 rows, as a dense layer
   * over the last axis of [B, 3, 8] has it.
   */
  readonly merged?: boolean;
  /** Whether the file sees the axis before the batch and the batch as one: whole batches one after another. */
  readonly stacked?: boolean;
  /** The graph's name of it; a tensor when every row has the same value. */
  readonly operand: Operand;
  /** Of words: what the elements are the indices of. */
  readonly words?: Vocabulary;
  /** Of words of one input: how those that the model does not know are put into places. */
  readonly spread?: Spread;
  /** Where it is known to hold integers from 0 to less than this. */
  readonly below?: number;
  /** Of where each row begins in a list of the elements of all rows: how many a row has. */
  readonly starts?: number;
}

export type Value = Constant | Row;

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64' || type === 'float16' || type === 'bfloat16';
}

/** Of integers of up to 16 bits, the least and the greatest. */
const NARROW: ReadonlyMap<ElementType, readonly [least: number, greatest: number]> = new Map([
  ['int2', [-2, 1]],
  ['uint2', [0, 3]],
  ['int4', [-8, 7]],
  ['uint4', [0, 15]],
  ['int8', [-128, 127]],
  ['uint8', [0, 255]],
  ['int16', [-32768, 32767]],
  ['uint16', [0, 65535]],
]);

export function narrowRange(type: ElementType): readonly [least: number, greatest: number] | undefined {
  return NARROW.get(type);
}

/** Whether it is of integers that float32 does not all hold. */
export function isLarge(type: ElementType): boolean {
  return !isFloat(type) && !NARROW.has(type) && type !== 'bool' && type !== 'string';
}

/** What the public face calls the type: integers of less than a byte go by the byte that holds them. */
export function publicType(type: ElementType): DType {
  switch (type) {
    case 'int2':
    case 'int4':
      return 'int8';
    case 'uint2':
    case 'uint4':
      return 'uint8';
    default:
      return type;
  }
}

export function allocate(type: ElementType, length: number): Numbers {
  return isHeldAsFloat32(type) ? new Float32Array(length) : new Float64Array(length);
}

function isHeldAsFloat32(type: ElementType): boolean {
  return NARROW.has(type) || type === 'bool' || (isFloat(type) && type !== 'float64');
}

export function constant(type: ElementType, shape: readonly number[], data: Numbers, batch?: Float64Array): Constant {
  const has = batch?.some((factor) => factor !== 0);
  return { kind: 'constant', type, shape, data, batch: has ? batch : undefined };
}

/** A constant of a few numbers: a scalar, or with `shape` a vector. */
export function literal(type: ElementType, values: readonly number[], shape: readonly number[] = []): Constant {
  const data = allocate(type, values.length);
  data.set(values);
  return constant(type, shape, data);
}

/** A shape that holds the batch, for messages. */
export function describe(data: Numbers, batch: Float64Array): string {
  return Array.from(data, (plain, i) => {
    if (batch[i] === 0) return plain;
    const factor = batch[i] === 1 ? 'batch' : `${batch[i]}·batch`;
    return plain === 0 ? factor : `${plain} + ${factor}`;
  }).join(', ');
}

export function range(start: number, end: number, step: number): number[] {
  return Array.from({ length: Math.max(Math.ceil((end - start) / step), 0) }, (_, i) => start + i * step);
}
