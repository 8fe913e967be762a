/**
 * Casts: the result for a number that the other type cannot hold. Between integers the low bits are kept, in every
 * framework. For floats beyond an integer's range, neither C nor the frameworks' documentation defines the result; each
 * rule here is what the framework does on x86, wherever it does not contradict itself (docs/special-values.md).
 */
import type { UnaryName } from '../graph/graph.ts';
import { type ElementType, isFloat } from './tensors/value.ts';

/**
 * The framework whose rule casts floats to integers. The rules agree within the integer's range, on fractions and on
 * bool.
 */
export type CastRule =
  /** torch, onnxruntime, NumPy: through int32, of which the low bits are kept. */
  | 'wrap'
  /** TensorFlow, Keras: through int32, clamped to the type. */
  | 'tensorflow'
  /** TensorFlow Lite: clamped to the type, except for int8. */
  | 'tflite'
  /** TensorFlow.js: as JavaScript's typed arrays, modulo 2^bits; NaN and ±∞ become 0. */
  | 'tfjs';

/** A function of the graph, or the replacement for NaN. */
export type CastStep =
  | { readonly fn: UnaryName; readonly alpha?: number; readonly beta?: number }
  | { readonly nan: number };

const INTEGERS: Partial<Record<ElementType, readonly [least: number, end: number]>> = {
  int2: [-2, 2],
  uint2: [0, 4],
  int4: [-8, 8],
  uint4: [0, 16],
  int8: [-(2 ** 7), 2 ** 7],
  uint8: [0, 2 ** 8],
  int16: [-(2 ** 15), 2 ** 15],
  uint16: [0, 2 ** 16],
  int32: [-(2 ** 31), 2 ** 31],
  uint32: [0, 2 ** 32],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

/** For floats below float64: the steps between powers of two, and the greatest value. */
const FLOATS: Partial<Record<ElementType, readonly [steps: number, greatest: number]>> = {
  float32: [2 ** 23, (2 - 2 ** -23) * 2 ** 127],
  bfloat16: [2 ** 7, (2 - 2 ** -7) * 2 ** 127],
  float16: [2 ** 10, 65504],
};

/** The steps that convert numbers of one type to another, in order; empty if no value changes. */
export function castSteps(from: ElementType, to: ElementType, rule: CastRule): readonly CastStep[] {
  if (from === to || from === 'bool') return [];
  if (to === 'bool') return [{ fn: 'to_bool' }];
  const float = FLOATS[to];
  if (float !== undefined) return holdsAll(to, from) ? [] : [{ fn: 'narrow', alpha: float[0], beta: float[1] }];
  const range = INTEGERS[to];
  if (range === undefined) return [];
  if (isFloat(from)) return fromFloat(to, range, rule);
  const [least, end] = INTEGERS[from] ?? [0, 0];
  return range[0] <= least && end <= range[1] ? [] : [wrap(range)];
}

/** For float types the greatest finite value; for other types ∞. */
export function greatestFloat(type: ElementType): number {
  return type === 'float64' ? Number.MAX_VALUE : (FLOATS[type]?.[1] ?? Infinity);
}

/** Whether the type holds all integers from 0 to less than `end`. */
export function holdsBelow(type: ElementType, end: number): boolean {
  return end <= (INTEGERS[type]?.[1] ?? 2 * (FLOATS[type]?.[0] ?? 2 ** 52));
}

/** Whether every number of `from` is exact in the float type `to`. */
function holdsAll(to: ElementType, from: ElementType): boolean {
  const [steps, greatest] = FLOATS[to] ?? [Infinity, Infinity];
  const integers = INTEGERS[from];
  if (integers !== undefined) return integers[1] <= 2 * steps && integers[1] - 1 <= greatest;
  const [fromSteps, fromGreatest] = FLOATS[from] ?? [Infinity, Infinity];
  return fromSteps <= steps && fromGreatest <= greatest;
}

type Range = readonly [least: number, end: number];

const wrap = ([alpha, beta]: Range): CastStep => ({ fn: 'wrap', alpha, beta });
const bounded = ([least, end]: Range): CastStep => ({ fn: 'clip', alpha: least, beta: end - 1 });
/** The x86 conversion: whatever does not fit becomes the least integer. */
const processor = (bits: 32 | 64): CastStep => ({ fn: 'to_integer', alpha: 2 ** (bits - 1) });

function fromFloat(to: ElementType, range: Range, rule: CastRule): readonly CastStep[] {
  const isNarrow = range[1] <= 2 ** 16;
  if (rule === 'tfjs') return [wrap(range)];
  if (rule === 'tflite' && to === 'int32') return [{ nan: range[1] - 1 }, bounded(range), processor(64)];
  // The wrap turns NaN into 0 and otherwise only drops the high bits.
  if (rule === 'tflite' && (to === 'uint8' || to === 'int16')) return [bounded(range), wrap(range)];
  if (isNarrow) return [processor(32), rule === 'wrap' ? wrap(range) : bounded(range)];
  if (to === 'int32') return [processor(32)];
  return to === 'int64' ? [processor(64)] : [processor(64), wrap(range)];
}
