import { MOST_SPREAD, type WordSpread } from '../../graph/word-hash.ts';

/** How the unknown words of one input are distributed over indices; see `GraphInput.spread`. */
export class Spread {
  readonly #ways: WordSpread[] = [];

  /** Undefined for an input whose words are not hashed. */
  get ways(): readonly WordSpread[] | undefined {
    return this.#ways.length > 0 ? this.#ways : undefined;
  }

  /**
   * The distribution over `count` indices, which is added with the next free numbers if it does not exist. Undefined if
   * no numbers are left.
   */
  way(count: number, key: WordSpread['key']): WordSpread | undefined {
    const known = this.#ways.find((way) => way.count === count && way.key?.join() === key?.join());
    if (known !== undefined) return known;
    const last = this.#ways.at(-1);
    const stride = last === undefined ? 1 : last.stride * last.count;
    if (count * stride > MOST_SPREAD) return undefined;
    const way = { count, stride, ...(key && { key }) };
    this.#ways.push(way);
    return way;
  }
}
