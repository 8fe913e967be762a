/** Steps that make numbers of categories. */

import { PickleDict, type PickleValue } from '../../containers/pickle/values.ts';
import { mapped } from '../../mapped.ts';
import { numbersOf as numbersIn } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import { isNone, itemsOf, noSuchOption, plainScalar } from '../values.ts';
import { type Categories, categoriesOf, lookUp, numbersOf } from './categories.ts';

const ONE_HOT_UNKNOWN = ['error', 'ignore', 'infrequent_if_exist', 'warn'];

export function oneHotEncoder(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const handling = option(estimator, 'handle_unknown', ONE_HOT_UNKNOWN);
  const all = categoriesOf(estimator, emitter, x);
  const plans = all.map((categories) => hotPlan(estimator, categories));
  const isPlain = plans.every(
    ({ groups }, i) => groups.every((group, at) => group === at) && all[i].missing === undefined,
  );
  if (handling === 'ignore' && isPlain) return hotAtOnce(estimator, emitter, x, all, plans);
  const parts = all.flatMap((categories, i) => {
    const { groups, count, infrequent, dropped } = plans[i];
    if (count - (dropped === undefined ? 0 : 1) === 0) return [];
    const hot = (group: number | undefined) =>
      Array.from({ length: count }, (_, at) => Number(at === group)).filter((_, at) => at !== dropped);
    const unknown = handling === 'ignore' ? hot(undefined) : hot(infrequent);
    const table = { rows: groups.map(hot), ...(handling !== 'error' && { unknown }) };
    return [lookUp(estimator, emitter, x, categories, table)];
  });
  return emitter.concat(parts);
}

interface HotPlan {
  /** Of each category, the column that is 1 for it, before one is dropped. */
  readonly groups: readonly number[];
  /** Columns, before one is dropped. */
  readonly count: number;
  /** The column of all that are seldom. */
  readonly infrequent: number | undefined;
  readonly dropped: number | undefined;
}

function hotPlan(estimator: Estimator, { column, items }: Categories): HotPlan {
  const groups = groupsOf(estimator, column, items.length) ?? items.map((_, i) => i);
  const count = Math.max(-1, ...groups) + 1;
  const isGrouped = count < items.length || groupsOf(estimator, column, items.length) !== undefined;
  const drops = itemsOf(
    estimator.value(estimator.has('_drop_idx_after_grouping') ? '_drop_idx_after_grouping' : 'drop_idx_'),
  );
  const drop = drops === undefined ? null : plainScalar(drops[column] ?? null);
  const dropped = typeof drop === 'number' && drop >= 0 && drop < count ? drop : undefined;
  return { groups, count, infrequent: isGrouped ? count - 1 : undefined, dropped };
}

/** Where seldom categories are taken as one, of each category its group; the seldom ones are the last. */
function groupsOf(estimator: Estimator, column: number, length: number): readonly number[] | undefined {
  const mappings = itemsOf(estimator.value('_default_to_infrequent_mappings'));
  const mapping = mappings?.[column];
  if (isNone(mapping)) return undefined;
  const place = `_default_to_infrequent_mappings[${column}]`;
  const groups = Array.from(numbersIn(mapping as PickleValue, estimator.placeOf(place)).data);
  if (groups.length > length || !groups.every((group) => Number.isInteger(group) && group >= 0 && group < length)) {
    throw estimator.error('MALFORMED', `expected a group below ${length} for each category`, place);
  }
  return groups;
}

/** All columns compared in one go, where no category is refused. */
function hotAtOnce(
  estimator: Estimator,
  emitter: Emitter,
  x: Row,
  all: readonly Categories[],
  plans: readonly HotPlan[],
): Row {
  emitter.cells.takesMissing = true;
  const compared = all.flatMap((categories, i) => {
    const numbers = numbersOf(estimator, emitter, x, categories);
    return numbers.map((number, at) => ({ column: categories.column, number, isDropped: plans[i].dropped === at }));
  });
  const kept = compared.filter(({ isDropped }) => !isDropped);
  const spread = emitter.gather(
    x,
    kept.map(({ column }) => column),
  );
  return emitter.binary(
    'equal',
    spread,
    mapped(kept, ({ number }) => number),
  );
}

export function ordinalEncoder(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const handling = option(estimator, 'handle_unknown', ['error', 'use_encoded_value']);
  const unknown = handling === 'error' ? undefined : [numberOrNan(estimator, 'unknown_value')];
  const ofMissing = numberOrNan(estimator, 'encoded_missing_value');
  const missing = missingOf(estimator);
  const parts = categoriesOf(estimator, emitter, x).map((categories) => {
    const { column, items, nan } = categories;
    const groups = groupsOf(estimator, column, items.length);
    // NaN is a category of its own; None is one like all others.
    const isNan = (at: number) => at === (missing?.get(column) ?? nan);
    const rows = items.map((_, at) => [isNan(at) ? ofMissing : (groups?.[at] ?? at)]);
    return lookUp(estimator, emitter, x, categories, { rows, ...(unknown && { unknown }) });
  });
  return emitter.concat(parts);
}

/** `_missing_indices`: by column, the position of NaN among its categories. */
function missingOf(estimator: Estimator): ReadonlyMap<number, number> | undefined {
  const value = estimator.value('_missing_indices');
  if (!(value instanceof PickleDict)) return undefined;
  const entries = value.entries.map((pair) => pair.map(plainScalar));
  const isPair = (pair: PickleValue[]): pair is [number, number] => pair.every((item) => typeof item === 'number');
  return new Map(entries.filter(isPair));
}

function numberOrNan(estimator: Estimator, attribute: string): number {
  const value = plainScalar(estimator.value(attribute, Number.NaN));
  if (typeof value === 'number') return value;
  throw estimator.error('MALFORMED', 'expected a number', attribute);
}

/** Each category's mean of the target, or of each class of it. */
export function targetEncoder(estimator: Estimator, emitter: Emitter, x: Row): Row {
  const type = option(estimator, 'target_type_', ['binary', 'continuous', 'multiclass']);
  const count = type === 'multiclass' ? estimator.labels('classes_').length : 1;
  const encodings = estimator.list('encodings_');
  const means = estimator.numbers('target_mean_').data;
  if (encodings.length !== x.width * count || means.length !== count) {
    throw estimator.error('SHAPE', `expected ${x.width * count} encodings, found ${encodings.length}`, 'encodings_');
  }
  const parts = categoriesOf(estimator, emitter, x).map((categories) => {
    const { column, items } = categories;
    const ofClasses = Array.from({ length: count }, (_, at) => {
      const place = `encodings_[${column * count + at}]`;
      const { data } = numbersIn(encodings[column * count + at], estimator.placeOf(place));
      if (data.length === items.length) return data;
      throw estimator.error('SHAPE', `expected ${items.length} numbers, found ${data.length}`, place);
    });
    const rows = items.map((_, at) => ofClasses.map((data) => data[at]));
    return lookUp(estimator, emitter, x, categories, { rows, unknown: Array.from(means) });
  });
  return emitter.concat(parts);
}

function option(estimator: Estimator, attribute: string, known: readonly string[]): string {
  const found = estimator.text(attribute, known[0]);
  if (known.includes(found)) return found;
  throw estimator.error('MALFORMED', noSuchOption(attribute, found, known), attribute);
}
