import { describe, expect, it } from 'vitest';
import { define, modelFromGraph } from '../../lib/load.ts';
import type { Rows } from '../../lib/rows.ts';
import { failureOf } from '../failure.ts';
import { lookup, networkGraph, pairs } from './models.ts';

/** Probabilities of three classes: softmax of the row itself. */
const softmax = () =>
  define({ inputs: [{ name: 'x', shape: 3 }], layers: [{ type: 'softmax' }], classes: ['low', 7, 'high'] });
/** The probability of the second of two classes: sigmoid of the row's one number. */
const binary = () => define({ layers: [{ weight: 1, activation: 'sigmoid' }], classes: ['no', 'yes'] });
/** [age, income] → age − income. */
const difference = () => define({ layers: [{ weight: [[1, -1]] }], featureNames: ['age', 'income'] });

describe('predict', () => {
  it('gives the label of the greatest output, the first of equals', () => {
    expect(
      softmax().predict([
        [1, 2, 0],
        [5, 5, 1],
        [0, 0, 0.5],
        [0, 1, 1],
      ]),
    ).toEqual([7, 'low', 'high', 7]);
  });

  it('gives values where there are no classes', () => {
    expect(pairs('f64').predict([[1, 2]])).toEqual(Float64Array.of(5, 11, 2));
  });

  it('gives the second of two labels only above the threshold', () => {
    const graph = networkGraph([1, 1]);
    const identity = { ...graph, nodes: [], outputs: [{ name: 'y', value: 'x', dtype: 'float32' as const }] };
    const labels = (probabilities: boolean, threshold?: number) =>
      modelFromGraph({
        ...identity,
        classes: ['no', 'yes'],
        decision: { rule: 'above', probabilities, threshold },
      }).predict([[-0.25], [0], [0.25], [0.5], [0.75]]);
    expect(labels(true)).toEqual(['no', 'no', 'no', 'no', 'yes']);
    expect(labels(false)).toEqual(['no', 'no', 'yes', 'yes', 'yes']);
    expect(labels(true, 0.25)).toEqual(['no', 'no', 'no', 'yes', 'yes']);
  });

  it('takes a flat array, arrays of rows and rows that are typed arrays alike', () => {
    const model = softmax();
    const wanted = ['low', 'high'];
    const forms: Rows[] = [
      Float32Array.of(2, 1, 0, 0, 1, 2),
      Float64Array.of(2, 1, 0, 0, 1, 2),
      [
        [2, 1, 0],
        [0, 1, 2],
      ],
      [Float32Array.of(2, 1, 0), Float64Array.of(0, 1, 2)],
    ];
    for (const form of forms) expect(model.predict(form)).toEqual(wanted);
    expect(model.predict([])).toEqual([]);
    expect(model.predict(new Float32Array(0))).toEqual([]);
  });

  it('takes integers for ids', () => {
    for (const ids of [Int32Array.of(3, 1), BigInt64Array.of(3n, 1n)]) {
      expect(lookup().predict(ids)).toEqual(Float32Array.of(3, 35, 1, 15));
    }
    expect(lookup().predict([[3], [1]])).toEqual(Float32Array.of(3, 35, 1, 15));
  });

  it('does not change with what others do to its labels', () => {
    const classes = ['a', 'b', 'c'];
    const model = define({ inputs: [{ name: 'x', shape: 3 }], layers: [{ type: 'softmax' }], classes });
    classes.length = 0;
    expect(() => (model.classes as string[]).pop()).toThrow(TypeError);
    expect(model.predict([[0, 0, 1]])).toEqual(['c']);
  });
});

describe('predictProba', () => {
  it('gives a column for each class', () => {
    const probabilities = softmax().predictProba([[0, 0, 0]]);
    expect(Array.from(probabilities)).toEqual([1 / 3, 1 / 3, 1 / 3].map((value) => expect.closeTo(value, 6)));
  });

  it('gives both columns where the model has one', () => {
    const one = binary().run(Float64Array.of(0, 1));
    const both = binary().predictProba([[0], [1]]);
    expect(both).toEqual(Float64Array.of(1 - one[0], one[0], 1 - one[1], one[1]));
    expect(one[0]).toBe(0.5);
  });

  it.each([
    ['values', () => pairs()],
    ['scores', () => define({ layers: [{ weight: 1 }], classes: [0, 1] })],
  ])('is refused where the output is %s', async (what, make) => {
    const error = await failureOf(() => make().predictProba([[1]]));
    expect(error.code).toBe('NOT_A_CLASSIFIER');
    expect(error.message).toContain(`the model's output is ${what}, not class probabilities`);
  });
});

