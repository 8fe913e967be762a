/** StandardScaler, MinMaxScaler and MaxAbsScaler: alone, or as steps before an estimator that learns. */
import type { FloatArray } from '../../buffers.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { LearningOptions } from '../origin.ts';
import { diverged } from '../stepper.ts';
import { type Reals, rounding } from '../sums.ts';
import { arrayOf, setAttribute } from '../tree.ts';
import type { Batch, Incremental } from './incremental.ts';
import { asFloats, checkRows, ownVector, weightsUnlessRefused } from './inputs.ts';
import { type ColumnExtremes, type ColumnMoments, copyExtremes, Extremes, StandardMoments } from './scaling.ts';

/** A step that scales rows before an estimator that learns. */
export interface Scaler extends Incremental {
  /** The rows as currently scaled, in its own array. */
  transform(x: FloatArray): FloatArray;
}

export class StandardScaler implements Scaler {
  readonly name: string;
  readonly targets = 'none';
  /** Sums are of doubles, whatever the type of rows. */
  readonly Floats = Float64Array;
  width: number | undefined;
  readonly #estimator: Estimator;
  readonly #strict: boolean;
  readonly #centres: boolean;
  readonly #divides: boolean;
  #learnt: StandardMoments | undefined;

  constructor(estimator: Estimator, { strict }: LearningOptions) {
    this.#estimator = estimator;
    this.name = estimator.className;
    this.#strict = strict;
    this.#centres = estimator.boolean('with_mean', true);
    this.#divides = estimator.boolean('with_std', true);
    if (estimator.has('n_samples_seen_')) this.#open();
  }

