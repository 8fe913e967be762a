/** Decision trees on the engine against trees as people draw them, to the last bit. */
import { describe, expect, it } from 'vitest';
import { SPLITS, type Tensor, TREE_SUMS, type TreeSum } from '../../lib/graph/graph.ts';
import { modelFromGraph } from '../../lib/load.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, BATCHES, expectAsReference, PRECISIONS, type Precision } from './engine.ts';

const ROWS = Math.max(...BATCHES);

interface Forest {
  readonly features: number;
  readonly nodes: Tensor;
  readonly leaves: Tensor;
  readonly sets: Tensor;
  readonly trees: number;
  /** Leaves of the largest tree. */
  readonly largest: number;
}

interface Shape {
  readonly kinds: readonly number[];
  readonly features: number;
  /** Splits from a root to a leaf, at most. */
  readonly depth: number;
  readonly threshold: (random: Random) => number;
  /** Some tree has more leaves than the first number, and none more than the second. */
  readonly leaves: readonly [number, number];
}

/** Trees of odd shapes, single leaves among them. */
function forest(random: Random, trees: number, width: number, shape: Shape): Forest {
  const { kinds, features } = shape;
  const nodes: number[] = [];
  let leaves = 0;
  const sets = [0, 1, 0b1010, 3, 0x8001, 0, 0xffff];
  const grow = (depth: number): void => {
    if (depth === 0 || random.below(8) === 0) {
      nodes.push(-1, 0, 0);
      leaves++;
      return;
    }
    const kind = random.pick(kinds);
    const isSet = kind >= SPLITS.in_set;
    nodes.push(random.below(features), isSet ? random.pick([0, 1, 3]) : shape.threshold(random), kind);
    grow(depth - 1);
    grow(depth - 1 - (random.below(4) === 0 ? random.below(depth) : 0));
  };
  let largest = 0;
  for (let tree = 0; tree < trees; tree++) {
    const before = leaves;
    grow(tree % 5 === 4 ? random.below(shape.depth) : shape.depth);
    largest = Math.max(largest, leaves - before);
  }
  const values = Float64Array.from({ length: leaves * width }, () => random.below(2000) - 1000);
  return {
    features,
    nodes: { shape: [nodes.length / 3, 3], data: Float64Array.from(nodes) },
    leaves: { shape: [leaves, width], data: values },
    largest,
    sets: { shape: [sets.length], data: Float64Array.from(sets) },
    trees,
  };
}

const THRESHOLDS = [-Infinity, -3.5, -1, -0, 0, 0.5, 1, 1.1, 1e-40, 2.5, 15, 16, 47.5, 1e30, Infinity];
const VALUES = [...THRESHOLDS, Number.NaN, -0.5, 0.999, 3, 7.6, 31, 48, -1e-45, 0.1 + 0.2];

const few = (random: Random) => random.pick(THRESHOLDS);
const [PLAIN, ANY] = [[SPLITS.at_most], Object.values(SPLITS)];

/** One of each layout of the engine, and those that just miss it: see docs/trees.md. */
const SHAPES: Readonly<Record<string, Shape>> = {
  'few leaves': { kinds: PLAIN, features: 6, depth: 5, threshold: few, leaves: [9, 32] },
  'few leaves, splits of every kind': { kinds: ANY, features: 9, depth: 6, threshold: few, leaves: [32, 64] },
  'more than 64 slots': { kinds: ANY, features: 100, depth: 6, threshold: few, leaves: [32, 64] },
  'more than 128 slots': { kinds: PLAIN, features: 300, depth: 6, threshold: few, leaves: [32, 64] },
  'more than 511 slots': { kinds: ANY, features: 700, depth: 7, threshold: few, leaves: [64, 128] },
  'floats of which many are thresholds': {
    kinds: ANY,
    features: 3,
    depth: 6,
    threshold: (random) => random.below(4000) / 64,
    leaves: [32, 64],
  },
  'doubles of which many are thresholds': {
    kinds: ANY,
    features: 3,
    depth: 6,
    threshold: (random) => random.below(4000) / 70,
    leaves: [32, 64],
  },
  'up to 256 leaves': { kinds: ANY, features: 5, depth: 8, threshold: few, leaves: [64, 256] },
  'up to 1024 leaves of floats': {
    kinds: ANY,
    features: 5,
    depth: 10,
    threshold: (random) => random.below(4000) / 64,
    leaves: [256, 1024],
  },
  'up to 1024 leaves of doubles': {
    kinds: PLAIN,
    features: 5,
    depth: 10,
    threshold: (random) => random.below(9000) / 70,
    leaves: [256, 1024],
  },
};

