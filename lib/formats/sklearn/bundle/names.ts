/** Feature names that were saved beside an estimator that has none itself. */
import type { Budget } from '../../../graph/budget.ts';
import { isContainer, isObject, partCount, partsOf } from '../../containers/pickle/parts.ts';
import type { Located } from '../../containers/pickle/path.ts';
import { PickleArray, type PickleValue } from '../../containers/pickle/values.ts';
import type { Label } from '../outcome.ts';
import { columnIndex, itemsOf, plainScalar } from '../values.ts';
import type { Members } from './members.ts';

type Names = readonly string[];

const PLACE = 'lists of names';
/** Names that are compared in about a microsecond. */
const NAMES_IN_A_STEP = 16;

/**
 * The list of `width` different strings that is nearest to a member: in the same container, else in the surrounding
 * one. Names of classes and targets are not feature names. If lists of that length differ, it is ambiguous which one is
 * meant, and the features have no names.
 */
export function namesBeside(
  member: Located,
  members: Members,
  width: number,
  classes: readonly (readonly Label[])[],
): Names | undefined {
  const isOfClasses = (list: Names) => {
    const names = new Set(list);
    return classes.some((each) => {
      if (each.length !== width) return false;
      members.budget.again(each, 1 + width / NAMES_IN_A_STEP, PLACE);
      return each.every((name) => names.has(`${name}`));
    });
  };
  for (const container of member.within.toReversed()) {
    const lists = listsIn(container, members, width).filter((list) => !isOfClasses(list));
    if (lists.length === 0) continue;
    const [first] = lists;
    return lists.every((list) => list.every((name, i) => name === first[i])) ? first : undefined;
  }
  return undefined;
}

/** Names of lists that describe a model's outputs, not its inputs: `target_names`, `label_columns`, `classes`. */
const OF_OUTPUTS = /(?:^|[^a-z])(?:targets?|labels?|class(?:es)?|outputs?|responses?|y)(?:[^a-z]|$)/i;

/** In the container, and in inner containers without another estimator. */
function listsIn(container: PickleValue, members: Members, width: number): readonly Names[] {
  const found: Names[] = [];
  const seen = new Set<PickleValue>([container]);
  const waiting = [container];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'object' && next !== null)
      members.budget.again(next, 1 + partCount(next) / NAMES_IN_A_STEP, PLACE);
    for (const { value, label, isPosition } of partsOf(next)) {
      if (!isPosition && OF_OUTPUTS.test(label)) continue;
      const isScalar = !isObject(value) || (value instanceof PickleArray && value.shape.length !== 1);
      if (isScalar || seen.has(value)) continue;
      seen.add(value);
      const names = namesIn(value, width, members.budget);
      if (names !== undefined) found.push(names);
      else if (isContainer(value) && !members.holds(value)) waiting.push(value);
    }
  }
  return found;
}

/** From a list, a tuple, an array, or a pandas index. */
function namesIn(value: PickleValue, width: number, budget: Budget): Names | undefined {
  const items = itemsOf(columnIndex(value, budget));
  if (items?.length !== width) return undefined;
  const names = items.map(plainScalar);
  return names.every((name) => typeof name === 'string') && new Set(names).size === width ? names : undefined;
}
