/** One sparse row: ids that rise, each with its weight. */
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

  /** Takes over how many pairs another has, and their ids, which are then not written here; weights have room. */
  like({ count, ids }: SparseRow): Float64Array {
    this.count = count;
    this.ids = ids;
    if (this.weights.length < count) this.weights = new Float64Array(ids.length);
    return this.weights;
  }

  /** Has so many pairs, whatever they are. */
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

/** Sums of what is added to ids, which come out in their order. */
export class Tally {
  /** By id, where it is among those that were met, + 1. */
  readonly #places: Int32Array | undefined;
  readonly #placesOfMany: Map<number, number> | undefined;
  readonly #met = new SparseRow();

  constructor(size: number) {
    if (size <= MOST_IDS) this.#places = new Int32Array(size);
    else this.#placesOfMany = new Map();
  }

  add(id: number, weight: number): void {
    const met = this.#met;
    const places = this.#places;
    const place = places === undefined ? this.#placesOfMany?.get(id) : places[id];
    if (place) {
      met.weights[place - 1] += weight;
      return;
    }
    met.push(id, weight);
    if (places === undefined) this.#placesOfMany?.set(id, met.count);
    else places[id] = met.count;
  }

  /** Writes what was added, and forgets it. */
  into(row: SparseRow): void {
    const met = this.#met;
    const places = this.#places;
    const { count } = met;
    row.take(count);
    const { ids, weights } = row;
    for (let i = 0; i < count; i++) ids[i] = met.ids[i];
    sort(ids, count);
    for (let i = 0; i < count; i++) {
      const id = ids[i];
      weights[i] = met.weights[(places === undefined ? (this.#placesOfMany?.get(id) as number) : places[id]) - 1];
    }
    if (places !== undefined) for (let i = 0; i < count; i++) places[ids[i]] = 0;
    this.#placesOfMany?.clear();
    met.clear();
  }

  /** Forgets what was added. */
  clear(): void {
    for (let i = 0; i < this.#met.count; i++) if (this.#places !== undefined) this.#places[this.#met.ids[i]] = 0;
    this.#placesOfMany?.clear();
    this.#met.clear();
  }
}

/** Of more ids a Map keeps what was met. */
const MOST_IDS = 2 ** 22;
/** So few are sorted soonest by Shell's method, with Ciura's gaps. */
const FEW = 512;
const GAPS = [132, 57, 23, 10, 4, 1];

function sort(ids: Int32Array, count: number): void {
  if (count > FEW) {
    ids.subarray(0, count).sort();
    return;
  }
  for (const gap of GAPS) {
    for (let i = gap; i < count; i++) {
      const id = ids[i];
      let at = i;
      for (; at >= gap && ids[at - gap] > id; at -= gap) ids[at] = ids[at - gap];
      ids[at] = id;
    }
  }
}
