/** The steps after a user-defined step determine how many columns it must return, and their names. */
import { PickleDict, PickleObject, type PickleValue } from '../../containers/pickle/values.ts';
import type { Estimator } from '../estimator.ts';
import { type Features, startsOwn, statedFeatures } from '../features.ts';
import { plainScalar } from '../values.ts';

export interface Expected {
  readonly width?: number;
  readonly names?: readonly string[];
  /** Whether any number of columns is accepted. */
  readonly isAny?: boolean;
  /** The class that determines it. */
  readonly by: string;
}

/**
 * What the estimators from an index on take; undefined if they do not state it. `own` returns what a class stores in
 * its own way.
 */
export function takenFrom(
  estimators: readonly Estimator[],
  at: number,
  own: (estimator: Estimator) => Features | undefined,
): Expected | undefined {
  const next = estimators[at];
  if (next === undefined) return undefined;
  const by = next.className;
  if (startsOwn(next)) return { isAny: true, by };
  const stated = statedFeatures(next, own);
  return stated && { ...stated, by };
}

/** The width of a ColumnTransformer's part, which it stores since scikit-learn 1.0. */
export function keptWidth(estimator: Estimator, name: PickleValue | undefined): Expected | undefined {
  const kept = estimator.value('output_indices_');
  const slice = kept instanceof PickleDict && typeof name === 'string' ? kept.get(name) : undefined;
  if (!(slice instanceof PickleObject) || slice.callable.name !== 'slice') return undefined;
  const [from, to] = slice.args.map(plainScalar);
  const width = Number(to) - Number(from);
  return Number.isSafeInteger(width) && width > 0 ? { width, by: estimator.className } : undefined;
}
