/**
 * Answers to requests that arrived together go out together, once all of them are there. Each write wakes its client, which
 * on a busy machine costs as much as the answer itself; clients that are awake already take the next ones for less.
 */
import type { ServerResponse } from 'node:http';

/** Milliseconds that an answer waits for others at the most. */
const LONGEST = 0.5;

export class Outbox {
  #waiting: { readonly response: ServerResponse; readonly body: Uint8Array | string }[] = [];
  #since = 0;

  /** Ends the response with this body, before the event loop waits again. */
  put(response: ServerResponse, body: Uint8Array | string): void {
    const now = performance.now();
    if (this.#waiting.length === 0) {
      this.#since = now;
      setImmediate(this.#flush);
    }
    this.#waiting.push({ response, body });
    if (now - this.#since > LONGEST) this.#flush();
  }

  readonly #flush = () => {
    const all = this.#waiting;
    this.#waiting = [];
    for (const { response, body } of all) if (!response.destroyed) response.end(body);
  };
}
