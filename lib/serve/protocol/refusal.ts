/** What the protocols refuse by themselves, before a model sees it. */

/** Of a failure that is not a model's. */
export type RefusalCode = 'JSON' | 'REQUEST' | 'CONTENT_TYPE' | 'TOO_LARGE' | 'NOT_JSON';

/** A request that is not what its protocol says: the client's fault. */
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
