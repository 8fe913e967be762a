/** Steps that deal with what is missing. */
import { type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import { plainScalar } from '../values.ts';

export function simpleImputer(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const fills = estimator.list('statistics_').map(plainScalar);
  if (fills.length !== x.width)
    throw estimator.error('SHAPE', `expected ${x.width} values, found ${fills.length}`, 'statistics_');
  const isConstant = estimator.text('strategy', 'mean') === 'constant';
  const keepsEmpty = isConstant || estimator.boolean('keep_empty_features', false);
  // Columns without any value when it was fitted have nothing to be filled with.
  const kept = fills.flatMap((fill, i) => (keepsEmpty || !isNan(fill) ? [i] : []));
  const missing = new Missing(estimator, emitter, x, fills);
  const filled = missing.filled(kept, fills);
  if (!estimator.boolean('add_indicator', false)) return filled;
  const features = Array.from(estimator.estimator('indicator_').vector('features_'));
  return features.length === 0 ? filled : emitter.concat([filled, missing.indicator(features)]);
}

export function missingIndicator(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const missing = new Missing(estimator, emitter, x, []);
  if (estimator.text('features', 'missing-only') === 'all') return missing.indicator(everyColumn(x));
  const features = Array.from(estimator.vector('features_'));
  const others = everyColumn(x).filter((column) => !features.includes(column));
  if (others.length === 0 || !estimator.boolean('error_on_new', true)) return missing.indicator(features);
  // The others must be there, though nothing else comes of them.
  const all = emitter.concat([missing.indicator(features), missing.present(others)]);
  return emitter.gather(
    all,
    features.map((_, i) => i),
  );
}

function everyColumn({ width }: Row): number[] {
  return Array.from({ length: width }, (_, i) => i);
}

/** Which elements of a row are missing: NaN, or those of a certain value. */
class Missing {
  readonly #x: Row;
  readonly #isMissing: Row;
  readonly #isNan: boolean;

  constructor(
    readonly estimator: Estimator,
    readonly emitter: Emitter,
    x: Row,
    fills: readonly PickleValue[],
  ) {
    const marker = plainScalar(estimator.value('missing_values', Number.NaN));
    this.#isNan = isNan(marker);
    if (this.#isNan) emitter.takesMissing = true;
    this.#x = emitter.requireFinite(x, this.#isNan);
    if (this.#isNan) {
      this.#isMissing = emitter.unary(this.#x, 'is_nan');
    } else if (typeof marker === 'number' || typeof marker === 'boolean') {
      this.#isMissing = emitter.binary('equal', this.#x, Number(marker));
    } else if (typeof marker === 'string') {
      const words = Float64Array.from({ length: x.width }, (_, i) =>
        fills.length === 0 || typeof fills[i] === 'string' ? this.#word(i, marker) : Number.NaN,
      );
      this.#isMissing = emitter.binary('equal', this.#x, words);
    } else {
      const found = `expected a number, a word or NaN, found ${pickleKind(marker)}`;
      throw estimator.error('UNSUPPORTED_DTYPE', found, 'missing_values');
    }
  }

  /** The columns, with what is missing replaced. */
  filled(kept: readonly number[], fills: readonly PickleValue[]): Row {
    const { emitter } = this;
    const values = Float64Array.from(kept, (i) => this.#number(i, fills[i]));
    const x = emitter.gather(this.#x, kept);
    const { operand } = emitter.select(emitter.gather(this.#isMissing, kept), values, x);
    // What stands in a column of words is a word still.
    const columns = kept.map((i) => (typeof fills[i] === 'string' ? this.#x.columns?.[i] : undefined));
    return { operand, width: kept.length, columns };
  }

  /** 1 for each of the columns that is missing, otherwise 0. */
  indicator(columns: readonly number[]): Row {
    return this.emitter.gather(this.#isMissing, columns);
  }

  /** The columns, which are refused where one is missing. */
  present(columns: readonly number[]): Row {
    const { emitter } = this;
    const x = emitter.gather(this.#x, columns);
    if (this.#isNan) return emitter.requireFinite(x);
    return emitter.requireFinite(emitter.select(emitter.gather(this.#isMissing, columns), Number.NaN, x));
  }

  #number(column: number, fill: PickleValue): number {
    if (typeof fill === 'string') return this.#word(column, fill);
    if (typeof fill === 'boolean') return Number(fill);
    if (typeof fill === 'number' && Number.isFinite(fill)) return fill;
    // Columns that had no value are filled with 0 since there is an option to keep them.
    if (isNan(fill)) return 0;
    const found = `expected a number or a word, found ${pickleKind(fill)}`;
    throw this.estimator.error('UNSUPPORTED_DTYPE', found, `statistics_[${column}]`);
  }

  #word(column: number, word: string): number {
    const own = this.#x.columns?.[column];
    if (own !== undefined) return this.emitter.wordIndices(own, [word])[0];
    throw this.estimator.error('UNSUPPORTED_OP', `column ${column} holds words that a step before has made`);
  }
}

/** NaN, None, or pandas' NA: in a row of ours, all of them are NaN. */
function isNan(value: PickleValue): boolean {
  return (
    value === null ||
    (typeof value === 'number' && Number.isNaN(value)) ||
    /\bNA(?:Type)?$|_libs\.missing/.test(pickleKind(value))
  );
}
