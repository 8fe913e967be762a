/**
 * Progressive validation: the quality of predictions that were made before learning from their targets, over the last
 * `window` rows.
 */
import { ForwardpassError } from '../errors.ts';
import { describe, listNames } from '../messages.ts';
import { Ddm, type DriftDetector, type DriftName, driftDetector } from './drift.ts';

/** The option `metrics` of `learn`. */
export interface MetricsOptions {
  /** The number of last rows over which metrics are computed. Default: 1000; at most 10,000,000. */
  readonly window?: number;
  /** The drift detector, or its name, that receives each row's error. See {@link Learner.drift}. */
  readonly drift?: DriftDetector | DriftName;
}

const METRIC_KINDS = ['classification', 'regression'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

/**
 * The metrics of a window. Metrics are absent if they do not apply to the learner's task, or need probabilities that it
 * does not have.
 */
export interface MetricValues {
  /** The number of rows that were predicted and then learned from. */
  readonly seen: number;
  /** The number of last rows over which the metrics are computed. */
  readonly rows: number;
  /** The fraction of rows whose class was predicted correctly. Without rows it is NaN, as are all metrics. */
  readonly accuracy?: number;
  /**
   * The mean of −log p, where p is the predicted probability of the row's class, clipped from 2⁻⁵² to 1 as in
   * scikit-learn.
   */
  readonly logLoss?: number;
  /** The mean of |prediction − target|, over rows and targets. */
  readonly meanAbsoluteError?: number;
}

/** The report of a drift detector. */
export interface DriftReport {
  /** How many times it reported drift. */
  readonly count: number;
  /** The row of the last report, counted from 0. */
  readonly last?: number;
}

/** For a checkpoint: the numbers of a window, oldest first, without the detector. */
export interface MetricsState {
  readonly kind: MetricKind;
  readonly window: number;
  readonly seen: number;
  readonly errors: readonly number[];
  readonly losses: readonly number[];
}

const MOST_ROWS = 1e7;
const LEAST_PROBABILITY = Number.EPSILON;

export class ProgressiveMetrics {
  readonly kind: MetricKind;
  readonly window: number;
  readonly #detector: DriftDetector | undefined;
  /**
   * For each row: 1 for a wrong class, or the absolute error. They are summed on demand, so that rounding errors do not
   * accumulate.
   */
  readonly #errors: Float64Array;
  /** Created with the first probability. */
  #losses: Float64Array | undefined;
  #seen = 0;
  #drifts = 0;
  #lastDrift: number | undefined;

  constructor(kind: MetricKind, options: MetricsOptions = {}) {
    const { window, drift } = checkMetricsOptions(options);
    this.kind = kind;
    this.window = window;
    this.#detector = drift === undefined || typeof drift === 'object' ? drift : driftDetector(drift);
    if (this.#detector !== undefined && typeof this.#detector?.update !== 'function') {
      throw new ForwardpassError('OPTION', `expected a drift detector, found ${describe(drift)}`, 'metrics.drift');
    }
    if (this.#detector instanceof Ddm && kind === 'regression') {
      const message =
        "Ddm takes correct or wrong predictions, but this learner's errors are numbers; use 'adwin' or 'page-hinkley'";
      throw new ForwardpassError('OPTION', message, 'metrics.drift');
    }
    this.#errors = new Float64Array(window);
  }

  /**
   * Takes the prediction for a row before it is learned from: whether its class was correct, and the predicted
   * probability of its class, if available.
   */
  observeClass(isRight: boolean, probability?: number): void {
    const at = this.#seen % this.window;
    if (probability !== undefined) {
      this.#losses ??= new Float64Array(this.window).fill(Number.NaN);
      const clipped = Math.min(Math.max(probability, LEAST_PROBABILITY), 1);
      this.#losses[at] = -Math.log(clipped);
    } else {
      this.#losses?.fill(Number.NaN, at, at + 1);
    }
    this.#add(isRight ? 0 : 1);
  }

  /** Takes the error of a row before it is learned from: |prediction − target|, or its mean over several targets. */
  observeError(absoluteError: number): void {
    this.#add(absoluteError);
  }

  #add(error: number): void {
    this.#errors[this.#seen % this.window] = error;
    this.#seen++;
    if (Number.isFinite(error) && this.#detector?.update(error)) {
      this.#drifts++;
      this.#lastDrift = this.#seen - 1;
    }
  }

  /** The report of the drift detector; undefined without one. */
  get drift(): DriftReport | undefined {
    if (this.#detector === undefined) return undefined;
    return { count: this.#drifts, ...(this.#lastDrift !== undefined && { last: this.#lastDrift }) };
  }

  values(): MetricValues {
    const rows = Math.min(this.#seen, this.window);
    const error = this.#errors.subarray(0, rows).reduce((sum, value) => sum + value, 0) / rows;
    const counts = { seen: this.#seen, rows };
    if (this.kind === 'regression') return { ...counts, meanAbsoluteError: error };
    const logLoss = this.#losses && meanOfNumbers(this.#losses.subarray(0, rows));
    return { ...counts, accuracy: 1 - error, ...(logLoss !== undefined && { logLoss }) };
  }

  /** The state for a checkpoint. −1 represents NaN, and the loss of a row without a probability. */
  state(): MetricsState {
    const order = (values: Float64Array | undefined) => {
      if (values === undefined) return [];
      const at = this.#seen % this.window;
      const parts =
        this.#seen > this.window ? [values.subarray(at), values.subarray(0, at)] : [values.subarray(0, this.#seen)];
      return parts.flatMap((part) => Array.from(part, (value) => (Number.isNaN(value) ? -1 : value)));
    };
    const { kind, window } = this;
    return { kind, window, seen: this.#seen, errors: order(this.#errors), losses: order(this.#losses) };
  }

  /** Continues from a checkpoint, with its window unless `options` has one. */
  static from(state: MetricsState, options: MetricsOptions = {}): ProgressiveMetrics {
    const { kind, window, seen, errors, losses } = checkedState(state);
    const metrics = new ProgressiveMetrics(kind, { window, ...options });
    const kept = Math.min(errors.length, metrics.window);
    if (losses.length > 0) metrics.#losses = new Float64Array(metrics.window).fill(Number.NaN);
    for (let i = 0; i < kept; i++) {
      const [from, to] = [errors.length - kept + i, (seen - kept + i) % metrics.window];
      metrics.#errors[to] = errors[from] < 0 ? Number.NaN : errors[from];
      if (metrics.#losses !== undefined && losses[from] >= 0) metrics.#losses[to] = losses[from];
    }
    metrics.#seen = seen;
    return metrics;
  }
}

/** The options, with the default window. @throws {ForwardpassError} OPTION */
export function checkMetricsOptions(options: MetricsOptions): MetricsOptions & { readonly window: number } {
  if (typeof options !== 'object' || options === null) {
    throw new ForwardpassError('OPTION', `expected { window, drift }, found ${describe(options)}`, 'metrics');
  }
  const { window = 1000, drift, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new ForwardpassError('OPTION', `expected ${listNames(['window', 'drift'])}`, `metrics.${unknown}`);
  }
  if (!Number.isSafeInteger(window) || window < 1 || window > MOST_ROWS) {
    const message = `expected an integer from 1 to ${MOST_ROWS}, found ${describe(window)}`;
    throw new ForwardpassError('OPTION', message, 'metrics.window');
  }
  return { window, ...(drift !== undefined && { drift }) };
}

function checkedState(state: MetricsState): MetricsState {
  const { kind, window, seen, errors, losses } = (state ?? {}) as Partial<MetricsState>;
  const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const areNumbers = (values: unknown): values is number[] =>
    Array.isArray(values) && values.every((value) => typeof value === 'number' && !Number.isNaN(value));
  const isKnown =
    METRIC_KINDS.some((known) => known === kind) &&
    isWhole(window) &&
    isWhole(seen) &&
    areNumbers(errors) &&
    areNumbers(losses) &&
    errors.length === Math.min(seen, window) &&
    (losses.length === 0 || losses.length === errors.length);
  if (isKnown) return { kind: kind as MetricKind, window, seen, errors, losses };
  throw new ForwardpassError('MALFORMED', 'expected the metrics of a checkpoint, found something else', 'metrics');
}

/** The mean of the values that are not NaN. */
function meanOfNumbers(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}
