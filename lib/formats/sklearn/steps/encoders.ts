/** Steps that convert categories to numbers. */

import { PickleDict, type PickleValue } from '../../containers/pickle/values.ts';
import { mapped } from '../../mapped.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { isNone, itemsOf, noSuchOption, plainScalar } from '../values.ts';
import { type Categories, categoriesOf, lookUp, numbersOf } from './categories.ts';

const ONE_HOT_UNKNOWN = ['error', 'ignore', 'infrequent_if_exist', 'warn'];

export function oneHotEncoder(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const handling = option(estimator, 'handle_unknown', ONE_HOT_UNKNOWN);
  const all = categoriesOf(estimator, emitter, x);
  const planOf = hotPlans(estimator);
  const plans = all.map(planOf);
  const isPlain = plans.every(
    ({ groups }, i) => groups.every((group, at) => group === at) && all[i].missing === undefined,
  );
  if (handling === 'ignore' && isPlain) return hotAtOnce(estimator, emitter, x, all, plans);
  const parts = all.flatMap((categories, i) => {
    const plan = plans[i];
    if (plan.count - (plan.dropped === undefined ? 0 : 1) === 0) return [];
    const unknown = handling === 'ignore' ? undefined : plan.infrequent;
    const isSmall = plan.count * plan.groups.length <= LARGEST_HOT_TABLE;
    return [
      (isSmall ? hotByTable : hotByGroup)(estimator, emitter, x, categories, plan, handling !== 'error', unknown),
    ];
  });
  return emitter.concat(parts);
}

/** The maximum size of a table of one-hot rows; with more categories, only the position of the 1 is looked up. */
const LARGEST_HOT_TABLE = 2 ** 12;

/** `unknown`: the group of unknown categories; without it, their row is all zeros. */
type Hot = (
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  categories: Categories,
  plan: HotPlan,
  handlesUnknown: boolean,
  unknown: number | undefined,
) => RowVector;

const hotByTable: Hot = (estimator, emitter, x, categories, { groups, count, dropped }, handlesUnknown, unknown) => {
  const hot = (group: number | undefined) =>
    Array.from({ length: count }, (_, at) => Number(at === group)).filter((_, at) => at !== dropped);
  return lookUp(estimator, emitter, x, categories, {
    width: count - (dropped === undefined ? 0 : 1),
    rows: groups.flatMap(hot),
    ...(handlesUnknown && { unknown: hot(unknown) }),
  });
};

const hotByGroup: Hot = (estimator, emitter, x, categories, { groups, count, dropped }, handlesUnknown, unknown) => {
  // Categories without a column get an additional one at the end, which is dropped.
  const other = handlesUnknown ? [unknown ?? count] : undefined;
  const depth = other?.[0] === count ? count + 1 : count;
  const table = { width: 1, rows: groups, ...(other && { unknown: other }) };
  const group = lookUp(estimator, emitter, x, categories, table);
  const hot = emitter.emit('one_hot', [group.operand], { depth, on: 1, off: 0, axis: 1, wrap: false });
  const kept = Array.from({ length: count }, (_, at) => at);
  if (dropped !== undefined) kept.splice(dropped, 1);
  return emitter.gather(emitter.flat(hot, depth), kept);
};

interface HotPlan {
  /** For each category, the column that is 1 for it, before one is dropped. */
  readonly groups: readonly number[];
  /** The number of columns before one is dropped. */
  readonly count: number;
  /** The column shared by infrequent categories. */
  readonly infrequent: number | undefined;
  readonly dropped: number | undefined;
}

