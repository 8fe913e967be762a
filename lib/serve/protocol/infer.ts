/** The common path of inference in all protocols: read, run, write. */
import type { Answer, Compute, Results, ServedModel, Work } from './types.ts';
import { runWork } from './work.ts';

/** The requests and answers of one protocol. */
export interface Exchange<W extends Work> {
  readonly served: ServedModel;
  readonly compute: Compute | undefined;
  read(): W;
  /** Writes the answer with status 200. */
  write(work: W, results: Results): Pick<Answer, 'headers' | 'body'>;
  /** The answer to a thrown error. */
  fail(error: unknown): Answer;
}

const NANOSECONDS = 1e6;

/** Never throws or rejects; answers synchronously if the results are available synchronously. */
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
