/** A pandas Series: values with labels. */
import type { Budget } from '../../graph/budget.ts';
import { PickleArray, PickleObject, PickleTuple, type PickleValue } from '../containers/pickle/values.ts';
import { columnIndex, itemsOf, plainScalar } from '../sklearn/values.ts';

export interface Series {
  readonly values: readonly PickleValue[];
  /** Undefined if the labels are 0, 1, 2, …. */
  readonly labels: readonly PickleValue[] | undefined;
}

/** Undefined for any other object, and if its values are of an unsupported kind. */
export function seriesOf(object: PickleObject, budget: Budget): Series | undefined {
  if (object.callable.name !== 'Series' || !/^pandas(?:\.|$)/.test(object.callable.module)) return undefined;
  const manager = object.attribute('_mgr') ?? object.attribute('_data');
  const held = manager instanceof PickleObject && manager.state instanceof PickleTuple ? manager.state.items : [];
  // Its axes, then the values of its only block.
  const [[index], [data]] = [held[0], held[1]].map((list) => itemsOf(list ?? null) ?? []);
  const values = listOf(data, budget);
  if (values === undefined) return undefined;
  const labels = listOf(index, budget);
  return { values, labels: labels?.length === values.length ? labels : undefined };
}

function listOf(value: PickleValue | undefined, budget: Budget): readonly PickleValue[] | undefined {
  if (value === undefined) return undefined;
  const data = columnIndex(value, budget);
  const held = data instanceof PickleObject ? arrayIn(data) : data;
  const isTruth = held instanceof PickleArray && held.dtype.startsWith('b');
  return itemsOf(held ?? null)?.map((item) => (isTruth ? item !== 0 : plainScalar(item)));
}

/** The array that a pandas object wraps. */
function arrayIn({ state }: PickleObject): PickleValue | undefined {
  return state instanceof PickleTuple ? state.items.find((item) => item instanceof PickleArray) : undefined;
}
