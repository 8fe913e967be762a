/** Runs a request by another version as well, after it was answered, and counts what comes out otherwise. */
import type { Served } from './catalog.ts';
import type { Metrics, Series } from './metrics.ts';
import { type Handler, type Incoming, keptResults, type ProtocolLimits, type Results, runWork } from './protocol.ts';

/** Requests that wait to be run by a shadow: further ones are not, and counted as failures. */
const MOST_WAITING = 64;

/** A request that was answered, and what the model said. */
export interface Answered {
  readonly handler: Handler;
  readonly incoming: Incoming;
  readonly results: Results;
  readonly rows: number;
}

export class Shadows {
  #waiting = 0;

  constructor(
    private readonly metrics: Metrics,
    private readonly limits: ProtocolLimits,
  ) {}

  /** Nobody waits for it: it has its turn when the answers that are due are given. */
  run(shadow: Served, answered: Answered): void {
    const series = this.metrics.of(shadow.name, shadow.version);
    if (this.#waiting >= MOST_WAITING) {
      series.shadow.failures += 1;
      return;
    }
    this.#waiting += 1;
    shadow.hold();
    setImmediate(() => {
      this.#runNow(shadow, answered, series).finally(() => {
        this.#waiting -= 1;
        shadow.letGo();
      });
    });
  }

  async #runNow(shadow: Served, { handler, incoming, results, rows }: Answered, series: Series): Promise<void> {
    let own: Results | undefined;
    try {
      await handler(shadow, incoming, this.limits, (served, work) => {
        own = keptResults(runWork(served, work));
        return own;
      });
    } catch {
      own = undefined;
    }
    const compared = own && compare(results, own, rows);
    if (compared === undefined) {
      series.shadow.failures += 1;
      return;
    }
    series.shadow.requests += 1;
    series.shadow.rows += rows;
    series.shadow.different += compared.different;
    series.differences.observe(compared.largest);
  }
}

/** Rows of which anything differs, and the largest difference; undefined of results that are not alike. */
export function compare(expected: Results, found: Results, rows: number) {
  if (expected.outputs.length !== found.outputs.length || rows === 0) return undefined;
  const differs = new Uint8Array(rows);
  let largest = 0;
  for (const [at, a] of expected.outputs.entries()) {
    const b = found.outputs[at];
    if (a.length !== b.length) return undefined;
    const width = a.length / rows;
    for (let i = 0; i < a.length; i++) {
      if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
      differs[Math.floor(i / width)] = 1;
      const difference = Math.abs(a[i] - b[i]);
      if (difference > largest || Number.isNaN(difference)) largest = Number.isNaN(difference) ? Infinity : difference;
    }
  }
  let different = 0;
  for (const one of differs) different += one;
  return { different, largest };
}
