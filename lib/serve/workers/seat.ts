/** The seat of one answering thread: the current thread, its edition of models, and its last metrics. */
import { Worker } from 'node:worker_threads';
import type { MetricsState } from '../metrics.ts';
import type { FromWorker, Start, ToWorker } from './messages.ts';

export interface SeatParts {
  /** The thread's script. */
  readonly script: URL;
  readonly start: () => Start;
  /** Called with the thread's messages, except those that only concern the seat. */
  readonly onMessage: (message: FromWorker, seat: Seat) => void;
  /** Called with the reason if the thread has ended without being asked to. */
  readonly onEnd: (seat: Seat, error: Error) => void;
}

/** If a thread lived for fewer milliseconds, its successor is delayed. */
const LONG_LIFE = 5_000;
const LONGEST_WAIT = 10_000;

export class Seat {
  /** The newest edition that the thread uses. */
  edition = -1;
  /** The last metrics that the thread reported. */
  counted: MetricsState | undefined;
  isListening = false;
  closed = false;
  #worker: Worker | undefined;
  #begun = 0;
  #shortLives = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #ended: Promise<void>;
  #end = () => {};

  constructor(
    readonly number: number,
    private readonly parts: SeatParts,
  ) {
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#fill();
  }

  get isTaken(): boolean {
    return this.#worker !== undefined;
  }

  say(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Resolves when the thread has ended; it is terminated after `most` milliseconds. */
  async close(most: number): Promise<void> {
    this.closed = true;
    clearTimeout(this.#timer);
    if (this.#worker === undefined) return;
    this.say({ kind: 'close', most });
    const timer = setTimeout(() => this.#worker?.terminate(), most + GRACE);
    await this.#ended;
    clearTimeout(timer);
  }

  #fill(): void {
    this.#begun = performance.now();
    this.edition = -1;
    const worker = new Worker(this.parts.script, { workerData: this.parts.start() });
    this.#worker = worker;
    let error = new Error('it ended without an error');
    worker.on('error', (thrown) => {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    });
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'listening') this.isListening = true;
      else if (message.kind === 'taken') this.edition = message.edition;
      else if (message.kind === 'metrics') this.counted = message.state;
      this.parts.onMessage(message, this);
    });
    worker.on('exit', () => this.#emptied(error));
  }

  #emptied(error: Error): void {
    this.#worker = undefined;
    this.isListening = false;
    if (this.closed) {
      this.#end();
      return;
    }
    this.parts.onEnd(this, error);
    this.#shortLives = performance.now() - this.#begun > LONG_LIFE ? 0 : this.#shortLives + 1;
    const wait = this.#shortLives <= 1 ? 0 : Math.min(LONGEST_WAIT, 100 * 2 ** this.#shortLives);
    this.#timer = setTimeout(() => {
      try {
        this.#fill();
      } catch (thrown) {
        this.#emptied(thrown as Error);
      }
    }, wait);
  }
}

/** Additional milliseconds for a thread to end. */
const GRACE = 2_000;
