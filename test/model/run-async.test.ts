import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { lookup, network, pairs, randomRows, towers, transfer } from './models.ts';

/** As many rows as take a single thread about a tenth of a second of processor time, which other work does not stretch. */
function longBatch(model: Model, width: number): Float32Array {
  for (let rows = 256; ; rows *= 2) {
    const x = new Float32Array(rows * width).fill(0.5);
    const began = process.cpuUsage();
    model.run(x);
    const { user, system } = process.cpuUsage(began);
    if (user + system >= 100_000) return x;
  }
}

describe.each(['f32', 'f64'] as const)('runAsync of a model of precision %s', (precision) => {
  it.each([0, 1, 33, 1000])('gives the very bits that run gives for %i rows', async (rows) => {
    const model = network([20, 50, 9], precision);
    const x = randomRows(rows * 20);
    expect(await model.runAsync(x)).toEqual(model.run(x));
  });

  // Each works in the memory that the one before has left, which holds other numbers.
  it('gives the very bits that run gives in runs that follow each other, however many rows', async () => {
    const model = network([20, 50, 9], precision);
    const other = network([20, 30], precision);
    for (const rows of [3000, 2999, 2000, 1501, 3000]) {
      const x = randomRows(rows * 20);
      expect(await model.runAsync(x)).toEqual(model.run(x));
      expect(await Promise.all([other.runAsync(x), model.runAsync(x)])).toEqual([other.run(x), model.run(x)]);
    }
  });

  it('fills the caller’s array and resolves with it', async () => {
    const y = new Float64Array(3);
    expect(await pairs(precision).runAsync(Float32Array.of(1, 2), y)).toBe(y);
    expect(y).toEqual(Float64Array.of(5, 11, 2));
  });

  it('takes and gives arrays by name', async () => {
    const outputs = { score: new Float32Array(1), rows: new Float64Array(2) };
    const inputs = { user: BigInt64Array.of(1n), grid: Float64Array.of(1, 2, 3, 4) };
    expect(await towers(precision).runAsync(inputs, outputs)).toBe(outputs);
    expect(outputs).toEqual({ score: Float32Array.of(210), rows: Float64Array.of(3, 7) });
  });
});

describe('while runAsync is under way', () => {
  it('timers fire and the event loop turns', async () => {
    const model = network([256, 256, 256, 256]);
    const x = longBatch(model, 256);
    let [turns, timers, done] = [0, 0, false];
    const turn = () => {
      turns++;
      if (!done) setImmediate(turn);
    };
    const timer = setInterval(() => timers++, 5);
    const pending = model.runAsync(x);
    turn();
    await pending;
    done = true;
    clearInterval(timer);
    // On the event loop there would have been one turn, and no timer.
    expect(turns).toBeGreaterThan(20);
    expect(timers).toBeGreaterThan(3);
  });

  it('nothing has been written to the output yet, and its inputs may be used for other things', async () => {
    const model = network([64, 256, 8]);
    const x = randomRows(512 * 64);
    const wanted = model.run(x);
    const y = new Float32Array(512 * 8).fill(-1);
    const pending = model.runAsync(x, y);
    x.fill(Number.NaN);
    expect(y.every((value) => value === -1)).toBe(true);
    await pending;
    expect(y).toEqual(wanted);
  });

  it('the input may be transferred elsewhere', async () => {
    const x = Float32Array.of(1, 2);
    const pending = pairs().runAsync(x);
    transfer(x);
    expect(await pending).toEqual(Float32Array.of(5, 11, 2));
  });

  it('an output that is transferred elsewhere gives BUFFER, and is not written to where it went', async () => {
    const y = new Float32Array(3).fill(-1);
    const pending = pairs().runAsync(Float32Array.of(1, 2), y);
    const moved = transfer(y);
    const error = await failureOf(() => pending);
    expect([error.code, error.place]).toEqual(['BUFFER', "output 'output'"]);
    expect(moved).toEqual(Float32Array.of(-1, -1, -1));
  });

  it('one of several outputs that is transferred is named', async () => {
    const outputs = { score: new Float32Array(1), rows: new Float32Array(2) };
    const pending = towers().runAsync({ user: Int32Array.of(1), grid: new Float32Array(4) }, outputs);
    transfer(outputs.rows);
    expect((await failureOf(() => pending)).place).toBe("output 'rows'");
  });

  it('the same model may run, here and in many calls at once', async () => {
    const model = network([16, 64, 4]);
    const batches = Array.from({ length: 200 }, (_, i) => randomRows(16 * (1 + (i % 7)), i));
    const pending = batches.map((x) => model.runAsync(x));
    const now = batches.map((x) => model.run(x));
    expect(await Promise.all(pending)).toEqual(now);
  });

  it('the model may be disposed of: what is under way ends well, what comes later is refused', async () => {
    const model = network([64, 256, 8]);
    const x = randomRows(256 * 64);
    const wanted = model.run(x);
    const pending = Array.from({ length: 16 }, () => model.runAsync(x));
    model.dispose();
    const late = failureOf(() => model.runAsync(x));
    for (const y of await Promise.all(pending)) expect(y).toEqual(wanted);
    expect((await late).code).toBe('DISPOSED');
  });
});