/** Gives the leaves of the largest tree. */
function check(precision: Precision, sum: TreeSum, seed: number, shape: Shape): number {
  const random = new Random(seed);
  const width = 1 + random.below(3);
  const { features, nodes, leaves, sets, trees, largest } = forest(
    random,
    1 + random.below(shape.depth > 7 ? 12 : 100),
    width,
    shape,
  );
  const outputs = width + random.below(3);
  const targets = Int32Array.from({ length: trees }, () => random.below(outputs - width + 1));
  const graph = graphOf({ x: [features] }, [
    node(
      'y',
      'trees',
      ['x', nodes, leaves, sets],
      sum === 'none'
        ? { sum, outputs: 0, targets: new Int32Array(0), divisor: 1 }
        : { sum, outputs, targets, divisor: random.pick([1, 2, 0.5]) },
    ),
  ]);
  const near = nodes.data.filter((_, at) => at % 3 === 1);
  const x = new (arrayOf(precision))(ROWS * features).map(() =>
    random.below(2) === 0
      ? random.pick(VALUES)
      : near[random.below(near.length)] + random.pick([0, 0, 1e-13, -1e-5, 0.25]),
  );
  expectAsReference(graph, precision, { x }, { tolerance: 0, what: `seed ${seed}` });
  return largest;
}

describe.each(PRECISIONS)('trees in %s', (precision) => {
  it.each(Object.keys(SHAPES))('give the sums of their leaves: %s', (name) => {
    const seeds = Array.from({ length: 9 }, (_, seed) => seed);
    const largest = seeds.map((seed) => check(precision, TREE_SUMS[seed % TREE_SUMS.length], seed, SHAPES[name]));
    const [most, limit] = SHAPES[name].leaves;
    expect(Math.max(...largest)).toBeGreaterThan(most);
    expect(Math.max(...largest)).toBeLessThanOrEqual(limit);
  });
});

describe('trees', () => {
  it.each([2, -1, 0.5])('refuse %d helpers of one tree', (helpers) => {
    const nodes = { shape: [1, 3], data: Float64Array.of(-1, 0, 0) };
    const leaves = { shape: [1, 1], data: Float64Array.of(1) };
    const attributes = { sum: 'float64', outputs: 1, targets: Int32Array.of(0), divisor: 1, helpers } as const;
    const graph = graphOf({ x: [1] }, [node('y', 'trees', ['x', nodes, leaves], attributes)]);
    expect(() => modelFromGraph(graph)).toThrow(/expected at most 1 helpers, found/);
  });

  it('compare floats with thresholds that no float is as the doubles that they are', () => {
    const nodes = { shape: [3, 3], data: Float64Array.of(0, 0.1, 0, -1, 0, 0, -1, 0, 0) };
    const leaves = { shape: [2, 1], data: Float64Array.of(1, 2) };
    const graph = graphOf({ x: [1] }, [
      node('y', 'trees', ['x', nodes, leaves], { sum: 'float64', outputs: 1, targets: Int32Array.of(0), divisor: 1 }),
    ]);
    // The nearest float of 0.1 is above it.
    const x = new Float32Array(ROWS).map((_, row) => Math.fround(0.1) - (row % 2) * 2 ** -27);
    expect(x[0]).toBeGreaterThan(0.1);
    expectAsReference(graph, 'f32', { x }, { tolerance: 0, what: '0.1' });
  });
});