function hotPlans(estimator: Estimator): (categories: Categories) => HotPlan {
  const groupsOf = groupings(estimator);
  const drops = itemsOf(
    estimator.value(estimator.has('_drop_idx_after_grouping') ? '_drop_idx_after_grouping' : 'drop_idx_'),
  );
  return ({ column, items }) => {
    const grouped = groupsOf(column, items.length);
    const groups = grouped ?? items.map((_, i) => i);
    const count = groups.reduce((most, group) => Math.max(most, group), -1) + 1;
    const isGrouped = count < items.length || grouped !== undefined;
    const drop = plainScalar(drops?.[column] ?? null);
    const dropped = typeof drop === 'number' && drop >= 0 && drop < count ? drop : undefined;
    return { groups, count, infrequent: isGrouped ? count - 1 : undefined, dropped };
  };
}

/** By column, if infrequent categories are merged: the group of each category; infrequent ones are the last group. */
function groupings(estimator: Estimator): (column: number, length: number) => readonly number[] | undefined {
  const mappings = itemsOf(estimator.value('_default_to_infrequent_mappings'));
  return (column, length) => {
    const mapping = mappings?.[column];
    if (isNone(mapping)) return undefined;
    const place = `_default_to_infrequent_mappings[${column}]`;
    const groups = Array.from(estimator.numbersIn(mapping as PickleValue, place).data);
    if (groups.length > length || !groups.every((group) => Number.isInteger(group) && group >= 0 && group < length)) {
      throw estimator.error('MALFORMED', `expected a group below ${length} for each category`, place);
    }
    return groups;
  };
}

/** Compares all columns at once, if no category is refused. */
function hotAtOnce(
  estimator: Estimator,
  emitter: Emitter,
  x: RowVector,
  all: readonly Categories[],
  plans: readonly HotPlan[],
): RowVector {
  emitter.cells.takesMissing = true;
  const columns: number[] = [];
  const kept: number[] = [];
  for (const [i, categories] of all.entries()) {
    for (const [at, number] of numbersOf(estimator, emitter, x, categories).entries()) {
      if (plans[i].dropped === at) continue;
      columns.push(categories.column);
      kept.push(number);
    }
  }
  return emitter.binary('equal', emitter.gather(x, columns), Float64Array.from(kept));
}

export function ordinalEncoder(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const handling = option(estimator, 'handle_unknown', ['error', 'use_encoded_value']);
  const unknown = handling === 'error' ? undefined : [numberOrNan(estimator, 'unknown_value')];
  const ofMissing = numberOrNan(estimator, 'encoded_missing_value');
  const missing = missingOf(estimator);
  const groupsOf = groupings(estimator);
  const parts = categoriesOf(estimator, emitter, x).map((categories) => {
    const { column, items, nan } = categories;
    const groups = groupsOf(column, items.length);
    // NaN is its own category; None is one like any other.
    const isNan = (at: number) => at === (missing?.get(column) ?? nan);
    const rows = mapped(items, (_, at) => (isNan(at) ? ofMissing : (groups?.[at] ?? at)));
    return lookUp(estimator, emitter, x, categories, { width: 1, rows, ...(unknown && { unknown }) });
  });
  return emitter.concat(parts);
}

/** `_missing_indices`: by column, the index of NaN among its categories. */
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

/** The mean of the target for each category, or of each class of the target. */
export function targetEncoder(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
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
      const { data } = estimator.numbersIn(encodings[column * count + at], place);
      if (data.length === items.length) return data;
      throw estimator.error('SHAPE', `expected ${items.length} numbers, found ${data.length}`, place);
    });
    estimator.budget.buildElements(items.length * count, estimator.title);
    const rows = new Float64Array(items.length * count);
    ofClasses.forEach((data, own) => {
      for (let at = 0; at < items.length; at++) rows[at * count + own] = data[at];
    });
    return lookUp(estimator, emitter, x, categories, { width: count, rows, unknown: means });
  });
  return emitter.concat(parts);
}

function option(estimator: Estimator, attribute: string, known: readonly string[]): string {
  const found = estimator.text(attribute, known[0]);
  if (known.includes(found)) return found;
  throw estimator.error('MALFORMED', noSuchOption(attribute, found, known), attribute);
}
