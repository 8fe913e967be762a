/** Numbers that JSON does not have stand in it as objects: `{"number":"Infinity"}`, likewise NaN and −0. */

/** For JSON.stringify. */
export function encodeNumber(value: number): number | { readonly number: string } {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: Object.is(value, -0) ? '-0' : `${value}` };
}

/** What {@link encodeNumber} made; undefined for anything else. */
export function decodeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null || !('number' in value)) return undefined;
  switch (value.number) {
    case 'Infinity':
      return Infinity;
    case '-Infinity':
      return -Infinity;
    case 'NaN':
      return Number.NaN;
    case '-0':
      return -0;
    default:
      return undefined;
  }
}
