/** What a model's input is: how many features, and what they are called. */
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

/** Attributes that hold the estimator, or several, of which the first takes the model's own input. */
const FIRST_INSIDE = [
  ...['steps', 'transformer_list', 'best_estimator_', 'estimator_', 'regressor_', 'estimators_'],
  ...['calibrated_classifiers_', 'estimator', 'base_estimator', 'base_estimator_'],
];

/** Arrays whose last axis is the features, where there is no `n_features_in_`: in files from before 0.24, and in some of today. */
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
 * Of estimators that a row passes through one after the other; `isRead` tells which classes are, `own` what a class says in its own way.
 * @throws {ForwardpassError} MALFORMED when the file does not say how many features there are; UNSUPPORTED_OP.
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
  if (!(Number.isInteger(width) && width >= 1)) throw estimator.error('MALFORMED', `takes ${width} features`);
  if (width > budget.limits.rowElements) {
    throw estimator.error(
      'LIMIT',
      `takes ${width} features; \`limits.rowElements\` allows ${budget.limits.rowElements}`,
    );
  }
  const inside = innerEstimators(estimator, budget.limits.depth);
  const names = firstOf(inside, (each) => own(each)?.names ?? featureNames(each));
  return names?.length === width ? { width, names } : { width };
}

/** Those whose estimators each take the row that they take themselves. */
const SIDE_BY_SIDE: ReadonlySet<string> = new Set(['transformer_list', 'estimators_', 'calibrated_classifiers_']);

/** No row passes through the estimator by which they have chosen. */
const CHOOSING = /^(?:SelectFromModel|RFE|RFECV|SequentialFeatureSelector)$/;

/** For each object once: many lists may share one, and one that holds itself does not begin with what it holds. */
const starting = new WeakMap<PickleObject, boolean>();

/** Whether the first that takes a row is of a class of the author's own that does not say how many features it takes. */
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

/** What an estimator says that it takes, by itself or by what is first inside it. */
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

/** The estimator, the first one inside it, the first inside that, and so on. */
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
    // A step is its name and the estimator; one that was dropped is a string.
    const object = item instanceof PickleObject ? item : itemsOf(item)?.[1];
    if (!(object instanceof PickleObject) || isSilent(object)) continue;
    const found = estimator.inside(object, `${attribute}[${i}]`);
    // Of several that take the same, one of another class may say what it is.
    if (!SIDE_BY_SIDE.has(attribute) || !startsOwn(found, depth)) return found;
    own ??= found;
  }
  return own;
}

/** Whether it takes what the one after it takes, and does not say how much that is, as dummies did not from 1.0 to 1.2. */
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

/** `n_features_in_` is since 0.24; some had their own name for it before. */
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
