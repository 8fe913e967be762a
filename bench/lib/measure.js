/** Measures contenders side by side: rounds in which each has its turn, medians of rounds, the p99 of single calls. */
import { median, quantile } from './stats.js';

/**
 * `call` runs the model once; a promise is awaited where `isAsync`. Or `time` gives the nanoseconds of so many calls, for
 * what runs in another process.
 *
 * @typedef {{ id: string, isAsync: boolean, call: () => unknown }} LocalCandidate
 * @typedef {{ id: string, time: (calls: number) => Promise<number> }} RemoteCandidate
 * @typedef {LocalCandidate | RemoteCandidate} Candidate
 * @typedef {{ rounds: number, trialMilliseconds: number, warmUpMilliseconds: number, clock?: 'elapsed' | 'processor',
 *   samples?: boolean }} Effort `samples`: whether single calls are timed too
 * @typedef {{
 *   id: string, nanoseconds: number, rounds: number[],
 *   p50: number, p99: number, samples: number, callsPerSample: number,
 * }} Timing
 */

/** Reading the clock costs some 50 ns, so that only a longer call can be timed by itself. */
const SINGLE_CALL_NANOSECONDS = 2000;
const MOST_SAMPLES_PER_ROUND = 1000;
const SHORT_LOOP_NANOSECONDS = 50_000;
const STEADY = 0.03;

/**
 * @param {readonly Candidate[]} candidates @param {Effort} effort
 * @returns {Promise<Timing[]>}
 */
export async function measure(candidates, effort) {
  const trialNanoseconds = effort.trialMilliseconds * 1e6;
  /** @type {Runner[]} */
  const runners = [];
  for (const candidate of candidates) {
    const runner = new Runner(candidate, effort.clock ?? 'elapsed');
    await runner.warmUp(effort.warmUpMilliseconds * 1e6, trialNanoseconds);
    runners.push(runner);
  }
  for (let round = 0; round < effort.rounds; round++) {
    // Each round begins with another contender, so that none always follows the same one.
    for (let turn = 0; turn < runners.length; turn++) {
      const runner = runners[(round + turn) % runners.length];
      await runner.trial();
      if (effort.samples ?? true) await runner.sample(trialNanoseconds / 2);
    }
  }
  return runners.map((runner) => runner.timing());
}

class Runner {
  #id;
  /** Nanoseconds that so many calls take. @type {(calls: number) => Promise<number>} */
  #time;
  #calls = 1;
  #callsPerSample = 1;
  /** @type {number[]} */
  #rounds = [];
  /** @type {number[]} */
  #samples = [];

  /** @param {Candidate} candidate @param {keyof typeof CLOCKS} clock */
  constructor(candidate, clock) {
    this.#id = candidate.id;
    this.#time = 'time' in candidate ? candidate.time : timer(candidate, CLOCKS[clock]);
  }

  /**
   * Runs until three windows in a row agree or time is up, then fixes the calls of a trial. In many short loops, since
   * the compiler optimises a loop that is entered often better than one that runs long.
   */
  async warmUp(/** @type {number} */ limit, /** @type {number} */ trial) {
    let calls = 1;
    let spent = 0;
    let window = { nanoseconds: 0, calls: 0 };
    /** @type {number[]} */
    let recent = [];
    while (spent < limit) {
      const total = await this.#time(calls);
      spent += total;
      window = { nanoseconds: window.nanoseconds + total, calls: window.calls + calls };
      if (total < SHORT_LOOP_NANOSECONDS) calls *= 2;
      if (window.nanoseconds < trial / 4) continue;
      recent = [...recent, window.nanoseconds / window.calls].slice(-3);
      window = { nanoseconds: 0, calls: 0 };
      const isSteady = recent.length === 3 && Math.max(...recent) < Math.min(...recent) * (1 + STEADY);
      if (isSteady && spent > limit / 3) break;
    }
    const nanoseconds = Math.min(...recent);
    this.#calls = Math.max(1, Math.ceil(trial / nanoseconds));
    this.#callsPerSample = Math.ceil(SINGLE_CALL_NANOSECONDS / nanoseconds);
  }

  async trial() {
    // The contender before left its own data in the caches, and maybe threads that still spin.
    if (this.#calls > 1) await this.#time(Math.ceil(this.#calls / 16));
    this.#rounds.push((await this.#time(this.#calls)) / this.#calls);
  }

  /** Times single calls, or batches of them where one is too short for the clock. A trial of one call was a sample. */
  async sample(/** @type {number} */ limit) {
    if (this.#calls === 1) {
      this.#samples.push(this.#rounds[this.#rounds.length - 1]);
      return;
    }
    let spent = 0;
    for (let i = 0; i < MOST_SAMPLES_PER_ROUND && spent < limit; i++) {
      const total = await this.#time(this.#callsPerSample);
      spent += total;
      this.#samples.push(total / this.#callsPerSample);
    }
  }

  /** @returns {Timing} */
  timing() {
    return {
      id: this.#id,
      nanoseconds: median(this.#rounds),
      rounds: this.#rounds,
      p50: median(this.#samples),
      p99: quantile(this.#samples, 0.99),
      samples: this.#samples.length,
      callsPerSample: this.#callsPerSample,
    };
  }
}

/** Nanoseconds since some moment: elapsed, or of the processors that this process had. */
const CLOCKS = {
  elapsed: () => Number(process.hrtime.bigint()),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return 1000 * (user + system);
  },
};

/** @param {LocalCandidate} candidate @param {() => number} now */
function timer({ isAsync, call }, now) {
  const loop = makeLoop(isAsync);
  return async (/** @type {number} */ calls) => {
    const start = now();
    const pending = loop(call, calls);
    if (isAsync) await pending;
    return now() - start;
  };
}

/**
 * A loop of its own for each contender: one shared by all would teach the compiler that `call` may be anything, and
 * charge the shortest calls for it. In an application every call site is its own, too.
 *
 * @param {boolean} isAsync
 * @returns {(call: () => unknown, calls: number) => unknown}
 */
function makeLoop(isAsync) {
  const source = isAsync
    ? 'return async (call, calls) => { for (let i = 0; i < calls; i++) await call(); };'
    : 'return (call, calls) => { for (let i = 0; i < calls; i++) call(); };';
  return new Function(source)();
}
