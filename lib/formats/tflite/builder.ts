/** What operators are translated with: the graph's operations, and what only quantised files need. */
import { GraphBuilder } from '../tensors/builder.ts';

export class LiteBuilder extends GraphBuilder {
  #needsDouble = false;

  /** Whether something computes with integers as 32-bit integers do, which float32 does not hold. */
  get needsDouble(): boolean {
    return this.#needsDouble;
  }

  needDouble(): void {
    this.#needsDouble = true;
    this.folder?.suppose('f64');
  }
}
