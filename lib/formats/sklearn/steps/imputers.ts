/** Steps that handle missing values. */

import { type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import { mapped } from '../../mapped.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { plainScalar } from '../values.ts';

export function simpleImputer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const fills = estimator.list('statistics_').map(plainScalar);
  if (fills.length !== x.width)
    throw estimator.error('SHAPE', `expected ${x.width} values, found ${fills.length}`, 'statistics_');
  const strategy = plainScalar(estimator.value('strategy', 'mean'));
  const isConstant = strategy === 'constant';
  // Before 1.8, constants were imputed whatever the column had contained.
  const keepsEmpty = (isConstant && !estimator.since(1, 8)) || estimator.boolean('keep_empty_features', false);
  // Columns without any value in training have nothing to be imputed with.
  const kept = fills.flatMap((fill, i) => (keepsEmpty || !isNan(fill) ? [i] : []));
  const isStatistic = !isConstant && strategy !== 'most_frequent';
  const missing = new Missing(estimator, emitter, x, { fills, makesFloats: isStatistic });
  const filled = missing.filled(kept, isConstant ? Number.NaN : 0);
  if (!estimator.boolean('add_indicator', false)) return filled;
  const features = Array.from(estimator.estimator('indicator_').vector('features_'));
  return features.length === 0 ? filled : emitter.concat([filled, missing.indicator(features)]);
}

export function missingIndicator(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const missing = new Missing(estimator, emitter, x, { fills: [], makesFloats: false });
  if (estimator.text('features', 'missing-only') === 'all') return missing.indicator(everyColumn(x));
  const features = Array.from(estimator.vector('features_'));
  const known = new Set(features);
  const others = everyColumn(x).filter((column) => !known.has(column));
  if (others.length === 0 || !estimator.boolean('error_on_new', true)) return missing.indicator(features);
  // The others must not be missing, though they are not part of the result.
  const all = emitter.concat([missing.indicator(features), missing.present(others)]);
  return emitter.gather(
    all,
    features.map((_, i) => i),
  );
}

function everyColumn({ width }: RowVector): number[] {
  return Array.from({ length: width }, (_, i) => i);
}

/**
 * What counts as missing: NaN; None; either of them, which is pandas' NA; or a given number or word. None is an index
 * among words, and NaN if it is among numbers.
 */
type Marker = 'nan' | 'none' | 'either' | { readonly is: number | string };

interface Given {
  readonly fills: readonly PickleValue[];
  /** Whether it converts any input to numbers, which turns None into NaN. */
  readonly makesFloats: boolean;
}

/** The memory of a column of words of which one is known. */
const WORD_BYTES = 400;

/** Which elements of a row are missing. */
export class Missing {
  readonly #x: RowVector;
  readonly #isMissing: RowVector;
  readonly #marker: Marker;
  readonly #fills: readonly PickleValue[];
  /** Whether None counts as missing. */
  readonly #takesNone: boolean;

