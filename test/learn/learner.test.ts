import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { load, watch } from '../../lib/index.ts';
import { type LearnOptions, learn } from '../../lib/learn.ts';
import { failureOf } from '../failure.ts';
import { Family } from './cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'forwardpass-learn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WIDTH = 19;
const family = new Family('sgd');
const x = family.numbers('x');
const rows = (from: number, to: number) => x.slice(from * WIDTH, to * WIDTH);
const labels = (name: string, from: number, to: number) => Array.from(family.numbers(name).slice(from, to));

function open(name: string, options?: LearnOptions) {
  const found = family.cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return learn(family.file(found), options);
}

const binary = () => open('classifier-log_loss');

describe('checkpoints', () => {
  test.each([
    'classifier-log_loss',
    'classifier-log_loss-3',
    'average-10-pickle-class',
    'average-70-joblib-class',
    'average-1-f32-3',
    'regressor-huber-f32',
    'one-class',
    'weights-dict-3',
  ])('%s goes on as if nothing had happened', async (name) => {
    const path = join(folder, `${name}.safetensors`);
    const { target, f32 } = family.cases.find((each) => each.name === name) as { target?: unknown; f32?: unknown };
    const learner = await open(name);
    const feed = (it: typeof learner, from: number, to: number) => {
      const part = rows(from, to);
      const each = target === 'none' ? undefined : labels(target as string, from, to);
      it.partialFit(f32 === true ? Float32Array.from(part) : part, each);
    };
    feed(learner, 30, 41);
    await learner.save(path);
    const again = await learn(path);
    expect(again.state()).toEqual(learner.state());
    for (const [from, to] of [
      [41, 42],
      [42, 60],
      [60, 61],
    ] as const) {
      feed(learner, from, to);
      feed(again, from, to);
      expect(again.state()).toEqual(learner.state());
    }
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });

  test('are ordinary models to load', async () => {
    const path = join(folder, 'model.safetensors');
    const learner = await binary();
    learner.partialFit(rows(30, 60), labels('binary', 30, 60));
    await learner.save(path);
    const model = await load(path);
    expect(model.predict(rows(60, 120))).toEqual(learner.predict(rows(60, 120)));
    expect(model.run(rows(60, 120))).toEqual(learner.freeze().run(rows(60, 120)));
  });

  test('hold what has learnt nothing yet, and the generator of a seed', async () => {
    const path = join(folder, 'nothing.safetensors');
    const source = { estimator: 'SGDClassifier', loss: 'log_loss', class_weight: { 1: 2 } };
    await (await learn(source)).save(path);
    const [one, two] = [await learn(path, { seed: 3 }), await learn(source, { seed: 3 })];
    for (const each of [one, two]) each.partialFit(rows(0, 20), labels('binary', 0, 20), { classes: [1, 0] });
    expect(one.state()).toEqual(two.state());
    await one.save(path);
    const three = await learn(path);
    for (const each of [one, three]) each.partialFit(rows(20, 40), labels('binary', 20, 40));
    expect(three.state()).toEqual(one.state());
  });

  test('that were changed are refused', async () => {
    const path = join(folder, 'changed.safetensors');
    const learner = await binary();
    await learner.save(path);
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(path);
    const changed = (from: string, to: string) => Buffer.from(text.toString('latin1').replaceAll(from, to), 'latin1');
    for (const [from, to] of [
      ['\\"at\\":0', '\\"at\\":9'],
      ['\\"kind\\":\\"sklearn\\"', '\\"kind\\":\\"sklaern\\"'],
      ['\\"version\\":1,\\"kind', '\\"version\\":2,\\"kind'],
      ['\\"dict\\"', '\\"dcit\\"'],
      ['\\"tensor\\":\\"learn', '\\"tensor\\":\\"laern'],
      ['\\"shape\\":[1,19]', '\\"shape\\":[1,18]'],
    ]) {
      const bytes = changed(from, to);
      expect(bytes.equals(text), from).toBe(false);
      await failureOf(() => learn(bytes));
    }
  });
});

