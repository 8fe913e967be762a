const LARGEST_EXACT = 2 ** 24;
const SMALLEST_NORMAL = 2 ** -126;

/**
 * The fewest digits that name a number among all float32 (or float64) numbers, so that reading the text gives it
 * back. `NaN` and infinities as JavaScript writes them; `-0` keeps its sign.
 */
export function shortestText(value: number, isFloat32: boolean): string {
  if (Object.is(value, -0)) return '-0';
  const magnitude = Math.abs(value);
  if (!isFloat32 || (Number.isInteger(value) && magnitude <= LARGEST_EXACT)) return String(value);
  // Up to six digits survive the way into a normal float32 and back; nine always suffice.
  for (let digits = magnitude < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
