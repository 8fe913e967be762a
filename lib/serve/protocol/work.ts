/** The rows of a request, and what the model says to them. */
import type { FloatArray } from '../../buffers.ts';
import type { Label } from '../../labels.ts';
import type { FlatRows } from '../../rows.ts';
import type { ServedModel } from './types.ts';

export interface Work {
  /** Whether only the outputs are asked for, or what `predict` and `predictProba` make of them as well. */
  readonly question: 'outputs' | 'answers';
  readonly count: number;
  readonly rows: FlatRows;
}

export interface Results {
  /** An array for each output of the model. */
  readonly outputs: readonly FloatArray[];
  readonly answers?: readonly Label[];
}

/** At once, on this thread. */
export function runWork(served: ServedModel, work: Work): Results {
  return { outputs: served.model.ask('run', work.rows) as FloatArray[] };
}

/** Off the event loop. */
export async function runWorkAsync(served: ServedModel, work: Work): Promise<Results> {
  return runWork(served, work);
}

/** In one call where that is possible. Where it fails, each by itself, so that bad rows are the failure of their request only. */
export function runTogether(served: ServedModel, works: readonly Work[]): (Results | Error)[] {
  return works.map((work) => {
    try {
      return runWork(served, work);
    } catch (error) {
      return error as Error;
    }
  });
}