describe('records', () => {
  it('are matched by name, whatever their order and kind', () => {
    class Person {
      age = 50;
      income = 8;
    }
    const unborn = Object.assign(Object.create(null), { income: 1, age: 0 });
    const rows = [{ age: 40, income: 10 }, { income: 10, age: 40 }, new Person(), unborn];
    expect(difference().predict(rows as unknown as Rows)).toEqual(Float64Array.of(30, 30, 42, -1));
  });

  it('may be mixed with arrays', () => {
    const rows = [{ income: 1, age: 2 }, [5, 2]] as unknown as Rows;
    expect(difference().predict(rows)).toEqual(Float64Array.of(1, 3));
  });

  it('may have features called as what every object has', () => {
    const featureNames = ['__proto__', 'constructor'];
    const model = define({ layers: [{ weight: [[1, -1]] }], featureNames });
    expect(model.predict([JSON.parse('{"constructor":3,"__proto__":5}')])).toEqual(Float64Array.of(2));
  });

  it.each<[string, unknown, string]>([
    ['a feature is missing', { age: 1 }, "rows[1]: lacks 'income'; expected 'age', 'income'"],
    ['all are missing', {}, "rows[1]: lacks 'age', 'income'"],
    ['a feature is inherited', Object.create({ age: 1, income: 2 }), "rows[1]: lacks 'age', 'income'"],
    ['a name is misspelt', { age: 1, Income: 2 }, "rows[1]: lacks 'income', and has 'Income'; did you mean 'income'?"],
    ['a name is another', { age: 1, incomme: 2 }, "lacks 'income', and has 'incomme'; did you mean 'income'?"],
    [
      'an array stands for a number',
      { age: [41], income: 2 },
      'rows[1].age: expected a number, found an array of 1; a record has one value for each feature',
    ],
    ['an object stands for a number', { age: {}, income: 2 }, 'rows[1].age: expected a number, found an object'],
    ['a value is a string', { age: 1, income: '2' }, "rows[1].income: expected a number, found the string '2'"],
    ['a value is nothing', { age: 1, income: undefined }, 'rows[1].income: expected a number, found nothing'],
    ['a value is null', { age: null, income: 1 }, 'rows[1].age: expected a number, found null'],
    ['a value is a bigint', { age: 1n, income: 1 }, 'rows[1].age: expected a number, found the bigint 1'],
  ])('are refused where %s', async (_, record, message) => {
    const error = await failureOf(() => difference().predict([{ age: 1, income: 1 }, record] as Rows));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining(message)]);
  });

  it('are refused where the model knows no names', async () => {
    const error = await failureOf(() => pairs().predict([{ a: 1, b: 2 }]));
    expect(error.message).toBe(
      "rows[0]: lacks 'input'; the model has no feature names: pass arrays of 2 values, or records with 'input'",
    );
  });
});

describe('records of columns that a model numbers', () => {
  it.each([[[{ a: 1, b: 2 }]], [[{ 0: 1, 1: 2 }]]])('are not taken for misspelt ones: %j', async (rows) => {
    using model = define({ inputs: [{ name: 'X', shape: 2 }], layers: [{ weight: [[1, 2]] }] });
    const error = await failureOf(() => model.predict(rows as Rows));
    expect(error.message).toBe(
      "rows[0]: lacks 'X'; the model has no feature names: pass arrays of 2 values, or records with 'X'",
    );
  });
});

describe('rows', () => {
  const hole = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];
  delete hole[1];

  it.each<[string, unknown, string]>([
    ['a row is too short', [[1, 2], [3]], 'rows[1]: expected 2 numbers, found 1'],
    ['a row is too long', [[1, 2, 3]], 'rows[0]: expected 2 numbers, found 3'],
    ['a typed row is too short', [Float32Array.of(1)], 'rows[0]: expected 2 numbers, found 1'],
    ['a value is a string', [[1, '2']], "rows[0][1]: expected a number, found the string '2'"],
    ['a value is a hole', [new Array(2)], 'rows[0][0]: expected a number, found nothing'],
    ['a value is a bigint', [BigInt64Array.of(1n, 2n)], 'rows[0][0]: expected a number, found the bigint 1'],
    [
      'a row is a number',
      [1, 2],
      'rows[0]: expected an array of 2 numbers or a record, found the number 1 (one row is [[…]]',
    ],
    ['a row is a string', ['ab'], "rows[0]: expected an array of 2 numbers or a record, found the string 'ab'"],
    ['a row is null', [[1, 2], null], 'rows[1]: expected an array of 2 numbers or a record, found null'],
    ['a row is a hole', hole, 'rows[1]: expected an array of 2 numbers or a record, found nothing'],
    ['a row is a function', [() => 1], 'rows[0]: expected an array of 2 numbers or a record, found a function'],
    ['they are nothing', undefined, 'an array of rows or of records, or one record, found nothing'],
    ['they are a function', () => 1, 'an array of rows or of records, or one record, found a function'],
    ['they are a Map', new Map([['a', 1]]), 'found a Map (Object.fromEntries(map) makes a record from a Map)'],
    ['they are a string', 'rows', "found the string 'rows'"],
    ['they are a Set', new Set([[1, 2]]), 'found a Set'],
    ['a flat array breaks a row', Float32Array.of(1, 2, 3), '3 elements are not a whole number of rows of 2 elements'],
    ['they are bytes', Uint8Array.of(1, 2), 'expected a Float32Array or Float64Array, found a Uint8Array of 2'],
    [
      'they are a DataView',
      new DataView(new ArrayBuffer(8)),
      'expected a Float32Array or Float64Array, found a DataView',
    ],
  ])('are refused where %s', async (_, rows, message) => {
    const error = await failureOf(() => pairs().predict(rows as Rows));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining(message)]);
  });

  it('are refused once the model is disposed of', async () => {
    const model = softmax();
    model.dispose();
    for (const call of [() => model.predict([[1, 2, 3]]), () => model.predictProba([[1, 2, 3]])]) {
      expect((await failureOf(call)).code).toBe('DISPOSED');
    }
  });
});

describe('isClassifier', () => {
  it('says whether predict gives labels', () => {
    expect([softmax(), binary()].map((model) => model.isClassifier())).toEqual([true, true]);
    expect([difference(), pairs()].map((model) => model.isClassifier())).toEqual([false, false]);
  });
});
