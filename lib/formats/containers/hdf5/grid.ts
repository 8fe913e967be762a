/** The chunks of an array, and where their elements go. */

export class ChunkGrid {
  readonly chunkBytes: number;
  /** Chunks along each axis. */
  readonly counts: readonly number[];
  /** Chunks along each axis at the array's maximum shape. */
  private readonly most: readonly number[];
  /** The unlimited axis; -1 if there is none. */
  private readonly endless: number;

  constructor(
    readonly shape: readonly number[],
    largest: readonly number[],
    readonly chunk: readonly number[],
    readonly elementBytes: number,
  ) {
    this.chunkBytes = product(chunk) * elementBytes;
    this.counts = shape.map((length, axis) => Math.ceil(length / chunk[axis]));
    this.most = largest.map((length, axis) => Math.ceil(length / chunk[axis]));
    this.endless = largest.indexOf(Number.POSITIVE_INFINITY);
  }

  /** Bytes of all chunks that the array touches. */
  get coveredBytes(): number {
    return product(this.counts) * this.chunkBytes;
  }

  get mostChunks(): number {
    return product(this.most);
  }

  contains(position: readonly number[]): boolean {
    return position.every((at, axis) => at < this.counts[axis]);
  }

  /** A number for each chunk of the array. */
  numberOf(position: readonly number[]): number {
    return position.reduce((number, at, axis) => number * this.counts[axis] + at, 0);
  }

  /** Whether the chunk extends beyond the array's edge. */
  isAtEdge(position: readonly number[]): boolean {
    return position.some((at, axis) => (at + 1) * this.chunk[axis] > this.shape[axis]);
  }

  /** The position of the chunk with an index number, in row-major order. */
  position(number: number): number[] {
    return positionIn(number, this.most);
  }

  /** The same, with the unlimited axis as the slowest. */
  positionByEndless(number: number): number[] {
    const axis = Math.max(0, this.endless);
    const others = this.most.toSpliced(axis, 1);
    const [at, ...rest] = positionIn(number, [Number.POSITIVE_INFINITY, ...others]);
    return rest.toSpliced(axis, 0, at);
  }
}

function positionIn(number: number, counts: readonly number[]): number[] {
  const position = counts.map(() => 0);
  let left = number;
  for (let axis = counts.length - 1; axis > 0; axis--) {
    position[axis] = left % counts[axis];
    left = Math.floor(left / counts[axis]);
  }
  if (counts.length > 0) position[0] = left;
  return position;
}

export function product(lengths: readonly number[]): number {
  return lengths.reduce((all, length) => all * length, 1);
}
