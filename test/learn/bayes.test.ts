/** What docs/learning.md promises of naive Bayes, scalers, clusters and perceptrons. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type Learner, learn } from '../../lib/learn.ts';
import { failureOf } from '../failure.ts';
import { type Bounds, type Continued, compareNumbers, familyOf, flat, follow, give, open } from './continued.ts';

const FAMILIES = ['gaussian-nb', 'discrete-nb', 'scalers', 'kmeans', 'mlp', 'several', 'pipelines'];
const exactly: Bounds = () => 0;
const flatAny = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(flatAny) : [value]);

/** A scaler that is spoilt is refused, and so is a classifier of one class. */
const frozen = (name: string) => familyOf(name).filter(({ strict, name: of }) => !strict && of !== 'one class');

const named = (family: string, name: string) => familyOf(family).find((each) => each.name === name) as Continued;

describe('GaussianNB goes on bit for bit', () => {
  test.each(familyOf('gaussian-nb'))('$name', async (each) => {
    await follow(each, exactly);
  });
});

describe('counts are exact, their logarithms within a last bit or two', () => {
  test.each(familyOf('discrete-nb'))('$name', async (each) => {
    const isCategorical = each.name.startsWith('categorical');
    const isWeighted = each.calls[0].w !== undefined && !isCategorical;
    await follow(each, (name) => (name.includes('_log_') ? 1e-15 : isWeighted ? 5e-16 : 0));
  });
});

describe('scalers go on bit for bit, within 1e-14 with weights', () => {
  test.each(familyOf('scalers'))('$name', async (each) => {
    await follow(each, () => (each.calls[0].w === undefined ? 0 : 1e-14));
  });
});

describe('MiniBatchKMeans goes on bit for bit', () => {
  test.each(familyOf('kmeans'))('$name', async (each) => {
    await follow(each, exactly);
  });
});

describe('perceptrons go on within 1e-13 of the greatest, of floats within 1e-6', () => {
  test.each(familyOf('mlp'))('$name', async (each) => {
    await follow(each, () => (each.name.includes('float32') ? 1e-6 : 1e-13));
  });
});

describe('estimators of several go on as each of them does', () => {
  test.each(familyOf('several'))('$name', async (each) => {
    await follow(each, exactly, {}, ({ estimators_ }) => estimators_ as Record<string, unknown>[]);
  });
});

describe('pipelines go on, and their scalers learn', () => {
  test.each(familyOf('pipelines'))('$name', async (each) => {
    await follow(
      each,
      exactly,
      { scalers: 'learn' },
      (state) => Object.values(state).slice(-1) as Record<string, unknown>[],
    );
  });
});

describe('what has learnt nothing begins as in scikit-learn', () => {
  test.each(familyOf('begun'))('$name', async (each) => {
    const isNetwork = each.name.startsWith('MLP');
    const learner = await follow(each, (name) => (isNetwork ? 1e-11 : name.includes('_log_') ? 1e-15 : 0));
    const { x, answer } = each.probe;
    const rows = Float64Array.from(x.flat() as number[]);
    const found = each.classes === undefined && !isNetwork ? learner.run(rows) : learner.predict(rows);
    compareNumbers(flat(found), flat(answer), 1e-11, each.name);
  });
});

describe('a fit is taken back, once or more often', () => {
  test.each(FAMILIES.flatMap(familyOf))('$name', async (each) => {
    for (const history of [1, 2]) {
      const learner = await open(each, { history });
      // Of clusters, which rows of the last batch are in which is not taken back.
      const stateOf = () => ({ ...learner.state(), labels_: undefined, inertia_: undefined });
      const states = [stateOf()];
      for (const call of each.calls.slice(0, history)) {
        give(learner, call);
        states.push(stateOf());
      }
      for (let back = history - 1; back >= 0; back--) {
        learner.rollback();
        expect(stateOf()).toEqual(states[back]);
      }
      // What it goes on with is the same as before.
      for (const call of each.calls.slice(0, history)) give(learner, call);
      expect(stateOf()).toEqual(states[history]);
    }
  });
});

