/** The highest memory that an execution reached above what was there before. Linux alone; elsewhere nothing is noticed. */
import { readFileSync, writeFileSync } from 'node:fs';

/** What a load may take beside twice its file. */
const MODEST_BYTES = 64 * 2 ** 20;

export class PeakMemory {
  #before = 0;

  constructor() {
    this.reset();
  }

  /** Peaks count from what is resident now. */
  reset(): void {
    try {
      writeFileSync('/proc/self/clear_refs', '5');
      this.#before = peak();
    } catch {
      this.#before = Infinity;
    }
  }

  /** What is out of proportion to a file of `size` bytes; undefined where nothing is. */
  fault(size: number): string | undefined {
    const grown = peak() - this.#before;
    return grown <= MODEST_BYTES + 2 * size ? undefined : `takes ${Math.round(grown / 2 ** 20)} MiB of memory`;
  }
}

function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
