/** One sparse row: ascending ids, each with its weight. */
export class SparseRow {
  count = 0;
  ids = new Int32Array(256);
  weights = new Float64Array(256);

  clear(): void {
    this.count = 0;
  }

  push(id: number, weight: number): void {
    if (this.count === this.ids.length) this.#grow();
    this.ids[this.count] = id;
    this.weights[this.count++] = weight;
  }

  /** Shares the count and the ids of another row, which must not be changed here; returns room for weights. */
  like({ count, ids }: SparseRow): Float64Array {
    this.count = count;
    this.ids = ids;
    if (this.weights.length < count) this.weights = new Float64Array(ids.length);
    return this.weights;
  }

  /** Makes room for `count` pairs, with unspecified content. */
  take(count: number): void {
    this.count = count;
    if (count <= this.ids.length) return;
    this.ids = new Int32Array(2 * count);
    this.weights = new Float64Array(2 * count);
  }

  #grow(): void {
    const [ids, weights] = [new Int32Array(2 * this.count), new Float64Array(2 * this.count)];
    ids.set(this.ids);
    weights.set(this.weights);
    [this.ids, this.weights] = [ids, weights];
  }
}

/** Sums by id, which are returned in the order of ids. */
export class Tally {
  readonly #few: FewIds | undefined;
  readonly #many: Map<number, number> | undefined;

  constructor(size: number) {
    if (size <= MOST_IDS) this.#few = new FewIds(size);
    else this.#many = new Map();
  }

  add(id: number, weight: number): void {
    if (this.#few !== undefined) {
      this.#few.add(id, weight);
      return;
    }
    const many = this.#many as Map<number, number>;
    const sum = many.get(id);
    many.set(id, sum === undefined ? weight : sum + weight);
  }

  /** Adds 1 to each of the first `count` ids; negative ones are skipped. */
  addEach(ids: Int32Array, count: number): void {
    if (this.#few !== undefined) this.#few.addEach(ids, count);
    else for (let i = 0; i < count; i++) if (ids[i] >= 0) this.add(ids[i], 1);
  }

  /** Writes the sums to a row and clears them. */
  into(row: SparseRow): void {
    if (this.#few !== undefined) this.#few.into(row);
    else this.#sorted(row, this.#many as Map<number, number>);
  }

  #sorted(row: SparseRow, many: Map<number, number>): void {
    row.take(many.size);
    const { ids, weights, count } = row;
    let at = 0;
    for (const id of many.keys()) ids[at++] = id;
    ids.subarray(0, count).sort();
    for (let i = 0; i < count; i++) weights[i] = many.get(ids[i]) as number;
    many.clear();
  }

  /** Clears the sums. */
  clear(): void {
    this.#few?.clear();
    this.#many?.clear();
  }
}

/** A bit for each used id, and one for each 32 of these, so that ids are in order without sorting. */
class FewIds {
  #count = 0;
  readonly #sums: Float64Array;
  readonly #met: Int32Array;
  readonly #groups: Int32Array;

  constructor(size: number) {
    this.#sums = new Float64Array(size);
    this.#met = new Int32Array(Math.ceil(size / 32));
    this.#groups = new Int32Array(Math.ceil(size / 1024));
  }

  add(id: number, weight: number): void {
    const word = id >> 5;
    const bits = this.#met[word];
    const bit = 1 << (id & 31);
    if ((bits & bit) !== 0) {
      this.#sums[id] += weight;
      return;
    }
    this.#met[word] = bits | bit;
    this.#groups[word >> 5] |= 1 << (word & 31);
    this.#sums[id] = weight;
    this.#count++;
  }

  addEach(ids: Int32Array, count: number): void {
    const met = this.#met;
    const groups = this.#groups;
    const sums = this.#sums;
    let found = this.#count;
    for (let i = 0; i < count; i++) {
      const id = ids[i];
      if (id < 0) continue;
      const word = id >> 5;
      const bits = met[word];
      const bit = 1 << (id & 31);
      if ((bits & bit) !== 0) {
        sums[id] += 1;
        continue;
      }
      met[word] = bits | bit;
      groups[word >> 5] |= 1 << (word & 31);
      sums[id] = 1;
      found++;
    }
    this.#count = found;
  }

  into(row: SparseRow): void {
    const met = this.#met;
    const groups = this.#groups;
    const sums = this.#sums;
    const count = this.#count;
    row.take(count);
    const { ids, weights } = row;
    let at = 0;
    for (let group = 0; at < count; group++) {
      for (let words = groups[group]; words !== 0; words &= words - 1) {
        const word = 32 * group + lowestOf(words);
        for (let bits = met[word]; bits !== 0; bits &= bits - 1) {
          const id = 32 * word + lowestOf(bits);
          ids[at] = id;
          weights[at++] = sums[id];
        }
        met[word] = 0;
      }
      groups[group] = 0;
    }
    this.#count = 0;
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#met.fill(0);
    this.#groups.fill(0);
    this.#count = 0;
  }
}

/** The position of the lowest set bit. */
function lowestOf(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** With more ids, a Map is used instead. */
const MOST_IDS = 2 ** 22;
