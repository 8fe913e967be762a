/** Arrays of numbers in JSON and UBJSON. */
import { describe } from '../../messages.ts';
import { refuse } from '../containers/checks.ts';

/**
 * UBJSON arrays are usually typed. In JSON, true and false are 1 and 0, and NaN is the empty string: see
 * non-finite-json.ts.
 */
export function numbers(value: unknown, place: string): ArrayLike<number> {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as unknown as ArrayLike<number>;
  if (!Array.isArray(value)) return refuse(place, `expected an array of numbers, found ${describe(value)}`);
  // For many trees, small typed arrays would take more memory than their numbers.
  if (value.every((item) => typeof item === 'number')) return value;
  const list = new Float64Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    if (typeof item === 'number' || typeof item === 'boolean') list[i] = Number(item);
    else if (item === '') list[i] = Number.NaN;
    else refuse(`${place}[${i}]`, `expected a number, found ${describe(item)}`);
  }
  return list;
}
