/** Numbers that JSON cannot represent are stored as objects: `{"number":"Infinity"}`, likewise NaN and −0. */

/** A number in the form that JSON.stringify takes. */
export function encodeNumber(value: number): number | { readonly number: string } {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: Object.is(value, -0) ? '-0' : `${value}` };
}

/** The number that {@link encodeNumber} encoded; undefined for anything else. */
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
