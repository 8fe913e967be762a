/** Reads the bodies of the repository extension, which most clients leave empty. */
import { Buffer } from 'node:buffer';
import { type Answer, problem } from './protocol.ts';

/** The most bytes of a body, which only needs a few words. */
const LONGEST = 65_536;
/** A parameter that is ignored, because models have no dependents. */
const PASSED_OVER = 'unload_dependents';

export interface ControlAsked {
  /** Whether only ready models are requested. */
  readonly ready: boolean;
}

/** The request in a body, or an error answer. */
export function controlAsked(body: Uint8Array): ControlAsked | Answer {
  if (body.length === 0) return { ready: false };
  if (body.length > LONGEST) return problem(413, 'LIMIT', `the body has more than ${LONGEST} bytes`);
  const asked = parsed(body);
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
    return problem(400, 'JSON', 'expected no body, or an object as JSON');
  }
  const { ready = false, parameters = {} } = asked as Readonly<Record<string, unknown>>;
  if (typeof ready !== 'boolean') return problem(400, 'JSON', 'expected true or false as ready');
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    return problem(400, 'JSON', 'expected an object as parameters');
  }
  // Such parameters would ask for another model than that of the repository.
  if (Object.keys(parameters).some((name) => name !== PASSED_OVER)) {
    return problem(400, 'CONTROL', 'models come from the repository; a load does not accept a config or files');
  }
  return { ready };
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
