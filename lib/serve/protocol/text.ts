/** Values as JSON. */
import type { Label } from '../../labels.ts';

/**
 * The shortest text that reads back as the same double; `-0` keeps its sign. `null` for numbers that JSON does not
 * have.
 */
export function numberText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return Number.isFinite(value) ? String(value) : 'null';
}

export function labelText(label: Label): string {
  return typeof label === 'string' ? JSON.stringify(label) : numberText(label);
}

/** Some elements of an array, as `[1,2.5]`. */
export function numbersText(values: ArrayLike<number>, first = 0, end = values.length): string {
  if (first >= end) return '[]';
  let text = `[${numberText(values[first])}`;
  for (let i = first + 1; i < end; i++) text += `,${numberText(values[i])}`;
  return `${text}]`;
}
