/** The counters of a thread of the server. Labels are names and versions of served models, and fixed words. */
import { DIFFERENCES, Histogram, type HistogramCounts, ROWS, SECONDS } from './histogram.ts';

/** The counters of a version of a model, as plain data for messages between threads. */
export interface SeriesState {
  readonly model: string;
  readonly version: string;
  readonly requests: number;
  readonly rows: number;
  /** For a shadow: requests that it also ran, those that it did not run, and rows with different results. */
  readonly shadow: {
    readonly requests: number;
    readonly failures: number;
    readonly rows: number;
    readonly different: number;
  };
  readonly errors: Readonly<Record<string, number>>;
  readonly seconds: HistogramCounts;
  readonly computeSeconds: HistogramCounts;
  readonly batchRows: HistogramCounts;
  readonly differences: HistogramCounts;
}

export interface MetricsState {
  readonly series: readonly SeriesState[];
  /** Answers by status, including those for unknown paths. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly connections: number;
  readonly waiting: number;
}

/** Codes are fixed words, of which there are a few dozen. */
const MOST_CODES = 64;

export class Series {
  requests = 0;
  rows = 0;
  readonly shadow = { requests: 0, failures: 0, rows: 0, different: 0 };
  readonly #errors = new Map<string, number>();
  readonly seconds = new Histogram(SECONDS);
  readonly computeSeconds = new Histogram(SECONDS);
  readonly batchRows = new Histogram(ROWS);
  readonly differences = new Histogram(DIFFERENCES);

  constructor(
    readonly model: string,
    readonly version: string,
  ) {}

  failed(code: string, count = 1): void {
    const known = this.#errors.has(code) || this.#errors.size < MOST_CODES ? code : 'OTHER';
    this.#errors.set(known, (this.#errors.get(known) ?? 0) + count);
  }

  add(state: SeriesState): void {
    this.requests += state.requests;
    this.rows += state.rows;
    for (const key of ['requests', 'failures', 'rows', 'different'] as const) this.shadow[key] += state.shadow[key];
    for (const [code, count] of Object.entries(state.errors)) this.failed(code, count);
    for (const key of ['seconds', 'computeSeconds', 'batchRows', 'differences'] as const) this[key].add(state[key]);
  }

  get state(): SeriesState {
    return {
      model: this.model,
      version: this.version,
      requests: this.requests,
      rows: this.rows,
      shadow: { ...this.shadow },
      errors: Object.fromEntries(this.#errors),
      seconds: this.seconds.state,
      computeSeconds: this.computeSeconds.state,
      batchRows: this.batchRows.state,
      differences: this.differences.state,
    };
  }
}

export class Metrics {
  readonly #series = new Map<string, Map<string, Series>>();
  readonly #statuses = new Map<number, number>();
  connections = 0;
  waiting = 0;

  /** The counters of a served model, which the caller has already found. */
  of(model: string, version: string): Series {
    let versions = this.#series.get(model);
    if (versions === undefined) {
      versions = new Map();
      this.#series.set(model, versions);
    }
    let series = versions.get(version);
    if (series === undefined) {
      series = new Series(model, version);
      versions.set(version, series);
    }
    return series;
  }

  answered(status: number): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  add({ series, statuses, connections, waiting }: MetricsState): void {
    for (const state of series) this.of(state.model, state.version).add(state);
    for (const [status, count] of Object.entries(statuses)) {
      this.#statuses.set(Number(status), (this.#statuses.get(Number(status)) ?? 0) + count);
    }
    this.connections += connections;
    this.waiting += waiting;
  }

  get state(): MetricsState {
    return {
      series: [...this.#series.values()].flatMap((versions) => [...versions.values()].map(({ state }) => state)),
      statuses: Object.fromEntries(this.#statuses),
      connections: this.connections,
      waiting: this.waiting,
    };
  }
}
