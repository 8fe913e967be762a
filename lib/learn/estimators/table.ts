/** All estimators that continue learning, by class, with the defaults of their parameters. */
import { ForwardpassError } from '../../errors.ts';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from '../../formats/containers/pickle/values.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { didYouMean, listNames, quote } from '../../messages.ts';
import type { LearningOptions } from '../origin.ts';
import { setAttribute } from '../tree.ts';
import { BAYES_AND_OTHERS } from './bayes-table.ts';
import type { Incremental } from './incremental.ts';
import type { LearningTable } from './learning.ts';
import { SGD } from './sgd-table.ts';

const TABLE: LearningTable = { ...SGD, ...BAYES_AND_OTHERS };

/** The names of all estimators that learn. */
const LEARNING = Object.keys(TABLE);

/** How deeply estimators that learn may be nested: those of a OneVsRestClassifier in a Pipeline, and one more level. */
const DEEPEST = 4;

/** @throws {ForwardpassError} UNSUPPORTED_OP for an estimator without an incremental fit. */
export function openEstimator(estimator: Estimator, options: LearningOptions, depth = DEEPEST): Incremental {
  const { className } = estimator;
  if (depth === 0) throw estimator.error('UNSUPPORTED_OP', `is nested more than ${DEEPEST} estimators deep`);
  if (Object.hasOwn(TABLE, className)) {
    return TABLE[className].open(estimator, options, (inner) => openEstimator(inner, options, depth - 1));
  }
  const message = `${className} cannot continue learning; these can: ${listNames(LEARNING, LEARNING.length)}`;
  throw estimator.error('UNSUPPORTED_OP', message);
}

/** A new estimator, as scikit-learn would pickle it. */
export function newEstimator(name: string, parameters: Readonly<Record<string, unknown>>): PickleObject {
  if (!Object.hasOwn(TABLE, name)) {
    const hint = didYouMean(name, LEARNING) || `; expected one of ${listNames(LEARNING, LEARNING.length)}`;
    throw new ForwardpassError('OPTION', `unknown estimator ${quote(name)}${hint}`, 'estimator');
  }
  const { module, defaults } = TABLE[name];
  const object = new PickleObject(new PickleGlobal(module, name), []);
  for (const [key, value] of Object.entries(defaults)) setAttribute(object, key, pickledOf(value, key));
  for (const [key, value] of Object.entries(parameters)) {
    if (!Object.hasOwn(defaults, key)) {
      const known = Object.keys(defaults);
      const hint = didYouMean(key, known) || `; expected one of ${listNames(known, known.length)}`;
      throw new ForwardpassError('OPTION', `${name} has no parameter ${quote(key)}${hint}`, 'source');
    }
    if (value !== undefined) setAttribute(object, key, pickledOf(value, key));
  }
  setAttribute(object, '_sklearn_version', '1.9.1');
  return object;
}

function pickledOf(value: unknown, name: string): PickleValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value) && value.length <= MOST_ITEMS && value.every((item) => typeof item === 'number')) {
    return new PickleTuple([...value]);
  }
  if (typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value)) {
    const dict = new PickleDict();
    for (const [key, item] of Object.entries(value)) {
      if (typeof item !== 'number') throw wrong(name);
      // Keys of objects are strings, so numeric class labels are converted.
      const number = Number(key);
      dict.entries.push([key.trim() !== '' && `${number}` === key ? number : key, item]);
    }
    return dict;
  }
  throw wrong(name);
}

/** The most items of a parameter that is an array, with one for each feature or class. */
const MOST_ITEMS = 2 ** 20;

function wrong(name: string): ForwardpassError {
  const message = 'expected a number, a string, true, false, null, or an array or object of numbers';
  return new ForwardpassError('OPTION', message, name);
}
