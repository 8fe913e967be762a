/** The bodies of the repository's extension: most clients send none. */
import { Buffer } from 'node:buffer';
import { type Answer, problem } from './protocol.ts';

/** Bytes; what is asked for is a few words. */
const LONGEST = 65_536;
/** What a load may be asked for that is passed over: models have nothing that depends on them. */
const PASSED_OVER = 'unload_dependents';

export interface ControlAsked {
  /** Whether only those that are ready are asked for. */
  readonly ready: boolean;
}

/** What it asks for, or the answer to it. */
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
  // Another model than the one of the repository would be asked for.
  if (Object.keys(parameters).some((name) => name !== PASSED_OVER)) {
    return problem(400, 'CONTROL', 'models are those of the repository: a load takes no config and no files');
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
