/** The options of learn(), and their validation. */
import type { Member } from '../formats/format.ts';
import type { Activation, Architecture } from '../graph/architecture.ts';
import type { Limits } from '../graph/limits.ts';
import { checkLoadOptions, refuseUnknown, wrong } from '../options.ts';
import { reading } from '../reading.ts';
import { checkMetricsOptions, type MetricsOptions } from './metrics.ts';
import type { NetworkOptions } from './network-origin.ts';

/** The options of `learn`. All of them may be left out. */
export interface LearnOptions extends NetworkOptions {
  /**
   * How many fits {@link Learner.rollback} can undo. Default: 1. Each additional one keeps a copy of the state.
   */
  readonly history?: number;
  /** Does exactly what scikit-learn does, even where that spoils a model permanently: see docs/learning.md. */
  readonly strict?: boolean;
  /**
   * Predicts the rows of each fit before it learns from them, and compares: see {@link Learner.metrics}. True, or an
   * object with the number of last rows and the drift detector.
   */
  readonly metrics?: boolean | MetricsOptions;
  /**
   * For estimators with `random_state=None`, whose generator is not in files: the seed with which rows of a batch are
   * shuffled. Without it, rows are learnt in order.
   */
  readonly seed?: number;
  /**
   * For a Pipeline whose last step learns: `'learn'` lets the scalers directly before it learn from each batch before they
   * scale it. Default: `'frozen'`, which leaves them unchanged.
   */
  readonly scalers?: 'learn' | 'frozen';
  /** Which object of a file learns: see `LoadOptions.member`. */
  readonly member?: Member;
  /** The activation between layers, for files that contain only parameters: as for `load`. */
  readonly activation?: Activation;
  /** The activation after the last layer, for such files: as for `load`. */
  readonly outputActivation?: Activation;
  /** The layers, for such files: as for `load`. */
  readonly architecture?: Architecture;
  /** Limits on what a file may require; limits that are not given keep their defaults. */
  readonly limits?: Partial<Limits>;
  /** Request headers for http: and https: URLs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Used for http: and https: URLs instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Aborts reading the file. */
  readonly signal?: AbortSignal;
}

export interface CheckedLearnOptions extends ReturnType<typeof checkLoadOptions> {
  readonly history: number;
  readonly strict: boolean;
  readonly seed: number | undefined;
  readonly scalers: 'learn' | 'frozen';
  readonly metrics: MetricsOptions | undefined;
  readonly network: NetworkOptions;
}

const OWN = ['history', 'strict', 'seed', 'scalers', 'metrics'];
const OF_NETWORKS = ['loss', 'optimizer', 'train', 'batchSize'] as const;
const OF_LOAD = ['activation', 'outputActivation', 'architecture', 'member', 'limits', 'headers', 'fetch', 'signal'];
const MOST_HISTORY = 1000;

export function checkLearnOptions(options: LearnOptions): CheckedLearnOptions {
  return reading('OPTION', 'options', () => {
    if (typeof options !== 'object' || options === null) throw wrong('an object', options, 'options');
    refuseUnknown(options, [...OWN, ...OF_NETWORKS, ...OF_LOAD], 'options');
    const {
      history = 1,
      strict = false,
      seed,
      scalers = 'frozen',
      metrics = false,
      loss,
      optimizer,
      train,
      batchSize,
      ...others
    } = options;
    if (!Number.isInteger(history) || history < 0 || history > MOST_HISTORY) {
      throw wrong(`an integer from 0 to ${MOST_HISTORY}`, history, 'history');
    }
    if (typeof strict !== 'boolean') throw wrong('true or false', strict, 'strict');
    if (scalers !== 'learn' && scalers !== 'frozen') throw wrong("'learn' or 'frozen'", scalers, 'scalers');
    if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
      throw wrong('an integer from 0 to 2^32 - 1', seed, 'seed');
    }
    return {
      ...checkLoadOptions(others),
      history,
      strict,
      seed,
      scalers,
      metrics: metricsOf(metrics),
      network: { loss, optimizer, train, batchSize },
    };
  });
}

function metricsOf(metrics: boolean | MetricsOptions): MetricsOptions | undefined {
  if (metrics === false) return undefined;
  const options = metrics === true ? {} : metrics;
  checkMetricsOptions(options);
  return options;
}
