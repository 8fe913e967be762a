import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../lib/graph/graph.ts';
import { define, modelFromGraph } from '../../lib/load.ts';
import type { Model, RowRecord } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { constant, node } from '../graph/graphs.ts';

/** [age, income]: age + 100·income, with 40 in place of an age that is missing; nothing looks at the note. */
function filled(): Model {
  const nodes: Node[] = [
    node('age', 'gather', ['x'], { axis: 0, indices: Int32Array.of(0) }),
    node('lacks', 'unary', ['age'], { fn: 'is_nan' }),
    node('filled', 'select', ['lacks', constant([40]), 'age'], {}),
    node('income', 'gather', ['x'], { axis: 0, indices: Int32Array.of(1) }),
    node('finite', 'require_finite', ['income'], { nan: false }),
    node('scaled', 'affine', ['finite', constant([100]), constant([0])], {}),
    node('y', 'binary', ['filled', 'scaled'], { fn: 'add' }),
  ];
  const graph: Graph = {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [3], dtype: 'float64', categories: new Map([[2, []]]), missing: true }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes,
    featureNames: ['age', 'income', 'note'],
  };
  return modelFromGraph(graph);
}

describe('a record', () => {
  it.each<[string, RowRecord, number]>([
    ['has names that the model does not know', { id: 'a7', age: 1, income: 2, when: new Date(0) }, 201],
    ['lacks what the model fills in', { income: 2 }, 240],
    ['has null for it', { age: null, income: 2 }, 240],
    ['has NaN for it', { age: Number.NaN, income: 2 }, 240],
    ['lacks it and has another name', { edge: 1, income: 2 }, 240],
    ['has getters', { income: 2, get age() { return 1; } }, 201], // biome-ignore format: one line
    ['has no prototype', Object.assign(Object.create(null), { age: 1, income: 2 }), 201],
    ['has what is not enumerable', Object.defineProperties({}, { age: { value: 1 }, income: { value: 2 } }), 201],
  ])('that %s is taken', (_, record, expected) => {
    expect(filled().predict(record)).toBe(expected);
    expect(filled().predict([record, record])).toEqual(Float64Array.of(expected, expected));
  });

  it('may be of a class with getters, and of one that extends it', () => {
    class Person {
      #age = 1;
      income = 2;
      get age() {
        return this.#age;
      }
    }
    class Customer extends Person {}
    expect(filled().predict(new Person())).toBe(201);
    expect(filled().predict(new Customer())).toBe(201);
  });

  it.each<[string, unknown, string]>([
    ['lacks what nothing fills in', { age: 1 }, "record: lacks 'income'; expected 'income'"],
    ['has null for it', { age: 1, income: null }, 'income'],
    ['inherits it', Object.create({ age: 1, income: 2 }), "lacks 'income'"],
    ['has it in a Map', new Map([['income', 2]]), 'found a Map (Object.fromEntries(map) makes a record from a Map)'],
    ['has it in an array', { age: 1, income: [2] }, 'record.income: expected a number, found an array of 1'],
    ['has another case', { Age: 1, income: 2 }, "has 'Age', which is not a feature of the model; did you mean 'age'?"],
    [
      'has a space too many',
      { 'age ': 1, income: 2 },
      "has 'age ', which is not a feature of the model; did you mean 'age'?",
    ],
    [
      'has a letter too many',
      { agee: 1, income: 2 },
      "has 'agee', which is not a feature of the model; did you mean 'age'?",
    ],
    [
      'has a mark too many',
      { age_: 1, income: 2 },
      "has 'age_', which is not a feature of the model; did you mean 'age'?",
    ],
    ['misspells what nothing fills in', { incmoe: 2 }, "lacks 'income', and has 'incmoe'; did you mean 'income'?"],
    ['is of another table', { a: 1, b: 2 }, "lacks 'income'; expected 'income'"],
    ['is a promise', Promise.resolve({ income: 2 }), "lacks 'income'"],
    ['throws', { get income() { throw new RangeError('no'); } }, 'rows: reading the value failed: no'], // biome-ignore format: one line
  ])('that %s is refused', async (_, record, message) => {
    const error = await failureOf(() => filled().predict(record as RowRecord));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining(message)]);
  });

  it('of very many names that the model does not know is read, or refused', async () => {
    const others = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`a rather long name ${i}`, i]));
    expect(filled().predict({ ...others, income: 2 })).toBe(240);
    expect((await failureOf(() => filled().predict(others))).message).toContain("lacks 'income'");
  });

  it('with nothing of the model is refused though all may be missing', async () => {
    const nodes: Node[] = [
      node('lacks', 'unary', ['x'], { fn: 'is_nan' }),
      node('y', 'select', ['lacks', constant([7]), 'x'], {}),
    ];
    const model = modelFromGraph({
      format: 'test',
      precision: 'f64',
      inputs: [{ name: 'x', shape: [2], dtype: 'float64' }],
      outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
      nodes,
      featureNames: ['age', 'income'],
    });
    expect(model.predict({ age: 1 })).toEqual(Float64Array.of(1, 7));
    for (const record of [{}, new Date(), { id: 4 }]) {
      const error = await failureOf(() => model.predict(record));
      expect(error.message).toBe("record: has none of the model's features; expected 'age', 'income'");
    }
  });

  it.each<[string, RowRecord, string]>([
    ['columns', { age: { 0: 1, 1: 2 }, income: { 0: 1, 1: 2 } }, 'columns'],
    ['split', { columns: ['age', 'income'], index: [0], data: [[1, 2]] }, 'split'],
    ['table', { schema: { fields: [] }, data: [{ age: 1, income: 2 }] }, 'table'],
  ])('that is a table which pandas wrote by orient=%s is told apart', async (_, record, orientation) => {
    const error = await failureOf(() => filled().predict(record));
    expect(error.message).toBe(
      `record: looks like a table that pandas wrote by to_json(orient='${orientation}'); write it with orient='records'`,
    );
  });
});

