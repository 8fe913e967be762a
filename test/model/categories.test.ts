import { describe, expect, it } from 'vitest';
import type { Graph, GraphInput, Node } from '../../lib/graph/graph.ts';
import { modelFromGraph } from '../../lib/load.ts';
import type { Model, Rows } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { constant, node } from '../graph/graphs.ts';

/** [city, age, note] → [a number for the city, the age]. Nothing looks at the note. */
function people(options: Pick<GraphInput, 'missing'> = {}): Model {
  const cities = constant([10, 20, 30], [3, 1]);
  const nodes: Node[] = [
    node('city', 'gather', ['x'], { axis: 0, indices: Int32Array.of(0) }),
    node('age', 'gather', ['x'], { axis: 0, indices: Int32Array.of(1) }),
    node('number', 'embedding', ['city', cities], { wrap: false }),
    node('flat', 'reshape', ['number'], { shape: [1] }),
    node('y', 'concat', ['flat', 'age'], { axis: 0 }),
  ];
  const words = new Map([
    [0, ['nice', 'paris', 'lille']],
    [2, []],
  ]);
  const graph: Graph = {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [3], dtype: 'float64', categories: words, ...options }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes,
    featureNames: ['city', 'age', 'note'],
  };
  return modelFromGraph(graph);
}

describe('words', () => {
  it('are among what the model says of its inputs, with what may be missing, as plain data', () => {
    const [info] = people({ missing: true }).inputs;
    expect(info.categories).toEqual({ 0: ['nice', 'paris', 'lille'] });
    // The city is looked up, and nothing looks at the note.
    expect(info.missing).toEqual([1, 2]);
    expect(info.unused).toEqual([2]);
    expect(JSON.parse(JSON.stringify(info))).toEqual(info);
    expect(structuredClone(info)).toEqual(info);
    expect(people({ missing: true }).summary()).toContain('input float64, words in 1, may be missing');
  });

  it('do not change with what others do to them', () => {
    const model = people();
    const categories = model.inputs[0].categories as unknown as Record<number, string[]>;
    expect(() => categories[0].pop()).toThrow(TypeError);
    expect(() => Object.assign(categories, { 0: [] })).toThrow(TypeError);
    expect(model.predict([['paris', 40, 'x']])).toEqual(Float64Array.of(20, 40));
  });

  it('go by their indices in arrays for run', () => {
    expect(people().run(Float64Array.of(1, 40, 0))).toEqual(Float64Array.of(20, 40));
  });

  it.each<[string, Rows]>([
    ['records', [{ city: 'paris', age: 40, note: 'x' }]],
    ['records in another order', [{ note: null, age: 40, city: 'paris' }]],
    ['records without what nothing looks at', [{ age: 40, city: 'paris' }]],
    ['arrays', [['paris', 40, 'x']]],
    ['arrays of their indices', Float64Array.of(1, 40, 0)],
  ])('go as they are in %s', (_, rows) => {
    expect(people().predict(rows)).toEqual(Float64Array.of(20, 40));
  });

  it('may stand beside truths, which are 1 and 0', () => {
    expect(people().predict([['nice', true, 0]])).toEqual(Float64Array.of(10, 1));
    expect(people().predict([['nice', false, 0]])).toEqual(Float64Array.of(10, 0));
  });

  it('are refused by feature where the model does not know them', async () => {
    const rows = [
      { city: 'nice', age: 1 },
      { city: 'Nice', age: 2 },
    ];
    const error = await failureOf(() => people().predict(rows));
    expect(error.code).toBe('ID');
    expect(error.message).toBe(
      "rows[1].city: holds 'Nice', which is not one of the words 'nice', 'paris', 'lille', that the model knows",
    );
    const direct = await failureOf(() => people().run(Float64Array.of(-1, 2, 0)));
    expect(direct.message).toContain("input 'x': row 0 holds -1 in 'city', which is not one of the words 'nice'");
  });

  it.each<[string, unknown, string]>([
    [
      'a number stands for a word',
      { city: 1, age: 2 },
      "rows[0].city: expected a string such as 'nice', found the number 1",
    ],
    ['a word stands for a number', { city: 'nice', age: '2' }, "rows[0].age: expected a number, found the string '2'"],
    ['a date stands for a number', { city: 'nice', age: new Date(0) }, 'rows[0].age: expected a number, found a Date'],
    ['a word is missing', { city: null, age: 2 }, "rows[0].city: expected a string such as 'nice', found null"],
    ['a number is missing', { city: 'nice', age: undefined }, 'rows[0].age: expected a number, found nothing'],
    ['a feature is left out', { city: 'nice', note: 1 }, "rows[0]: lacks 'age'; expected 'city', 'age'"],
    [
      'an array stands for a word',
      { city: ['nice'], age: 2 },
      "rows[0].city: expected a string such as 'nice', found an array of 1; a record has one value for each feature; pass several rows as an array of records",
    ],
  ])('and numbers are refused where %s', async (_, record, message) => {
    const error = await failureOf(() => people().predict([record] as Rows));
    expect([error.code, error.message]).toEqual(['INPUT', message]);
  });
});

