/** NumPy's legacy generator, RandomState: MT19937. Files may contain its whole state. */

const WORDS = 624;
const SHIFTED = 397;

/** 2³¹ − 1, below which scikit-learn draws its seeds. */
export const MOST_SEED = 2 ** 31 - 1;

export class RandomState {
  readonly key: Uint32Array;
  position: number;
  /** The state at the last {@link mark}. */
  #marked: { position: number; key: Uint32Array | undefined } | undefined;

  constructor(key: Uint32Array, position: number) {
    this.key = key;
    this.position = position;
  }

  /** The generator `np.random.RandomState(seed)`, with a seed from 0 to 2³² − 1. */
  static of(seed: number): RandomState {
    const key = new Uint32Array(WORDS);
    let word = seed >>> 0;
    for (let i = 0; i < WORDS; i++) {
      key[i] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
    return new RandomState(key, WORDS);
  }

  /** A number from 0 to 2³² − 1. */
  next(): number {
    if (this.position >= WORDS) this.#twist();
    let word = this.key[this.position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  /** A number from 0 to `most`, which is below 2³²; larger draws are repeated. */
  upTo(most: number): number {
    if (most === 0) return 0;
    const mask = (2 ** (32 - Math.clz32(most)) - 1) >>> 0;
    for (;;) {
      const found = (this.next() & mask) >>> 0;
      if (found <= most) return found;
    }
  }

  /** `randint(low, high)`: a number from `low` to `high` − 1. */
  integer(low: number, high: number): number {
    return low + this.upTo(high - 1 - low);
  }

  /** `random_sample()`: a double from 0 to below 1, with 53 random bits. */
  double(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** `shuffle` of an array of one axis, in place. */
  shuffle<T>(items: { [index: number]: T; readonly length: number }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      const taken = items[i];
      items[i] = items[j];
      items[j] = taken;
    }
  }

  /** Remembers the state for {@link restore}. */
  mark(): void {
    this.#marked = { position: this.position, key: undefined };
  }

  /** Restores the state at the last mark. */
  restore(): void {
    if (this.#marked === undefined) return;
    if (this.#marked.key !== undefined) this.key.set(this.#marked.key);
    this.position = this.#marked.position;
  }

  copy(): RandomState {
    return new RandomState(this.key.slice(), this.position);
  }

  /** Copies the state of another generator. */
  set({ key, position }: RandomState): void {
    this.key.set(key);
    this.position = position;
  }

  #twist(): void {
    const { key } = this;
    if (this.#marked !== undefined) this.#marked.key ??= key.slice();
    for (let i = 0; i < WORDS; i++) {
      const word = (key[i] & 0x80000000) | (key[(i + 1) % WORDS] & 0x7fffffff);
      key[i] = key[(i + SHIFTED) % WORDS] ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}
