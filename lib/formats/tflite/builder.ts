/** Builds graphs for operators: the graph's operations, with additions for quantised files. */
import { GraphBuilder } from '../tensors/builder.ts';

export class LiteBuilder extends GraphBuilder {
  #needsDouble = false;

  /** Whether something computes with 32-bit integers, which float32 cannot represent. */
  get needsDouble(): boolean {
    return this.#needsDouble;
  }

  needDouble(): void {
    this.#needsDouble = true;
    this.folder?.suppose('f64');
  }
}
