/**
 * How each class of scikit-learn is read. A class is identified by its name and by any module of scikit-learn: the
 * submodule is not compared, since classes were moved between versions. A user-defined class of the same name is
 * another class.
 */

import { CATBOOST } from '../catboost/pickled.ts';
import type { PickleGlobal } from '../containers/pickle/values.ts';
import type { GivenFunctions } from '../format.ts';
import { refuseIterations } from '../iterations.ts';
import { LIGHTGBM } from '../lightgbm/pickled.ts';
import { STATSMODELS } from '../statsmodels/results.ts';
import { XGBOOST } from '../xgboost/pickled.ts';
import type { Readers } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { Features } from './features.ts';
import { IMBALANCED } from './models/imbalanced.ts';
import { MODELS } from './models/models.ts';
import { isOwn } from './own/classes.ts';
import { ownMethod, ownPrediction, predictsOwn } from './own/step.ts';
import { isOfOneDal, isPatched } from './patched.ts';
import type { Reading, Table } from './reading.ts';
import { refusal } from './refusals.ts';
import { STEPS } from './steps/steps.ts';
import { isModuleOf } from './values.ts';

export function isOfScikitLearn(cls: PickleGlobal): boolean {
  return isModuleOf('sklearn', cls.module) || isPatched(cls);
}

/** Whether the class is supported, judged by its name. */
export function isKnown(cls: PickleGlobal): boolean {
  return tableOf(cls) !== undefined;
}

/** Whether an object is used as a whole: it belongs to scikit-learn, or its class is supported. */
export function isWhole(cls: PickleGlobal): boolean {
  return isOfScikitLearn(cls) || isKnown(cls);
}

/** Whether the class only transforms. */
export function isStep(cls: PickleGlobal): boolean {
  return Object.hasOwn(STEPS, cls.name) && STEPS[cls.name].predict === undefined;
}

const TABLES = [MODELS, STEPS];
/** For other packages, by the first part of the module name. */
const PACKAGES: ReadonlyMap<string, Table> = new Map([
  ['catboost', CATBOOST],
  ['imblearn', IMBALANCED],
  ['lightgbm', LIGHTGBM],
  ['statsmodels', STATSMODELS],
  ['xgboost', XGBOOST],
]);

function tableOf(cls: PickleGlobal): Table | undefined {
  const own = PACKAGES.get(cls.module.split('.', 1)[0]);
  const tables = isOfScikitLearn(cls) ? TABLES : own === undefined ? [] : [own];
  return tables.find((table) => Object.hasOwn(table, cls.name));
}

export function ownFeatures(estimator: Estimator): Features | undefined {
  const { callable } = estimator.object;
  return tableOf(callable)?.[callable.name].features?.(estimator);
}

function readingOf(estimator: Estimator): Reading {
  const { callable } = estimator.object;
  const table = tableOf(callable);
  if (table !== undefined && !isOfOneDal(estimator.object)) return table[callable.name];
  if (isOwn(callable)) return OWN;
  throw refusal(estimator);
}

/** A user-defined class: the caller computes its transform or its predictions. */
const OWN: Reading = { transform: ownMethod(refusal), predict: ownPrediction(refusal) };

/** Whether the estimator predicts; one that only transforms is a model too. */
export function predicts(estimator: Estimator, depth: number, functions: GivenFunctions = new Map()): boolean {
  const reading = readingOf(estimator);
  if (reading === OWN) return predictsOwn(estimator, functions);
  const { predict, last } = reading;
  if (last === undefined) return predict !== undefined;
  const step = last(estimator);
  // Infinite nesting is refused when the estimator is read.
  return step !== undefined && depth > 0 && predicts(step, depth - 1, functions);
}

/** The boosted model whose predictions the estimator gives. Throws `OPTION` if there is none. */
export function boostedIn(estimator: Estimator, depth: number): Estimator {
  const { isBoosted, last, inner } = readingOf(estimator);
  if (isBoosted) return estimator;
  const inside = (inner ?? last)?.(estimator);
  if (inside !== undefined && depth > 0) return boostedIn(inside, depth - 1);
  throw refuseIterations(
    `only applies to boosted models, by themselves, in a pipeline or in a search; ${estimator.title} is not one`,
  );
}

export const readers: Readers = {
  features: ownFeatures,
  transform(estimator) {
    const { transform } = readingOf(estimator);
    if (transform !== undefined) return transform;
    throw estimator.error(
      'UNSUPPORTED_OP',
      `${estimator.className} predicts; it is not supported as a step that transforms`,
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