describe('what is frozen says what scikit-learn says in the end', () => {
  test.each(['gaussian-nb', 'discrete-nb', 'kmeans', 'mlp', 'pipelines'].flatMap(frozen))('$name', async (each) => {
    const learner = await open(each, { scalers: 'learn' });
    for (const call of each.calls) give(learner, call);
    const { x, answer } = each.probe;
    const found = learner.freeze().predict(x as number[][]) as ArrayLike<number | string>;
    if (typeof flatAny(answer)[0] === 'string') expect(Array.from(found)).toEqual(answer);
    else compareNumbers(flat(found), flat(answer), 1e-5, each.name);
    expect(Array.from(learner.predict(x as number[][]))).toEqual(Array.from(found));
  });

  test.each(['multinomial', 'bernoulli', 'categorical'])(
    '%s: a class that was not met yet has no chance',
    async (name) => {
      const each = familyOf('discrete-nb').find((one) => one.name === name) as Continued;
      const model = (await open(each)).freeze();
      const probabilities = model.predictProba(each.probe.x as number[][]);
      for (let at = 2; at < probabilities.length; at += 3) expect(probabilities[at]).toBe(0);
      expect(probabilities.every(Number.isFinite)).toBe(true);
    },
  );

  test.each(frozen('scalers'))('$name', async (each) => {
    const learner = await open(each);
    for (const call of each.calls) give(learner, call);
    const { x, answer } = each.probe;
    const rows = Float64Array.from(x.flat(), (value) => value ?? Number.NaN);
    // A frozen scaler multiplies once, by what the parameters come to.
    const bound = each.name.includes('float32') ? 1e-6 : 1e-14;
    compareNumbers(flat(learner.run(rows)), flat(answer), bound, each.name);
  });
});

describe('a checkpoint goes on as if nothing had happened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'learn-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  test.each(FAMILIES.flatMap(frozen))('$name', async (each) => {
    const options = { scalers: 'learn' } as const;
    const learner = await open(each, options);
    give(learner, each.calls[0]);
    const path = join(folder, 'checkpoint.safetensors');
    await learner.save(path);
    const again = await learn(path, options);
    const stateOf = (of: Learner) => ({ ...of.state(), labels_: undefined, inertia_: undefined });
    expect(stateOf(again)).toEqual(stateOf(learner));
    for (const call of each.calls.slice(1)) for (const each of [learner, again]) give(each, call);
    expect(stateOf(again)).toEqual(stateOf(learner));
  });
});

describe('progressive validation asks what a model of then would say', () => {
  const asked = ['gaussian-nb', 'discrete-nb', 'mlp', 'pipelines', 'several'].flatMap(frozen);
  const single = asked.filter(({ name }) => !/several targets|two outputs|categorical/.test(name));
  test.each(single)('$name', async (each) => {
    const options = { scalers: 'learn' } as const;
    const [learner, plain] = [await open(each, { ...options, metrics: { window: 1000 } }), await open(each, options)];
    const [isWrong, losses]: [boolean[], number[]] = [[], []];
    for (const call of each.calls) {
      const model = plain.freeze();
      const rows = call.x as number[][];
      const said = model.predict(rows) as ArrayLike<string | number>;
      const classes = plain.classes;
      for (const [row, target] of (call.y as (string | number)[]).entries()) {
        isWrong.push(said[row] !== target);
        if (classes === undefined) losses.push(Math.abs(Number(said[row]) - Number(target)));
      }
      give(plain, call);
      give(learner, call);
    }
    const { accuracy, meanAbsoluteError } = learner.metrics as { accuracy?: number; meanAbsoluteError?: number };
    if (losses.length === 0) expect(accuracy).toBe(1 - isWrong.filter(Boolean).length / isWrong.length);
    else expect(meanAbsoluteError).toBeCloseTo(losses.reduce((a, b) => a + b) / losses.length, 5);
  });

  test('a category that is new says nothing', async () => {
    const learner = await open(named('discrete-nb', 'categorical'), { metrics: {} });
    for (const call of named('discrete-nb', 'categorical').calls) give(learner, call);
    expect(learner.metrics?.accuracy).toBeGreaterThan(0);
    expect(learner.metrics?.logLoss).toBeLessThan(36);
  });

  test.each([
    ['several', 'several targets: GaussianNB'],
    ['several', 'several targets: SGDRegressor'],
    ['mlp', 'regressor, two outputs'],
  ])('%s, %s: a score is of one target', async (family, name) => {
    const learner = await open(named(family, name));
    const [{ x, y }] = named(family, name).calls;
    const scoring = () => learner.score(x as number[][], y as unknown as number[]);
    expect(await failureOf(scoring)).toMatchObject({ code: 'OPTION', place: 'score' });
  });

  test('of one target', async () => {
    const learner = await open(named('several', 'several targets: GaussianNB'), { metrics: {} });
    const fit = () => give(learner, named('several', 'several targets: GaussianNB').calls[0]);
    expect(await failureOf(fit)).toMatchObject({ code: 'OPTION', place: 'metrics' });
  });
});

