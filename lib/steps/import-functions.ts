/** Imports functions for custom steps from a script. */
import { ForwardpassError } from '../errors.ts';
import type { StepFunctions } from './types.ts';

/**
 * The script's default export, or else its named exports. `place` is for messages.
 *
 * @throws {ForwardpassError} OPTION.
 */
export async function importFunctions(script: URL, place: string): Promise<StepFunctions> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(script.href);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ForwardpassError('OPTION', `could not be imported: ${message}`, place, { cause });
  }
  const { default: main } = exported;
  const functions = typeof main === 'object' && main !== null ? main : exported;
  if (Object.keys(functions).length === 0) {
    throw new ForwardpassError('OPTION', 'has no exports; expected functions by their names in Python', place);
  }
  return functions as StepFunctions;
}
