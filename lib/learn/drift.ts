/**
 * Drift detectors: each takes one number after another, usually the error of a prediction, and reports when their
 * distribution changes. They fire at the same values as river's, on river's own streams.
 */
import { ForwardpassError } from '../errors.ts';
import { describe, didYouMean, listNames } from '../messages.ts';

/** Receives every error, and reports whether their mean has changed. */
export interface DriftDetector {
  /** Whether the last value showed a change. The detector then starts over with the next value. */
  readonly drift: boolean;
  /** Takes the next value of the stream; returns whether it shows a change. */
  update(value: number): boolean;
}

/** The options of {@link Adwin}. */
export interface AdwinOptions {
  /** The allowed probability of a false alarm. Default: 0.002. */
  readonly delta?: number;
  /** The window is examined every so many values. Default: 32. */
  readonly clock?: number;
  /** The most buckets of one size before two are merged. Default: 5. */
  readonly maxBuckets?: number;
  /** The least number of values in each part of the window. Default: 5. */
  readonly minWindowLength?: number;
  /** The number of values before the window is first examined. Default: 10. */
  readonly gracePeriod?: number;
}

/** The sum of several values, and the sum of their squared distances from their mean. */
interface Bucket {
  readonly sum: number;
  readonly spread: number;
}

/**
 * ADWIN (Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", 2007): a window of the last
 * values, whose older part is dropped once its mean differs from that of the newer part. Memory grows with the
 * logarithm of the window's length.
 */
export class Adwin implements DriftDetector {
  readonly #delta: number;
  readonly #clock: number;
  readonly #maxBuckets: number;
  readonly #minWindowLength: number;
  readonly #gracePeriod: number;
  /** Buckets of 2^i values at index i, the oldest of each row first. */
  #rows: Bucket[][] = [[]];
  #sum = 0;
  #spread = 0;
  #width = 0;
  #ticks = 0;
  #drift = false;

  constructor(options: AdwinOptions = {}) {
    const o = checked('Adwin', options, ['delta', 'clock', 'maxBuckets', 'minWindowLength', 'gracePeriod']);
    this.#delta = between('delta', o.delta ?? 0.002, 0, 1);
    this.#clock = count('clock', o.clock ?? 32, 1);
    this.#maxBuckets = count('maxBuckets', o.maxBuckets ?? 5, 1);
    this.#minWindowLength = count('minWindowLength', o.minWindowLength ?? 5, 1);
    this.#gracePeriod = count('gracePeriod', o.gracePeriod ?? 10, 0);
  }

  get drift(): boolean {
    return this.#drift;
  }

  /** The number of values in the window. */
  get width(): number {
    return this.#width;
  }

  /** The mean of the window; 0 if it is empty. */
  get mean(): number {
    return this.#width === 0 ? 0 : this.#sum / this.#width;
  }

  update(value: number): boolean {
    finite(value);
    if (this.#drift) this.#reset();
    this.#insert(value);
    this.#compress();
    this.#ticks++;
    this.#drift = false;
    if (this.#ticks % this.#clock === 0 && this.#width > this.#gracePeriod) {
      while (this.#hasChanged()) {
        this.#drift = true;
        this.#dropOldest();
      }
    }
    return this.#drift;
  }

  #reset(): void {
    this.#rows = [[]];
    this.#sum = this.#spread = this.#width = this.#ticks = 0;
  }

