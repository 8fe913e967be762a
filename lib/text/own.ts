/** Calls custom functions that take a text, and checks their results. */
import { ForwardpassError } from '../errors.ts';
import type { OwnText } from '../graph/terms.ts';
import { describe, quote } from '../messages.ts';

function called({ name, place, attributes, run }: OwnText, value: unknown): unknown {
  try {
    return run(value as string, Object.freeze({ name, attributes }));
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : describe(cause);
    throw new ForwardpassError('FUNCTION', `failed: ${words}`, placeOf({ name, place }), { cause });
  }
}

function placeOf({ name, place }: Pick<OwnText, 'name' | 'place'>): string {
  return `function ${quote(name)} of ${place}`;
}

/** @throws {ForwardpassError} FUNCTION if it does not return a string, with what it threw as the cause. */
export function textBy(own: OwnText, value: unknown): string {
  const found = called(own, value);
  if (typeof found === 'string') return found;
  throw new ForwardpassError('FUNCTION', `expected a string as the result, found ${describe(found)}`, placeOf(own));
}

/** @throws {ForwardpassError} FUNCTION if it does not return an array of strings, with what it threw as the cause. */
export function tokensBy(own: OwnText, value: unknown): readonly string[] {
  const found = called(own, value);
  if (!Array.isArray(found)) {
    throw new ForwardpassError(
      'FUNCTION',
      `expected an array of strings as the result, found ${describe(found)}`,
      placeOf(own),
    );
  }
  for (let i = 0; i < found.length; i++) {
    if (typeof found[i] === 'string') continue;
    const message = `expected strings in the result, found ${describe(found[i])} at index ${i}`;
    throw new ForwardpassError('FUNCTION', message, placeOf(own));
  }
  return found;
}
