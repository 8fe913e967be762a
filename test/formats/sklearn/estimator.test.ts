import { describe, expect, it } from 'vitest';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { Estimator } from '../../../lib/formats/sklearn/estimator.ts';
import { featuresOf } from '../../../lib/formats/sklearn/features.ts';
import { Budget } from '../../../lib/graph/budget.ts';

function object(name: string, attributes: Readonly<Record<string, PickleValue>>): PickleObject {
  const made = new PickleObject(new PickleGlobal('sklearn.linear_model._ridge', name), []);
  const state = new PickleDict();
  state.entries.push(...Object.entries(attributes));
  made.state = state;
  return made;
}

const estimator = (attributes: Readonly<Record<string, PickleValue>>, place = 'steps[1]') =>
  Estimator.of(object('Ridge', attributes), place, new Budget());
const floats = (shape: readonly number[], ...values: number[]) =>
  new PickleArray(shape, 'f8', Float64Array.from(values));
const listOf = (...items: PickleValue[]) => {
  const list = new PickleList();
  list.items.push(...items);
  return list;
};

describe('Estimator', () => {
  it('reads numbers, words and truths, also as NumPy scalars', () => {
    const scalars = estimator({ alpha: floats([], 0.5), solver: new PickleArray([], 'U4', ['auto']), fit: true });
    expect(scalars.number('alpha')).toBe(0.5);
    expect(scalars.text('solver')).toBe('auto');
    expect(scalars.boolean('fit')).toBe(true);
    expect(estimator({ fit: new PickleArray([], 'b1', Int32Array.of(0)) }).boolean('fit')).toBe(false);
  });

  it('takes the fallback for what an older file lacks, but not for None', () => {
    expect(estimator({}).number('alpha', 1)).toBe(1);
    expect(() => estimator({ alpha: null }).number('alpha', 1)).toThrow(/^steps\[1\]\.alpha: .* found None/);
  });

  it('says where an attribute is missing, and of one that fit() makes that the estimator may not be fitted', () => {
    expect(() => estimator({}).vector('coef_')).toThrow(
      /^steps\[1\]\.coef_: the Ridge needs this attribute; found nothing/,
    );
    expect(() => estimator({}, '').vector('coef_')).toThrow(/^coef_: .* may not be fitted$/);
    expect(() => estimator({}).number('alpha')).not.toThrow(/fitted/);
  });

  it('refuses a value of another kind, and says which it found', () => {
    expect(() => estimator({ alpha: 'much' }).number('alpha')).toThrow("expected a number, found the string 'much'");
    expect(() => estimator({ solver: 1 }).text('solver')).toThrow('expected a string, found the number 1');
    expect(() => estimator({ coef_: new PickleDict() }).numbers('coef_')).toThrow(
      'expected numbers, found a dict of 0',
    );
    expect(() => estimator({ estimator_: 3 }).estimator('estimator_')).toThrow(
      'expected an estimator, found the number 3',
    );
  });

  it('refuses numbers that are not finite and shapes that do not fit', () => {
    expect(() => estimator({ coef_: floats([2], 1, Infinity) }).vector('coef_')).toThrow(
      'found Infinity at position 1',
    );
    expect(() => estimator({ coef_: floats([2], 1, 2) }).vector('coef_', 3)).toThrow(
      'expected the shape [3], found [2]',
    );
    expect(() => estimator({ coef_: floats([2], 1, 2) }).matrix('coef_', 1)).toThrow(
      'expected the shape [1, m], found [2]',
    );
  });

  it('reads classes: words, numbers, and booleans as 0 and 1', () => {
    expect(estimator({ classes_: new PickleArray([2], 'U1', ['a', 'b']) }).labels('classes_')).toEqual(['a', 'b']);
    expect(estimator({ classes_: new PickleArray([2], 'b1', Int32Array.of(0, 1)) }).labels('classes_')).toEqual([0, 1]);
    expect(estimator({ classes_: listOf(false, 'x', -2) }).labels('classes_')).toEqual([0, 'x', -2]);
    expect(() => estimator({ classes_: listOf(null) }).labels('classes_')).toThrow(
      /^steps\[1\]\.classes_\[0\]: .* found None/,
    );
  });

  it('compares versions by their first two numbers', () => {
    const of = (version: PickleValue) => estimator({ _sklearn_version: version });
    expect(of('1.10.0').since(1, 9)).toBe(true);
    expect(of('1.4.2').since(1, 5)).toBe(false);
    expect(of('0.24.1').since(0, 24)).toBe(true);
    expect(of(null).since(0, 1)).toBe(false);
  });
});

describe('featuresOf', () => {
  const features = (made: PickleObject) => featuresOf([Estimator.of(made, '', new Budget())], new Budget(), () => true);

  it('takes what the estimator says, with its names', () => {
    const names = new PickleArray([2], 'O', ['age', 'height']);
    expect(features(object('Ridge', { n_features_in_: 2, feature_names_in_: names }))).toEqual({
      width: 2,
      names: ['age', 'height'],
    });
  });

  it('looks for it in the first estimator inside', () => {
    const inner = object('Ridge', { n_features_in_: 3 });
    const dropped = listOf('first', 'drop');
    expect(features(object('Pipeline', { steps: listOf(dropped, listOf('second', inner)) })).width).toBe(3);
    expect(features(object('GridSearchCV', { best_estimator_: inner })).width).toBe(3);
  });

  it('counts the columns of its arrays in files from before scikit-learn wrote it down', () => {
    expect(features(object('Ridge', { coef_: floats([2, 4], ...new Array(8).fill(1)) })).width).toBe(4);
    expect(features(object('MLPRegressor', { coefs_: listOf(floats([5, 1], 1, 1, 1, 1, 1)) })).width).toBe(5);
  });

  it('leaves names out that are too few', () => {
    const names = new PickleArray([1], 'O', ['age']);
    expect(features(object('Ridge', { n_features_in_: 2, feature_names_in_: names }))).toEqual({ width: 2 });
  });

  it('refuses an estimator that does not say it', () => {
    expect(() => features(object('Ridge', {}))).toThrow(/^Ridge: does not state how many features/);
  });
});
