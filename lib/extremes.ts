/**
 * The greatest and the least of any number of numbers. `Math.max(...numbers)` fails for about 120,000, because each
 * argument takes space on the stack.
 */

/** Returns `from` for no numbers, and NaN if any of them is NaN. */
export function greatest(numbers: Iterable<number>, from = Number.NEGATIVE_INFINITY): number {
  let most = from;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

/** Returns `from` for no numbers, and NaN if any of them is NaN. */
export function least(numbers: Iterable<number>, from = Number.POSITIVE_INFINITY): number {
  let fewest = from;
  for (const number of numbers) fewest = Math.min(fewest, number);
  return fewest;
}
