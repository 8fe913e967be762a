import { expect, test } from 'vitest';
import { define } from '../../lib/load.ts';
import { Served } from '../../lib/serve/catalog.ts';
import type { Results, Work } from '../../lib/serve/protocol.ts';
import { Scheduler } from '../../lib/serve/scheduler.ts';

/** A model slow enough to be worth batching: 30 million multiply-adds a row. */
function slowModel(): { served: Served; released: () => boolean } {
  const wide = 1024;
  const layer = {
    weight: Float32Array.from({ length: wide * wide }, (_, i) => ((i % 7) - 3) / 64),
    shape: [wide, wide],
  };
  const weight = Array.from({ length: wide }, (_, row) => [...layer.weight.subarray(row * wide, (row + 1) * wide)]);
  const model = define({ layers: [{ weight }, { weight }] });
  let isReleased = false;
  const served = new Served('slow', '1', model, () => {
    isReleased = true;
    model.dispose();
  });
  return { served, released: () => isReleased };
}

const workOf = (served: Served, rows: number, value: number): Work => {
  const width = served.model.inputs[0].shape[1] as number;
  return { count: rows, rows: served.model.flatten(new Float32Array(rows * width).fill(value)) };
};

test('requests that came together run as one, and each gets its own rows', async () => {
  const { served } = slowModel();
  const runs: number[] = [];
  const scheduler = new Scheduler({ batchWindow: 0, onRun: (_, rows) => runs.push(rows) });
  const alone = [1, 2, 3].map(
    (value) => scheduler.compute(served, workOf(served, 1, value)) as Results | Promise<Results>,
  );
  const first = await Promise.all(alone);
  runs.length = 0;
  const together = await Promise.all([1, 2, 3].map((value) => scheduler.compute(served, workOf(served, 1, value))));
  expect(runs).toEqual([3]);
  for (const [i, { outputs }] of together.entries()) expect(outputs[0]).toEqual(first[i].outputs[0]);
  expect(scheduler.waiting).toBe(0);
  served.retire();
});

test('a version that is retired while requests wait for it lives until they are answered', async () => {
  const { served, released } = slowModel();
  const scheduler = new Scheduler({ batchWindow: 20, onRun: () => {} });
  await scheduler.compute(served, workOf(served, 1, 1));
  const waiting = scheduler.compute(served, workOf(served, 1, 2));
  expect(waiting).toBeInstanceOf(Promise);
  served.retire();
  expect(released()).toBe(false);
  expect((await waiting).outputs[0]).toHaveLength(1024);
  expect(released()).toBe(true);
});

test('without a window each runs by itself, at once', () => {
  const { served } = slowModel();
  const scheduler = new Scheduler({ batchWindow: undefined, onRun: () => {} });
  // The first one: nothing is known of the model's pace yet.
  expect(scheduler.compute(served, workOf(served, 1, 1))).not.toBeInstanceOf(Promise);
  served.retire();
});

test('a long run is off the event loop', async () => {
  const { served } = slowModel();
  const scheduler = new Scheduler({ batchWindow: undefined, onRun: () => {} });
  await scheduler.compute(served, workOf(served, 1, 1));
  const long = scheduler.compute(served, workOf(served, 2000, 1));
  expect(long).toBeInstanceOf(Promise);
  expect(scheduler.waiting).toBe(1);
  expect((await long).outputs[0]).toHaveLength(2000 * 1024);
  served.retire();
});

test('rows that are lent are kept while they wait for a batch, or for the pool', async () => {
  const { served } = slowModel();
  const lent = served.model.rowReader.lent as readonly Float32Array[];
  const lentWork = (value: number): Work => {
    lent[0].fill(value);
    const cell = () => ({ value: undefined, place: 'rows' });
    return { count: 1, rows: { arrays: lent, isRecord: true, isLent: true, cell } };
  };
  const expected = [1, 2, 3].map((value) => served.model.runRows(workOf(served, 1, value).rows).outputs[0].slice());
  for (const batchWindow of [0, undefined]) {
    const scheduler = new Scheduler({ batchWindow, onRun: () => {} });
    // Told that a row is long, the scheduler takes it to the pool.
    if (batchWindow === undefined) await later(scheduler, served);
    else await scheduler.compute(served, lentWork(0));
    const all = [1, 2, 3].map((value) => scheduler.compute(served, lentWork(value)));
    for (const results of all) expect(results).toBeInstanceOf(Promise);
    const found = await Promise.all(all);
    expect(found.map(({ outputs }) => outputs[0])).toEqual(expected);
  }
  served.retire();
});

/** Has the scheduler learn that each row takes longer than requests may wait for. */
async function later(scheduler: Scheduler, served: Served): Promise<void> {
  const run = served.model.runRows.bind(served.model);
  served.model.runRows = (rows) => {
    const start = performance.now();
    while (performance.now() - start < 5);
    return run(rows);
  };
  await scheduler.compute(served, workOf(served, 1, 0));
  served.model.runRows = run;
}
