import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type LearnOptions, learn } from '../../lib/learn.ts';
import { load } from '../../lib/load.ts';

interface Description {
  readonly options: LearnOptions;
  readonly batch: number;
  readonly losses: Readonly<Record<string, number>>;
}

type Numbers = Float32Array | Float64Array;

/** What make/learn_networks.py wrote. */
function read(name: string) {
  const description = JSON.parse(readFileSync(`test/fixtures/learn/${name}.json`, 'utf8')) as Description;
  const bytes = readFileSync(`test/fixtures/learn/${name}.safetensors`);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, { shape: number[]; data: Numbers }>();
  for (const [key, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const [first, end] = data_offsets.map((offset) => offset + 8 + length);
    const own = new Uint8Array(bytes.subarray(first, end)).buffer;
    tensors.set(key, { shape, data: dtype === 'F64' ? new Float64Array(own) : new Float32Array(own) });
  }
  return { ...description, tensors };
}

const NAMES = [
  ...['adam', 'adamw', 'sgd', 'sgd-damped', 'sgd-plain', 'adam-f64', 'head'].map((name) => `torch-${name}.pt`),
  ...['adam', 'adamw', 'sgd', 'sgd-plain'].map((name) => `keras-${name}.keras`),
];

it.each(NAMES)('%s goes on as its framework does', async (file) => {
  const name = file.replace(/\.[a-z]+$/, '');
  const { options, batch, losses, tensors } = read(name);
  const learner = await learn(`test/fixtures/learn/${file}`, options);
  const [x, y] = ['x', 'y'].map((key) => tensors.get(key) as { shape: number[]; data: Numbers });
  const batches = x.shape[0] / batch;
  const width = y.shape[1] ?? 1;
  for (let step = 1; step <= 100; step++) {
    const first = ((step - 1) % batches) * batch;
    const rows = x.data.subarray(first * x.shape[1], (first + batch) * x.shape[1]);
    const wanted = y.data.subarray(first * width, (first + batch) * width);
    const targets =
      width === 1 ? wanted : Array.from({ length: batch }, (_, i) => [...wanted.subarray(i * width, (i + 1) * width)]);
    learner.partialFit(rows, targets);
    if (losses[step] === undefined) continue;
    const state = learner.state() as Record<string, Numbers>;
    for (const [key, { data }] of tensors) {
      if (!key.startsWith(`${step}.`)) continue;
      const own = state[key.slice(`${step}.`.length)];
      expect(own?.length, key).toBe(data.length);
      const tolerance = data instanceof Float64Array ? 1e-12 : 1e-6;
      let far = 0;
      for (let i = 0; i < data.length; i++) far = Math.max(far, Math.abs(data[i] - own[i]));
      expect(far, key).toBeLessThanOrEqual(tolerance);
    }
  }
});

it('measures itself before each fit, and goes on from a checkpoint to the bit', async () => {
  const { options, batch, tensors } = read('torch-adam');
  const [x, y] = ['x', 'y'].map((key) => tensors.get(key)?.data as Numbers);
  const metrics = { window: 200 };
  const learner = await learn('test/fixtures/learn/torch-adam.pt', { ...options, metrics });
  const whole = await learn('test/fixtures/learn/torch-adam.pt', options);
  const teach = (to: typeof learner, step: number) => {
    const first = (step % 5) * batch;
    to.partialFit(x.subarray(first * 10, (first + batch) * 10), y.subarray(first, first + batch));
  };
  const path = join(mkdtempSync(join(tmpdir(), 'forwardpass-')), 'next.safetensors');
  for (let step = 0; step < 7; step++) {
    const rows = x.subarray((step % 5) * batch * 10, ((step % 5) + 1) * batch * 10);
    const before = Array.from(whole.predict(rows) as ArrayLike<number>);
    const right = before.filter((label, i) => label === y[(step % 5) * batch + i]).length;
    const seen = (learner.metrics?.accuracy ?? Number.NaN) * (learner.metrics?.rows ?? 0) || 0;
    teach(learner, step);
    teach(whole, step);
    const { rows: counted = 0, accuracy = Number.NaN, logLoss } = learner.metrics ?? {};
    if (counted < 200) expect(accuracy * counted).toBeCloseTo(seen + right, 9);
    expect(logLoss).toBeGreaterThan(0);
  }
  await learner.save(path, { notes: { rows: 7 * batch } });
  const again = await learn(path, { metrics });
  expect(again.notes).toEqual({ rows: 7 * batch });
  expect(again.metrics).toEqual(learner.metrics);
  for (let step = 7; step < 20; step++) for (const each of [learner, whole, again]) teach(each, step);
  expect(again.state()).toEqual(learner.state());
  expect(whole.state()).toEqual(learner.state());
  expect(again.metrics).toEqual(learner.metrics);
  // A checkpoint is an ordinary model, too.
  const model = await load(path);
  expect(model.classes).toEqual([0, 1, 2, 3]);
});
