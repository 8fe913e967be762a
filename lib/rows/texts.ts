/** Loads the script that turns texts into terms, once there is a model that takes texts. */
import { ForwardpassError } from '../errors.ts';
import { openScript } from '../platform/script.ts';

type Script = typeof import('./term-column.ts');

let script: Script | undefined;

export async function openTexts(): Promise<Script> {
  script ??= await import('./term-column.ts');
  return script;
}

/**
 * The same synchronously: a thread that attaches to a model may predict before the script has been loaded.
 * @throws {ForwardpassError} SOURCE if the script is not loaded yet and not beside this one, such as in a bundle.
 */
export function texts(): Script {
  try {
    script ??= openScript('./term-column.js') as Script;
  } catch (cause) {
    const message =
      'the code that reads texts is not loaded yet; await something between attach() and the first prediction';
    throw new ForwardpassError('SOURCE', message, 'rows', { cause });
  }
  return script;
}
