/** Answers that carry no prediction. */
import { ForwardpassError } from '../../errors.ts';
import type { Answer } from './types.ts';

const JSON_TYPE = { 'content-type': 'application/json' } as const;

export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: JSON_TYPE, body: JSON.stringify(value) };
}

/** A failure in words of the server's own. */
export function problem(status: number, code: string, message: string): Answer {
  return { ...jsonAnswer({ error: message }, status), code };
}

/** The answer to whatever was thrown. Nothing of a stack, a path or an error that is not ours goes into it. */
export function errorAnswer(error: unknown): Answer {
  if (error instanceof ForwardpassError) return problem(400, error.code, error.message);
  return problem(500, 'INTERNAL', 'the server failed');
}
