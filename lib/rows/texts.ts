/** What turns texts into terms is its own script, which is opened once there is a model that takes texts. */
import { ForwardpassError } from '../errors.ts';
import { openScript } from '../platform/script.ts';

type Script = typeof import('./term-column.ts');

let script: Script | undefined;

export async function openTexts(): Promise<Script> {
  script ??= await import('./term-column.ts');
  return script;
}

/**
 * The same at once: a thread that attaches to a model has loaded none, and may predict before what it waits for is there.
 * @throws {ForwardpassError} SOURCE where the script is not beside this one, such as in a bundle, and not open yet.
 */
export function texts(): Script {
  try {
    script ??= openScript('./term-column.js') as Script;
  } catch (cause) {
    const message = 'what reads texts is not open yet; await something between attach() and the first prediction';
    throw new ForwardpassError('SOURCE', message, 'rows', { cause });
  }
  return script;
}
