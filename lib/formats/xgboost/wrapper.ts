/** What XGBoost's scikit-learn classes store in the booster's own file. */
import type { Label } from '../sklearn/outcome.ts';
import type { XgboostModel } from './model.ts';
import { parseNonFinite } from './non-finite-json.ts';

export interface Wrapper {
  readonly isClassifier: boolean;
  readonly classes?: readonly Label[];
  readonly missing?: number;
}

/** The attribute that contains it, as JSON. */
const ATTRIBUTE = 'scikit_learn';

export function wrapperOf({ attributes }: XgboostModel): Wrapper | undefined {
  const text = attributes.get(ATTRIBUTE);
  if (text === undefined) return undefined;
  const found = parse(text);
  if (typeof found !== 'object' || found === null) return undefined;
  const { _estimator_type: type, classes_, _le, missing } = found as Record<string, unknown>;
  if (typeof type !== 'string') return undefined;
  // Before 1.6 the classes were those of a label encoder.
  const encoder = typeof _le === 'object' && _le !== null && 'classes_' in _le ? _le.classes_ : undefined;
  const classes = [encoder, classes_].find(areLabels);
  return {
    isClassifier: type === 'classifier',
    ...(classes && { classes }),
    ...(typeof missing === 'number' && { missing }),
  };
}

/** Python writes NaN, usually for `missing`, whose default it is. */
function parse(text: string): unknown {
  try {
    return parseNonFinite(new TextEncoder().encode(text));
  } catch {
    return undefined;
  }
}

function areLabels(value: unknown): value is readonly Label[] {
  const isLabel = (item: unknown) => typeof item === 'string' || typeof item === 'number';
  return Array.isArray(value) && value.length > 0 && value.every(isLabel);
}

/** The rounds up to the best one, if fitting was stopped early: these classes use only those, boosters use all. */
export function roundsUntilBest({ attributes, booster }: XgboostModel): number | undefined {
  const text = attributes.get('best_iteration');
  const round = text === undefined ? Number.NaN : Number(text);
  return booster.kind === 'trees' && Number.isInteger(round) && round >= 0 ? round + 1 : undefined;
}
