/** What docs/learning.md promises of naive Bayes, scalers, clusters and perceptrons. */
import { describe, expect, test } from 'vitest';
import { type Bounds, compareNumbers, familyOf, flat, follow, give, open } from './continued.ts';

const exactly: Bounds = () => 0;
const flatAny = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(flatAny) : [value]);

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

describe('perceptrons go on within 1e-11, of floats within 1e-5', () => {
  test.each(familyOf('mlp'))('$name', async (each) => {
    await follow(each, () => (each.name.includes('float32') ? 1e-5 : 1e-11));
  });
});

describe('a fit is taken back, once or more often', () => {
  test.each(['gaussian-nb', 'discrete-nb', 'scalers', 'kmeans', 'mlp'].flatMap(familyOf))('$name', async (each) => {
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

/** A scaler that is spoilt is refused, and so is a classifier of one class. */
const frozen = (name: string) => familyOf(name).filter(({ strict, name: of }) => !strict && of !== 'one class');

describe('what is frozen says what scikit-learn says in the end', () => {
  test.each(['gaussian-nb', 'discrete-nb', 'kmeans', 'mlp'].flatMap(frozen))('$name', async (each) => {
    const learner = await open(each);
    for (const call of each.calls) give(learner, call);
    const { x, answer } = each.probe;
    const found = learner.freeze().predict(x as number[][]) as ArrayLike<number | string>;
    if (typeof flatAny(answer)[0] === 'string') expect(Array.from(found)).toEqual(answer);
    else compareNumbers(flat(found), flat(answer), 1e-5, each.name);
    expect(Array.from(learner.predict(x as number[][]))).toEqual(Array.from(found));
  });

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
