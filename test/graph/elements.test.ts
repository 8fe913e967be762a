import { describe, expect, it } from 'vitest';
import { elementsOf } from '../../lib/graph/elements.ts';
import type { GraphInput, Node } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { validate } from '../../lib/graph/validate.ts';
import { constant, node } from './graphs.ts';

/** Of an input of three elements. */
function elements(nodes: readonly Node[], input: Partial<GraphInput> = {}) {
  const graph = validate(
    {
      format: 'test',
      precision: 'f64',
      inputs: [{ name: 'x', shape: [3], dtype: 'float64', ...input }],
      outputs: [{ name: 'y', value: 'y', dtype: 'float64' }],
      nodes,
    },
    DEFAULT_LIMITS,
  );
  return elementsOf(graph)[0];
}

const gather = (name: string, from: string, indices: readonly number[]) =>
  node(name, 'gather', [from], { axis: 0, indices: Int32Array.from(indices) });
const isNan = (name: string, from: string) => node(name, 'unary', [from], { fn: 'is_nan' });
const finite = (name: string, from: string, nan = false) => node(name, 'require_finite', [from], { nan });

describe('an element that may be missing', () => {
  it.each<[string, Node[], object]>([
    [
      'is filled in',
      [isNan('lacks', 'x'), node('y', 'select', ['lacks', constant([1, 2, 3]), 'x'], {})],
      { 0: { known: true, value: 1 }, 1: { known: true, value: 2 }, 2: { known: true, value: 3 } },
    ],
    [
      'is filled in before it has to be finite',
      [isNan('lacks', 'x'), node('full', 'select', ['lacks', constant([7]), 'x'], {}), finite('y', 'full')],
      { 0: { known: true, value: 7 }, 1: { known: true, value: 7 }, 2: { known: true, value: 7 } },
    ],
    [
      'is filled in by itself, behind a scaler in other units',
      [
        gather('a', 'x', [2]),
        node('scaled', 'affine', ['a', constant([2]), constant([1])], {}),
        isNan('lacks', 'scaled'),
        node('full', 'select', ['lacks', constant([5]), 'scaled'], {}),
        gather('b', 'x', [0, 1]),
        finite('others', 'b'),
        node('y', 'concat', ['full', 'others'], { axis: 0 }),
      ],
      { 2: { known: true } },
    ],
    [
      'is a category of its own',
      [
        gather('a', 'x', [1]),
        isNan('lacks', 'a'),
        gather('b', 'x', [0, 2]),
        finite('c', 'b'),
        node('y', 'concat', ['lacks', 'c'], { axis: 0 }),
      ],
      { 1: { known: true } },
    ],
    [
      'is refused where it is summed up first',
      [
        node('sum', 'reduce', ['x'], { fn: 'sum', axes: [0], keepDims: true }),
        finite('s', 'sum'),
        isNan('lacks', 'x'),
        node('y', 'concat', ['lacks', 's'], { axis: 0 }),
      ],
      {},
    ],
    [
      'is another one than the one that is replaced',
      [
        isNan('lacks', 'x'),
        gather('turned', 'x', [2, 1, 0]),
        node('full', 'select', ['lacks', constant([0]), 'turned'], {}),
        finite('y', 'full'),
      ],
      { 1: { known: true, value: 0 } },
    ],
  ])('%s', (_, nodes, fills) => {
    expect(Object.fromEntries(elements(nodes, { missing: true }).fills ?? [])).toEqual(fills);
    expect(Object.fromEntries(elements(nodes).fills ?? [])).toEqual(fills);
  });

  it('goes through where the source says so and nothing looks whether it is', () => {
    const nodes = [finite('some', 'x', true), node('y', 'affine', ['some', constant([2]), constant([0])], {})];
    expect(Object.fromEntries(elements(nodes, { missing: true }).fills ?? [])).toEqual({
      0: { known: false },
      1: { known: false },
      2: { known: false },
    });
    expect(elements(nodes)).toEqual({});
  });
});

describe('an element that is an id', () => {
  it('has as many values as the smallest table that it looks up', () => {
    const table = (rows: number) => constant(new Array(rows).fill(1), [rows, 1]);
    const nodes = [
      gather('id', 'x', [1]),
      node('cut', 'unary', ['id'], { fn: 'trunc' }),
      node('a', 'embedding', ['cut', table(9)], { wrap: false }),
      node('b', 'embedding', ['id', table(4)], { wrap: false }),
      node('y', 'binary', ['a', 'b'], { fn: 'add' }),
    ];
    expect(elements(nodes).ids).toEqual(new Map([[1, 4]]));
  });

  it('is none where something is added first, or where it may count from the end', () => {
    const table = constant([1, 2], [2, 1]);
    const moved = [
      node('next', 'affine', ['x', constant([1]), constant([1])], {}),
      node('y', 'embedding', ['next', table], { wrap: false }),
    ];
    expect(elements(moved).ids).toBeUndefined();
    expect(elements([node('y', 'embedding', ['x', table], { wrap: true })]).ids).toBeUndefined();
  });
});

describe('elements of rows that are declared far larger than their file', () => {
  it('are not looked at one by one', () => {
    const width = 2 ** 22;
    const nodes = [node('y', 'unary', ['x'], { fn: 'is_nan' })];
    expect(elements(nodes, { shape: [width], missing: true })).toEqual({});
  });
});

describe('a walk', () => {
  const looks = [isNan('lacks', 'x'), node('v0', 'select', ['lacks', constant([0]), 'x'], {})];
  const chain = (count: number, link: (from: string, to: string) => Node) =>
    Array.from({ length: count }, (_, at) => link(`v${at}`, at + 1 === count ? 'y' : `v${at + 1}`));
  const wide = { shape: [4000] };

  it('takes no more memory for thousands of nodes', () => {
    const softmax = chain(10_000, (from, to) => node(to, 'softmax', [from], { axis: 0, fn: 'softmax' }));
    const first = node('v0', 'binary', ['lacks', 'x'], { fn: 'add' });
    const before = process.memoryUsage();
    elements([isNan('lacks', 'x'), first, ...softmax], wide);
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    expect(arrayBuffers - before.arrayBuffers + heapUsed - before.heapUsed).toBeLessThan(100e6);
  });

  it('ends with nothing where it would take too long', () => {
    const reversed = (from: string, to: string) =>
      node(to, 'gather', [from], { axis: 0, indices: Int32Array.from({ length: 4000 }, (_, at) => 3999 - at) });
    expect(elements([...looks, ...chain(200, reversed)], wide).fills?.size).toBe(4000);
    expect(elements([...looks, ...chain(1500, reversed)], wide)).toEqual({});
  });
});
