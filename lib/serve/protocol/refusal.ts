/** Errors of the protocols themselves, before a model is used. */

/** The codes of such errors. */
export type RefusalCode = 'JSON' | 'REQUEST' | 'CONTENT_TYPE' | 'TOO_LARGE' | 'NOT_JSON';

/** A request that violates its protocol: an error of the client. */
export class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export function badRequest(message: string): Refusal {
  return new Refusal('REQUEST', message);
}

export function tooLarge(message: string): Refusal {
  return new Refusal('TOO_LARGE', message, 413);
}
