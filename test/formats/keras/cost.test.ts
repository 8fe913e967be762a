/** What reading a description of Keras may cost: in proportion to its text, whatever it says. */
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../lib/formats/keras/config.ts';
import { buildNetwork } from '../../../lib/formats/keras/network.ts';
import { readTopology } from '../../../lib/formats/keras/topology.ts';
import type { WeightStore } from '../../../lib/formats/keras/weights.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import type { Graph } from '../../../lib/graph/graph.ts';

const LIMIT = expect.objectContaining({ code: 'LIMIT' });
const NO_WEIGHTS: WeightStore = { find: () => [] };

function read(text: string): Graph {
  const budget = new Budget();
  budget.opened(text.length);
  const model = readTopology(parseJson(text, 'model', budget), 'model', { version: 2, budget });
  return buildNetwork(model, { format: 'keras', version: 2, weights: NO_WEIGHTS, budget, fold: undefined });
}

function input(name: string, shape: readonly (number | null)[] = [null, 4], dtype = 'float32') {
  return { class_name: 'InputLayer', name, config: { name, batch_input_shape: shape, dtype }, inbound_nodes: [] };
}

function layer(className: string, name: string, from: string | undefined, config: object = {}, kwargs: object = {}) {
  const calls = from === undefined ? [] : [[[from, 0, 0, kwargs]]];
  return {
    class_name: className,
    name,
    config: { name, trainable: true, dtype: 'float32', ...config },
    inbound_nodes: calls,
  };
}

function functional(name: string, layers: readonly object[], from: string, to: readonly unknown[]) {
  return { class_name: 'Functional', config: { name, layers, input_layers: [[from, 0, 0]], output_layers: [to] } };
}

function sequential(...layers: readonly object[]) {
  return { class_name: 'Sequential', config: { name: 'm', layers } };
}

/** A model that calls another twice, which calls another twice, and so on. */
function doubled(levels: number, innermost: readonly object[], result: string) {
  let model: object = functional('m0', [input('i0'), ...innermost], 'i0', [result, 0, 0]);
  for (let level = 1; level <= levels; level++) {
    const calls = [[[`i${level}`, 0, 0, {}]], [['s', 1, 0, {}]]];
    const layers = [input(`i${level}`), { ...model, name: 's', inbound_nodes: calls }];
    model = functional(`m${level}`, layers, `i${level}`, ['s', 2, 0]);
  }
  return JSON.stringify(model);
}

function lookup(words: readonly string[], mode = 'int', shape: readonly (number | null)[] = [null, 1]) {
  const config = { vocabulary: words, num_oov_indices: 1, output_mode: mode, mask_token: null, oov_token: '[UNK]' };
  return JSON.stringify(sequential(input('x', shape, 'string'), layer('StringLookup', 'l', undefined, config)));
}

describe('models in models', () => {
  it('that call one another twice are refused, whether or not they compute something', () => {
    expect(() => read(doubled(40, [layer('ReLU', 'r', 'i0')], 'r'))).toThrow(LIMIT);
    expect(() => read(doubled(40, [layer('Dropout', 'r', 'i0', { rate: 0.5 })], 'r'))).toThrow(LIMIT);
    expect(() => read(doubled(40, [], 'i0'))).toThrow(LIMIT);
  });

  it('and a few levels of them are read', () => {
    expect(read(doubled(8, [layer('ReLU', 'r', 'i0')], 'r')).nodes).toHaveLength(2 ** 8);
  });

  it('do not repeat long names for each layer', () => {
    const inner = [
      input('i'),
      ...Array.from({ length: 500 }, (_, k) => layer('ReLU', `r${k}`, k === 0 ? 'i' : `r${k - 1}`)),
    ];
    const name = 'n'.repeat(500_000);
    const model = { ...functional('inner', inner, 'i', ['r499', 0, 0]), name, inbound_nodes: [[['x', 0, 0, {}]]] };
    expect(() => read(JSON.stringify(functional('m', [input('x'), model], 'x', [name, 0, 0])))).toThrow(LIMIT);
  });
});

describe('a description', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

  it('with arguments that are nested deep is refused', () => {
    const layers = [input('x'), layer('Dropout', 'd', 'x', { rate: 0.5 }, { q: 'HERE' })];
    const text = JSON.stringify(functional('m', layers, 'x', ['d', 0, 0]));
    expect(() => read(text.replace('"HERE"', nested(100_000)))).toThrow(LIMIT);
    expect(read(text).outputs).toHaveLength(1);
  });

  it('with activations in activations is refused', () => {
    const open = '{"class_name":"Activation","config":{"name":"a","trainable":true,"dtype":"float32","activation":';
    const text = JSON.stringify(sequential(input('x'), layer('Activation', 'a', undefined, { activation: 'HERE' })));
    const deep = `${open.repeat(20_000)}"relu"${'}}'.repeat(20_000)}`;
    expect(() => read(text.replace('"HERE"', deep))).toThrow(LIMIT);
  });

  it.each([
    ['objects', '{},'],
    ['lists', '[],'],
  ])('of millions of empty %s is refused', (_, item) => {
    expect(() => read(`{"q":[${item.repeat(1_500_000)}1]}`)).toThrow(LIMIT);
  });

  it('has numbers as Python writes them, and strings that only look like them', () => {
    const text = '{"a":[NaN,-Infinity,Infinity],"b":"NaN \\"Infinity","c":1}';
    expect(parseJson(text, 'model', new Budget())).toEqual({
      a: [Number.NaN, -Infinity, Infinity],
      b: 'NaN "Infinity',
      c: 1,
    });
  });

  it('with a long string beside a NaN is read, and one without an end is refused, in a moment', () => {
    const budget = new Budget();
    expect(parseJson(`{"a":NaN,"b":"${'ab'.repeat(5_000_000)}"}`, 'model', budget)).toHaveProperty('a', Number.NaN);
    const text = `{"a":NaN,"b":"${'\\"'.repeat(500_000)}`;
    expect(() => parseJson(text, 'model', budget)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});

describe('vocabularies', () => {
  const words = Array.from({ length: 1_000_000 }, (_, i) => `w${i}`);

  it.each([
    ['int', 1_000_000],
    ['multi_hot', 200_000],
  ])('of a million words are read: %s', (mode, count) => {
    const graph = read(lookup(words.slice(0, count), mode, [null, 2]));
    expect(graph.inputs[0].categories?.get(0)).toHaveLength(count);
  });

  it('are not there for each of millions of elements', () => {
    expect(() => read(lookup(['a'], 'int', [null, 16_000_000]))).toThrow(LIMIT);
  });
});

it('outputs of one name have numbers, however many they are', () => {
  const model = functional('m', [input('x'), layer('ReLU', 'r', 'x')], 'x', ['r', 0, 0]);
  model.config.output_layers = Array.from({ length: 20_000 }, () => ['r', 0, 0]);
  const { outputs } = read(JSON.stringify(model));
  expect(outputs[19_999].name).toBe('r_19999');
});
