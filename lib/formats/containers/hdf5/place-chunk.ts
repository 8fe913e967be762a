/** Copies the elements of a chunk into the array. */

/** Axes that chunks do not cut are merged with the axis before. */
export class ChunkPlacer {
  private readonly shape: number[] = [];
  private readonly chunk: number[] = [];
  /** The axes of a position that remain. */
  private readonly axes: number[] = [];

  constructor(
    shape: readonly number[],
    chunk: readonly number[],
    private readonly elementBytes: number,
  ) {
    for (const [axis, length] of shape.entries()) {
      const last = this.shape.length - 1;
      if (last >= 0 && chunk[axis] === length) {
        this.shape[last] *= length;
        this.chunk[last] *= length;
      } else {
        this.shape.push(length);
        this.chunk.push(chunk[axis]);
        this.axes.push(axis);
      }
    }
  }

  /** `position` may be anywhere in the array: elements beyond the array's edge are skipped. */
  place(chunk: Uint8Array, position: readonly number[], array: Uint8Array): void {
    const { shape, axes, elementBytes } = this;
    const last = shape.length - 1;
    const starts = axes.map((axis, i) => position[axis] * this.chunk[i]);
    const counts = starts.map((start, i) => Math.min(this.chunk[i], shape[i] - start));
    const runBytes = counts[last] * elementBytes;
    const at = counts.map(() => 0);
    for (;;) {
      let [from, to] = [0, 0];
      for (let axis = 0; axis <= last; axis++) {
        from = from * this.chunk[axis] + at[axis];
        to = to * shape[axis] + starts[axis] + at[axis];
      }
      from *= elementBytes;
      array.set(chunk.subarray(from, from + runBytes), to * elementBytes);
      let axis = last - 1;
      while (axis >= 0 && ++at[axis] === counts[axis]) at[axis--] = 0;
      if (axis < 0) return;
    }
  }
}