describe('a learner', () => {
  test('predicts, scores and freezes what it is by now', async () => {
    const learner = await binary();
    const before = learner.freeze();
    const first = before.run(rows(60, 120));
    const score = learner.score(rows(60, 120), labels('binary', 60, 120));
    for (let pass = 0; pass < 5; pass++) learner.partialFit(rows(0, 60), labels('binary', 0, 60));
    expect(before.run(rows(60, 120))).toEqual(first);
    const predicted = learner.predict(rows(60, 120));
    expect(predicted).toEqual(learner.freeze().predict(rows(60, 120)));
    const right = labels('binary', 60, 120).filter((label, row) => label === predicted[row]).length;
    expect(learner.score(rows(60, 120), labels('binary', 60, 120))).toBe(right / 60);
    expect(score).toBeGreaterThan(0.5);
    expect(learner.predictProba(rows(60, 61))).toHaveLength(2);
  });

  test('scores a regressor by R²', async () => {
    const learner = await open('regressor-huber');
    const targets = labels('value', 0, 60);
    for (let pass = 0; pass < 20; pass++) learner.partialFit(rows(0, 60), targets);
    const found = Array.from(learner.predict(rows(0, 60)) as Float64Array);
    const mean = targets.reduce((sum, y) => sum + y, 0) / 60;
    const left = targets.reduce((sum, y, row) => sum + (y - found[row]) ** 2, 0);
    const all = targets.reduce((sum, y) => sum + (y - mean) ** 2, 0);
    expect(learner.score(rows(0, 60), targets)).toBeCloseTo(1 - left / all, 12);
  });

  test('goes back by one fit, or as many as its history', async () => {
    const fits = [
      [30, 40],
      [40, 41],
      [41, 60],
      [60, 61],
    ] as const;
    for (const name of ['classifier-log_loss-3', 'average-10-pickle-class', 'rates-optimal-None']) {
      const target = name === 'rates-optimal-None' ? 'binary' : 'class';
      const [one, many] = [await open(name), await open(name, { history: 3 })];
      const states = [many.state()];
      for (const [from, to] of fits) {
        many.partialFit(rows(from, to), labels(target, from, to));
        states.push(many.state());
      }
      for (const at of [3, 2, 1]) expect(many.rollback().state()).toEqual(states[at]);
      expect((await failureOf(() => many.rollback())).code).toBe('OPTION');
      // And forth again, with the same random numbers.
      for (const [from, to] of fits.slice(1)) many.partialFit(rows(from, to), labels(target, from, to));
      expect(many.state()).toEqual(states[4]);

      for (const [from, to] of fits) {
        const before = one.state();
        one.partialFit(rows(from, to), labels(target, from, to));
        const after = one.state();
        expect(one.rollback().state()).toEqual(before);
        expect((await failureOf(() => one.rollback())).code).toBe('OPTION');
        one.partialFit(rows(from, to), labels(target, from, to));
        expect(one.state()).toEqual(after);
      }
    }
  });

  test('learns from records, and names its features by the first', async () => {
    const learner = await learn({ estimator: 'SGDRegressor', shuffle: false });
    const flat = await learn({ estimator: 'SGDRegressor', shuffle: false });
    learner
      .partialFit(
        [
          { age: 1, income: 2 },
          { income: 4, age: 3, more: 5 },
        ],
        [1, 2],
      )
      .partialFit({ age: 5, income: 6 }, 3);
    flat
      .partialFit(
        [
          [1, 2],
          [3, 4],
        ],
        [1, 2],
      )
      .partialFit(Float64Array.of(5, 6), 3);
    expect(learner.state()).toEqual(flat.state());
    expect(learner.featureNames).toEqual(['age', 'income']);
    const model = learner.freeze();
    expect(model.featureNames).toEqual(['age', 'income']);
    expect(model.predict({ income: 2, age: 1 })).toBe((flat.predict([[1, 2]]) as Float64Array)[0]);
    await learner.save(join(folder, 'named.safetensors'));
    expect((await learn(join(folder, 'named.safetensors'))).featureNames).toEqual(['age', 'income']);
    expect((await failureOf(() => learner.partialFit({ age: 1 }, 1))).code).toBe('INPUT');
  });

  test.each([
    'classifier-hinge',
    'classifier-log_loss',
    'classifier-log_loss-3',
    'classifier-modified_huber-3',
    'average-10-pickle-class',
    'regressor-huber',
    'perceptron-l2',
  ])('validates %s before it learns, as a model of then would', async (name) => {
    const learner = await open(name, { metrics: { window: 40 } });
    const { target } = family.cases.find((each) => each.name === name) as { target?: unknown };
    const told: { readonly errors: number[]; readonly losses: number[] } = { errors: [], losses: [] };
    for (const [from, to] of [
      [30, 31],
      [31, 50],
      [50, 51],
      [51, 70],
    ]) {
      const model = learner.freeze();
      const each = labels(target as string, from, to);
      const said = Array.from(model.predict(rows(from, to)) as ArrayLike<number>);
      told.errors.push(
        ...said.map((found, at) => (target === 'value' ? Math.abs(found - each[at]) : Number(found !== each[at]))),
      );
      if (model.outputs[0].name === 'probabilities') {
        const found = model.predictProba(rows(from, to));
        const count = found.length / each.length;
        told.losses.push(...each.map((label, at) => -Math.log(Math.max(found[at * count + label], 2 ** -52))));
      }
      learner.partialFit(rows(from, to), each);
    }
    const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
    expect(learner.metrics).toMatchObject({ seen: 40, rows: 40 });
    if (target === 'value') expect(learner.metrics?.meanAbsoluteError).toBeCloseTo(sum(told.errors) / 40, 12);
    else expect(learner.metrics?.accuracy).toBe(1 - sum(told.errors) / 40);
    if (told.losses.length > 0) expect(learner.metrics?.logLoss).toBeCloseTo(sum(told.losses) / 40, 9);
    else expect(learner.metrics?.logLoss).toBeUndefined();
  });

  test('has not begun where the first fit fails', async () => {
    const learner = await learn({ estimator: 'SGDClassifier', average: 2 });
    const classes = ['b', 'a'];
    for (const call of [
      () => learner.partialFit([[1, Number.NaN]], ['a'], { classes }),
      () => learner.partialFit([[1, 2, 3]], ['c'], { classes }),
      () => learner.partialFit([{ x: 1, y: 'z' }], ['a'], { classes }),
      () => learner.partialFit([{ x: 1 }], ['a'], { classes: ['a'] }),
    ]) {
      await failureOf(call);
      expect([learner.classes, learner.featureNames, learner.state()]).toEqual([undefined, undefined, {}]);
    }
    learner.partialFit([{ u: 1, v: 2, w: 3 }], ['a'], { classes });
    expect([learner.classes, learner.featureNames]).toEqual([
      ['a', 'b'],
      ['u', 'v', 'w'],
    ]);
  });

  test('publishes what watch takes up', async () => {
    const path = join(folder, 'published.safetensors');
    const learner = await binary();
    await learner.publish(path);
    const live = await watch(path, { interval: 20, settle: 0 });
    const before = live.predict(rows(0, 120));
    learner.partialFit(
      Float64Array.from(rows(0, 1), () => 3),
      0,
      { sampleWeight: 50 },
    );
    await learner.publish(path);
    const expected = learner.predict(rows(0, 120));
    expect(expected).not.toEqual(before);
    await expect.poll(() => live.predict(rows(0, 120)), { timeout: 5000 }).toEqual(expected);
    live.close();
  });
});

