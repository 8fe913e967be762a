/** Plain objects with the usual values are read in a quicker way than others; what is read must not depend on it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Graph, GraphInput } from '../../lib/graph/graph.ts';
import { define, modelFromGraph } from '../../lib/load.ts';
import type { RowRecord } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { Random } from '../random-graph.ts';

const NAMES = ['number', 'maybe', 'word', 'ignored', 'none', 'present'];

/** The row itself, of every kind of element. */
function echo(): ReturnType<typeof modelFromGraph> {
  const input: GraphInput = {
    ...{ name: 'x', shape: [6], dtype: 'float64', missing: true },
    categories: new Map([
      [2, ['red', null, 'green']],
      [3, []],
    ]),
    nones: new Map([[4, -7]]),
    present: new Set([5]),
  };
  const graph: Graph = {
    ...{ format: 'test', precision: 'f64', nodes: [], featureNames: NAMES },
    ...{ inputs: [input], outputs: [{ name: 'y', value: 'x', dtype: 'float64' }] },
  };
  return modelFromGraph(graph);
}

const VALUES = [0, -0, 1.5, -7, Number.NaN, 'red', 'green', 'blue', '', true, false, null, undefined, [1], {}, 1n];

/** A record that is read with care, since its class could have getters. */
class Careful {
  constructor(values: object) {
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(values));
  }
}

async function outcome(act: () => unknown): Promise<unknown> {
  try {
    return act();
  } catch {
    return (await failureOf(act)).message;
  }
}

describe('a plain record', () => {
  afterEach(() => {
    delete (Object.prototype as Record<string, unknown>).number;
  });

  it('is read as one of a class', async () => {
    const random = new Random(7);
    const model = echo();
    const met = new Set<string>();
    for (let trial = 0; trial < 3000; trial++) {
      const record: Record<string, unknown> = {};
      for (const name of NAMES) {
        const at = random.below(VALUES.length + 1);
        // Mostly what is taken, so that most records get to their last field.
        const usual = name === 'word' ? 'green' : 2;
        if (random.unit() < 0.6) record[name] = usual;
        else if (at < VALUES.length) record[name] = VALUES[at];
      }
      const plain = await outcome(() => model.predict(record));
      expect(plain, JSON.stringify(Object.entries(record).map(([k, v]) => [k, String(v)]))).toEqual(
        await outcome(() => model.predict(new Careful(record) as RowRecord)),
      );
      met.add(typeof plain);
    }
    expect([...met].sort()).toEqual(['object', 'string']);
  });

  it('does not take what all objects inherit', async () => {
    const line = define({ featureNames: ['number'], layers: [{ weight: 3, bias: 0 }] });
    expect(line.predict({ number: 2 })).toBe(6);
    (Object.prototype as Record<string, unknown>).number = 5;
    expect(line.predict({ number: 2 })).toBe(6);
    expect((await failureOf(() => line.predict({}))).message).toContain("lacks 'number'");
  });

  it('gives each of several features of one name its value', () => {
    const line = define({ featureNames: ['a', 'b', 'a'], layers: [{ weight: [[1, 10, 100]], bias: [0] }] });
    expect(line.predict({ a: 2, b: 3 })).toBe(232);
    expect(line.predict(new Careful({ a: 2, b: 3 }) as RowRecord)).toBe(232);
  });

  it('may have features that are called as what all objects have', async () => {
    const line = define({ featureNames: ['__proto__', 'toString'], layers: [{ weight: [[1, 10]], bias: [0] }] });
    expect(line.predict(JSON.parse('{ "__proto__": 2, "toString": 3 }'))).toBe(32);
    expect((await failureOf(() => line.predict({}))).message).toContain('lacks');
  });
});

describe('the answer about one record', () => {
  const wide = define({ featureNames: ['a', 'b'], layers: [{ weight: [[1, 0], [0, 1]], bias: [0, 0] }] }); // biome-ignore format: one line

  it('is not written over by the next', () => {
    const first = wide.predict({ a: 1, b: 2 });
    const second = wide.predict({ a: 3, b: 4 });
    expect([first, second]).toEqual([Float64Array.of(1, 2), Float64Array.of(3, 4)]);
  });

  it('is right where a getter of the record asks the model too', () => {
    const asked: unknown[] = [];
    const record = {
      a: 1,
      get b() {
        asked.push(wide.predict({ a: 8, b: 9 }));
        return 2;
      },
    };
    expect(wide.predict(record)).toEqual(Float64Array.of(1, 2));
    expect(asked[0]).toEqual(Float64Array.of(8, 9));
  });

  it('comes also after one that was refused', async () => {
    const classifier = define({
      ...{ featureNames: ['a', 'b'], layers: [{ weight: [[1, 1]], bias: [0], activation: 'sigmoid' }] },
      classes: ['no', 'yes'],
    });
    expect((await failureOf(() => classifier.predict({ a: 1 }))).message).toContain("lacks 'b'");
    expect(classifier.predict({ a: 1, b: 1 })).toBe('yes');
    expect(classifier.predictProba({ a: 0, b: 0 })).toEqual({ no: 0.5, yes: 0.5 });
    classifier.dispose();
    expect((await failureOf(() => classifier.predict({ a: 1, b: 1 }))).code).toBe('DISPOSED');
  });
});
