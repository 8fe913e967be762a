/** One-hot rows of many elements, which dense layers look up: the same as when they are written down. */
import { describe, expect, it } from 'vitest';
import { Budget } from '../../lib/graph/budget.ts';
import type { Graph, Node } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import type { Rule } from '../../lib/graph/simplify/rewriter.ts';
import { RULES, simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { assemble } from '../../lib/load.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { constant, graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, PRECISIONS, type Precision } from './engine.ts';

const ROWS = 129;
const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, -1, -2, 0.5, 1.5, 1e9, -1e9, 699.5, 700, 701];

function run(rules: readonly Rule[], graph: Graph, precision: Precision, x: Float64Array) {
  const simple = simplify(validate(graph, DEFAULT_LIMITS), { precision, rules });
  const prepared = { source: graph, simple, arithmetic: precision, parameterCount: 0, budget: new Budget() };
  using model = assemble(prepared, simple, checkModelOptions({ precision }));
  return { values: model.run(arrayOf(precision).from(x)), nodes: simple.nodes };
}

const numbersFrom = (random: Random, count: number) => Array.from({ length: count }, () => random.normal());

/** `hot` gives the row of `count` elements, and the number of columns of x that it takes. */
function denseOf(random: Random, hot: readonly Node[], count: number, width: number): Graph {
  const n = random.pick([1, 2, 5, 17]);
  const layout = random.pick(['in-out', 'out-in'] as const);
  const weight = constant(numbersFrom(random, count * n), layout === 'in-out' ? [count, n] : [n, count]);
  const bias = random.below(2) === 0 ? [] : [constant(numbersFrom(random, n))];
  const clamp = random.pick([undefined, [0, Infinity], [-0.5, 0.75]] as const);
  const row = hot[hot.length - 1].output;
  return graphOf({ x: [width] }, [
    ...hot,
    node('z', 'dense', [row, weight, ...bias], { layout, ...(clamp && { clamp }) }),
  ]);
}

function compared(random: Random): Graph {
  const width = random.pick([1, 2, 3]);
  const count = 512 + random.below(200);
  const columns = Int32Array.from({ length: count }, () => random.below(width));
  const numbers = Array.from({ length: count }, () => random.below(Math.ceil(count / width)));
  const hot = [
    node('c', 'gather', ['x'], { axis: 0, indices: columns }),
    node('h', 'binary', random.below(2) === 0 ? ['c', constant(numbers)] : [constant(numbers), 'c'], { fn: 'equal' }),
  ];
  return denseOf(random, hot, count, width);
}

function broadcast(random: Random): Graph {
  const numbers = Array.from({ length: 700 }, (_, i) => i);
  return denseOf(random, [node('h', 'binary', ['x', constant(numbers)], { fn: 'equal' })], 700, 1);
}

function written(random: Random): Graph {
  const [width, depth] = [random.pick([1, 2, 3]), 700];
  const ids = Array.from({ length: 800 }, () => random.below(depth));
  const kept = Int32Array.from({ length: width * depth }, (_, i) => i).filter((i) => i % 50 !== 3);
  const hot = [
    // Any number gives an id: its last digits, or that of what is none.
    node('i', 'unary', ['x'], { fn: 'to_integer', alpha: 1000 }),
    node('p', 'unary', ['i'], { fn: 'clip', alpha: 0, beta: 799 }),
    node('e', 'embedding', ['p', constant(ids, [800])], { wrap: false }),
    node('o', 'one_hot', ['e'], { depth, on: 1, off: 0, axis: 1, wrap: false }),
    node('f', 'reshape', ['o'], { shape: [width * depth] }),
    ...(random.below(2) === 0 ? [] : [node('g', 'gather', ['f'], { axis: 0, indices: kept })]),
  ];
  return denseOf(random, hot, hot[hot.length - 1].op === 'gather' ? kept.length : width * depth, width);
}

function beside(random: Random): Graph {
  const numbers = Array.from({ length: 600 }, (_, i) => i);
  const hot = [
    node('a', 'gather', ['x'], { axis: 0, indices: Int32Array.of(0) }),
    node('h', 'binary', ['a', constant(numbers)], { fn: 'equal' }),
    node('b', 'gather', ['x'], { axis: 0, indices: Int32Array.of(1, 2) }),
    node('t', 'unary', ['b'], { fn: 'is_nan' }),
    node('d', 'concat', ['t', 'h'], { axis: 0 }),
    node('r', 'concat', random.pick(['h t', 't h', 't h t', 'd t']).split(' '), { axis: 0 }),
  ];
  const { inputs } = hot[hot.length - 1];
  const count = 600 + 2 * (inputs.length - (inputs.includes('d') ? 0 : 1));
  return denseOf(random, hot, count, 3);
}

function summed(random: Random): Graph {
  const numbers = Array.from({ length: 700 }, (_, i) => i);
  const weights = constant(numbersFrom(random, 700));
  return graphOf({ x: [1] }, [
    node('h', 'binary', ['x', constant(numbers)], { fn: 'equal' }),
    node('m', 'binary', ['h', weights], { fn: 'mul' }),
    node('z', 'reduce', ['m'], { fn: 'sum', axes: [0], keepDims: random.below(2) === 0 }),
  ]);
}

describe.each(PRECISIONS)('a dense layer of one-hot rows in %s', (precision) => {
  it.each([
    ['columns that are compared', compared],
    ['one column that is compared', broadcast],
    ['ids that are written out', written],
    ['beside others', beside],
    ['sums', summed],
  ])('looks up %s', (_, make) => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const graph = make(random);
      const [{ shape }] = graph.inputs;
      const any = () => (random.below(4) === 0 ? random.pick(SPECIAL) : random.below(720));
      const x = Float64Array.from({ length: ROWS * shape[0] }, any);
      const [plain, looked] = [run([], graph, precision, x), run(RULES, graph, precision, x)];
      expect(looked.nodes.some(({ op }) => op === 'embedding')).toBe(true);
      expect(looked.values.length).toBe(plain.values.length);
      for (const [i, value] of looked.values.entries()) {
        const error = Math.abs(value - plain.values[i]);
        expect(error <= (precision === 'f32' ? 2e-5 : 1e-13), `seed ${seed}, ${i}: ${value}, ${plain.values[i]}`).toBe(
          true,
        );
      }
    }
  });

  it.each([
    ['few categories', Array.from({ length: 100 }, (_, i) => i), 0],
    ['numbers that are not whole ones', Array.from({ length: 600 }, (_, i) => i + (i === 7 ? 0.5 : 0)), 0],
    ['numbers that are far apart', Array.from({ length: 600 }, (_, i) => 1000 * i), 0],
    ['a weight that is not finite', Array.from({ length: 600 }, (_, i) => i), Infinity],
  ])('multiplies %s', (_, numbers, first) => {
    const weight = constant([first, ...new Array(numbers.length - 1).fill(1)], [numbers.length, 1]);
    const nodes = [
      node('h', 'binary', ['x', constant(numbers)], { fn: 'equal' }),
      node('z', 'dense', ['h', weight], { layout: 'in-out' }),
    ];
    const { nodes: found } = run(RULES, graphOf({ x: [1] }, nodes), precision, Float64Array.of(1, 2));
    expect(found.some(({ op }) => op === 'embedding')).toBe(false);
  });
});
