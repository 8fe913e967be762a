/** Paths to a value inside a pickle. */
import { type Part, partsOf } from './parts.ts';
import type { PickleValue } from './values.ts';

/** A value of the file and its location. */
export interface Located {
  /** The path in the form of the option `member`: `models.north`, `0`; empty for the whole file. */
  readonly path: string;
  /** The path in the form of messages: `models.north`, `[0]`. */
  readonly place: string;
  readonly value: PickleValue;
  /** The values that contain it, the outermost first. */
  readonly within: readonly PickleValue[];
}

export function partAt({ path, place, value, within }: Located, part: Part): Located {
  const step = part.isPosition ? `[${part.label}]` : part.label;
  return {
    path: path === '' ? part.label : `${path}.${part.label}`,
    place: place === '' || part.isPosition ? place + step : `${place}.${step}`,
    value: part.value,
    within: [...within, value],
  };
}

/**
 * The value named by a key, a position, an attribute's name, or several of these separated by dots; `isOpen` says which
 * values may be entered.
 */
export function follow(
  from: Located,
  asked: string | number,
  isOpen: (value: PickleValue) => boolean,
): Located | undefined {
  let at = from;
  let rest = String(asked);
  let exact = asked;
  while (isOpen(at.value)) {
    const next = nextPart(at, rest, exact);
    if (next === undefined) return undefined;
    at = partAt(at, next.part);
    if (next.length === rest.length) return at;
    rest = exact = rest.slice(next.length + 1);
  }
  return undefined;
}

/** The part that the whole text names, or else the one that the shortest prefix of it names. */
function nextPart(
  { value }: Located,
  text: string,
  exact: string | number,
): { part: Part; length: number } | undefined {
  let found: Part | undefined;
  let isWhole = false;
  for (const part of partsOf(value)) {
    const { label, key } = part;
    if (key === exact) return { part, length: text.length };
    if (label === text) [found, isWhole] = [part, true];
    const isBeginning = text.startsWith(label) && text[label.length] === '.';
    if (isBeginning && !isWhole && (found === undefined || label.length < found.label.length)) found = part;
  }
  return found && { part: found, length: found.label.length };
}
