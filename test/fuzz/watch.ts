/** One worker after another, until the time is over: each is watched, and replaced when it ends or does not come back. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { samplesOf } from './corpus.ts';
import type { Finding } from './finding.ts';
import { triedOf } from './record.ts';
import type { Job, Message, State } from './worker.ts';

/** What one file may take, on a busy machine, before its worker is given up. */
const HANG_MS = 20_000;
const LOOK_MS = 500;
/** For the heap of a worker, in MiB: far above what is in proportion to small files, and soon reached by what grows without end. */
const HEAP_MIB = 1024;
/** Between the seeds of one worker and the next. */
const SEEDS_APART = 10_000_000;

export interface Watcher {
  found(finding: Finding): void;
  /** Of all workers of this job so far; `inputs` and `branches` are the last one's. */
  state(state: State): void;
}

export async function watch(job: Job, milliseconds: number, watcher: Watcher): Promise<void> {
  const end = performance.now() + milliseconds;
  let before = 0;
  for (let seed = job.seed; performance.now() < end; seed += SEEDS_APART) {
    before += await watchOne({ ...job, seed }, end, {
      found: watcher.found,
      state: (state) => watcher.state({ ...state, executions: before + state.executions }),
    });
  }
}

/** Gives the executions. */
async function watchOne(job: Job, end: number, { found, state }: Watcher): Promise<number> {
  rmSync(job.record, { force: true });
  const worker = forkSelf(['work', JSON.stringify(job)]);
  let last = { executions: 0, since: performance.now() };
  worker.on('message', (message: Message) => {
    if ('state' in message) state(message.state);
    else if ('finding' in message) found(message.finding);
    else throw new Error(`a mutator fails: ${message.broken}`);
  });
  let why: string | undefined;
  const look = setInterval(() => {
    const executions = tried(job)?.executions ?? 0;
    const now = performance.now();
    if (executions !== last.executions) last = { executions, since: now };
    if (now - last.since > HANG_MS) why = `takes more than ${HANG_MS / 1000} seconds`;
    if (why !== undefined || now > end) worker.kill('SIGKILL');
  }, LOOK_MS);
  const words = lastWords(worker);
  const ended = await new Promise<string>((resolve) => {
    worker.on('exit', (code, signal) => resolve(`ends the process: ${signal ?? code}, ${words()}`));
  });
  clearInterval(look);
  const at = tried(job);
  if (at !== undefined && (why !== undefined || performance.now() < end)) {
    const { name } = samplesOf(job.format, job.fixtures)[at.sample];
    const base64 = Buffer.from(at.bytes).toString('base64');
    found({ format: job.format, sample: name, fault: why ?? ended, seed: at.seed, base64 });
  }
  return at?.executions ?? 0;
}

function tried({ record }: Job): ReturnType<typeof triedOf> {
  try {
    return triedOf(readFileSync(record));
  } catch {
    return undefined;
  }
}

/** This program in another process. What it writes as it dies may be pages, and is read by {@link lastWords}. */
export function forkSelf(args: readonly string[]): ChildProcess {
  const execArgv = [`--max-old-space-size=${HEAP_MIB}`];
  return fork(process.argv[1], args, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

/** The line that says why a process ended, once it has. */
export function lastWords({ stderr }: ChildProcess): () => string {
  let text = '';
  stderr?.on('data', (chunk: Buffer) => {
    if (text.length < 4000) text += chunk;
  });
  return () =>
    text
      .split('\n')
      .find((line) => /error|FATAL/i.test(line))
      ?.slice(0, 300) ?? '';
}
