/** A thread of the compiled library, which does what workers/shared.js can; and the ways of a handle to one. */
import { once } from 'node:events';
import { BroadcastChannel, SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import type { ModelHandle } from '../../lib/handle.ts';

const script = new URL('workers/shared.js', import.meta.url);

export class Threads {
  readonly #worker = new Worker(script);

  /** What the thread answers; an error is what it threw. */
  // biome-ignore lint/suspicious/noExplicitAny: answers differ by what is asked
  async ask<Answer = any>(task: string, handle?: ModelHandle, argument?: unknown): Promise<Answer> {
    this.#worker.postMessage({ task, handle, argument });
    const [answer] = await once(this.#worker, 'message');
    return answer;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** What the model of a handle that goes by this way makes of 3. */
  async attachBy(way: string, handle: ModelHandle): Promise<unknown> {
    const argument = { x: Float32Array.of(3), threads: 1 };
    if (way === 'postMessage') return (await this.ask('run', handle, argument)).run;
    const variable = 'FORWARDPASS_TEST_HANDLE';
    const options: WorkerOptions = way === 'workerData' ? { workerData: { handle } } : { env: SHARE_ENV };
    const channel = new BroadcastChannel(variable);
    if (way === 'environment variable') process.env[variable] = JSON.stringify(handle);
    const worker = new Worker(new URL('workers/attached.js', import.meta.url), { ...options, argv: [way] });
    try {
      await once(worker, 'message');
      if (way === 'BroadcastChannel') channel.postMessage(handle);
      return (await once(worker, 'message'))[0];
    } finally {
      delete process.env[variable];
      channel.close();
      await worker.terminate();
    }
  }
}