describe('what is missing', () => {
  it.each([null, undefined, Number.NaN])('may be %s', (nothing) => {
    const model = people({ missing: true });
    expect(model.predict([{ city: 'nice', age: nothing, note: 1 }])).toEqual(Float64Array.of(10, Number.NaN));
  });

  it('reaches the model as NaN where it is a word', async () => {
    const error = await failureOf(() =>
      people({ missing: true }).predict([
        ['nice', 1, 1],
        [null, 1, 1],
      ]),
    );
    expect(error.message).toContain("rows[1][0]: holds null in 'city', which is not one of the words");
  });
});

describe("Python's None", () => {
  /** [a word or None, a number or None]; what is written for them. With `missing`, −5 for NaN. */
  const told = (missing?: boolean, none = Number.NaN) =>
    modelFromGraph({
      format: 'test',
      precision: 'f64',
      inputs: [
        {
          name: 'x',
          shape: [2],
          dtype: 'float64',
          categories: new Map([[0, ['gold', null]]]),
          nones: new Map([[1, none]]),
          ...(missing && { missing }),
        },
      ],
      outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
      nodes: [
        node('nan', 'unary', ['x'], { fn: 'is_nan' }),
        missing
          ? node('y', 'select', ['nan', constant([-5]), 'x'], {})
          : node('y', 'affine', ['x', constant([1]), constant([0])], {}),
      ],
    });

  it.each<[string, boolean, unknown, number]>([
    ['null is None', false, null, 1],
    ['undefined is None where the model knows nothing else that is missing', false, undefined, 1],
    ['NaN is NaN', false, Number.NaN, Number.NaN],
    ['null is None beside NaN', true, null, 1],
    ['undefined is NaN where the model knows both', true, undefined, -5],
    ['NaN is NaN beside None', true, Number.NaN, -5],
    ['a word is a word', true, 'gold', 0],
  ])('has an index among words: %s', (_, missing, cell, expected) => {
    expect(told(missing).predict([[cell, 7]] as Rows)).toEqual(Float64Array.of(expected, 7));
  });

  it('is NaN among numbers, where NaN itself is refused', async () => {
    for (const cell of [null, undefined]) {
      expect(told().predict([['gold', cell]] as Rows)).toEqual(Float64Array.of(0, Number.NaN));
    }
    for (const missing of [false, true]) {
      const error = await failureOf(() => told(missing).predict([['gold', Number.NaN]]));
      const message = 'rows[0][1]: holds NaN, but the model only accepts numbers and None; pass null for None';
      expect([error.code, error.message]).toEqual(['INPUT', message]);
    }
  });
});

describe("Python's None among numbers, beside NaN", () => {
  it('is a number of its own, which no other cell may be', async () => {
    const model = modelFromGraph({
      format: 'test',
      precision: 'f64',
      inputs: [{ name: 'x', shape: [1], dtype: 'float64', nones: new Map([[0, -9]]), missing: true }],
      outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
      nodes: [node('nan', 'unary', ['x'], { fn: 'is_nan' }), node('y', 'select', ['nan', constant([-5]), 'x'], {})],
    });
    const rows = [[null], [undefined], [Number.NaN], [3], [true]] as Rows;
    expect(model.predict(rows)).toEqual(Float64Array.of(-9, -5, -5, 3, 1));
    const error = await failureOf(() => model.predict([[-9]]));
    expect(error.message).toBe('rows[0][0]: holds -9, but the model only accepts numbers and None; pass null for None');
  });
});

