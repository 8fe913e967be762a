/**
 * A text that is being written as UTF-16, with prefix hashes, so that the hash of any part takes two multiplications.
 */

/**
 * The hash of a part is Σ unit·BASE^(number of units after it), modulo 2^32. The base is random, so that no file can be
 * made whose terms all have the same hash.
 */
const BASE = (Math.floor(Math.random() * 2 ** 30) << 2) | 0x5;

let powers = powersUpTo(1024);

function powersUpTo(length: number): Int32Array {
  const made = new Int32Array(length + 1);
  made[0] = 1;
  for (let i = 1; i <= length; i++) made[i] = Math.imul(made[i - 1], BASE);
  return made;
}

export class Units {
  length = 0;
  data = new Uint16Array(1024);
  /** The hash of all units before each unit. */
  hashes = new Int32Array(1025);

  clear(): void {
    this.length = 0;
  }

  /** Makes room for this many more units. */
  expect(more: number): void {
    const needed = this.length + more;
    if (needed <= this.data.length) return;
    const size = 2 * needed;
    const [data, hashes] = [new Uint16Array(size), new Int32Array(size + 1)];
    data.set(this.data.subarray(0, this.length));
    hashes.set(this.hashes.subarray(0, this.length + 1));
    [this.data, this.hashes] = [data, hashes];
    if (powers.length <= size) powers = powersUpTo(size);
  }

  /** Appends a unit, for which there must be room. */
  push(unit: number): void {
    this.data[this.length] = unit;
    this.hashes[this.length + 1] = (Math.imul(this.hashes[this.length], BASE) + unit) | 0;
    this.length++;
  }

  write(text: string): void {
    this.expect(text.length);
    for (let i = 0; i < text.length; i++) this.push(text.charCodeAt(i));
  }

  hash(from: number, to: number): number {
    const hash = (this.hashes[to] - Math.imul(this.hashes[from], powers[to - from])) | 0;
    const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
    return mixed ^ (mixed >>> 15);
  }
}
