/** Files in which estimators lie among other things. What those give that open, framework-models.test.ts tests. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { choose } from '../../../lib/formats/sklearn/bundle/choose.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { type LoadOptions, load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

const REFUSED = new URL('../../fixtures/sklearn-bundles-refused/', import.meta.url);

interface Refusal {
  readonly file: string;
  readonly code: string;
  readonly names: readonly string[];
  readonly options?: LoadOptions;
}
const { cases } = JSON.parse(readFileSync(new URL('refusals.json', REFUSED), 'utf8')) as { cases: Refusal[] };

describe('bundles that leave a choice open, or hold no model', () => {
  it.each(cases)('refuses $file with $options and names $names', async ({ file, code, names, options }) => {
    const error = await failureOf(() => load(new URL(file, REFUSED), options));
    expect(error.code).toBe(code);
    for (const name of names) expect(error.message).toContain(name);
    expect(error.message).not.toMatch(/undefined|\[object/);
  });
});

function dictOf(entries: Readonly<Record<string, PickleValue>>): PickleDict {
  const dict = new PickleDict();
  dict.entries.push(...Object.entries(entries));
  return dict;
}

function listOf(...items: readonly PickleValue[]): PickleList {
  const list = new PickleList();
  list.items.push(...items);
  return list;
}

function objectOf(module: string, name: string, attributes: Readonly<Record<string, PickleValue>> = {}): PickleObject {
  const object = new PickleObject(new PickleGlobal(module, name), []);
  object.state = dictOf(attributes);
  return object;
}
const ridge = () => objectOf('sklearn.linear_model._ridge', 'Ridge');

describe('feature names beside a model', () => {
  const namesOf = (bundle: PickleValue, member?: string, classes: readonly string[] = []) =>
    choose([bundle], member, new Budget()).names(2, [classes]);

  it('are a list of as many strings as there are features', () => {
    expect(namesOf(dictOf({ m: ridge(), columns: listOf('a', 'b'), other: listOf('a', 'b', 'c') }))).toEqual([
      'a',
      'b',
    ]);
    expect(namesOf(dictOf({ m: ridge(), classic: listOf('a', 'b'), yes: 1 }))).toEqual(['a', 'b']);
    expect(namesOf(listOf(ridge(), dictOf({ about: dictOf({ columns: listOf('a', 'b') }) })))).toEqual(['a', 'b']);
  });

  it.each<[string, PickleValue]>([
    ['two lists that differ', dictOf({ m: ridge(), inputs: listOf('a', 'b'), shown: listOf('b', 'a') })],
    [
      'one that differs deeper',
      dictOf({ m: ridge(), inputs: listOf('a', 'b'), more: dictOf({ x: listOf('a', 'c') }) }),
    ],
    ['a name that is there twice', dictOf({ m: ridge(), inputs: listOf('a', 'a') })],
    ['numbers', dictOf({ m: ridge(), inputs: listOf(1, 2) })],
    ['classes', dictOf({ m: ridge(), classes: listOf('yes', 'no') })],
    ['targets', dictOf({ m: ridge(), target_columns: listOf('a', 'b') })],
    ['outputs, deeper', dictOf({ m: ridge(), about: dictOf({ outputs: listOf('a', 'b') }) })],
    ["an encoder's classes", dictOf({ m: ridge(), names: listOf('x', 'y'), e: encoderOf('y', 'x') })],
  ])('are not taken from %s', (_, bundle) => {
    expect(namesOf(bundle, undefined, ['no', 'yes'])).toBeUndefined();
  });

  it('of another model are not taken', () => {
    const bundle = dictOf({ a: dictOf({ m: ridge() }), b: dictOf({ m: ridge(), columns: listOf('a', 'b') }) });
    expect(namesOf(bundle, 'a')).toBeUndefined();
    expect(namesOf(bundle, 'b')).toEqual(['a', 'b']);
  });
});

function encoderOf(...classes: readonly string[]): PickleObject {
  return objectOf('sklearn.preprocessing._label', 'LabelEncoder', { classes_: listOf(...classes) });
}

describe('what lies beside a model', () => {
  const chosen = (bundle: PickleValue) => choose([bundle], undefined, new Budget()).estimators[0].className;

  it('is not a model where its class is none: a scorer, a splitter, a date, an object without estimators', () => {
    const others = [
      objectOf('sklearn.metrics._scorer', '_Scorer', { _sign: 1 }),
      objectOf('sklearn.model_selection._split', 'KFold', { n_splits: 3 }),
      objectOf('datetime', 'datetime'),
      objectOf('__main__', 'Report', { auc: 0.9, notes: listOf('a') }),
    ];
    expect(chosen(listOf(...others, ridge()))).toBe('Ridge');
  });

  it.each<[string, PickleObject]>([
    ['an estimator that is not read', objectOf('sklearn.cluster._dbscan', 'DBSCAN', { _sklearn_version: '1.9.1' })],
    ['what is fitted, of any class', objectOf('mine', 'Cleaner', { medians_: listOf(1, 2) })],
    ['a module of torch', objectOf('mine', 'Net', { _modules: dictOf({}) })],
    ["an object of another package's", objectOf('xgboost.core', 'Booster')],
    ['an object with an estimator in it', objectOf('mine', 'Service', { parts: listOf(1, listOf(ridge())) })],
  ])('is one: %s', (_, other) => {
    expect(() => chosen(dictOf({ m: ridge(), other }))).toThrow(
      `the file contains 2 estimators: 'm' (Ridge), 'other' (${other.callable.name})`,
    );
  });

  it('may hold itself', () => {
    const list = listOf(1);
    list.items.push(list, ridge());
    const own = objectOf('mine', 'Node');
    (own.state as PickleDict).entries.push(['parent', own], ['list', list]);
    expect(chosen(list)).toBe('Ridge');
    expect(() => chosen(own)).toThrow("member: 'list.2'");
  });

  it('is looked through once, however often it is there', () => {
    let bundle: PickleValue = listOf(ridge());
    for (let i = 0; i < 50; i++) bundle = objectOf('mine', 'Pair', { a: bundle, b: bundle, c: listOf(bundle, bundle) });
    expect(chosen(bundle)).toBe('Pair');
    for (let i = 0; i < 12; i++) bundle = listOf(bundle, bundle);
    expect(chosen(bundle)).toBe('Pair');
  });
});
