import { describe, expect, it } from 'vitest';
import type { Graph } from '../../lib/graph/graph.ts';
import { spreadOf, type WordSpread } from '../../lib/graph/word-hash.ts';
import { modelFromGraph } from '../../lib/load.ts';
import { node } from '../graph/graphs.ts';

const WAYS: readonly WordSpread[] = [
  { count: 5, stride: 1 },
  { count: 9, stride: 5, key: ['133', '137'] },
];

/** What each word is written as. */
function written(list: readonly string[], spread?: readonly WordSpread[]): Graph {
  return {
    format: 'test',
    precision: 'f32',
    inputs: [{ name: 'x', shape: [1], dtype: 'string', categories: new Map([[0, list]]), ...(spread && { spread }) }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float32' }],
    nodes: [node('y', 'unary', ['x'], { fn: 'neg' })],
  };
}

describe('words that are put into places by their hash', () => {
  const words = ['b', 'zz', '', 'größe', 'b'];

  it('are written as −1 less their places, and those that are known as their index', () => {
    const model = modelFromGraph(written(['a', 'b'], WAYS));
    const places = words.map((word) => (word === 'b' ? -1 : 1 + spreadOf(word, WAYS)));
    expect(Array.from(model.predict(words.map((x) => ({ x }))) as Float32Array)).toEqual(places);
    expect(model.inputs[0]).toMatchObject({ categories: { 0: ['a', 'b'] }, spread: WAYS });
    model.dispose();
  });

  it('need no words that are known, and are needed themselves', () => {
    const model = modelFromGraph(written([], WAYS));
    expect(model.predict({ x: 'zz' })).toBe(1 + spreadOf('zz', WAYS));
    expect(() => model.predict({})).toThrow(expect.objectContaining({ code: 'INPUT' }));
    expect(() => model.predict({ x: 3 })).toThrow('expected a string, found the number 3');
    expect(model.inputs[0]).not.toHaveProperty('unused');
    expect(model.schema()).toMatchObject({ items: { type: 'string' } });
    model.dispose();
  });

  it('have so many places that float32 holds them', () => {
    const graph = (count: number) => written(['a'], [...WAYS, { count, stride: 45 }]);
    modelFromGraph(graph(372_827)).dispose();
    expect(() => modelFromGraph(graph(372_828))).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    expect(() => modelFromGraph(graph(0))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});
