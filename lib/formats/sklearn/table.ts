/**
 * How each class of scikit-learn is read. A class is known by its name and by a module of scikit-learn's: of these
 * modules the file's own is not compared, since they were moved between versions. A user's class of the same name is
 * another class.
 */
import type { Predict, Readers, Transform } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import { MODELS } from './models/models.ts';
import { refusal } from './refusals.ts';
import { STEPS } from './steps/steps.ts';

/** What a class does with a row; a class may do both. */
export interface Reading {
  readonly transform?: Transform;
  readonly predict?: Predict;
  /** Of a class that predicts where its last step does: that step, if it has any. */
  readonly last?: (estimator: Estimator) => Estimator | undefined;
}

/** By class name. */
export type Table = Readonly<Record<string, Reading>>;

function readingOf(estimator: Estimator): Reading {
  const { className, module } = estimator;
  const isOwn = module === 'sklearn' || module.startsWith('sklearn.');
  for (const table of [MODELS, STEPS]) {
    if (isOwn && Object.hasOwn(table, className)) return table[className];
  }
  throw refusal(estimator);
}

/** Whether the estimator predicts; one that only transforms is a model too. */
export function predicts(estimator: Estimator, depth: number): boolean {
  const { predict, last } = readingOf(estimator);
  if (last === undefined) return predict !== undefined;
  const step = last(estimator);
  // Nested without end, it is refused when it is read.
  return step !== undefined && depth > 0 && predicts(step, depth - 1);
}

export const readers: Readers = {
  transform(estimator) {
    const { transform } = readingOf(estimator);
    if (transform !== undefined) return transform;
    throw estimator.error(
      'UNSUPPORTED_OP',
      `${estimator.className} predicts, and is not read as a step that transforms`,
    );
  },
  predict(estimator) {
    const { predict } = readingOf(estimator);
    if (predict !== undefined) return predict;
    throw estimator.error(
      'MALFORMED',
      `expected an estimator that predicts, found a ${estimator.className}, which transforms`,
    );
  },
};
