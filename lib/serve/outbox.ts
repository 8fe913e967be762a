/**
 * Answers to requests that arrived together are written together, once all are complete. Each write wakes its client,
 * which on a busy machine costs as much as the answer itself; writes to clients that are already awake cost less.
 */
import type { Answer } from './protocol.ts';

/** Writes an answer to its connection. */
export interface Writer {
  write(answer: Answer): void;
}

/** The most milliseconds that an answer waits for others. */
const LONGEST = 0.5;

export class Outbox {
  #waiting: { readonly writer: Writer; readonly answer: Answer }[] = [];
  #since = 0;

  /** Writes the answer before the event loop waits again. */
  put(writer: Writer, answer: Answer): void {
    const now = performance.now();
    if (this.#waiting.length === 0) {
      this.#since = now;
      setImmediate(this.#flush);
    }
    this.#waiting.push({ writer, answer });
    if (now - this.#since > LONGEST) this.#flush();
  }

  readonly #flush = () => {
    const all = this.#waiting;
    this.#waiting = [];
    for (const { writer, answer } of all) writer.write(answer);
  };
}
