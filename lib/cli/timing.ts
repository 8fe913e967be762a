/** Measures how long calls of a model take. */
import type { CliModel } from './environment.ts';
import { randomRows } from './random-rows.ts';

/** Times are in nanoseconds per call. */
export interface Timing {
  readonly batch: number;
  readonly median: number;
  readonly p99: number;
  readonly rowsPerSecond: number;
  /** More than 1 if a call is too short for the clock; p99 is then that of means of so many calls. */
  readonly callsPerSample: number;
}

/** In nanoseconds. Reading the clock takes about 50 ns. */
const SHORTEST_SAMPLE = 5_000;
const WARM_UP_SHARE = 0.25;

/** Times bound calls over random features, for about as long as asked. */
export function time(
  model: Pick<CliModel, 'ask' | 'bind' | 'inputs' | 'rowReader'>,
  batch: number,
  nanoseconds: number,
): Timing {
  const rows = randomRows(model, batch);
  const call = model.bind({ batch });
  for (const [i, { name }] of model.inputs.entries()) call.inputs[name].set(rows[i]);
  let callsPerSample = 1;
  const sample = () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < callsPerSample; i++) call.run();
    return Number(process.hrtime.bigint() - start);
  };
  for (let spent = 0; spent < nanoseconds * WARM_UP_SHARE; ) {
    const elapsed = sample();
    spent += elapsed;
    if (elapsed < SHORTEST_SAMPLE) callsPerSample *= 2;
  }
  const samples: number[] = [];
  for (let spent = 0; spent < nanoseconds; ) {
    const elapsed = sample();
    spent += elapsed;
    samples.push(elapsed / callsPerSample);
  }
  samples.sort((a, b) => a - b);
  const quantile = (q: number) => samples[Math.ceil(q * samples.length) - 1];
  const median = quantile(0.5);
  return { batch, median, p99: quantile(0.99), rowsPerSecond: (batch * 1e9) / median, callsPerSample };
}

export function duration(nanoseconds: number): string {
  const [size, unit] = nanoseconds < 1e3 ? [1, 'ns'] : nanoseconds < 1e6 ? [1e3, 'µs'] : [1e6, 'ms'];
  const value = nanoseconds / size;
  return `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ${unit}`;
}
