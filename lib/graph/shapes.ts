/**
 * Shapes of one row, and the index arithmetic behind broadcasting and transposing. A *column list* has, for each
 * element of a result, the index of its element in the source; every operation that only moves elements is such a list.
 */
export type Shape = readonly number[];

export function elementCount(shape: Shape): number {
  return shape.reduce((count, size) => count * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The most axes that a message shows. Shapes have fewer, but invalid lists of sizes may be long. */
const MOST_SHOWN = 32;

export function formatShape(shape: Shape): string {
  const more = shape.length > MOST_SHOWN ? `, … ${shape.length - MOST_SHOWN} more` : '';
  return `[${shape.slice(0, MOST_SHOWN).join(', ')}${more}]`;
}

/** The shape to which all broadcast as in NumPy, aligned at the last axis; undefined if they do not. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape | undefined {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const padding = rank - shape.length;
    for (const [axis, size] of shape.entries()) {
      const known = result[padding + axis];
      if (known === 1) result[padding + axis] = size;
      else if (size !== 1 && size !== known) return undefined;
    }
  }
  return result;
}

/** Whether `from` broadcasts to exactly `to`. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  const common = broadcastShapes(from, to);
  return common !== undefined && sameShape(common, to);
}

/** The strides of a row-major tensor. */
function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

type Elements = Int32Array | Float32Array | Float64Array;

/** A tensor of `shape` with its elements taken by strides, in an array of the same type. */
function takeStrided<A extends Elements>(source: A, shape: Shape, strides: readonly number[]): A {
  const result = new (source.constructor as new (length: number) => A)(elementCount(shape));
  const last = shape.length - 1;
  const [run, step] = last < 0 ? [1, 0] : [shape[last], strides[last]];
  const indices = new Array<number>(shape.length).fill(0);
  let start = 0;
  for (let at = 0; at < result.length; ) {
    for (let i = 0; i < run; i++) result[at++] = source[start + i * step];
    for (let axis = last - 1; axis >= 0; axis--) {
      start += strides[axis];
      if (++indices[axis] < shape[axis]) break;
      start -= strides[axis] * shape[axis];
      indices[axis] = 0;
    }
  }
  return result;
}

function stridedColumns(shape: Shape, strides: readonly number[]): Int32Array {
  let columns = new Int32Array(1);
  for (const [axis, size] of shape.entries()) {
    const stride = strides[axis];
    const next = new Int32Array(columns.length * size);
    let at = 0;
    for (const start of columns) for (let step = 0; step < size; step++) next[at++] = start + step * stride;
    columns = next;
  }
  return columns;
}

/** The columns of `from` that make `to`, to which it broadcasts. */
export function broadcastColumns(from: Shape, to: Shape): Int32Array {
  return stridedColumns(to, broadcastStrides(from, to));
}

/** The elements of a tensor of the shape `from`, broadcast to `to`. */
export function takeBroadcast<A extends Elements>(source: A, from: Shape, to: Shape): A {
  return takeStrided(source, to, broadcastStrides(from, to));
}

/** The strides of a tensor of shape `from` when broadcast to `to`; 0 along repeated axes. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
  return [...new Array<number>(to.length - from.length).fill(0), ...strides];
}

export function transposeShape(shape: Shape, permutation: readonly number[]): Shape {
  return permutation.map((axis) => shape[axis]);
}

/** The columns of a tensor of `shape` that make its transpose. */
export function transposeColumns(shape: Shape, permutation: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  return stridedColumns(
    transposeShape(shape, permutation),
    permutation.map((axis) => strides[axis]),
  );
}

/** The elements of the transpose of a tensor of `shape`. */
export function takeTransposed<A extends Elements>(source: A, shape: Shape, permutation: readonly number[]): A {
  const strides = stridesOf(shape);
  return takeStrided(
    source,
    transposeShape(shape, permutation),
    permutation.map((axis) => strides[axis]),
  );
}

/** The elements of a tensor of `shape` that are at `indices` along the axis. */
export function takeAlong<A extends Elements>(source: A, shape: Shape, axis: number, indices: Int32Array): A {
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const result = new (source.constructor as new (length: number) => A)(outer * indices.length * inner);
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const index of indices) {
      const start = (block * shape[axis] + index) * inner;
      for (let offset = 0; offset < inner; offset++) result[at++] = source[start + offset];
    }
  }
  return result;
}

/** The columns of a tensor of `shape` that are at `indices` along the axis. */
export function gatherColumns(shape: Shape, axis: number, indices: Int32Array): Int32Array {
  const size = shape[axis];
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const columns = new Int32Array(outer * indices.length * inner);
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const index of indices) {
      const start = (block * size + index) * inner;
      for (let offset = 0; offset < inner; offset++) columns[at++] = start + offset;
    }
  }
  return columns;
}

/** The permutation that brings the given axes to the end and keeps the order of the others. */
export function axesLast(rank: number, axes: readonly number[]): number[] {
  const others = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !axes.includes(axis));
  return [...others, ...axes.toSorted((a, b) => a - b)];
}

export function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  for (const [to, from] of permutation.entries()) inverse[from] = to;
  return inverse;
}

/** Whether the columns are all of a tensor of `width` elements, in order. */
export function isIdentity(columns: Int32Array, width: number): boolean {
  return columns.length === width && columns.every((column, at) => column === at);
}

/** The elements of `source` at `columns`, in an array of the same type. */
export function takeColumns<A extends Elements>(source: A, columns: Int32Array): A {
  const result = new (source.constructor as new (length: number) => A)(columns.length);
  for (let at = 0; at < columns.length; at++) result[at] = source[columns[at]];
  return result;
}
