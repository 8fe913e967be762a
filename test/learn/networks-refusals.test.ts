/** What networks refuse, and that nothing changes then. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import type { Architecture } from '../../lib/graph/architecture.ts';
import { type LearnOptions, learn } from '../../lib/learn.ts';
import { failureOf } from '../failure.ts';

const OF_TORCH = { activation: 'tanh', loss: 'meanSquared' } as const;
const saved = (name: string, options: LearnOptions = {}) =>
  learn(`test/fixtures/learn/torch-saved-${name}.pt`, { ...OF_TORCH, ...options });

const dense = (out: number, width: number, activation?: string) => ({
  weight: Array.from({ length: out }, (_, i) => Array.from({ length: width }, (_, j) => Math.sin(i * width + j + 1))),
  bias: Array.from({ length: out }, (_, i) => i / 10),
  ...(activation && { activation }),
});
const network = (outputs = 3, last?: string): Architecture => ({
  layers: [dense(4, 2, 'relu'), dense(outputs, 4, last)] as Architecture['layers'],
});

describe('an optimizer of a checkpoint', () => {
  it.each<[name: string, code: string, message: string]>([
    ['amsgrad', 'UNSUPPORTED_OP', 'uses amsgrad'],
    ['maximize', 'UNSUPPORTED_OP', 'uses maximize'],
    ['rmsprop', 'UNSUPPORTED_OP', 'which are not those of SGD, Adam or AdamW'],
    ['head', 'UNSUPPORTED_OP', 'has 2 parameters, but the network has 4'],
    ['two', 'ARCHITECTURE', "the states of several optimizers, 'optimizer', 'other'"],
    ['older-decay', 'ARCHITECTURE', "whether it is Adam's or AdamW's; pass optimizer: 'adam' or 'adamw'"],
  ])('is refused: %s', async (name, code, message) => {
    const error = await failureOf(() => saved(name));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it('of a whole module or an HDF5 file is refused, and may be left behind', async () => {
    const whole = 'test/fixtures/learn/torch-saved-whole.pt';
    const message = (await failureOf(() => learn(whole, { loss: 'meanSquared' }))).message;
    expect(message).toContain('numbers parameters in an order that the file of a whole module does not contain');
    const hdf5 = 'test/fixtures/learn/keras-saved.h5';
    expect((await failureOf(() => learn(hdf5, { loss: 'meanSquared' }))).message).toContain('is state in HDF5');
    for (const file of [whole, hdf5]) {
      const learner = await learn(file, { loss: 'meanSquared', optimizer: { resume: false } });
      learner.partialFit(Float32Array.of(1, 2, 3), [0]);
      expect(Object.keys(learner.state())).toHaveLength(5);
    }
  });

  it('may be left behind', async () => {
    const learner = await saved('amsgrad', { optimizer: { name: 'adam', resume: false } });
    expect((learner.state().optimizer as { steps: number }).steps).toBe(0);
    expect((await saved('rmsprop', { optimizer: { name: 'sgd', resume: false } })).estimator).toBe('network');
  });

  it('goes on where it is said what it is, and where groups have rates of their own', async () => {
    const learner = await saved('older-decay', { optimizer: 'adamw' });
    expect(learner.state().optimizer).toMatchObject({ name: 'adamw', steps: 1 });
    const [groups, given] = [await saved('groups'), await saved('groups', { optimizer: { learningRate: 0 } })];
    const before = groups.state() as Record<string, Float32Array>;
    for (const each of [groups, given]) each.partialFit(Float32Array.of(1, 2, 3), [0]);
    const moved = (name: string) => (groups.state() as typeof before)[name][0] - before[name][0];
    expect(moved('2.bias')).not.toBe(0);
    expect((given.state() as typeof before)['2.bias']).toEqual(before['2.bias']);
  });
});

describe('options', () => {
  it.each<[options: object, message: string]>([
    [{}, "loss: pass the loss of the network: 'meanSquared', 'huber', 'binaryCrossEntropy', 'crossEntropy'"],
    [{ loss: 'mse' }, "loss: expected one of 'meanSquared'"],
    [{ loss: 'crossEntropi' }, "did you mean 'crossEntropy'?"],
    [{ loss: { name: 'huber', delta: 0 } }, 'loss.delta: expected a finite number above 0'],
    [{ loss: 'huber', optimizer: 'adem' }, "did you mean 'adam'?"],
    [{ loss: 'huber', optimizer: { rate: 1 } }, "an optimizer has no 'rate'"],
    [
      { loss: 'huber', optimizer: { learningRate: -1 } },
      'optimizer.learningRate: expected a finite number of 0 or more',
    ],
    [{ loss: 'huber', optimizer: { beta1: 1 } }, 'optimizer.beta1: expected a number from 0 to 1, and less than 1'],
    [
      { loss: 'huber', optimizer: { name: 'adam', momentum: 0.5 } },
      'optimizer.momentum: adam does not have this setting',
    ],
    [{ loss: 'huber', optimizer: { name: 'sgd', nesterov: true } }, 'optimizer.nesterov: needs a momentum'],
    [{ loss: 'huber', optimizer: { style: 'jax' } }, "expected 'torch' or 'keras'"],
    [{ loss: 'huber', train: ['layers'] }, "train: the network has no parameter 'layers'"],
    [{ loss: 'huber', train: [] }, 'train: expected an array of names of parameters'],
    [{ loss: 'huber', batchSize: 0 }, 'batchSize: expected an integer from 1 to'],
    [{ loss: 'huber', los: 1 }, "unknown option 'los'"],
  ])('%o are refused', async (options, message) => {
    const error = await failureOf(() => learn(network(), options as LearnOptions));
    expect(error.code).toBe('OPTION');
    expect(error.message).toContain(message);
  });

  it.each<[outputs: number, last: string | undefined, loss: LearnOptions['loss'], message: string]>([
    [1, undefined, 'crossEntropy', 'crossEntropy needs at least two outputs'],
    [3, 'sigmoid', 'crossEntropy', 'does not fit a network that ends with sigmoid'],
    [3, 'softmax', 'meanSquared', 'does not fit a network that ends with softmax'],
    [3, 'softmax', 'binaryCrossEntropy', 'does not fit a network that ends with softmax'],
  ])('%i outputs, %s, are not learned by %s', async (outputs, last, loss, message) => {
    const error = await failureOf(() => learn(network(outputs, last), { loss }));
    expect(error.code).toBe('OPTION');
    expect(error.message).toContain(message);
  });
});

describe('a network that is not a stack', () => {
  it.each<[name: string, architecture: object, message: string]>([
    [
      'of two inputs',
      {
        inputs: [
          { name: 'a', shape: [2] },
          { name: 'b', shape: [2] },
        ],
        layers: [{ type: 'concat', inputs: ['a', 'b'] }, dense(1, 4)],
      },
      'its inputs are [2], [2]',
    ],
    [
      'with a residual',
      {
        inputs: [{ name: 'x', shape: [2] }],
        layers: [
          { name: 'd', ...dense(2, 2) },
          { type: 'add', inputs: ['d', 'x'] },
        ],
      },
      'it takes several values',
    ],
    ['of an activation without a derivative', { layers: [dense(2, 2, 'softsign')] }, 'is the activation softsign'],
    [
      'without parameters',
      { inputs: [{ name: 'x', shape: [2] }], layers: [{ type: 'activation', activation: 'relu' }] },
      'it has no parameters',
    ],
    [
      'with a softmax in the middle',
      { layers: [dense(2, 2, 'softmax'), dense(1, 2)] },
      'is the operation softmax, which does not support learning',
    ],
  ])('%s', async (_, architecture, message) => {
    const error = await failureOf(() => learn(architecture as Architecture, { loss: 'meanSquared' }));
    expect(error.code).toBe('UNSUPPORTED_OP');
    expect(error.message).toContain(message);
  });
});

describe('a fit', () => {
  it.each<[rows: unknown, targets: unknown, code: string, message: string]>([
    [[[1, Number.NaN]], [0], 'INPUT', 'rows[0][1]'],
    [[[1, 2]], [3], 'INPUT', 'targets[0]: expected one of the classes'],
    [[[1, 2]], [], 'INPUT', 'targets'],
    [[[1, 2, 3]], [0], 'INPUT', ''],
    [[[1, 2]], undefined, 'INPUT', 'targets'],
    [[[1e300, -1e300]], [1], 'DIVERGED', 'partialFit'],
  ])('of %j and %j is refused, and changes nothing', async (rows, targets, code, message) => {
    const learner = await learn(network(), { loss: 'crossEntropy', optimizer: { name: 'sgd', learningRate: 1e300 } });
    const twin = await learn(network(), { loss: 'crossEntropy', optimizer: { name: 'sgd', learningRate: 1e300 } });
    const before = learner.state();
    const error = await failureOf(() => learner.partialFit(rows as never, targets as never));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(learner.state()).toEqual(before);
    expect(twin.state()).toEqual(before);
  });

  it('may change the learning rate, for good unless it fails', async () => {
    const make = (learningRate: number) =>
      learn(network(), { loss: 'crossEntropy', optimizer: { name: 'sgd', learningRate } });
    const [one, other] = [await make(0.5), await make(0.25)];
    const before = one.state();
    const diverging = () => one.partialFit([[1e300, -1e300]], [1], { learningRate: 1e300 });
    expect((await failureOf(diverging)).code).toBe('DIVERGED');
    one.partialFit([[1, 2]], [0], { learningRate: 0.25 });
    other.partialFit([[1, 2]], [0]);
    expect(one.state()).toEqual(other.state());
    for (const each of [one, other]) each.partialFit([[2, 1]], [1]);
    expect(one.state()).toEqual(other.state());
    expect(one.state()).not.toEqual(before);
    expect((await failureOf(() => one.partialFit([[1, 2]], [0], { learningRate: -1 }))).code).toBe('OPTION');
    const linear = await learn({ estimator: 'SGDRegressor' });
    const error = await failureOf(() => linear.partialFit([[1, 2]], [0], { learningRate: 1 }));
    expect(error.message).toBe('learningRate: SGDRegressor takes its learning rate from its parameters');
  });

  it('of several outputs takes arrays', async () => {
    const learner = await learn(network(), { loss: 'meanSquared' });
    expect((await failureOf(() => learner.partialFit([[1, 2]], [1]))).message).toContain(
      'expected an array of 3 numbers',
    );
    const error = await failureOf(() => learner.partialFit([[1, 2]], [[1, 2, Number.NaN]]));
    expect(error.place).toBe('targets[0][2]');
    learner.partialFit([[1, 2]], [[1, 2, 3]]);
  });

  it.each([undefined, 2])('is taken back by rollback, of steps of %s rows', async (batchSize) => {
    const learner = await learn(network(), { loss: 'crossEntropy', metrics: true, ...(batchSize && { batchSize }) });
    const rows = [
      [1, 2],
      [3, -1],
      [0.5, 0.5],
      [-2, 1],
      [0, 1],
    ];
    learner.partialFit(rows, [0, 1, 2, 0, 1]);
    const before = learner.state();
    learner.partialFit(rows, [2, 1, 2, 2, 1]);
    const after = learner.state();
    expect(after).not.toEqual(before);
    learner.rollback();
    expect(learner.state()).toEqual(before);
    expect((await failureOf(() => learner.rollback())).code).toBe('OPTION');
    learner.partialFit(rows, [2, 1, 2, 2, 1]);
    expect(learner.state()).toEqual(after);
  });

  it('of a batch that fails in its middle leaves the state of before', async () => {
    const learner = await learn(network(), { loss: 'crossEntropy', batchSize: 1 });
    learner.partialFit([[1, 2]], [0]);
    const before = learner.state();
    const error = await failureOf(() =>
      learner.partialFit(
        [
          [1, 2],
          [2, 1],
          [Number.POSITIVE_INFINITY, 1],
        ],
        [0, 1, 2],
      ),
    );
    expect(error.code).toBe('INPUT');
    expect(learner.state()).toEqual(before);
  });
});

it('opens no changed checkpoint but a good one', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-'));
  const path = join(folder, 'network.safetensors');
  const learner = await learn(network(3, 'softmax'), { loss: 'crossEntropy', metrics: true });
  learner.partialFit(
    [
      [1, 2],
      [3, 4],
    ],
    [0, 2],
  );
  await learner.save(path);
  expect((await failureOf(() => learn(path, { loss: 'huber' }))).message).toContain(
    'the checkpoint already contains this option',
  );
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const text = bytes.toString('utf8', 8, 8 + length);
  const key = text.indexOf('forwardpass.learn');
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const digits = [...text.matchAll(/\d/g)].map(({ index }) => index).filter((at) => at > key);
  const letters = [...text.matchAll(/[a-z]/g)].map(({ index }) => index).filter((at) => at > key);
  let opened = 0;
  for (let i = 0; i < 600; i++) {
    const changed = Buffer.from(bytes);
    const places = i % 3 === 0 ? letters : digits;
    for (let k = 0; k <= i % 2; k++)
      changed[8 + places[random(places.length)]] = i % 3 === 0 ? 0x61 + random(26) : 0x30 + random(10);
    writeFileSync(path, changed);
    try {
      const again = await learn(path);
      again.partialFit(
        [
          [1, 2],
          [3, 4],
        ],
        [0, 2],
      );
      again.predict([[1, 2]]);
      opened++;
    } catch (error) {
      if (!(error instanceof ForwardpassError)) throw error;
      expect(error.code).not.toBe('PLAN');
    }
  }
  expect(opened).toBeGreaterThan(20);
});
