/** What the names of a graph refer to while it is read: a constant, or one value per row. */
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

/** The maximum number of a tensor's axes; models have at most 6 or 8. */
export const HIGHEST_RANK = 32;

export type Numbers = Float32Array | Float64Array;

/**
 * A tensor known while reading. Types with more than 24 significant bits are stored as float64, all others as float32;
 * integers beyond ±2^53 become infinities, which only the bounds of slices accept. Words are stored as indices among
 * the constant words of the model.
 */
export interface Constant {
  readonly kind: 'constant';
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Numbers;
  /** If a shape includes the batch size B, element i is `data[i] + batch[i]·B`. */
  readonly batch?: Float64Array;
}

/** One value per row. */
export interface Row {
  readonly kind: 'row';
  readonly type: ElementType;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** Which axis is the batch in the file; undefined if the model is read as one row, which is then the whole tensor. */
  readonly batchAxis: number | undefined;
  /**
   * Whether the batch is merged with the row's own axis at `batchAxis` in the file: a matrix of B·3 rows, as for a
   * dense layer over the last axis of [B, 3, 8].
   */
  readonly merged?: boolean;
  /** Whether the axis before the batch is merged with it in the file: whole batches one after another. */
  readonly stacked?: boolean;
  /** Its name in the graph; a tensor if every row has the same value. */
  readonly operand: Operand;
  /** For words: the vocabulary that the elements index. */
  readonly words?: Vocabulary;
  /** For words of one input: how unknown words are distributed over indices. */
  readonly spread?: Spread;
  /** Set if it is known to contain integers from 0 to below this number. */
  readonly below?: number;
  /** For the offset of each row in a list of the elements of all rows: the number of elements per row. */
  readonly starts?: number;
}

export type Value = Constant | Row;

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64' || type === 'float16' || type === 'bfloat16';
}

/** For integers of up to 16 bits, the least and the greatest value. */
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

/** Whether the type has integers that float32 cannot represent. */
export function isLarge(type: ElementType): boolean {
  return !isFloat(type) && !NARROW.has(type) && type !== 'bool' && type !== 'string';
}

/** The type's name in the public API: integers smaller than a byte become bytes. */
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

/** A shape that includes the batch, for messages. */
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
