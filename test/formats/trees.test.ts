import { describe, expect, it } from 'vitest';
import { type FileTree, Forest } from '../../lib/formats/trees.ts';
import { Budget } from '../../lib/graph/budget.ts';

/** A tree of so many splits, each with a leaf on its left; `unreached` nodes follow, to which nothing leads. */
function chain(splits: number, unreached = 0): FileTree {
  const last = 2 * splits;
  return {
    place: 'tree',
    size: last + 1 + unreached,
    root: 0,
    isLeaf: (node) => node % 2 === 1 || node === last,
    split: (node) => ({ feature: node % 3, threshold: node / 2, nanLeft: node % 4 === 0 }),
    left: (node) => node + 1,
    right: (node) => node + 2,
    leaf: (node, to) => {
      for (let k = 0; k < to.length; k++) to[k] = 10 * node + k;
    },
  };
}

function built(trees: readonly FileTree[], width: number, expected: readonly FileTree[] = []) {
  const forest = new Forest(new Budget(), 3, width);
  if (expected.length > 0) forest.expect(expected, 1);
  forest.addLeaf(new Array<number>(width).fill(0.5));
  for (const tree of trees) forest.add(tree);
  const { operands } = forest.build('float64', width, 1);
  return operands as { shape: number[]; data: Float64Array }[];
}

describe('a forest', () => {
  // Sizes about those of the parts in which nodes are gathered.
  it.each([0, 1, 170, 171, 341, 342, 30_000])('of %i splits has each node once, in preorder', (splits) => {
    const [nodes, leaves] = built([chain(splits)], 1);
    expect(nodes.shape).toEqual([2 * splits + 2, 3]);
    expect(leaves.shape).toEqual([splits + 2, 1]);
    expect([...nodes.data.subarray(0, 3)]).toEqual([-1, 0, 0]);
    const wanted = Array.from({ length: splits }, (_, split) => [(2 * split) % 3, split, (split + 1) % 2, -1, 0, 0]);
    expect([...nodes.data.subarray(3)]).toEqual([...wanted.flat(), -1, 0, 0]);
    const values = Array.from({ length: splits }, (_, split) => 10 * (2 * split + 1));
    expect([...leaves.data]).toEqual([0.5, ...values, 20 * splits]);
  });

  it.each([
    ['as many nodes as there are', 0],
    ['more, since some are not reached', 5],
  ])('is the same whether it expects its nodes or not: %s', (_, unreached) => {
    const trees = [3, 0, 2000, 7].map((splits) => chain(splits, unreached));
    for (const width of [1, 3]) expect(built(trees, width, trees)).toEqual(built(trees, width));
  });

  it('keeps the arrays it made and copies none, where the number of nodes is known before', () => {
    const trees = [chain(2000), chain(1000)];
    const [nodes, leaves] = built(trees, 2, trees);
    expect(nodes.data.byteLength).toBe(nodes.data.buffer.byteLength);
    expect(leaves.data.byteLength).toBe(leaves.data.buffer.byteLength);
    expect(nodes.data.length).toBe(3 * 6003);
    expect(leaves.data.length).toBe(2 * 3003);
  });

  it('has more than it expected', () => {
    const trees = [chain(3000), chain(3000)];
    expect(built(trees, 1, [trees[0]])).toEqual(built(trees, 1));
  });
});
