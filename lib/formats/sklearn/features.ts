/** The model's input: how many features it has, and their names. */
import type { Budget } from '../../graph/budget.ts';
import { type PickleGlobal, PickleObject, type PickleValue } from '../containers/pickle/values.ts';
import type { Estimator } from './estimator.ts';
import { isOwn } from './own/classes.ts';
import { widthless } from './refusals.ts';
import { isSampler, itemsOf, plainScalar } from './values.ts';

export interface Features {
  readonly width: number;
  readonly names?: readonly string[];
}

/** Attributes that contain the inner estimator, or several, of which the first takes the model's own input. */
const FIRST_INSIDE = [
  ...['steps', 'transformer_list', 'best_estimator_', 'estimator_', 'regressor_', 'estimators_'],
  ...['calibrated_classifiers_', 'estimator', 'base_estimator', 'base_estimator_'],
];

/**
 * Arrays whose last axis is the features, for estimators without `n_features_in_`: those in files from before 0.24, and
 * some of today.
 */
const BY_LAST_AXIS = [
  ...['coef_', 'theta_', 'feature_log_prob_', 'centroids_', 'cluster_centers_', 'means_', 'support_vectors_'],
  ...[
    'mean_',
    'scale_',
    'var_',
    'components_',
    'statistics_',
    'scores_',
    'X_train_',
    'X_fit_',
    '_fit_X',
    'feature_importances_',
  ],
];

/**
 * For estimators that a row passes through in order; `isRead` says which classes are supported, `own` returns what a
 * class stores in its own way.
 * @throws {ForwardpassError} MALFORMED if the file does not contain the number of features; UNSUPPORTED_OP.
 */
export function featuresOf(
  chain: readonly Estimator[],
  budget: Budget,
  isRead: (cls: PickleGlobal) => boolean,
  own: (estimator: Estimator) => Features | undefined = () => undefined,
): Features {
  const [estimator] = chain;
  const inner = chain.flatMap((each) => innerEstimators(each, budget.limits.depth));
  const width = firstOf(inner, (each) => own(each)?.width ?? statedWidth(each)) ?? firstOf(inner, arrayWidth);
  if (width === undefined) throw widthless(inner, isRead);
  if (!(Number.isInteger(width) && width >= 1)) throw estimator.error('MALFORMED', `has ${width} features`);
  if (width > budget.limits.rowElements) {
    throw estimator.error('LIMIT', `has ${width} features; \`limits.rowElements\` allows ${budget.limits.rowElements}`);
  }
  const inside = innerEstimators(estimator, budget.limits.depth);
  const names = firstOf(inside, (each) => own(each)?.names ?? featureNames(each));
  return names?.length === width ? { width, names } : { width };
}

/** Attributes whose estimators each take the same row as the outer one. */
const SIDE_BY_SIDE: ReadonlySet<string> = new Set(['transformer_list', 'estimators_', 'calibrated_classifiers_']);

/** No row passes through the estimator by which these selected features. */
const CHOOSING = /^(?:SelectFromModel|RFE|RFECV|SequentialFeatureSelector)$/;

/** Cached by object: many lists may share one, and an object that contains itself does not start with its content. */
const starting = new WeakMap<PickleObject, boolean>();

/**
 * Whether the first estimator that takes a row is of a user-defined class that does not state how many features it
 * takes.
 */
export function startsOwn(estimator: Estimator, depth = estimator.budget.limits.depth): boolean {
  const { object } = estimator;
  const known = starting.get(object);
  if (known !== undefined) return known;
  starting.set(object, false);
  const isAsked = depth > 0 && !isOwnAndSilent(object) && !CHOOSING.test(estimator.className);
  const inner = isAsked ? firstInside(estimator, depth - 1) : undefined;
  const found = isOwnAndSilent(object) || (inner !== undefined && startsOwn(inner, depth - 1));
  starting.set(object, found);
  return found;
}

function isOwnAndSilent(object: PickleObject): boolean {
  return isOwn(object.callable) && (object.attribute('n_features_in_') ?? null) === null;
}

/** The features that an estimator states, or the first inner one does. */
export function statedFeatures(
  estimator: Estimator,
  own: (estimator: Estimator) => Features | undefined,
): Features | undefined {
  const inner = innerEstimators(estimator, estimator.budget.limits.depth);
  const width = firstOf(inner, (each) => own(each)?.width ?? statedWidth(each)) ?? firstOf(inner, arrayWidth);
  if (width === undefined) return undefined;
  const names = firstOf(inner, (each) => own(each)?.names ?? featureNames(each));
  return names?.length === width ? { width, names } : { width };
}

/** The estimator, its first inner one, the first inner one of that, and so on. */
function innerEstimators(estimator: Estimator, depth: number): readonly Estimator[] {
  const found = [estimator];
  for (let inner = firstInside(estimator); inner !== undefined && found.length < depth; inner = firstInside(inner)) {
    found.push(inner);
  }
  return found;
}

function firstInside(estimator: Estimator, depth = estimator.budget.limits.depth): Estimator | undefined {
  const attribute = FIRST_INSIDE.find((name) => estimator.has(name));
  if (attribute === undefined) return undefined;
  const value = estimator.value(attribute);
  if (value instanceof PickleObject) return estimator.inside(value, attribute);
  let own: Estimator | undefined;
  for (const [i, item] of (itemsOf(value) ?? []).entries()) {
    // A step is its name and the estimator; a dropped step is a string.
    const object = item instanceof PickleObject ? item : itemsOf(item)?.[1];
    if (!(object instanceof PickleObject) || isSilent(object)) continue;
    const found = estimator.inside(object, `${attribute}[${i}]`);
    // If several take the same row, another one may state its features.
    if (!SIDE_BY_SIDE.has(attribute) || !startsOwn(found, depth)) return found;
    own ??= found;
  }
  return own;
}

/**
 * Whether it takes the same row as the next estimator but does not state its width, like dummy estimators from 1.0 to
 * 1.2.
 */
function isSilent(object: PickleObject): boolean {
  const isDummy = /^Dummy(?:Classifier|Regressor)$/.test(object.callable.name);
  return isSampler(object) || (isDummy && object.attribute('n_features_in_') === undefined);
}

function firstOf<T>(estimators: readonly Estimator[], read: (estimator: Estimator) => T | undefined): T | undefined {
  for (const estimator of estimators) {
    const found = read(estimator);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `n_features_in_` exists since 0.24; some estimators had another name for it before. */
function statedWidth(estimator: Estimator): number | undefined {
  const attribute = ['n_features_in_', '_n_features', 'n_features_'].find((name) => estimator.has(name));
  return attribute === undefined ? undefined : estimator.number(attribute);
}

function arrayWidth(estimator: Estimator): number | undefined {
  if (estimator.has('coefs_')) return shapeOf(estimator, 'coefs_', estimator.list('coefs_')[0])?.[0];
  const attribute = BY_LAST_AXIS.find((name) => estimator.has(name));
  return attribute === undefined ? undefined : shapeOf(estimator, attribute, estimator.value(attribute))?.at(-1);
}

function shapeOf(estimator: Estimator, attribute: string, value: PickleValue | undefined) {
  return value === undefined ? undefined : estimator.numbersIn(value, attribute).shape;
}

function featureNames(estimator: Estimator): readonly string[] | undefined {
  const names = itemsOf(estimator.value('feature_names_in_'))?.map(plainScalar);
  return names?.every((name) => typeof name === 'string') ? names : undefined;
}
