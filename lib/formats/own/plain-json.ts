/** The JSON description of a user-defined layer, for the function that computes it. */
import { frozenRecord } from './plain.ts';

/** Real layers are not described so deep; anything deeper becomes null. */
const DEEPEST = 64;

/** A frozen copy without prototypes. */
export function plainJson(value: unknown): Readonly<Record<string, unknown>> {
  const copy = copied(value, 0);
  return typeof copy === 'object' && copy !== null && !Array.isArray(copy)
    ? (copy as Readonly<Record<string, unknown>>)
    : frozenRecord([]);
}

function copied(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return null;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => copied(item, depth + 1)));
  if (typeof value !== 'object' || value === null) return value;
  return frozenRecord(Object.entries(value).map(([key, item]) => [key, copied(item, depth + 1)]));
}
