/** Also runs answered requests by another version, and counts different results. */
import type { Served } from './catalog.ts';
import type { Metrics, Series } from './metrics.ts';
import { type Handler, type Incoming, keptResults, type ProtocolLimits, type Results, runWork } from './protocol.ts';

/** The most requests that wait for a shadow. Further ones are not run and count as failures. */
const MOST_WAITING = 64;

/** An answered request and its results. */
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

  /** Runs after the pending answers have been written, because nobody waits for it. */
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

/**
 * The number of rows with any difference, and the largest difference; undefined if the results have different shapes.
 */
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
