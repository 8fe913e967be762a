/** Canonical Huffman codes: codes of one length are consecutive, in the order of their symbols. */
import type { BitInput } from './bits.ts';
import type { BoundedOutput } from './output.ts';

export class HuffmanCode {
  /** Symbols by length, then by number. */
  private readonly symbols: Uint16Array;
  /**
   * By length: the first code above those of that length, and what to subtract from a code to get its index in
   * `symbols`.
   */
  private readonly limits = new Int32Array(32);
  private readonly offsets = new Int32Array(32);
  private readonly longest: number;

  /** `lengths`: bits of each symbol's code, 1 to 24. */
  constructor(
    lengths: Uint8Array,
    private readonly output: BoundedOutput,
  ) {
    const order = Array.from(lengths.keys()).sort((a, b) => lengths[a] - lengths[b] || a - b);
    this.symbols = Uint16Array.from(order);
    this.longest = lengths[order[order.length - 1]];
    let code = 0;
    let placed = 0;
    for (let length = 1; length <= this.longest; length++) {
      const count = lengths.reduce((sum, other) => sum + (other === length ? 1 : 0), 0);
      this.offsets[length] = code - placed;
      code += count;
      placed += count;
      this.limits[length] = code;
      code <<= 1;
    }
  }

  decode(bits: BitInput): number {
    let code = 0;
    for (let length = 1; length <= this.longest; length++) {
      code = (code << 1) | bits.take(1);
      if (code < this.limits[length]) {
        const place = code - this.offsets[length];
        if (place >= 0 && place < this.symbols.length) return this.symbols[place];
        break;
      }
    }
    throw this.output.malformed('a code has no symbol');
  }
}
