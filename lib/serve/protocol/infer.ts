/** The way of every inference: read, run, write, whatever the protocol. */
import type { Answer, Compute, Results, ServedModel, Work } from './types.ts';
import { runWork } from './work.ts';

/** One way of saying requests and answers. */
export interface Exchange<W extends Work> {
  readonly served: ServedModel;
  readonly compute: Compute | undefined;
  read(): W;
  /** The answer of status 200. */
  write(work: W, results: Results): Pick<Answer, 'headers' | 'body'>;
  /** Of whatever was thrown on the way. */
  fail(error: unknown): Answer;
}

const NANOSECONDS = 1e6;

/** Never throws, never rejects; the answer is there at once where the results are. */
export function exchanged<W extends Work>({
  served,
  compute = runWork,
  read,
  write,
  fail,
}: Exchange<W>): Answer | Promise<Answer> {
  try {
    const work = read();
    const start = performance.now();
    const written = (results: Results): Answer => {
      const computeNs = Math.round((performance.now() - start) * NANOSECONDS);
      const { headers, body } = write(work, results);
      return { status: 200, headers, body, rows: work.count, computeNs };
    };
    const results = compute(served, work);
    return results instanceof Promise ? results.then(written).catch(fail) : written(results);
  } catch (error) {
    return fail(error);
  }
}