describe('records of a model with several inputs', () => {
  const towers = (featureNames?: readonly string[]) =>
    modelFromGraph({
      format: 'test',
      precision: 'f64',
      inputs: [
        { name: 'city', shape: [1], dtype: 'string', categories: new Map([[0, ['nice', 'paris']]]) },
        { name: 'grid', shape: [2], dtype: 'float32' },
      ],
      outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
      nodes: [node('y', 'concat', ['city', 'grid'], { axis: 0 })],
      featureNames,
    });

  it('name the inputs', () => {
    const rows = [
      { city: 'paris', grid: [2, 3] },
      { grid: Float32Array.of(4, 5), city: ['nice'] },
    ];
    expect(towers().predict(rows)).toEqual(Float64Array.of(1, 2, 3, 0, 4, 5));
  });

  it('name the features where these have names', () => {
    expect(towers(['c', 'a', 'b']).predict([{ b: 3, a: 2, c: 'paris' }])).toEqual(Float64Array.of(1, 2, 3));
  });

  it.each<[string, unknown, string]>([
    ['an input is missing', [{ city: 'nice' }], "rows[0]: lacks 'grid'; expected 'city', 'grid'"],
    [
      'a number stands for an array',
      [{ city: 'nice', grid: 1 }],
      'rows[0].grid: expected an array of 2, found the number 1',
    ],
    [
      'an array is too long',
      [{ city: 'nice', grid: [1, 2, 3] }],
      'rows[0].grid: expected an array of 2, found one of 3',
    ],
    ['they are arrays', [[1, 2, 3]], "rows[0]: expected a record of 'city', 'grid', found an array of 3"],
    ['they are flat', Float64Array.of(1, 2, 3), "rows: expected a record of 'city', 'grid', found a Float64Array of 3"],
  ])('are refused where %s', async (_, rows, message) => {
    const error = await failureOf(() => towers().predict(rows as Rows));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining(message)]);
  });
});

describe('an element of which it only counts whether it is missing', () => {
  const graph: Graph = {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [2], dtype: 'float64', missing: true, present: new Set([0]) }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes: [node('y', 'unary', ['x'], { fn: 'is_nan' })],
    featureNames: ['city', 'age'],
  };

  it('may be a number or a string', () => {
    using model = modelFromGraph(graph);
    const rows = [
      ['nice', 1],
      [7, null],
      ['', 2],
      [true, 3],
      [null, 4],
      [undefined, Number.NaN],
    ];
    expect(model.predict(rows as Rows)).toEqual(Float64Array.of(0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1));
    expect(model.predict([{ age: 3 }, { city: 'x', age: null }])).toEqual(Float64Array.of(1, 0, 0, 1));
  });

  it('is refused as anything else, and the others as strings', async () => {
    using model = modelFromGraph(graph);
    const error = await failureOf(() => model.predict([[{}, 1]] as unknown as Rows));
    expect(error.message).toContain('rows[0][0]: expected a number or a string, found an object');
    expect((await failureOf(() => model.predict([['x', 'y']]))).message).toContain(
      'rows[0][1]: expected a number, found',
    );
  });

  it('is described, as plain data and in the schema', () => {
    using model = modelFromGraph(graph);
    expect(model.inputs[0].present).toEqual([0]);
    const { properties } = model.schema() as { readonly properties: Record<string, unknown> };
    expect(properties.city).toEqual({ description: 'it only counts whether it is missing' });
    expect(properties.age).toMatchObject({ type: ['number', 'null'] });
  });

  it('is within the row', async () => {
    const inputs = [{ ...graph.inputs[0], present: new Set([2]) }];
    const error = await failureOf(() => modelFromGraph({ ...graph, inputs }));
    expect(error.message).toContain('element 2 of a row of 2');
  });
});
