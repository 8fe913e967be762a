/** What the stages make of a graph stays in proportion to it: shared parameters stay shared, and what is repeated is counted. */
import { describe, expect, it } from 'vitest';
import { Budget } from '../../lib/graph/budget.ts';
import type { Graph, Node, Tensor } from '../../lib/graph/graph.ts';
import { lower } from '../../lib/graph/lower.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { stackArchitecture } from '../../lib/graph/stack/stack.ts';
import { modelFromGraph } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';
import { checkedOf, constant, graphOf, node } from './graphs.ts';

const filled = (shape: readonly number[], value: number): Tensor => ({
  shape,
  data: new Float32Array(shape.reduce((count, size) => count * size, 1)).fill(value),
});
const scaled = (output: string, x: string, scale: Tensor) => node(output, 'affine', [x, scale, constant([-0])], {});
const dense = (output: string, x: string, weight: Tensor, ...bias: readonly Tensor[]) =>
  node(output, 'dense', [x, weight, ...bias], { layout: 'in-out' });
const weightsOf = (nodes: readonly Node[]) =>
  new Set(nodes.flatMap(({ op, inputs }) => (op === 'dense' ? [(inputs[1] as Tensor).data] : [])));

/** Layers one after another. */
function chain(count: number, layer: (i: number, x: string) => readonly Node[]): Node[] {
  const nodes: Node[] = [];
  for (let i = 0; i < count; i++) nodes.push(...layer(i, nodes.at(-1)?.output ?? 'x'));
  return nodes;
}

describe('weights', () => {
  it('that many layers share are not multiplied by what would fold into each', async () => {
    const weight = filled([256, 256], 0.5);
    const scale = filled([256], 1.5);
    const nodes = chain(200, (i, x) => [
      dense(`d${i}`, x, weight),
      scaled(`s${i}`, `d${i}`, scale),
      node(`t${i}`, 'unary', [`s${i}`], { fn: 'tanh' }),
    ]);
    const budget = new Budget();
    const graph = simplify(checkedOf({ x: [256] }, nodes), { precision: 'f32', budget });
    expect(weightsOf(graph.nodes).size).toBeLessThan(40);
    expect(budget.left).toBeGreaterThan(2 ** 24 - 1);
    expect(lower(graph, 'f32', budget).plan.parameters.length).toBeLessThan(100);
  });

  it('of one layer take up what folds into them without another copy', async () => {
    const weight = filled([512, 512], 0.5);
    const nodes = [scaled('a', 'x', filled([512], 3)), dense('b', 'a', weight), scaled('c', 'b', filled([512], 5))];
    const budget = new Budget();
    const graph = simplify(checkedOf({ x: [512] }, nodes), { precision: 'f32', budget });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['dense']);
    expect([...weightsOf(graph.nodes)].map((data) => data.every((value) => value === 7.5))).toEqual([true]);
    expect(weight.data.every((value) => value === 0.5)).toBe(true);
    expect(budget.left).toBe(new Budget().left);
  });

  it('that are packed with many biases are refused where that is out of proportion', async () => {
    const weight = filled([256, 256], 0.001);
    const graph = graphOf(
      { x: [256] },
      chain(300, (i, x) => [dense(`d${i}`, x, weight, filled([256], i))]),
    );
    expect(await failureOf(() => modelFromGraph(graph))).toMatchObject({ code: 'LIMIT', place: 'engine' });
    modelFromGraph(graph, { limits: { bytes: 2 ** 27 } }).dispose();
    const same = filled([256], 1);
    const shared = graphOf(
      { x: [256] },
      chain(5000, (i, x) => [dense(`d${i}`, x, weight, same)]),
    );
    modelFromGraph(shared).dispose();
  });
});

describe('rows', () => {
  it('get a constant once, however many operations spread it over them', async () => {
    const slopes = constant([1, 2, 3]);
    const nodes = chain(5, (i, x) => [node(`y${i}`, 'binary', [x, slopes], { fn: 'prelu' })]);
    const { plan } = lower(simplify(checkedOf({ x: [4, 3] }, nodes), { precision: 'f32' }), 'f32');
    expect(plan.parameters.map(({ length }) => length)).toEqual([12]);
  });

  it('that a constant is spread over are counted before it is', async () => {
    const wide = { x: [2 ** 11, 2 ** 11] };
    const nodes = [scaled('y', 'x', filled([2 ** 11], 2))];
    const lowered = (budget: Budget) =>
      lower(simplify(checkedOf(wide, nodes), { precision: 'f32', budget }), 'f32', budget);
    expect(await failureOf(() => lowered(new Budget()))).toMatchObject({ code: 'LIMIT', place: 'node n_y' });
    expect(await failureOf(() => lowered(new Budget()))).toHaveProperty(
      'message',
      expect.stringContaining('limits.bytes'),
    );
    expect(lowered(new Budget({ bytes: 2 ** 27 })).plan.parameters.map(({ length }) => length)).toEqual([
      2 ** 22,
      2 ** 22,
    ]);
  });

  it('that a constant is spread over count as parameters, as operations take them', async () => {
    const graph = graphOf({ x: [64, 4] }, [scaled('y', 'x', filled([4], 2))]);
    const message = expect.stringContaining('limits.parameters');
    const load = (parameters: number) => modelFromGraph(graph, { limits: { parameters } }).dispose();
    expect(await failureOf(() => load(300))).toMatchObject({ code: 'LIMIT', place: 'node n_y', message });
    load(2 * 64 * 4);
  });

  it('whose elements move are counted before their columns are', async () => {
    const nodes = [node('y', 'transpose', ['x'], { permutation: [1, 0] })];
    const graph = simplify(checkedOf({ x: [2 ** 12, 2 ** 11] }, nodes), { precision: 'f32' });
    expect(await failureOf(() => lower(graph, 'f32'))).toMatchObject({ code: 'LIMIT', place: 'node y' });
  });

  it('that hold more in all than a row may are refused', async () => {
    const hot = (i: number) =>
      node(`y${i}`, 'one_hot', ['x'], { depth: 2 ** 22, on: i + 1, off: 0, axis: 0, wrap: false });
    const graph: Graph = graphOf(
      { x: [] },
      Array.from({ length: 10 }, (_, i) => hot(i)),
      [...Array.from({ length: 10 }, (_, i) => `y${i}`)],
    );
    expect(await failureOf(() => modelFromGraph(graph))).toHaveProperty(
      'message',
      expect.stringContaining('limits.rowElements'),
    );
    modelFromGraph(graph, { limits: { rowElements: 2 ** 26 } }).dispose();
  });
});

it('names of many parts are ordered without a name for each of their modules', async () => {
  const modules = Array.from({ length: 63 }, (_, i) => `module${'x'.repeat(500)}${i}`).join('.');
  const shapes = Array.from({ length: 300 }, (_, i) => [`${modules}.${i}.weight`, [1, 1]] as const);
  const words = shapes.map(
    ([name, shape], i) => [name.replace(`.${i}.`, `.${'abcdefghij'[i % 10]}${i}x.`), shape] as const,
  );
  expect(stackArchitecture(new Map(shapes), { activation: 'relu' }).layers).toHaveLength(300);
  expect(await failureOf(() => stackArchitecture(new Map(words), { activation: 'relu' }))).toMatchObject({
    code: 'ARCHITECTURE',
  });
});
