import { expect, it } from 'vitest';
import { Ddm } from '../../lib/learn/drift.ts';
import { ProgressiveMetrics } from '../../lib/learn/metrics.ts';
import { failureOf } from '../failure.ts';

it('gives accuracy and log loss of the last rows', () => {
  const metrics = new ProgressiveMetrics('classification', { window: 4 });
  expect(metrics.values()).toEqual({ seen: 0, rows: 0, accuracy: Number.NaN });
  for (const [isRight, probability] of [
    [false, 0],
    [true, 1],
    [true, 0.5],
    [false, 0.25],
    [true, 0.75],
  ] as const) {
    metrics.observeClass(isRight, probability);
  }
  const { logLoss, ...others } = metrics.values();
  expect(others).toEqual({ seen: 5, rows: 4, accuracy: 0.75 });
  expect(logLoss).toBeCloseTo((Math.log(2) + Math.log(4) - Math.log(0.75)) / 4, 15);
});

it('takes a probability of 0 for 2^-52, as scikit-learn', () => {
  const metrics = new ProgressiveMetrics('classification');
  metrics.observeClass(false, 0);
  expect(metrics.values().logLoss).toBe(-Math.log(2 ** -52));
});

it('leaves rows without a probability out of the log loss', () => {
  const metrics = new ProgressiveMetrics('classification', { window: 2 });
  metrics.observeClass(true, 0.5);
  metrics.observeClass(true);
  expect(metrics.values().logLoss).toBe(Math.log(2));
  metrics.observeClass(true);
  expect(metrics.values().logLoss).toBe(Number.NaN);
});

it('gives the mean absolute error, without the rounding of a sum that goes on', () => {
  const metrics = new ProgressiveMetrics('regression', { window: 3 });
  for (const error of [1e300, 0.1, 0.2, 0.3]) metrics.observeError(error);
  expect(metrics.values()).toEqual({ seen: 4, rows: 3, meanAbsoluteError: (0.3 + 0.1 + 0.2) / 3 });
  expect(metrics.drift).toBeUndefined();
});

it.each([0, 3, 4, 5, 9])('goes on from its state after %i rows as if it had never stopped', (rows) => {
  const metrics = new ProgressiveMetrics('classification', { window: 4 });
  const see = (target: ProgressiveMetrics, i: number) => target.observeClass(i % 3 === 0, i % 4 ? i / 10 : undefined);
  for (let i = 0; i < rows; i++) see(metrics, i);
  const restored = ProgressiveMetrics.from(JSON.parse(JSON.stringify(metrics.state())));
  expect(restored.values()).toEqual(metrics.values());
  for (let i = rows; i < rows + 3; i++) {
    see(metrics, i);
    see(restored, i);
    expect(restored.values()).toEqual(metrics.values());
  }
  const narrow = ProgressiveMetrics.from(metrics.state(), { window: 2 });
  expect(narrow.values().rows).toBe(2);
});

it('tells a drift detector of each error', () => {
  const metrics = new ProgressiveMetrics('classification', { drift: 'ddm' });
  expect(metrics.drift).toEqual({ count: 0 });
  for (let i = 0; i < 400; i++) metrics.observeClass(i < 200 ? i % 10 !== 0 : i % 2 === 0);
  const drift = metrics.drift;
  expect(drift?.count).toBe(1);
  expect(drift?.last).toBeGreaterThan(200);
  expect(new ProgressiveMetrics('classification', { drift: new Ddm() }).drift).toEqual({ count: 0 });
});

it('tells a detector of no error that is not a number, and says NaN itself', () => {
  const metrics = new ProgressiveMetrics('regression', { drift: 'adwin' });
  metrics.observeError(Number.NaN);
  expect(metrics.values().meanAbsoluteError).toBe(Number.NaN);
  expect(ProgressiveMetrics.from(metrics.state()).values().meanAbsoluteError).toBe(Number.NaN);
});

it.each<[options: unknown, message: string]>([
  [{ window: 0 }, 'metrics.window: expected an integer from 1 to 10000000, found the number 0'],
  [{ window: 1e9 }, 'metrics.window: expected an integer from 1 to 10000000, found the number 1000000000'],
  [{ windows: 5 }, "metrics.windows: expected 'window', 'drift'"],
  [{ drift: {} }, 'metrics.drift: expected a drift detector, found an object'],
  [{ drift: 'ddm' }, 'metrics.drift: Ddm takes correct or wrong'],
  [5, 'metrics: expected { window, drift }, found the number 5'],
])('refuses the options %o', async (options, message) => {
  const error = await failureOf(() => new ProgressiveMetrics('regression', options as never));
  expect(error.code).toBe('OPTION');
  expect(error.message).toContain(message);
});

it('refuses a state that is none', async () => {
  const state = new ProgressiveMetrics('regression').state();
  for (const wrong of [null, {}, { ...state, seen: 4 }, { ...state, kind: 'x' }, { ...state, losses: [1] }]) {
    expect((await failureOf(() => ProgressiveMetrics.from(wrong as never))).code).toBe('MALFORMED');
  }
});
