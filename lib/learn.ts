/**
 * `forwardpass/learn`: models that continue learning where Python stopped. See docs/learning.md.
 *
 *     import { learn } from 'forwardpass/learn';
 *     const learner = await learn('spam.joblib');
 *     learner.partialFit(rows, labels);
 *     const model = learner.freeze();                   // an ordinary model, to share and serve
 *
 * @module forwardpass/learn
 */
import type { Architecture } from './graph/architecture.ts';
import { Learner } from './learn/learner.ts';
import { checkLearnOptions, type LearnOptions } from './learn/options.ts';
import { definedOrigin, newOrigin, openOrigin } from './learn/origins.ts';
import { reading } from './reading.ts';
import { type ModelSource, openSource } from './source.ts';

export { ForwardpassError } from './errors.ts';
export {
  Adwin,
  type AdwinOptions,
  Ddm,
  type DdmOptions,
  type DriftDetector,
  PageHinkley,
  type PageHinkleyOptions,
} from './learn/drift.ts';
export type { FitOptions, LearnTargets } from './learn/learner.ts';
export type { DriftReport, MetricsOptions, MetricValues } from './learn/metrics.ts';
export type { LossName, LossOptions } from './learn/network/loss.ts';
export type { OptimizerName, OptimizerOptions } from './learn/network/optimizer.ts';
export type { NetworkOptions } from './learn/network-origin.ts';
export type { LearnOptions } from './learn/options.ts';
export type { ModelSource } from './source.ts';
export type { Learner };

/** A new scikit-learn estimator: its class, and parameters of its constructor that are not the defaults. */
export interface NewEstimator {
  /** The class's name, such as `SGDClassifier`. */
  readonly estimator: string;
  readonly [parameter: string]: unknown;
}

/**
 * Opens a model for further learning: a file or URL as for `load`, a checkpoint from {@link Learner.save}, a new
 * estimator by its name, or a network as for `define`.
 *
 * @throws {ForwardpassError} UNSUPPORTED_OP for models without an incremental fit; and what `load` throws.
 */
export async function learn(
  source: ModelSource | NewEstimator | Architecture,
  options: LearnOptions = {},
): Promise<Learner> {
  const checked = checkLearnOptions(options);
  if (isArchitecture(source)) return new Learner(await definedOrigin(source, checked), checked);
  const asked = reading('OPTION', 'source', () => newEstimatorOf(source));
  if (asked !== undefined) {
    const { estimator, ...parameters } = asked;
    return new Learner(await newOrigin(estimator, parameters, checked), checked);
  }
  const opened = await openSource(source as ModelSource, checked);
  try {
    const { origin, kept } = await openOrigin(opened, checked);
    return new Learner(origin, checked, kept);
  } finally {
    await opened.checkUnchanged().finally(() => opened.close());
  }
}

function isArchitecture(source: unknown): source is Architecture {
  return typeof source === 'object' && source !== null && 'layers' in source;
}

function newEstimatorOf(source: unknown): NewEstimator | undefined {
  if (typeof source !== 'object' || source === null || !('estimator' in source)) return undefined;
  return typeof source.estimator === 'string' ? ({ ...source } as NewEstimator) : undefined;
}
