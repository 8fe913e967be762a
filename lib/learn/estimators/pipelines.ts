/** Chooses the kind of pipeline: for texts, for rows that other steps make, or for numbers that are scaled. */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { LearningOptions } from '../origin.ts';
import type { Incremental } from './incremental.ts';
import type { OpenInner } from './learning.ts';
import { Pipeline } from './pipeline.ts';
import { SparsePipeline, takesTexts } from './sparse-pipeline.ts';
import { frontOf, givesSparse, SCALERS, stepsOf } from './steps.ts';

export function openPipeline(estimator: Estimator, options: LearningOptions, openInner: OpenInner): Incremental {
  const steps = stepsOf(estimator);
  if (takesTexts(steps)) return new SparsePipeline(estimator, steps, openInner);
  const front = frontOf(steps);
  const isSparse = givesSparse(steps.slice(0, front));
  const frozen = isSparse ? steps.length - 1 : front;
  const stays = steps.slice(0, frozen).find(({ step }) => SCALERS.includes(step.className));
  if (options.scalers === 'learn' && stays !== undefined) {
    throw stays.step.error(
      'UNSUPPORTED_OP',
      "cannot learn, as requested by scalers: 'learn', because other steps before the last one do not",
    );
  }
  return isSparse
    ? new SparsePipeline(estimator, steps, openInner, frozen)
    : new Pipeline(estimator, steps, options, openInner, frozen);
}
