/** The metadata of a model: its loss and its classes. In the binary form the values are JSON in strings. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe } from '../../messages.ts';
import { count, type Fields, fields, label, list, refuse } from '../containers/checks.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import type { Label } from '../sklearn/outcome.ts';
import { isClassification } from './losses.ts';

export interface Info {
  /** Undefined if the file does not have it, as for sums of models that were fitted for different losses. */
  readonly loss?: string;
  /** For classifiers, and for any model that names classes. */
  readonly classes?: readonly Label[];
  /** For each dimension, the index of its class; some classes may have had no training rows. */
  readonly positions?: readonly number[];
  /** The probability above which the second of two classes wins. */
  readonly threshold: number;
}

/** Values by key: strings that contain JSON, or the parsed JSON. */
export type Values = (key: string) => unknown;

export function infoOf(values: Values, dimensions: number, budget: Budget): Info {
  const read = (key: string) => parsed(values(key), key, budget);
  const params = optionalFields(read('params'), 'params');
  const loss = lossOf(params?.loss_function ?? read('loss_function'), 'loss_function');
  const own = optionalFields(read('class_params') ?? read('multiclass_params'), 'class_params');
  const options = optionalFields(params?.data_processing_options, 'params.data_processing_options');
  if (own !== undefined) checkCount(own, budget);
  const classes = own === undefined ? undefined : ownClasses(own);
  const names = classes ?? labels(options?.class_names, 'params.data_processing_options.class_names');
  const sequential =
    loss !== undefined && isClassification(loss) ? integers(dimensions === 1 ? 2 : dimensions) : undefined;
  const found = names ?? sequential;
  return {
    ...(loss !== undefined && { loss }),
    ...(found && { classes: found }),
    ...(own && dimensions > 1 && { positions: positionsOf(own, dimensions) }),
    threshold: thresholdOf(values('binclass_probability_threshold')),
  };
}

/** The classes from `class_names`, or as many as the count says, or the labels of the training data. */
function ownClasses(own: Fields): readonly Label[] | undefined {
  const names = labels(own.class_names, 'class_params.class_names');
  if (names !== undefined) return names;
  const classes = countOf(own);
  if (classes > 0) return integers(classes);
  return labels(own.class_to_label, 'class_params.class_to_label')?.map((label) => Math.trunc(Number(label)));
}

/** If classes are named or counted, `class_to_label` has the index of the class for each dimension. */
function positionsOf(own: Fields, dimensions: number): readonly number[] {
  const most = Math.max(countOf(own), labels(own.class_names, 'class_params.class_names')?.length ?? 0);
  const found = labels(own.class_to_label, 'class_params.class_to_label') ?? [];
  if (most === 0 && found.length === dimensions) return integers(dimensions);
  const positions = most === 0 ? [] : found.map((label) => Math.trunc(Number(label)));
  const isRight = positions.length === dimensions && positions.every((position) => position >= 0 && position < most);
  if (isRight && new Set(positions).size === dimensions) return positions;
  const message = `expected a different class for each of ${dimensions} dimensions, out of ${most}, found ${found.length} labels`;
  return refuse('class_params.class_to_label', message);
}

/** The memory that naming a class by its index takes. */
const CLASS_BYTES = 32;

function checkCount(own: Fields, budget: Budget): void {
  const classes = countOf(own);
  const { rowElements } = budget.limits;
  const place = 'class_params.classes_count';
  if (classes > rowElements) {
    throw new ForwardpassError('LIMIT', `has ${classes} classes; \`limits.rowElements\` allows ${rowElements}`, place);
  }
  budget.build(CLASS_BYTES * classes, place);
}

function countOf(own: Fields): number {
  return own.classes_count === undefined ? 0 : count(own.classes_count, 'class_params.classes_count');
}

/** Undefined if there are no labels. Truth values become 1 and 0, as in other formats. */
function labels(value: unknown, place: string): readonly Label[] | undefined {
  if (value === undefined || value === null) return undefined;
  const found = list((item, at) => (typeof item === 'boolean' ? Number(item) : label(item, at)))(value, place);
  return found.length > 0 ? found : undefined;
}

/** `{"type": "Logloss", "params": …}`, or only the name, such as `Quantile:alpha=0.9`. */
function lossOf(value: unknown, place: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const name = typeof value === 'string' ? value : fields(value, place).type;
  if (typeof name !== 'string') return refuse(place, `expected the name of a loss, found ${describe(name)}`);
  return name.split(':', 1)[0];
}

/** Text that is not a number is ignored, as in CatBoost. */
function thresholdOf(value: unknown): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : 0.5;
  if (Number.isNaN(number)) return 0.5;
  if (number > 0 && number < 1) return number;
  return refuse('binclass_probability_threshold', `expected a probability between 0 and 1, found ${number}`);
}

function integers(length: number): readonly number[] {
  return Array.from({ length }, (_, i) => i);
}

function optionalFields(value: unknown, place: string): Fields | undefined {
  return value === undefined || value === null || value === '' ? undefined : fields(value, place);
}

function parsed(value: unknown, place: string, budget: Budget): unknown {
  if (typeof value !== 'string' || value === '') return value;
  spendOnJson(value, budget, place);
  try {
    return JSON.parse(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ForwardpassError('MALFORMED', `expected JSON: ${reason}`, place);
  }
}
