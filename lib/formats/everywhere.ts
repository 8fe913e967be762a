/** Inputs of words: which words their elements may be. */
import type { Budget } from '../graph/budget.ts';
import { elementCount, type Shape } from '../graph/shapes.ts';

/** What an element takes that has words, in the graph and behind it. */
const ELEMENT_BYTES = 160;

/** One list of words for each element of a row of the shape. */
export function everywhere<Words>(words: Words, shape: Shape, budget: Budget, place: string): Map<number, Words> {
  const count = elementCount(shape);
  budget.build(ELEMENT_BYTES * count, place);
  const lists = new Map<number, Words>();
  for (let position = 0; position < count; position++) lists.set(position, words);
  return lists;
}
