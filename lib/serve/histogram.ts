/** Counts of values by upper bounds, which can be added across threads. */
export interface HistogramCounts {
  /** The count of each bucket, not cumulative; the last one is for values above all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Seconds: from five microseconds, the time of a small model, to the longest that a request may take. */
export const SECONDS = [
  5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 10,
] as const;
export const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16_384, 65_536, 262_144] as const;
export const DIFFERENCES = [0, 1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10] as const;

export class Histogram {
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]) at++;
    this.#counts[at] += 1;
    this.#sum += value;
  }

  add({ counts, sum }: HistogramCounts): void {
    for (const [at, count] of counts.entries()) this.#counts[at] += count;
    this.#sum += sum;
  }

  get state(): HistogramCounts {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}