  begin(width: number): void {
    this.width = width;
    const array = () => new Float64Array(width);
    this.#learnt = this.#momentsOf(array, array());
    setAttribute(this.#estimator.object, 'n_features_in_', width);
  }

  #open(): void {
    const estimator = this.#estimator;
    const seen = estimator.numbers('n_samples_seen_').data;
    const known = ['mean_', 'var_', 'scale_'].find((name) => estimator.has(name));
    const width =
      known === undefined
        ? estimator.number('n_features_in_')
        : estimator.numbersIn(estimator.value(known), known).data.length;
    this.width = width;
    if (seen.length !== 1 && seen.length !== width) {
      throw estimator.error('SHAPE', `expected one number, or one for each of ${width} features`, 'n_samples_seen_');
    }
    const read = (name: string) => Float64Array.from(ownVector(estimator, name, width, this.#strict));
    this.#learnt = this.#momentsOf(
      read,
      Float64Array.from({ length: width }, (_, j) => seen[seen.length === 1 ? 0 : j]),
    );
  }

  #momentsOf(array: (name: string) => Float64Array, seen: Float64Array): StandardMoments {
    const mean = this.#centres || this.#divides ? array('mean_') : undefined;
    const variance = this.#divides ? array('var_') : undefined;
    return new StandardMoments({ mean, variance, seen }, this.#strict);
  }

  partialFit({ x, rows, weights }: Batch): void {
    const learnt = this.#learnt as StandardMoments;
    checkRows(x, this.width as number, true);
    if (!learnt.learn(x, rows, weights)) throw diverged();
  }

  transform(x: FloatArray): FloatArray {
    const { moments, scale } = this.#learnt as StandardMoments;
    const y = x.slice();
    const width = this.width as number;
    const round = rounding(y);
    const mean = this.#centres ? moments.mean : undefined;
    for (let at = 0; at < y.length; ) {
      for (let j = 0; j < width; j++, at++) {
        const centred = mean === undefined ? y[at] : round(y[at] - mean[j]);
        y[at] = scale === undefined ? centred : centred / scale[j];
      }
    }
    return y;
  }

  undo(): void {
    this.#learnt?.undo();
  }

  keep(): unknown {
    if (this.#learnt === undefined) return undefined;
    const { mean, variance, seen } = this.#learnt.moments;
    return { mean: mean?.slice(), variance: variance?.slice(), seen: seen.slice() };
  }

  restore(kept: unknown): void {
    if (kept !== undefined) this.#learnt?.restore(kept as ColumnMoments);
  }

  state(): Record<string, unknown> {
    if (this.#learnt === undefined) return {};
    const { moments, scale, isEven } = this.#learnt;
    const { mean, variance, seen } = moments;
    return {
      mean_: mean?.slice() ?? null,
      var_: variance?.slice() ?? null,
      scale_: scale?.slice() ?? null,
      n_samples_seen_: isEven ? seen[0] : seen.slice(),
    };
  }

  store(): void {
    for (const [name, value] of Object.entries(this.state())) {
      const data = value instanceof Float64Array ? arrayOf([value.length], value) : (value as number | null);
      setAttribute(this.#estimator.object, name, data);
    }
  }
}

/** MinMaxScaler and MaxAbsScaler. */
export class ExtremesScaler implements Scaler {
  readonly name: string;
  readonly targets = 'none';
  Floats: Incremental['Floats'] = Float64Array;
  width: number | undefined;
  readonly #estimator: Estimator;
  readonly #strict: boolean;
  /** The `feature_range` of MinMaxScaler. */
  readonly #range: readonly [low: number, high: number] | undefined;
  readonly #clips: boolean;
  #learnt: Extremes | undefined;
  /** The current factors and offsets of rows, or their divisors. */
  #scales: { readonly scale: Reals; readonly min: Reals | undefined } | undefined;

  constructor(estimator: Estimator, { strict }: LearningOptions) {
    this.#estimator = estimator;
    this.name = estimator.className;
    this.#strict = strict;
    this.#range = estimator.className === 'MinMaxScaler' ? rangeOf(estimator) : undefined;
    this.#clips = estimator.boolean('clip', false);
    if (!estimator.has('n_samples_seen_')) return;
    const greatest = this.#range ? 'data_max_' : 'max_abs_';
    const width = estimator.numbersIn(estimator.value(greatest), greatest).data.length;
    const read = (name: string) => ownVector(estimator, name, width, strict);
    this.#allocate({
      least: this.#range && read('data_min_'),
      greatest: read(greatest),
      seen: estimator.number('n_samples_seen_'),
    });
  }

  begin(width: number, _classes: unknown, Floats: Incremental['Floats']): void {
    this.#allocate({ least: this.#range && new Floats(width), greatest: new Floats(width), seen: 0 });
    setAttribute(this.#estimator.object, 'n_features_in_', width);
  }

  #allocate(extremes: ColumnExtremes): void {
    const { greatest } = extremes;
    this.width = greatest.length;
    this.Floats = greatest instanceof Float32Array ? Float32Array : Float64Array;
    this.#learnt = new Extremes(extremes, this.#strict);
  }

  partialFit(batch: Batch): void {
    weightsUnlessRefused(batch, this.name);
    checkRows(batch.x, this.width as number, true);
    this.#learnt?.learn(asFloats(batch.x, this.Floats), batch.rows);
    this.#scales = undefined;
  }

  transform(x: FloatArray): FloatArray {
    this.#scales ??= this.#scalesOf(this.#learnt as Extremes);
    const { scale, min } = this.#scales;
    const y = asFloats(x, this.Floats).slice();
    const width = this.width as number;
    const round = rounding(y);
    const [low, high] = this.#range?.map(round) ?? [-1, 1];
    for (let at = 0; at < y.length; ) {
      for (let j = 0; j < width; j++, at++) {
        y[at] = min === undefined ? y[at] / scale[j] : round(y[at] * scale[j]) + min[j];
        if (this.#clips) y[at] = y[at] < low ? low : y[at] > high ? high : y[at];
      }
    }
    return y;
  }

  #scalesOf(learnt: Extremes): { scale: Reals; min: Reals | undefined } {
    if (this.#range !== undefined) return learnt.range(this.#range);
    return { scale: learnt.divisors(learnt.now.greatest), min: undefined };
  }

  undo(): void {
    this.#learnt?.undo();
    this.#scales = undefined;
  }

  keep(): unknown {
    const now = this.#learnt?.now;
    return now && { least: now.least?.slice(), greatest: now.greatest.slice(), seen: now.seen };
  }

  restore(kept: unknown): void {
    if (kept !== undefined && this.#learnt) copyExtremes(kept as ColumnExtremes, this.#learnt.now);
    this.#scales = undefined;
  }

  state(): Record<string, unknown> {
    if (this.#learnt === undefined) return {};
    const { now } = this.#learnt;
    const seen = { n_samples_seen_: now.seen };
    if (this.#range === undefined || now.least === undefined) {
      return { max_abs_: now.greatest.slice(), scale_: this.#learnt.divisors(now.greatest), ...seen };
    }
    const { range, scale, min } = this.#learnt.range(this.#range);
    return {
      data_min_: now.least.slice(),
      data_max_: now.greatest.slice(),
      data_range_: range,
      scale_: scale,
      min_: min,
      ...seen,
    };
  }

  store(): void {
    for (const [name, value] of Object.entries(this.state())) {
      const data = typeof value === 'number' ? value : arrayOf([this.width as number], value as FloatArray);
      setAttribute(this.#estimator.object, name, data);
    }
  }
}

function rangeOf(estimator: Estimator): readonly [number, number] {
  const [low, high] = estimator.vector('feature_range', 2);
  if (low < high) return [low, high];
  throw estimator.error(
    'MALFORMED',
    `expected the least below the greatest, found ${low} and ${high}`,
    'feature_range',
  );
}
