/** Answers that carry no prediction, and the answer to whatever was thrown. */
import { type ErrorCode, ForwardpassError } from '../../errors.ts';
import { Refusal } from './refusal.ts';
import type { Answer } from './types.ts';

export const JSON_TYPE = Object.freeze({ 'content-type': 'application/json' });

export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: JSON_TYPE, body: JSON.stringify(value) };
}

/** A failure in words of the server's own. */
export function problem(status: number, code: string, message: string): Answer {
  return { ...jsonAnswer({ error: message }, status), code };
}

/** Failures that the values of a request are the reason of. Their messages quote the request and the model's names only. */
const OF_REQUESTS: ReadonlySet<ErrorCode> = new Set(['INPUT', 'ID', 'SHAPE', 'NOT_A_CLASSIFIER'] as const);
/** Failures that pass: a version that was replaced while it ran, no memory for so many rows at the moment. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['DISPOSED', 'MEMORY'] as const);

export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly place?: string;
}

/** What there is to say of something that was thrown; nothing of a stack, a path or an error that is not ours. */
export function failureOf(error: unknown, statusOfInput = 400): Failure {
  if (error instanceof Refusal) return { status: error.status, code: error.code, message: error.message };
  const known = ForwardpassError.from(error);
  if (known !== undefined) {
    const { code, message, place } = known;
    if (OF_REQUESTS.has(code)) return { status: statusOfInput, code, message, place };
    if (PASSING.has(code)) return { status: 503, code, message: 'the model cannot answer at the moment; try again' };
    return { status: 500, code, message: 'the server failed' };
  }
  return { status: 500, code: 'INTERNAL', message: 'the server failed' };
}

/** The answer to something that was thrown: `{ "error": … }`, as all protocols say it. */
export function errorAnswer(error: unknown): Answer {
  const { status, code, message } = failureOf(error);
  return problem(status, code, message);
}
