/** Combines two tensors element by element, without copying repeated elements. */
import { BINARY, type BinaryName } from './operations/binary.ts';
import { broadcastStrides, elementCount, type Shape } from './shapes.ts';

interface Given {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array;
}

/** A run of elements along the last axis: in the result from `at`, in the operands from `i` and `j`. */
interface Run {
  readonly result: Float32Array | Float64Array;
  readonly a: Given['data'];
  readonly b: Given['data'];
  readonly length: number;
  readonly stepA: number;
  readonly stepB: number;
}

type Fill = (run: Run, at: number, i: number, j: number) => void;

/** The most frequent functions, each in its own loop: a call for each element takes ten times as long. */
const FILLS: Partial<Record<BinaryName, Fill>> = {
  add({ result, a, b, length, stepA, stepB }, at, i, j) {
    for (let k = 0; k < length; k++) result[at + k] = a[i + k * stepA] + b[j + k * stepB];
  },
  sub({ result, a, b, length, stepA, stepB }, at, i, j) {
    for (let k = 0; k < length; k++) result[at + k] = a[i + k * stepA] - b[j + k * stepB];
  },
  mul({ result, a, b, length, stepA, stepB }, at, i, j) {
    for (let k = 0; k < length; k++) result[at + k] = a[i + k * stepA] * b[j + k * stepB];
  },
  div({ result, a, b, length, stepA, stepB }, at, i, j) {
    for (let k = 0; k < length; k++) result[at + k] = a[i + k * stepA] / b[j + k * stepB];
  },
};

function fillBy(apply: (a: number, b: number) => number): Fill {
  return ({ result, a, b, length, stepA, stepB }, at, i, j) => {
    for (let k = 0; k < length; k++) result[at + k] = apply(a[i + k * stepA], b[j + k * stepB]);
  };
}

/** Fills `result`, which has the shape, with the function of two tensors that broadcast to it. */
export function combine<A extends Float32Array | Float64Array>(
  fn: BinaryName,
  [a, b]: readonly Given[],
  shape: Shape,
  result: A,
): A {
  const fill = FILLS[fn] ?? fillBy(BINARY[fn].evaluate);
  const [left, right] = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
  const axis = outerAxes(shape, left, right);
  const length = elementCount(shape.slice(axis));
  const last = shape.length - 1;
  const [stepA, stepB] = last < 0 ? [0, 0] : [left[last], right[last]];
  const run = { result, a: a.data, b: b.data, length, stepA, stepB };
  const indices = new Array<number>(axis).fill(0);
  let [i, j] = [0, 0];
  for (let at = 0; at < result.length; at += length) {
    fill(run, at, i, j);
    for (let outer = axis - 1; outer >= 0; outer--) {
      i += left[outer];
      j += right[outer];
      if (++indices[outer] < shape[outer]) break;
      i -= left[outer] * shape[outer];
      j -= right[outer] * shape[outer];
      indices[outer] = 0;
    }
  }
  return result;
}

/** The number of axes before those along which both operands are contiguous. */
function outerAxes(shape: Shape, left: readonly number[], right: readonly number[]): number {
  let axis = Math.max(shape.length - 1, 0);
  const goesOn = (steps: readonly number[]) => steps[axis - 1] === steps[axis] * shape[axis];
  while (axis > 0 && goesOn(left) && goesOn(right)) axis--;
  return axis;
}
