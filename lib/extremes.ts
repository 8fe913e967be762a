/**
 * The greatest and the least of numbers, however many they are. `Math.max(...numbers)` fails for some 120,000, since each
 * argument lies on the stack.
 */

/** `from` of no numbers; NaN where one is. */
export function greatest(numbers: Iterable<number>, from = Number.NEGATIVE_INFINITY): number {
  let most = from;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

/** `from` of no numbers; NaN where one is. */
export function least(numbers: Iterable<number>, from = Number.POSITIVE_INFINITY): number {
  let fewest = from;
  for (const number of numbers) fewest = Math.min(fewest, number);
  return fewest;
}
