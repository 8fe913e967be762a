/** Writes a line of JSON for each request, several at a time. */

export interface Access {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly remote?: string;
  readonly model?: string;
  readonly version?: string;
  readonly rows?: number;
  readonly code?: string;
}

const MOST_LINES = 256;
/** The most milliseconds that a line waits. */
const LONGEST = 200;
const LONGEST_PATH = 512;

export class AccessLog {
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly write: (lines: string) => void) {}

  add({ path, milliseconds, ...access }: Access): void {
    const time = new Date().toISOString();
    const shown = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
    this.#lines.push(
      JSON.stringify({ time, ...access, path: shown, milliseconds: Math.round(milliseconds * 1e3) / 1e3 }),
    );
    if (this.#lines.length >= MOST_LINES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const lines = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.write(lines);
  }
}
