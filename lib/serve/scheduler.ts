/** Decides when and where the work of requests runs: at once, off the event loop, or together with other requests. */
import { Served } from './catalog.ts';
import {
  type Compute,
  keptWork,
  type Results,
  runTogether,
  runWork,
  runWorkAsync,
  type ServedModel,
  type Work,
} from './protocol.ts';

export interface SchedulerOptions {
  /** In milliseconds; undefined disables batching. */
  readonly batchWindow: number | undefined;
  /** Called with the rows of each run. */
  readonly onRun: (served: ServedModel, rows: number) => void;
}

/** Runs of more nanoseconds should not block other requests. */
const LONG = 3e6;
/** For runs of more nanoseconds, it is worth waiting for others. */
const WORTH_BATCHING = 50_000;
/** The most rows of a batch: with more, each row costs no less. */
const MOST_ROWS = 512;
/** The weight of a run that took longer than expected in the estimate for the next. */
const NEWEST = 0.02;

interface Waiting {
  readonly work: Work;
  readonly resolve: (results: Results) => void;
  readonly reject: (error: unknown) => void;
}

interface Pace {
  /** Estimated nanoseconds of a run, and of each of its rows. */
  run: number;
  row: number;
  batch: Waiting[];
  rows: number;
}

export class Scheduler {
  /** The number of requests that wait for their run. */
  waiting = 0;
  readonly #paces = new WeakMap<ServedModel, Pace>();

  constructor(private readonly options: SchedulerOptions) {}

  readonly compute: Compute = (served, work) => {
    const pace = this.#paceOf(served);
    const { batchWindow } = this.options;
    if (batchWindow !== undefined && pace.run >= WORTH_BATCHING && work.count < MOST_ROWS) {
      return this.#runWithOthers(served, keptWork(work), pace, batchWindow);
    }
    return work.count * pace.row > LONG
      ? this.#runAside(served, keptWork(work), pace)
      : this.#runNow(served, work, pace);
  };

  #paceOf(served: ServedModel): Pace {
    let pace = this.#paces.get(served);
    if (pace === undefined) {
      pace = { run: 0, row: 0, batch: [], rows: 0 };
      this.#paces.set(served, pace);
    }
    return pace;
  }

  #runNow(served: ServedModel, work: Work, pace: Pace): Results {
    const start = performance.now();
    const results = runWork(served, work);
    this.#learn(pace, work.count, performance.now() - start);
    this.options.onRun(served, work.count);
    return results;
  }

  async #runAside(served: ServedModel, work: Work, pace: Pace): Promise<Results> {
    const start = performance.now();
    const results = await this.#whileWaiting(served, () => runWorkAsync(served, work));
    this.#learn(pace, work.count, performance.now() - start);
    this.options.onRun(served, work.count);
    return results;
  }

  #runWithOthers(served: ServedModel, work: Work, pace: Pace, batchWindow: number): Promise<Results> {
    if (pace.rows + work.count > MOST_ROWS) this.#flush(served, pace);
    return this.#whileWaiting(
      served,
      () =>
        new Promise((resolve, reject) => {
          pace.batch.push({ work, resolve, reject });
          pace.rows += work.count;
          if (pace.batch.length > 1) return;
          const { batch } = pace;
          const flush = () => {
            if (pace.batch === batch) this.#flush(served, pace);
          };
          if (batchWindow === 0) setImmediate(flush);
          else setTimeout(flush, batchWindow);
        }),
    );
  }

  #flush(served: ServedModel, pace: Pace): void {
    const { batch, rows } = pace;
    pace.batch = [];
    pace.rows = 0;
    const start = performance.now();
    const all = runTogether(
      served,
      batch.map(({ work }) => work),
    );
    this.#learn(pace, rows, performance.now() - start, batch.length);
    this.options.onRun(served, rows);
    for (const [at, results] of all.entries()) {
      if (results instanceof Error) batch[at].reject(results);
      else batch[at].resolve(results);
    }
  }

  async #whileWaiting<T>(served: ServedModel, action: () => Promise<T>): Promise<T> {
    this.waiting += 1;
    if (served instanceof Served) served.hold();
    try {
      return await action();
    } finally {
      this.waiting -= 1;
      if (served instanceof Served) served.letGo();
    }
  }

  /** A run of a batch counts as one, because it does not show how long a single request would take. */
  #learn(pace: Pace, rows: number, milliseconds: number, requests = 1): void {
    const ns = milliseconds * 1e6;
    if (requests === 1) pace.run = learned(pace.run, ns);
    if (rows > 0) pace.row = learned(pace.row, ns / rows);
  }
}

/** Combines estimates: measured times may be too long, because of preemption or cold code, but never too short. */
function learned(known: number, found: number): number {
  return known === 0 || found < known ? found : known + NEWEST * (found - known);
}
