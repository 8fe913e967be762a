/** The estimators in a container, each with its path. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { isContainer, isObject, partCount, partsOf } from '../../containers/pickle/parts.ts';
import { type Located, partAt } from '../../containers/pickle/path.ts';
import { PickleList, PickleObject, PickleTuple, type PickleValue } from '../../containers/pickle/values.ts';
import { isKnown, isOfScikitLearn } from '../table.ts';
import { isFitted } from '../values.ts';

/** The memory for remembering that a value was examined. */
const LOOK_BYTES = 160;
const PLACE = 'the containers of the file';

export interface Member extends Located {
  readonly value: PickleObject;
  /** Whether it represents the classes of a model, so that no row passes through it. */
  readonly isOfLabels: boolean;
}

const OF_LABELS = new Set(['LabelEncoder', 'LabelBinarizer', 'MultiLabelBinarizer']);
/** Packages whose objects always count as models when they are pickled beside an estimator. */
const LIBRARIES = new Set(
  'lightgbm xgboost catboost statsmodels sklearnex daal4py cuml imblearn keras tensorflow torch onnxruntime'.split(' '),
);

export class Members {
  /** Whether a value is or contains an estimator; each value is examined once. */
  readonly #holds = new Map<PickleValue, boolean>();

  constructor(readonly budget: Budget) {}

  /** In the order of the file; one that occurs in several places is found once. */
  in(root: Located): readonly Member[] {
    const found: Member[] = [];
    this.#find(root, new Set(), found);
    return found;
  }

  #find(at: Located, seen: Set<PickleValue>, found: Member[]): void {
    const { value } = at;
    if (at.within.length > this.budget.limits.depth) throw this.#tooDeep();
    if (!isObject(value) || seen.has(value) || !this.holds(value, at.within.length)) return;
    seen.add(value);
    this.budget.step(1, PLACE);
    if (value instanceof PickleObject && !isContainer(value)) {
      found.push({ ...at, value, isOfLabels: isOfScikitLearn(value.callable) && OF_LABELS.has(value.callable.name) });
      return;
    }
    for (const part of partsOf(value)) {
      this.budget.step(1, PLACE);
      if (isObject(part.value)) this.#find(partAt(at, part), seen, found);
    }
  }

  /** In the attributes of an object whose class is not scikit-learn's. */
  inside(object: Located): readonly Member[] {
    const seen = new Set<PickleValue>([object.value]);
    const found: Member[] = [];
    for (const part of partsOf(object.value)) this.#find(partAt(object, part), seen, found);
    return found;
  }

  holds(value: PickleValue, depth = 0): boolean {
    if (!(value instanceof PickleObject || isContainer(value))) return false;
    const known = this.#holds.get(value);
    if (known !== undefined) return known;
    if (depth > this.budget.limits.depth) {
      throw this.#tooDeep();
    }
    this.budget.build(LOOK_BYTES, PLACE);
    // A value that contains itself is not examined again.
    this.#holds.set(value, false);
    const holds = this.#looksThrough(value, depth);
    this.#holds.set(value, holds);
    return holds;
  }

  #looksThrough(value: PickleValue, depth: number): boolean {
    if (value instanceof PickleObject && !isContainer(value)) {
      if (isModel(value)) return true;
      if (isOfScikitLearn(value.callable)) return false;
    }
    const isSequence = value instanceof PickleList || value instanceof PickleTuple;
    if (isSequence && !value.items.some(isObject)) return false;
    let found = false;
    this.budget.step(partCount(value), PLACE);
    for (const part of partsOf(value)) if (this.holds(part.value, depth + 1)) found = true;
    return found;
  }

  #tooDeep(): ForwardpassError {
    return new ForwardpassError('LIMIT', 'containers are nested deeper than `limits.depth` allows');
  }
}

/** An estimator of scikit-learn or of another package, fitted or not: recognised by its class or attributes. */
function isModel(object: PickleObject): boolean {
  const { callable } = object;
  if (isOfScikitLearn(callable) && (isKnown(callable) || object.attribute('_sklearn_version') !== undefined)) {
    return true;
  }
  const [root] = callable.module.split('.');
  return LIBRARIES.has(root) || object.attribute('_modules') !== undefined || isFitted(object);
}