describe('every instruction set gives the same bits', () => {
  afterEach(() => {
    delete process.env.FORWARDPASS_ISA;
  });
  test.each(['gaussian-nb', 'mlp'].flatMap(familyOf))('$name', async (each) => {
    const states = [];
    for (const isa of ['scalar', undefined]) {
      if (isa !== undefined) process.env.FORWARDPASS_ISA = isa;
      else delete process.env.FORWARDPASS_ISA;
      const learner = await open(each);
      for (const call of each.calls) give(learner, call);
      states.push(learner.state());
    }
    expect(states[0]).toEqual(states[1]);
  });
});

describe('what cannot be learnt is refused, and nothing changes', () => {
  const row = [1, 2, 3, 4, 5];
  test.each([
    ['gaussian-nb', 'float64', [row], [7], 'INPUT', 'targets[0]'],
    ['gaussian-nb', 'float64', [[1, 2, Number.NaN, 4, 5]], [1], 'INPUT', 'rows[0][2]'],
    ['gaussian-nb', 'float64', [row, [1, 2, 3, Infinity, 5]], [1, 1], 'INPUT', 'rows[1][3]'],
    ['gaussian-nb', 'float64', [row, [1e300, 1, 1, 1, 1]], [1, 1], 'DIVERGED', 'partialFit'],
    ['gaussian-nb', 'float64', [[1e300, 1, 1, 1, 1]], [1], 'DIVERGED', 'partialFit'],
    ['gaussian-nb', 'float64', [[1, 2]], [1], 'INPUT', undefined],
    ['discrete-nb', 'multinomial', [[1, 2, -1, 0]], [1], 'INPUT', 'rows[0][2]'],
    ['discrete-nb', 'multinomial', [[1, 2, 1, 0]], [9], 'INPUT', 'targets[0]'],
    ['discrete-nb', 'categorical', [[1, 2, 1e7]], [1], 'LIMIT', 'rows[0][2]'],
    [
      'discrete-nb',
      'categorical',
      [
        [999998, 1, 2],
        [1, 999998, 999999],
        [1, 2, 2 ** 53],
      ],
      [1, 1, 1],
      'LIMIT',
      'rows[2][2]',
    ],
    ['scalers', 'standard', [[1, 2, 3, -Infinity, 5]], undefined, 'INPUT', 'rows[0][3]'],
    ['scalers', 'standard', [[1, 2, 3, 1e300, 5]], undefined, 'DIVERGED', 'partialFit'],
    ['kmeans', 'plain', [[1, 2, 3, Number.NaN, 5, 6]], undefined, 'INPUT', 'rows[0][3]'],
    ['mlp', 'adam', [[1, 2, 3, Number.NaN]], [1], 'INPUT', 'rows[0][3]'],
    ['mlp', 'regressor', [[1e300, 1e300, 1e300, 1e300]], [1], 'DIVERGED', 'partialFit'],
    ['mlp', 'regressor', [[1, 2, 3, 4]], [Number.NaN], 'INPUT', 'targets[0]'],
    ['mlp', 'regressor, two outputs', [[1, 2, 3, 4]], [1], 'INPUT', 'targets[0]'],
    ['several', 'several targets: SGDRegressor', [[1, 2, 3]], [[1, Number.NaN]], 'INPUT', 'targets[0]'],
    ['several', 'several targets: SGDRegressor', [[1, 2, 3]], [4], 'INPUT', 'targets[0]'],
    ['several', 'one against the rest: GaussianNB', [[1, 2, 3]], ['z'], 'INPUT', 'targets[0]'],
    ['pipelines', 'standard, GaussianNB', [[1, 2, 3, Number.NaN]], [1], 'INPUT', 'rows[0][3]'],
  ] as const)('%s, %s: %j %j', async (family, name, rows, targets, code, place) => {
    const learner = await open(named(family, name), { scalers: 'learn' });
    const before = learner.state();
    const error = await failureOf(() =>
      learner.partialFit(rows as unknown as number[][], targets as unknown as number[]),
    );
    expect(error).toMatchObject({ code, ...(place && { place }) });
    expect(learner.state()).toEqual(before);
  });

  test('weights, where scikit-learn takes none', async () => {
    for (const [family, name] of [
      ['several', 'one against the rest: GaussianNB'],
      ['scalers', 'greatest size'],
    ]) {
      const learner = await open(named(family, name));
      const width = named(family, name).calls[0].x[0].length;
      const fitting = () => learner.partialFit(new Float64Array(width), ['a'], { sampleWeight: [1] });
      expect(await failureOf(fitting)).toMatchObject({ code: 'OPTION', place: 'sampleWeight' });
    }
  });

  test('a column of missing values teaches nothing, unless strict asks for what scikit-learn does', async () => {
    const learner = await open(named('scalers', 'standard'));
    const before = learner.state() as { mean_: Float64Array; var_: Float64Array };
    learner.partialFit(new Float64Array([Number.NaN, 1, 2, 3, 4]));
    const after = learner.state() as typeof before & { n_samples_seen_: Float64Array };
    expect([after.mean_[0], after.var_[0]]).toEqual([before.mean_[0], before.var_[0]]);
    expect(Array.from(after.n_samples_seen_)).toEqual([15, 16, 16, 16, 16]);
    const strict = await open(named('scalers', 'standard'), { strict: true });
    strict.partialFit(new Float64Array([Number.NaN, 1, 2, 3, 4]));
    expect((strict.state() as typeof before).var_[0]).toBeNaN();
  });

  test('networks beyond memory, texts in front of what learns, and estimators without an incremental fit', async () => {
    const huge = await learn({ estimator: 'MLPRegressor', hidden_layer_sizes: [2 ** 23, 2 ** 23] });
    expect(await failureOf(() => huge.partialFit(Float64Array.of(1, 2, 3), 1))).toMatchObject({ code: 'MEMORY' });
    for (const [parameters, place] of [
      [{ solver: 'lbfgs' }, 'solver'],
      [{ early_stopping: true }, 'early_stopping'],
      [{ activation: 'gelu' }, 'activation'],
    ] as const) {
      const begun = async () =>
        (await learn({ estimator: 'MLPRegressor', ...parameters })).partialFit(Float64Array.of(1, 2), 1);
      expect(await failureOf(begun)).toMatchObject({ code: 'UNSUPPORTED_OP', place });
    }
    for (const estimator of ['MiniBatchKMeans', 'Pipeline', 'OneVsRestClassifier', 'MultiOutputRegressor']) {
      expect(await failureOf(() => learn({ estimator }))).toBeInstanceOf(Error);
    }
  });
});