  #insert(value: number): void {
    this.#rows[0].push({ sum: value, spread: 0 });
    const before = this.#width++;
    if (before > 0) {
      const distance = value - this.#sum / before;
      this.#spread += (before * distance * distance) / this.#width;
    }
    this.#sum += value;
  }

  /** Merges the two oldest buckets of each full row into one of the next row. */
  #compress(): void {
    for (let i = 0; this.#rows[i].length > this.#maxBuckets; i++) {
      const [a, b] = this.#rows[i].splice(0, 2);
      const size = 2 ** i;
      const distance = a.sum / size - b.sum / size;
      const spread = a.spread + b.spread + (size * size * distance * distance) / (size + size);
      if (i + 1 === this.#rows.length) this.#rows.push([]);
      this.#rows[i + 1].push({ sum: a.sum + b.sum, spread });
    }
  }

  /** Whether the means before and after some bucket's end differ by more than chance allows. */
  #hasChanged(): boolean {
    let [before, beforeSum, after, afterSum] = [0, 0, this.#width, this.#sum];
    const least = this.#minWindowLength;
    for (let i = this.#rows.length - 1; i >= 0; i--) {
      for (const [k, { sum }] of this.#rows[i].entries()) {
        before += 2 ** i;
        after -= 2 ** i;
        beforeSum += sum;
        afterSum -= sum;
        // After the last bucket there is nothing to compare with.
        if (i === 0 && k === this.#rows[0].length - 1) return false;
        if (before < least || after < least) continue;
        const confidence = Math.log((2 * Math.log(this.#width)) / this.#delta);
        const harmonic = 1 / (before - least + 1) + 1 / (after - least + 1);
        const variance = this.#spread / this.#width;
        const epsilon = Math.sqrt(2 * harmonic * variance * confidence) + (2 / 3) * confidence * harmonic;
        if (Math.abs(beforeSum / before - afterSum / after) > epsilon) return true;
      }
    }
    return false;
  }

  #dropOldest(): void {
    const oldest = this.#rows.length - 1;
    const size = 2 ** oldest;
    const { sum, spread } = this.#rows[oldest].shift() as Bucket;
    this.#width -= size;
    this.#sum -= sum;
    const distance = sum / size - this.#sum / this.#width;
    this.#spread -= spread + (size * this.#width * distance * distance) / (size + this.#width);
    while (this.#rows.length > 1 && this.#rows[this.#rows.length - 1].length === 0) this.#rows.pop();
  }
}

/** The options of {@link Ddm}. */
export interface DdmOptions {
  /** The number of values before it can fire. Default: 30. */
  readonly warmStart?: number;
  /** How many standard deviations above the least error rate cause a warning. Default: 2. */
  readonly warningThreshold?: number;
  /** How many standard deviations above the least error rate count as drift. Default: 3. */
  readonly driftThreshold?: number;
}

/** DDM (Gama et al., "Learning with drift detection", 2004): takes 1 for a wrong prediction and 0 for a correct one. */
export class Ddm implements DriftDetector {
  readonly #warmStart: number;
  readonly #warningThreshold: number;
  readonly #driftThreshold: number;
  #count = 0;
  #rate = 0;
  #leastRate = Number.POSITIVE_INFINITY;
  #leastDeviation = Number.POSITIVE_INFINITY;
  #warning = false;
  #drift = false;

  constructor(options: DdmOptions = {}) {
    const o = checked('Ddm', options, ['warmStart', 'warningThreshold', 'driftThreshold']);
    this.#warmStart = count('warmStart', o.warmStart ?? 30, 0);
    this.#warningThreshold = between('warningThreshold', o.warningThreshold ?? 2, 0, Number.MAX_VALUE);
    this.#driftThreshold = between('driftThreshold', o.driftThreshold ?? 3, 0, Number.MAX_VALUE);
  }

  get drift(): boolean {
    return this.#drift;
  }

  /** Whether the error rate has increased, but not enough for a drift. */
  get warning(): boolean {
    return this.#warning;
  }

  /** `value` is 1 for a wrong prediction, 0 for a correct one. */
  update(value: number): boolean {
    if (value !== 0 && value !== 1) {
      throw new ForwardpassError('INPUT', `expected 0 (right) or 1 (wrong), found ${describe(value)}`);
    }
    if (this.#drift) {
      this.#count = this.#rate = 0;
      this.#leastRate = this.#leastDeviation = Number.POSITIVE_INFINITY;
      this.#drift = this.#warning = false;
    }
    this.#count++;
    this.#rate += (value - this.#rate) / this.#count;
    if (this.#count <= this.#warmStart) return false;
    const deviation = Math.sqrt((this.#rate * (1 - this.#rate)) / this.#count);
    const level = this.#rate + deviation;
    if (level <= this.#leastRate + this.#leastDeviation) {
      this.#leastRate = this.#rate;
      this.#leastDeviation = deviation;
    }
    this.#drift = level > this.#leastRate + this.#driftThreshold * this.#leastDeviation;
    this.#warning = !this.#drift && level > this.#leastRate + this.#warningThreshold * this.#leastDeviation;
    return this.#drift;
  }
}

/** The options of {@link PageHinkley}. */
export interface PageHinkleyOptions {
  /** The number of values before it can fire. Default: 30. */
  readonly minInstances?: number;
  /** How far a value may be above the mean without being counted. Default: 0.005. */
  readonly delta?: number;
  /** The sum of differences at which it fires. Default: 50. */
  readonly threshold?: number;
  /** The factor by which the sum decays at each value. Default: 0.9999. */
  readonly alpha?: number;
}

/** The Page-Hinkley test (Page, "Continuous inspection schemes", 1954): detects an increase of the mean. */
export class PageHinkley implements DriftDetector {
  readonly #minInstances: number;
  readonly #delta: number;
  readonly #threshold: number;
  readonly #alpha: number;
  /** One more than the number of values so far. */
  #count = 1;
  #mean = 0;
  #sum = 0;
  #drift = false;

  constructor(options: PageHinkleyOptions = {}) {
    const o = checked('PageHinkley', options, ['minInstances', 'delta', 'threshold', 'alpha']);
    this.#minInstances = count('minInstances', o.minInstances ?? 30, 0);
    this.#delta = between('delta', o.delta ?? 0.005, 0, Number.MAX_VALUE);
    this.#threshold = between('threshold', o.threshold ?? 50, 0, Number.MAX_VALUE);
    // 1 − 0.0001, as in river.
    this.#alpha = between('alpha', o.alpha ?? 1 - 0.0001, 0, 1);
  }

  get drift(): boolean {
    return this.#drift;
  }

  update(value: number): boolean {
    finite(value);
    if (this.#drift) {
      this.#count = 1;
      this.#mean = this.#sum = 0;
    }
    this.#mean += (value - this.#mean) / this.#count;
    this.#sum = Math.max(0, this.#alpha * this.#sum + (value - this.#mean - this.#delta));
    this.#count++;
    this.#drift = this.#count >= this.#minInstances && this.#sum >= this.#threshold;
    return this.#drift;
  }
}

/** The detectors by their names in the option `drift`. */
const DETECTORS = {
  adwin: () => new Adwin(),
  ddm: () => new Ddm(),
  'page-hinkley': () => new PageHinkley(),
} as const;
export type DriftName = keyof typeof DETECTORS;
const DRIFT_NAMES = Object.keys(DETECTORS) as DriftName[];

/** The detector of that name, with its defaults. */
export function driftDetector(name: DriftName): DriftDetector {
  if (Object.hasOwn(DETECTORS, name)) return DETECTORS[name]();
  const hint = typeof name === 'string' ? didYouMean(name, DRIFT_NAMES) : '';
  const message = `expected a drift detector, one of ${listNames(DRIFT_NAMES)}, found ${describe(name)}${hint}`;
  throw new ForwardpassError('OPTION', message);
}

function finite(value: number): void {
  if (typeof value === 'number' && Number.isFinite(value)) return;
  const found = typeof value === 'number' ? String(value) : describe(value);
  throw new ForwardpassError('INPUT', `expected a finite number; the value is ${found}`);
}

function checked<O extends object>(name: string, options: O, known: readonly (keyof O & string)[]): O {
  if (typeof options !== 'object' || options === null) {
    throw new ForwardpassError('OPTION', `expected the options of ${name} as an object, found ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.some((option) => option === key)) continue;
    const hint = didYouMean(key, known);
    throw new ForwardpassError('OPTION', `${name} has no option of this name${hint}; it has ${listNames(known)}`, key);
  }
  return options;
}

function between(name: string, value: number, low: number, high: number): number {
  if (typeof value === 'number' && value >= low && value <= high) return value;
  const range = high === Number.MAX_VALUE ? `${low} or more` : `from ${low} to ${high}`;
  throw new ForwardpassError('OPTION', `expected a finite number, ${range}, found ${describe(value)}`, name);
}

function count(name: string, value: number, low: number): number {
  if (Number.isSafeInteger(value) && value >= low) return value;
  throw new ForwardpassError('OPTION', `expected an integer, ${low} or more, found ${describe(value)}`, name);
}