  constructor(
    readonly estimator: Estimator,
    readonly emitter: Emitter,
    x: RowVector,
    { fills, makesFloats }: Given,
  ) {
    this.#fills = fills;
    const marker = markerOf(estimator);
    // An indicator refuses NaN unless it looks for NaN.
    this.#marker = marker === 'either' && fills.length === 0 ? 'none' : marker;
    if (marker === 'nan') {
      if (makesFloats) emitter.cells.takesMissing = true;
      else for (const i of everyColumn(x)) emitter.cells.takeNan(x.columns?.[i]);
    }
    if (marker === 'either') emitter.cells.takesMissing = true;
    // It would refuse the NaN that None becomes.
    if (makesFloats && marker !== 'nan') emitter.requireNumbers(x.operand);
    const codes = Float64Array.from({ length: x.width }, (_, i) => this.#code(x, i, makesFloats));
    this.#x = this.#checked(x, codes);
    const equal = () => emitter.binary('equal', this.#x, codes);
    const isNan = () => emitter.unary(this.#x, 'is_nan');
    this.#takesNone = (marker !== 'nan' || makesFloats) && typeof marker !== 'object';
    if (typeof marker !== 'object' && codes.every(Number.isNaN)) this.#isMissing = isNan();
    else if (typeof marker === 'object') this.#isMissing = equal();
    else this.#isMissing = emitter.binary('or', equal(), isNan());
  }

  /** The number that counts as missing in column `i`, besides NaN; NaN if there is none. */
  #code(x: RowVector, i: number, makesFloats: boolean): number {
    const own = x.columns?.[i];
    const { cells } = this.emitter;
    const marker = this.#marker;
    if (marker === 'nan') return makesFloats && own !== undefined ? cells.noneOf(own) : Number.NaN;
    if (typeof marker === 'object') {
      // An indicator of a word may be the only sign that a column contains words.
      const isShown = this.#fills.length === 0 && typeof marker.is === 'string';
      const isWords = isShown || this.#isOfWords(x, i);
      if (typeof marker.is === 'string') return isWords ? this.#word(x, i, marker.is) : Number.NaN;
      return isWords ? Number.NaN : marker.is;
    }
    if (this.#isOfWords(x, i)) return this.#word(x, i, null);
    if (marker === 'either') return own === undefined ? Number.NaN : cells.noneOf(own);
    if (own === undefined) throw this.#made(i);
    return cells.takeNone(own);
  }

  #isOfWords(x: RowVector, i: number): boolean {
    const own = x.columns?.[i];
    return typeof this.#fills[i] === 'string' || (own !== undefined && this.emitter.cells.isOfWords(own));
  }

  /** Checks for finite numbers; NaN is allowed if it counts as missing. */
  #checked(x: RowVector, codes: Float64Array): RowVector {
    const { emitter } = this;
    if (this.#marker === 'nan' || this.#marker === 'either') return emitter.requireFinite(x, true);
    if (this.#marker !== 'none') return emitter.requireFinite(x);
    const numbers = everyColumn(x).filter((i) => Number.isNaN(codes[i]));
    if (numbers.length === 0) return emitter.requireFinite(x);
    if (numbers.length === x.width) return emitter.requireFinite(x, true);
    const words = everyColumn(x).filter((i) => !Number.isNaN(codes[i]));
    const order = new Array<number>(x.width);
    for (const [at, column] of [...words, ...numbers].entries()) order[column] = at;
    const parts = [
      emitter.requireFinite(emitter.gather(x, words)),
      emitter.requireFinite(emitter.gather(x, numbers), true),
    ];
    return emitter.gather(emitter.concat(parts), order);
  }

  /** The columns with missing values replaced; `nothing` is for columns that have nothing to be imputed with. */
  filled(kept: readonly number[], nothing: number): RowVector {
    const { emitter } = this;
    const values = mapped(kept, (i) => this.#fill(i, nothing));
    const keepsNone = !this.#takesNone || this.#fills.includes(null);
    return emitter.filled(emitter.gather(this.#x, kept), emitter.gather(this.#isMissing, kept), values, keepsNone);
  }

  /** 1 for each column that is missing, otherwise 0. */
  indicator(columns: readonly number[]): RowVector {
    return this.emitter.gather(this.#isMissing, columns);
  }

  /** The columns; a missing value in them is refused. */
  present(columns: readonly number[]): RowVector {
    const { emitter } = this;
    const x = emitter.gather(this.#x, columns);
    if (this.#marker === 'nan') return emitter.requireFinite(x);
    return emitter.requireFinite(emitter.select(emitter.gather(this.#isMissing, columns), Number.NaN, x));
  }

  #fill(column: number, nothing: number): number {
    const fill = this.#fills[column];
    if (typeof fill === 'string') return this.#word(this.#x, column, fill);
    const own = this.#x.columns?.[column];
    const isWords = own !== undefined && this.emitter.cells.isOfWords(own);
    if (fill === null) {
      if (isWords) return this.#word(this.#x, column, null);
      if (own === undefined) throw this.#made(column);
      return this.emitter.cells.takeNone(own);
    }
    if (isNan(fill)) return nothing;
    const number = typeof fill === 'boolean' ? Number(fill) : fill;
    // Among words it is an index that no category has.
    if (typeof number === 'number' && Number.isFinite(number)) return isWords ? -1 : number;
    const found = `expected a number or a word, found ${pickleKind(fill)}`;
    throw this.estimator.error('UNSUPPORTED_DTYPE', found, `statistics_[${column}]`);
  }

  #word(x: RowVector, column: number, word: string | null): number {
    const own = x.columns?.[column];
    if (own !== undefined) {
      this.emitter.budget.build(WORD_BYTES, this.estimator.title);
      return this.emitter.cells.wordIndices(own, [word])[0];
    }
    throw this.estimator.error('UNSUPPORTED_OP', `column ${column} contains words that an earlier step created`);
  }

  #made(column: number) {
    return this.estimator.error('UNSUPPORTED_OP', `column ${column} contains None, which an earlier step created`);
  }
}

function markerOf(estimator: Estimator): Marker {
  const marker = plainScalar(estimator.value('missing_values', Number.NaN));
  if (isNan(marker)) return 'nan';
  if (marker === null) return 'none';
  if (/\bNA(?:Type)?$|_libs\.missing/.test(pickleKind(marker))) return 'either';
  if (typeof marker === 'string') return { is: marker };
  if (typeof marker === 'number' || typeof marker === 'boolean') return { is: Number(marker) };
  const found = `expected a number, a word, None or NaN, found ${pickleKind(marker)}`;
  throw estimator.error('UNSUPPORTED_DTYPE', found, 'missing_values');
}

function isNan(value: PickleValue): boolean {
  return typeof value === 'number' && Number.isNaN(value);
}
