/**
 * The splits of trees. A file numbers all splits of its features: the borders of each numeric feature one after
 * another, then the categories of each one-hot feature, then statistics of categories (CTRs). Trees refer to these
 * numbers.
 */
import { ForwardpassError } from '../../errors.ts';
import { type Fields, refuse } from '../containers/checks.ts';
import type { Split } from '../trees.ts';

export interface FloatFeature {
  /** The index among the numeric features, in the order of the columns. */
  readonly index: number;
  /** The column in the row. */
  readonly column: number;
  /** As float32; a number above a border goes right at its split. */
  readonly borders: ArrayLike<number>;
  /** Whether NaN is above all borders; otherwise it is below. */
  readonly isNanAbove: boolean;
}

export interface OneHotFeature {
  /** The index among the categorical features. */
  readonly index: number;
  readonly column: number;
  /** Hashes of categories, as int32: see `GraphInput.hashes`. A row with one of them goes right at its split. */
  readonly hashes: readonly number[];
}

/** A split in the form of the graph: a category that matches goes left, but right in CatBoost. */
export interface Comparison {
  readonly split: Split;
  readonly isSwapped: boolean;
}

/** The number of splits of unsupported kinds: estimated features of texts and embeddings, and CTRs. */
interface Unread {
  readonly estimated: number;
  readonly ctrs: number;
}

const NOTHING_UNREAD: Unread = { estimated: 0, ctrs: 0 };

/** A feature and how many splits it has. */
interface Part {
  readonly first: number;
  readonly count: number;
  readonly feature: FloatFeature | OneHotFeature | keyof Unread;
  /** Its index among the compared columns. */
  readonly place: number;
}

export class Splits {
  /** The columns of the row that are compared, numeric ones first. */
  readonly columns: readonly number[];
  readonly floats: readonly FloatFeature[];
  readonly oneHots: readonly OneHotFeature[];
  readonly #parts: readonly Part[];
  readonly #count: number;
  /**
   * For each categorical feature, the number that represents each category in a row; by default its index in the list.
   */
  readonly #codes: ReadonlyMap<OneHotFeature, readonly number[]>;
  /** By split number. */
  readonly #sets = new Map<number, readonly number[]>();

  constructor(
    floats: readonly FloatFeature[],
    oneHots: readonly OneHotFeature[],
    readonly unread: Unread = NOTHING_UNREAD,
    codes: ReadonlyMap<OneHotFeature, readonly number[]> = new Map(),
  ) {
    this.#codes = codes;
    this.floats = floats.filter(({ borders }) => borders.length > 0);
    this.oneHots = oneHots.filter(({ hashes }) => hashes.length > 0);
    this.columns = [...this.floats, ...this.oneHots].map(({ column }) => column);
    const sizes: readonly Pick<Part, 'feature' | 'count'>[] = [
      ...this.floats.map((feature) => ({ feature, count: feature.borders.length })),
      { feature: 'estimated', count: unread.estimated },
      ...this.oneHots.map((feature) => ({ feature, count: feature.hashes.length })),
      { feature: 'ctrs', count: unread.ctrs },
    ];
    let first = 0;
    let place = 0;
    this.#parts = sizes.map(({ feature, count }) => {
      const part = { feature, count, first, place };
      first += count;
      if (typeof feature !== 'string') place++;
      return part;
    });
    this.#count = first;
  }

  /** The same splits with other codes for the categories. */
  withCodes(codes: ReadonlyMap<OneHotFeature, readonly number[]>): Splits {
    return new Splits(this.floats, this.oneHots, this.unread, codes);
  }

  /** The split with a number. Throws `MALFORMED`, and `UNSUPPORTED_OP` for an unsupported kind. */
  at(number: number, place: string): Comparison {
    const part = this.#partOf(number);
    if (part === undefined) return refuse(place, `has split ${number} of ${this.#count}, which does not exist`);
    const { feature, first } = part;
    if (typeof feature === 'string') throw feature === 'ctrs' ? ctrRefused(place) : estimatedRefused(place);
    return 'borders' in feature
      ? this.#aboveBorder(feature, number - first, part.place)
      : this.#isCategory(number, this.#codes.get(feature)?.[number - first] ?? number - first, part.place);
  }

  /** Whether the other fields of a JSON split agree with the number. */
  says(number: number, { float_feature_index, border, cat_feature_index, value }: Fields): boolean {
    const part = this.#partOf(number);
    if (part === undefined || typeof part.feature === 'string') return false;
    const { feature, first } = part;
    const isEqual = (found: unknown, expected: unknown) => found === undefined || found === expected;
    if ('borders' in feature) {
      const own = Math.fround(feature.borders[number - first]);
      const isBorder = border === undefined || Math.fround(Number(border)) === own;
      return cat_feature_index === undefined && isEqual(float_feature_index, feature.index) && isBorder;
    }
    const isCategory = value === undefined || (Number(value) | 0) === feature.hashes[number - first];
    return float_feature_index === undefined && isEqual(cat_feature_index, feature.index) && isCategory;
  }

  #partOf(number: number): Part | undefined {
    if (!(Number.isInteger(number) && number >= 0)) return undefined;
    let [low, high] = [0, this.#parts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { first, count } = this.#parts[middle];
      if (number >= first + count) low = middle + 1;
      else high = middle;
    }
    return this.#parts[low];
  }

  #aboveBorder({ borders, isNanAbove }: FloatFeature, border: number, feature: number): Comparison {
    const threshold = Math.fround(borders[border]);
    // NaN above all borders is treated as +∞, which is not above a border of +∞.
    const nanLeft = !isNanAbove || threshold === Infinity;
    return { split: { feature, threshold, nanLeft }, isSwapped: false };
  }

  #isCategory(number: number, code: number, feature: number): Comparison {
    const set = this.#sets.get(number) ?? [code];
    this.#sets.set(number, set);
    return { split: { feature, threshold: 0, nanLeft: false, set }, isSwapped: true };
  }
}

export function ctrRefused(place: string): ForwardpassError {
  const message =
    'splits by a statistic of a categorical feature (CTR), which is not supported; fit the model with one_hot_max_size ' +
    'above the number of categories, or encode the categories as numbers before';
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}

export function estimatedRefused(place: string): ForwardpassError {
  const message =
    'splits by what CatBoost computes of a text or an embedding (an estimated feature), which is not supported; fit the ' +
    'model on numbers that are computed before';
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}