describe('a record of a model without feature names', () => {
  const model = () => define({ inputs: [{ name: 'x', shape: 2 }], layers: [{ weight: [[1, 10]] }] });

  it('has the input by its name', () => {
    expect(model().predict({ x: [1, 2] })).toBe(21);
    expect(model().predict({ x: Float32Array.of(1, 2), id: 7 })).toBe(21);
    expect(model().predict([{ x: [1, 2] }])).toEqual(Float64Array.of(21));
  });

  it('may have the number alone where the input is one', () => {
    const line = define({ inputs: [{ name: 'x', shape: [1] }], layers: [{ weight: 3 }] });
    expect(line.predict({ x: 2 })).toBe(6);
    expect(line.predict({ x: [2] })).toBe(6);
  });

  it('has no array where the input is a number by itself', async () => {
    const line = define({ inputs: [{ name: 'x', shape: [] }], layers: [{ type: 'embedding', weight: [[5], [6]] }] });
    expect(line.predict({ x: 1 })).toBe(6);
    expect((await failureOf(() => line.predict({ x: [1] }))).message).toContain('record.x: expected a number');
  });
});

describe('probabilities of one record', () => {
  it('go by class, whatever a class is called', () => {
    const classes = ['__proto__', 'constructor', 7];
    const model = define({ inputs: [{ name: 'x', shape: 3 }], layers: [{ type: 'softmax' }], classes });
    const given = model.predictProba({ x: [0, 0, 0] });
    expect(Object.keys(given).sort()).toEqual(['7', '__proto__', 'constructor']);
    expect(Object.values(given)).toEqual([1, 1, 1].map((value) => expect.closeTo(value / 3)));
    expect(Object.keys(JSON.parse(JSON.stringify(given)))).toHaveLength(3);
  });

  it('go by position where the file knows no classes, and are two where it has one', () => {
    const softmax = define({ inputs: [{ name: 'x', shape: 2 }], layers: [{ type: 'softmax' }] });
    expect(softmax.predictProba({ x: [0, 0] })).toEqual({ 0: 0.5, 1: 0.5 });
    const sigmoid = define({ inputs: [{ name: 'x', shape: 1 }], layers: [{ weight: 1, activation: 'sigmoid' }] });
    expect(sigmoid.predictProba({ x: 0 })).toEqual({ 0: 0.5, 1: 0.5 });
  });

  it('are refused where two classes have one name', async () => {
    const model = define({ inputs: [{ name: 'x', shape: 2 }], layers: [{ type: 'softmax' }], classes: [1, '1'] });
    const error = await failureOf(() => model.predictProba({ x: [0, 0] }));
    expect([error.code, error.message]).toEqual([
      'NOT_A_CLASSIFIER',
      expect.stringContaining("two classes are named '1'"),
    ]);
  });
});

describe('a number that a function of the model makes infinite or NaN', () => {
  const graph = (fn: 'log1p' | 'sqrt'): Graph => ({
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [2], dtype: 'float64' }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes: [node('curve', 'unary', ['x'], { fn }), node('y', 'require_finite', ['curve'], { nan: false })],
    featureNames: ['age', 'fare'],
  });

  it.each<[string, 'log1p' | 'sqrt', number, string]>([
    ['NaN', 'log1p', -2, "holds -2, and the model's log1p of it is NaN"],
    ['an infinity', 'log1p', -1, "holds -1, and the model's log1p of it is -Infinity"],
    ['another function', 'sqrt', -4, "holds -4, and the model's sqrt of it is NaN"],
  ])('is named with that function: %s', async (_, fn, fare, message) => {
    const error = await failureOf(() => modelFromGraph(graph(fn)).predict({ age: 1, fare }));
    expect(error.message).toBe(`record.fare: ${message}; the model does not accept this value`);
  });

  it('is what it holds where the row does not hold a finite one', async () => {
    const error = await failureOf(() =>
      modelFromGraph(graph('log1p')).predict({ age: 1, fare: Number.POSITIVE_INFINITY }),
    );
    expect(error.message).toContain('holds Infinity; the model only takes finite numbers');
  });
});
