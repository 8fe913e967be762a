/** Inputs of words: the possible words of each element. */
import type { Budget } from '../graph/budget.ts';
import { elementCount, type Shape } from '../graph/shapes.ts';

/** The memory of an element with words, in the graph and derived from it. */
const ELEMENT_BYTES = 160;

/** The same list of words for each element of a row of this shape. */
export function everywhere<Words>(words: Words, shape: Shape, budget: Budget, place: string): Map<number, Words> {
  const count = elementCount(shape);
  budget.build(ELEMENT_BYTES * count, place);
  const lists = new Map<number, Words>();
  for (let position = 0; position < count; position++) lists.set(position, words);
  return lists;
}
