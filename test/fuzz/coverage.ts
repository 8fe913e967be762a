/** Which branches of the library have run, by the counters that test/fuzz/instrument.js puts into it. */

declare global {
  /** How often each branch ran since it was last reset, modulo 256. */
  var $hits: Uint8Array;
}

export class Coverage {
  /** For each branch a bit for each class of counts that was ever seen: once, twice, a few times, often. */
  readonly #seen = new Uint8Array($hits.length);
  readonly #words = new Uint32Array($hits.buffer);
  branches = 0;

  reset(): void {
    $hits.fill(0);
  }

  /** Whether a branch ran that never did before, or markedly more often. */
  isNew(): boolean {
    let found = false;
    // Most are zero, four at a time.
    for (let word = 0; word < this.#words.length; word++) {
      if (this.#words[word] === 0) continue;
      for (let branch = 4 * word; branch < 4 * word + 4; branch++) {
        if ($hits[branch] === 0) continue;
        const bit = classOf($hits[branch]);
        if ((this.#seen[branch] & bit) !== 0) continue;
        if (this.#seen[branch] === 0) this.branches++;
        this.#seen[branch] |= bit;
        found = true;
      }
    }
    return found;
  }
}

function classOf(count: number): number {
  return count <= 2
    ? count
    : count < 4
      ? 4
      : count < 8
        ? 8
        : count < 16
          ? 16
          : count < 32
            ? 32
            : count < 128
              ? 64
              : 128;
}
