const LARGEST_EXACT = 2 ** 24;
const SMALLEST_NORMAL = 2 ** -126;

/**
 * The shortest text that reads back as the same float32 (or float64) number. `NaN` and infinities are written as in
 * JavaScript; `-0` keeps its sign.
 */
export function shortestText(value: number, isFloat32: boolean): string {
  if (Object.is(value, -0)) return '-0';
  const magnitude = Math.abs(value);
  if (!isFloat32 || (Number.isInteger(value) && magnitude <= LARGEST_EXACT)) return String(value);
  // Up to six digits survive conversion to a normal float32 and back; nine are always enough.
  for (let digits = magnitude < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
