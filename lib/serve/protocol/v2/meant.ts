/** Interprets texts in places where numbers are possible. */
import type { Port } from '../../../graph/lower.ts';

/** A text may mean a number if the element is not a string. */
export function meantBy(text: string | null, element: number, { categories, hashes, spread, present }: Port): unknown {
  if (
    text === null ||
    spread !== undefined ||
    categories?.has(element) ||
    hashes?.has(element) ||
    present?.has(element)
  )
    return text;
  const trimmed = text.trim();
  if (trimmed === '' || /^nan$/i.test(trimmed)) return Number.NaN;
  const number = /^[-+.eE0-9]+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  return Number.isNaN(number) ? text : number;
}