describe('what cannot be learnt from leaves the state as it was', () => {
  test.each([
    [
      'a number that is not finite',
      (it) =>
        it.partialFit(
          Float64Array.from(rows(0, 2), (v, i) => (i === 25 ? NaN : v)),
          [0, 1],
        ),
      'INPUT',
      'rows[1][6]',
    ],
    ['a label that is not a class', (it) => it.partialFit(rows(0, 2), [0, 7]), 'INPUT', 'targets[1]'],
    ['too few labels', (it) => it.partialFit(rows(0, 2), [0]), 'INPUT', 'targets'],
    ['no labels', (it) => it.partialFit(rows(0, 2)), 'INPUT', 'targets'],
    ['one label for several rows', (it) => it.partialFit(rows(0, 2), 1), 'INPUT', 'targets'],
    ['rows of another width', (it) => it.partialFit(new Float64Array(18), 1), 'INPUT', 'rows'],
    ['rows of another width in arrays', (it) => it.partialFit([[1, 2]], [1]), 'INPUT', 'rows[0]'],
    ['no rows', (it) => it.partialFit([], []), 'INPUT', 'rows'],
    ['no rows of an array', (it) => it.partialFit(new Float64Array(0), []), 'INPUT', 'rows'],
    [
      'weights that are all 0',
      (it) => it.partialFit(rows(0, 2), [0, 1], { sampleWeight: [0, 0] }),
      'INPUT',
      'sampleWeight',
    ],
    [
      'a weight below 0',
      (it) => it.partialFit(rows(0, 2), [0, 1], { sampleWeight: [1, -1] }),
      'INPUT',
      'sampleWeight[1]',
    ],
    ['other classes', (it) => it.partialFit(rows(0, 2), [0, 1], { classes: [0, 1, 2] }), 'OPTION', 'classes'],
    [
      'a parameter that overflows',
      (it) =>
        it.partialFit(
          Float64Array.from(rows(0, 1), () => 1e308),
          1,
        ),
      'DIVERGED',
      'partialFit',
    ],
  ] as const satisfies readonly (readonly [
    string,
    (it: Awaited<ReturnType<typeof learn>>) => unknown,
    string,
    string,
  ])[])('%s', async (_, call, code, place) => {
    const learner = await open('classifier-squared_hinge');
    learner.partialFit(rows(30, 50), labels('binary', 30, 50));
    const before = learner.state();
    const error = await failureOf(() => call(learner));
    expect([error.code, error.place]).toEqual([code, place]);
    expect(learner.state()).toEqual(before);
    const fresh = await open('classifier-squared_hinge');
    for (const each of [learner, fresh.partialFit(rows(30, 50), labels('binary', 30, 50))]) {
      each.partialFit(rows(50, 70), labels('binary', 50, 70));
    }
    expect(learner.state()).toEqual(fresh.state());
  });

  test.each([
    ['an estimator that is unknown', { estimator: 'SGDClasifier' }, 'OPTION', 'SGDClassifier'],
    ['a parameter that is unknown', { estimator: 'SGDClassifier', alfa: 1 }, 'OPTION', 'alpha'],
    ['a loss that is unknown', { estimator: 'SGDClassifier', loss: 'hing' }, 'UNSUPPORTED_OP', 'hing'],
    ['early stopping', { estimator: 'SGDClassifier', early_stopping: true }, 'UNSUPPORTED_OP', 'early_stopping'],
    ['an optimal rate without a penalty', { estimator: 'SGDClassifier', alpha: 0 }, 'UNSUPPORTED_OP', 'alpha'],
  ])('%s is refused', async (_, source, code, word) => {
    const error = await failureOf(() => learn(source));
    expect(error.code).toBe(code);
    expect(error.message).toContain(word);
  });

  test('a model that has no incremental fit is refused by name', async () => {
    const error = await failureOf(() => learn(new URL('../fixtures/sklearn/ard.pkl', import.meta.url)));
    expect(error.code).toBe('UNSUPPORTED_OP');
    expect(error.message).toMatch(/ARDRegression cannot continue learning; these can: .*SGDClassifier/);
  });

  test('coefficients that are not rows of features are refused', async () => {
    const found = family.cases.find(({ name }) => name === 'no-shuffle');
    const bytes = Buffer.from(family.file(found as never)).toString('latin1');
    // The shape (3, 19) of coef_, which is of other elements then.
    const changed = Buffer.from(bytes.replace('K\x03K\x13\x86', 'K\x13K\x03\x86'), 'latin1');
    expect(changed.toString('latin1')).not.toBe(bytes);
    expect((await failureOf(() => learn(changed))).code).toBe('SHAPE');
  });

  test('options that are unknown are refused', async () => {
    expect(
      (await failureOf(() => binary().then(() => open('one-class', { histroy: 2 } as LearnOptions)))).message,
    ).toContain('history');
  });

  test('flat rows without targets are refused until the width is known', async () => {
    const learner = await learn({ estimator: 'SGDOneClassSVM' });
    expect((await failureOf(() => learner.partialFit(Float64Array.of(1, 2, 3, 4)))).place).toBe('rows');
    learner
      .partialFit([
        [1, 2],
        [3, 4],
      ])
      .partialFit(Float64Array.of(1, 2, 3, 4));
    expect(learner.state()).toMatchObject({ t_: 5 });
  });

  test('a classifier from nothing wants its classes', async () => {
    const learner = await learn({ estimator: 'SGDClassifier' });
    expect((await failureOf(() => learner.partialFit([[1, 2]], ['a']))).place).toBe('classes');
    expect((await failureOf(() => learner.freeze())).code).toBe('OPTION');
    expect((await failureOf(() => learner.rollback())).code).toBe('OPTION');
  });
});
