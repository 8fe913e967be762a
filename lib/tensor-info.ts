/** The description of an input or output for users: plain data, unchanged by JSON or messages between threads. */
import type { DType, Word } from './graph/graph.ts';
import type { Port } from './graph/lower.ts';
import type { WordSpread } from './graph/word-hash.ts';

/** An input or output of a model. */
export interface TensorInfo {
  /** Its name, as the source has it: the key in `run({ … })`. */
  readonly name: string;
  /** The first axis is the batch: `[null, 14]` is any number of rows of 14 features. */
  readonly shape: readonly (number | null)[];
  /** The element type that the source declares. */
  readonly dtype: DType;
  /**
   * For an input, by the element's position in the row: the strings that it may be. A null among them is Python's None, which
   * the model distinguishes from NaN. In arrays for `run` an element is the position of its string in the list, or −1 for any
   * other string.
   */
  readonly categories?: Readonly<Record<number, readonly Word[]>>;
  /**
   * For an input, by the element's position in the row: hashes of the strings that the model knows, if its file only has hashes.
   * In arrays for `run` an element is the position of its string's hash in the list, or −1 for any other string.
   */
  readonly hashes?: Readonly<Record<number, readonly number[]>>;
  /**
   * For an input of strings: how a hash gives a position to strings that are not in `categories`. In arrays for `run` such a
   * string is −1 − Σ (hash mod count)·stride: TensorFlow's hash of its UTF-8, FarmHash's Fingerprint64
   * or, with a key, SipHash-2-4.
   */
  readonly spread?: readonly WordSpread[];
  /** For an input: positions of the elements that may be missing (NaN in arrays for `run`). */
  readonly missing?: readonly number[];
  /** For an input: positions of the elements where only missing or not matters. They may be numbers or strings. */
  readonly present?: readonly number[];
  /** For an input: positions of unused elements. They may have any value, and records may omit them. */
  readonly unused?: readonly number[];
  /**
   * True for an input whose rows are any number of pairs of an id and a weight. Its `shape` is `[null, N]`, with ids from 0 to
   * N − 1, and it takes {@link RaggedRows}.
   */
  readonly ragged?: true;
  /**
   * For an input of a model that takes texts: the positions of the record's features that its elements are; for a ragged input,
   * of the texts that its pairs are made of.
   */
  readonly features?: readonly number[];
  /** For an output: the name of the list in which {@link Model.run} returns it. */
  readonly list?: string;
}

/** Frozen copies, so that callers cannot change the model. */
export function tensorInfo({
  name,
  shape,
  dtype,
  categories: all,
  hashes,
  spread,
  fills,
  present,
  ragged,
  features,
  list,
}: Port): TensorInfo {
  const lists = [...(all ?? [])];
  const categories = lists.filter(([, list]) => list.length > 0);
  const unused = lists.flatMap(([element, list]) => (list.length === 0 && spread === undefined ? [element] : []));
  return Object.freeze({
    name,
    shape: Object.freeze(EVERY_BATCH.concat(shape)),
    dtype,
    ...(categories.length > 0 && { categories: Object.freeze(copied(categories)) }),
    ...(hashes && { hashes: Object.freeze(copied([...hashes])) }),
    ...(spread && { spread: Object.freeze(spread.map((way) => Object.freeze({ ...way }))) }),
    ...(fills && { missing: Object.freeze([...fills.keys()]) }),
    ...(present && { present: Object.freeze([...present]) }),
    ...(unused.length > 0 && { unused: Object.freeze(unused) }),
    ...(ragged && { ragged: true as const }),
    ...(features && { features: Object.freeze([...features]) }),
    ...(list !== undefined && { list }),
  });
}

/** For concatenation, because a spread allocates spare capacity in the new array. */
const EVERY_BATCH: readonly (number | null)[] = [null];

/** Copies lists; elements with the same list share one copy. */
function copied<T>(lists: readonly (readonly [element: number, list: readonly T[]])[]): Record<number, readonly T[]> {
  const copies = new Map<readonly T[], readonly T[]>();
  const copyOf = (list: readonly T[]) => {
    const copy = copies.get(list) ?? Object.freeze([...list]);
    copies.set(list, copy);
    return copy;
  };
  return Object.fromEntries(lists.map(([element, list]) => [element, copyOf(list)]));
}
