import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../lib/graph/graph.ts';
import { define, load, modelFromGraph } from '../../lib/load.ts';
import type { RecordSchema } from '../../lib/schema.ts';
import { constant, node } from '../graph/graphs.ts';
import { lookup, towers } from './models.ts';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

describe('the schema of a wide row', () => {
  const wide = (words?: ReadonlyMap<number, readonly string[]>): Graph => ({
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [words?.size ?? 2 ** 22], dtype: 'float64', categories: words }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes: [node('y', 'unary', ['x'], { fn: 'exp' })],
  });

  it('says of all elements once what they are', () => {
    const model = modelFromGraph(wide());
    const before = process.memoryUsage().rss;
    expect(model.schema()).toEqual({
      $schema: DIALECT,
      type: 'array',
      items: { type: 'number' },
      minItems: 2 ** 22,
      maxItems: 2 ** 22,
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
    model.dispose();
  });

  it('does not ask for each of 200,000 strings', () => {
    const list = ['a', 'b'];
    const model = modelFromGraph(wide(new Map(Array.from({ length: 200_000 }, (_, at) => [at, list]))));
    expect(model.schema()).toMatchObject({ type: 'array', maxItems: 200_000 });
    model.dispose();
  });
});

/** A record of everything: see the expectation. */
function everything(): Graph {
  const at = (name: string, position: number) =>
    node(name, 'gather', ['x'], { axis: 0, indices: Int32Array.of(position) });
  const nodes: Node[] = [
    at('city', 0),
    node('own', 'embedding', ['city', constant([10, 20], [2, 1])], { wrap: false }),
    node('flat', 'reshape', ['own'], { shape: [1] }),
    at('colour', 1),
    node('hot', 'one_hot', ['colour'], { depth: 2, on: 1, off: 0, axis: 1, wrap: false }),
    node('row', 'reshape', ['hot'], { shape: [2] }),
    at('age', 2),
    node('lacks', 'unary', ['age'], { fn: 'is_nan' }),
    node('filled', 'select', ['lacks', constant([41]), 'age'], {}),
    at('income', 3),
    node('finite', 'require_finite', ['income'], { nan: false }),
    at('shop', 5),
    node('where', 'embedding', ['shop', constant([1, 2, 3], [3, 1])], { wrap: false }),
    node('place', 'reshape', ['where'], { shape: [1] }),
    node('y', 'concat', ['flat', 'row', 'filled', 'finite', 'place'], { axis: 0 }),
  ];
  const words = new Map<number, readonly string[]>([
    [0, ['nice', 'paris']],
    [1, ['red', 'blue']],
    [4, []],
  ]);
  return {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [6], dtype: 'float64', categories: words, missing: true }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
    nodes,
    featureNames: ['city', 'colour', 'age', 'income', 'note', 'shop'],
  };
}

describe('the schema of a record', () => {
  it('has types, categories, what may be missing and what then stands for it, ids, and what is required', () => {
    const model = modelFromGraph(everything());
    expect(model.schema()).toEqual({
      $schema: DIALECT,
      type: 'object',
      properties: {
        city: { type: 'string', enum: ['nice', 'paris'] },
        colour: { type: 'string', examples: ['red', 'blue'], description: expect.stringContaining('unknown') },
        age: { type: ['number', 'null'], default: 41 },
        income: { type: 'number' },
        note: { description: 'not used by the model' },
        shop: { type: 'integer', minimum: 0, maximum: 2 },
      },
      required: ['city', 'colour', 'income', 'shop'],
      additionalProperties: true,
    });
    expect(model.inputs[0].missing).toEqual([2, 4]);
  });

  it.each([
    [false, false],
    [true, false],
    [true, true],
  ])(
    'has the strings that each column knows where they share a list, others refused: %s, each with a copy: %s',
    (strict, apart) => {
      const list = ['nice', 'red', 'paris', 'blue'];
      // A word's own number in the table of each column, −1 where it is none of its words.
      const known = [
        [0, -1, 1, -1],
        [-1, 0, -1, 1],
      ];
      const columns = known.flatMap((numbers, at): Node[] => {
        const places = constant(
          numbers.map((number) => number + 1),
          [1, 4],
        );
        const rows = strict ? [10, 20] : [0, 10, 20];
        return [
          node(`hot${at}`, 'one_hot', [`c${at}`], { depth: 4, on: 1, off: 0, axis: 0, wrap: false }),
          node(`place${at}`, 'dense', [`hot${at}`, places, constant([strict ? -1 : 0], [1])], { layout: 'out-in' }),
          node(`found${at}`, 'embedding', [`place${at}`, constant(rows, [rows.length, 1])], { wrap: false }),
          node(`y${at}`, 'reshape', [`found${at}`], { shape: [1] }),
        ];
      });
      const model = modelFromGraph({
        format: 'test',
        precision: 'f64',
        inputs: ['c0', 'c1'].map((name) => ({
          name,
          shape: [],
          dtype: 'string',
          categories: new Map([[0, apart ? [...list] : list]]),
        })),
        outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
        nodes: [...columns, node('y', 'concat', ['y0', 'y1'], { axis: 0 })],
      });
      const { properties } = model.schema() as RecordSchema;
      const key = strict ? 'enum' : 'examples';
      expect(properties.c0[key]).toEqual(['nice', 'paris']);
      expect(properties.c1[key]).toEqual(['red', 'blue']);
      expect(model.predict({ c0: 'paris', c1: 'red' })).toEqual(Float64Array.of(20, 10));
    },
  );

  it('has a column called __proto__ like any other', () => {
    const model = define({ layers: [{ weight: [[1, -1]] }], featureNames: ['__proto__', 'b'] });
    const { properties } = JSON.parse(JSON.stringify(model.schema())) as RecordSchema;
    expect(Object.keys(properties)).toEqual(['__proto__', 'b']);
  });

  it('has the inputs where there are several', () => {
    expect(towers().schema()).toMatchObject({
      properties: {
        user: { type: 'integer', minimum: 0, maximum: 2 },
        grid: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 },
      },
      required: ['user', 'grid'],
    });
  });

  it('is of an array where the model knows no names', () => {
    expect(define({ inputs: [{ name: 'x', shape: 3 }], layers: [{ type: 'softmax' }] }).schema()).toEqual({
      $schema: DIALECT,
      type: 'array',
      items: { type: 'number' },
      minItems: 3,
      maxItems: 3,
    });
    expect(lookup().schema()).toMatchObject({ type: 'array', items: { type: 'integer', minimum: 0, maximum: 3 } });
  });

  it('has what the imputers of a pipeline fill in', async () => {
    using model = await load(new URL('../fixtures/sklearn-steps/table.1.6.joblib', import.meta.url));
    const { properties, required } = model.schema() as RecordSchema;
    expect(required).toEqual([]);
    for (const [name, schema] of Object.entries(properties)) {
      if (schema.description === 'not used by the model') continue;
      expect(schema.type, name).toContain('null');
    }
    expect(Object.values(properties).some((schema) => typeof schema.default === 'number')).toBe(true);
    // What the schema says is what predict does.
    const defaults = Object.fromEntries(
      Object.entries(properties).flatMap(([name, schema]) =>
        schema.default === undefined ? [] : [[name, schema.default]],
      ),
    );
    const [name] = Object.keys(defaults);
    const others = Object.fromEntries(Object.entries(defaults).filter(([other]) => other !== name));
    expect(model.predict(others)).toEqual(model.predict(defaults));
  });
});
