/** What operators are translated with: the graph's operations, and what files need beyond a batch that is an axis. */
import { elementCount } from '../../graph/shapes.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { batchAxisOf } from '../tensors/emitter.ts';
import type { Row, Value } from '../tensors/value.ts';

export class LiteBuilder extends GraphBuilder {
  #needsDouble = false;
  readonly #merged = new WeakSet<Value>();

  /** Whether something computes with whole numbers as 32-bit integers do, which float32 does not hold. */
  get needsDouble(): boolean {
    return this.#needsDouble;
  }

  needDouble(): void {
    this.#needsDouble = true;
    this.folder?.suppose('f64');
  }

  /**
   * Whether the file sees the batch and the first axis of the row as one: a dense layer over [batch, 8, 16] is written
   * as one over [8·batch, 16]. The row is [8, 16] all the while.
   */
  isMerged(x: Value): boolean {
    return this.#merged.has(x);
  }

  merged<V extends Value>(x: V): V {
    this.#merged.add(x);
    return x;
  }

  /** Rows of [batch, …] as [m·batch, …shape], where m is what is left of the row. */
  mergedInto(x: Row, shape: readonly number[]): Row {
    const count = elementCount(x.shape) / elementCount(shape);
    if (batchAxisOf(x) !== 0 || !(count > 1 && Number.isInteger(count))) {
      throw this.crossing('the batch and other axes are mixed');
    }
    return this.merged({ ...this.reshaped(x, [count, ...shape]) });
  }
}
