/** Decision trees on the engine against trees as people draw them, to the last bit. */
import { describe, expect, it } from 'vitest';
import { SPLITS, type Tensor, TREE_SUMS, type TreeSum } from '../../lib/graph/graph.ts';
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
}

/** Trees of odd shapes, single leaves among them; `kinds` are the splits that they have. */
function forest(random: Random, trees: number, width: number, kinds: readonly number[]): Forest {
  const features = 1 + random.below(9);
  const nodes: number[] = [];
  let leaves = 0;
  const sets = [0, 1, 0b1010, 3, 0x8001, 0, 0xffff];
  const grow = (depth: number): void => {
    if (depth === 0 || random.below(5) === 0) {
      nodes.push(-1, 0, 0);
      leaves++;
      return;
    }
    const kind = random.pick(kinds);
    const isSet = kind >= SPLITS.in_set;
    nodes.push(random.below(features), isSet ? random.pick([0, 1, 3]) : random.pick(THRESHOLDS), kind);
    grow(depth - 1);
    grow(depth - 1 - random.below(2) * random.below(depth));
  };
  for (let tree = 0; tree < trees; tree++) grow(random.below(8));
  const values = Float64Array.from({ length: leaves * width }, () => random.below(2000) - 1000);
  return {
    features,
    nodes: { shape: [nodes.length / 3, 3], data: Float64Array.from(nodes) },
    leaves: { shape: [leaves, width], data: values },
    sets: { shape: [sets.length], data: Float64Array.from(sets) },
    trees,
  };
}

const THRESHOLDS = [-Infinity, -3.5, -1, -0, 0, 0.5, 1, 1.1, 1e-40, 2.5, 15, 16, 47.5, 1e30, Infinity];
const VALUES = [...THRESHOLDS, Number.NaN, -0.5, 0.999, 3, 7.6, 31, 48, -1e-45, 0.1 + 0.2];

function check(precision: Precision, sum: TreeSum, seed: number, kinds: readonly number[]): void {
  const random = new Random(seed);
  const width = 1 + random.below(3);
  const { features, nodes, leaves, sets, trees } = forest(random, 1 + random.below(150), width, kinds);
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
  const x = new (arrayOf(precision))(ROWS * features).map(() => random.pick(VALUES));
  expectAsReference(graph, precision, { x }, { tolerance: 0, what: `seed ${seed}` });
}

describe.each(PRECISIONS)('trees in %s', (precision) => {
  it.each(TREE_SUMS)('give the sums of their leaves: %s', (sum) => {
    for (let seed = 0; seed < 20; seed++) {
      check(precision, sum, seed, [SPLITS.at_most]);
      check(precision, sum, seed, Object.values(SPLITS));
    }
  });
});

describe('trees', () => {
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
