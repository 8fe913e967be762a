/** Answers without predictions, and the answer to any thrown error. */
import { type ErrorCode, ForwardpassError } from '../../errors.ts';
import { Refusal } from './refusal.ts';
import type { Answer } from './types.ts';

export const JSON_TYPE = Object.freeze({ 'content-type': 'application/json' });

export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: JSON_TYPE, body: JSON.stringify(value) };
}

/** An error answer of the server. */
export function problem(status: number, code: string, message: string): Answer {
  return { ...jsonAnswer({ error: message }, status), code };
}

/** Errors caused by the values of a request. Their messages only quote the request and names of the model. */
const OF_REQUESTS: ReadonlySet<ErrorCode> = new Set(['INPUT', 'ID', 'SHAPE', 'NOT_A_CLASSIFIER'] as const);
/** Temporary errors: a version that was replaced while it ran, or not enough memory at the moment. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['DISPOSED', 'MEMORY'] as const);

export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly place?: string;
}

/** What a client may know of a thrown error: never a stack, a path or an unknown error. */
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

/** The answer to a thrown error: `{ "error": … }`, in all protocols. */
export function errorAnswer(error: unknown): Answer {
  const { status, code, message } = failureOf(error);
  return problem(status, code, message);
}