describe('a rejection', () => {
  it('is what run would have thrown, and is never thrown', async () => {
    const calls: [string, () => Promise<unknown>][] = [
      ['INPUT', () => pairs().runAsync(Float32Array.of(1))],
      ['INPUT', () => pairs().runAsync(undefined as unknown as Float32Array)],
      ['INPUT', () => pairs().runAsync(null as unknown as Float32Array)],
      ['BUFFER', () => pairs().runAsync(new Float32Array(new SharedArrayBuffer(8)))],
      ['ID', () => lookup().runAsync(Int32Array.of(1, 9))],
    ];
    for (const [code, call] of calls) {
      const pending = call();
      expect(pending).toBeInstanceOf(Promise);
      expect((await failureOf(() => pending)).code).toBe(code);
    }
  });

  it('leaves the other calls in flight alone', async () => {
    const model = lookup();
    const results = await Promise.allSettled([0, 9, 1].map((id) => model.runAsync(Int32Array.of(id))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toEqual({ status: 'fulfilled', value: Float32Array.of(1, 15) });
  });
});

describe('the signal of runAsync', () => {
  it('rejects before the run and while it is under way, with its reason as the cause', async () => {
    const model = network([64, 64, 64]);
    const x = longBatch(model, 64);
    const late = new AbortController();
    const running = failureOf(() => model.runAsync(x, undefined, { signal: late.signal }));
    late.abort('too late');
    const error = await running;
    expect([error.code, error.message, error.cause]).toEqual(['ABORTED', 'the run was aborted', 'too late']);
    const early = await failureOf(() => model.runAsync(x, undefined, { signal: AbortSignal.abort() }));
    expect(early.code).toBe('ABORTED');
    model.dispose();
  });

  it('may be shared by many runs, which all reject, and has one listener while they are in flight', async () => {
    const model = network([64, 64, 64]);
    const controller = new AbortController();
    const x = longBatch(model, 64);
    const listeners = () => getEventListeners(controller.signal, 'abort').length;
    const run = () => model.runAsync(x, undefined, { signal: controller.signal });
    await Promise.all([run(), run()]);
    expect(listeners()).toBe(0);
    const running = Promise.allSettled(Array.from({ length: 20 }, run));
    expect(listeners()).toBe(1);
    controller.abort('too late');
    for (const result of await running)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } });
    expect(listeners()).toBe(0);
    model.dispose();
  });

  it('changes nothing where it is not aborted', async () => {
    const { signal } = new AbortController();
    const y = new Float64Array(3);
    expect(await pairs().runAsync(Float32Array.of(1, 2), y, { signal })).toBe(y);
    expect(y).toEqual(Float64Array.of(5, 11, 2));
    const named = await towers().runAsync({ user: Int32Array.of(1), grid: Float64Array.of(1, 2, 3, 4) }, undefined, {
      signal,
    });
    expect(Object.keys(named)).toEqual(['score', 'rows']);
  });

  it('must be one', async () => {
    const x = Float32Array.of(1, 2);
    const wrong = { signal: {} } as { signal: AbortSignal };
    expect((await failureOf(() => pairs().runAsync(x, undefined, wrong))).message).toContain('expected an AbortSignal');
    const unknown = { singal: undefined } as object;
    expect((await failureOf(() => pairs().runAsync(x, undefined, unknown))).message).toContain("'singal'");
  });
});
