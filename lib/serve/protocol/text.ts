/** Values as JSON. */
import type { Label } from '../../labels.ts';

/** The fewest digits that give the double back; `-0` keeps its sign. Null for what JSON has no number for. */
export function numberText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return Number.isFinite(value) ? String(value) : 'null';
}

export function labelText(label: Label): string {
  return typeof label === 'string' ? JSON.stringify(label) : numberText(label);
}

/** `[1,2.5]`: some elements of an array. */
export function numbersText(values: ArrayLike<number>, first = 0, end = values.length): string {
  if (first >= end) return '[]';
  let text = `[${numberText(values[first])}`;
  for (let i = first + 1; i < end; i++) text += `,${numberText(values[i])}`;
  return `${text}]`;
}
