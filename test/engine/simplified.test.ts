/** What simplifying keeps of results, on the engine: each rule by what it says of itself (`keeps`). */
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { Budget } from '../../lib/graph/budget.ts';
import { type BinaryName, type Graph, type Node, REDUCE_NAMES, type UnaryName } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import type { Kept, Rule } from '../../lib/graph/simplify/rewriter.ts';
import { RULES, simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { assemble } from '../../lib/load.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { constant, graphOf, node, scalar } from '../graph/graphs.ts';
import { ID_COUNT, Random, randomGraph } from '../random-graph.ts';
import { arrayOf, bitsOf, type Floats, type Named, PRECISIONS, type Precision } from './engine.ts';

/** The outputs of the graph simplified by some rules, or the code of the error that ends the run. */
function runBy(rules: readonly Rule[], graph: Graph, precision: Precision, inputs: Named): Named | string {
  const simple = simplify(validate(graph, DEFAULT_LIMITS), { precision, rules });
  const prepared = { source: graph, simple, arithmetic: precision, parameterCount: 0, budget: new Budget() };
  using model = assemble(prepared, simple, checkModelOptions({ precision }));
  try {
    return { ...model.run({ ...inputs }) } as Named;
  } catch (error) {
    if (error instanceof ForwardpassError) return error.code;
    throw error;
  }
}

/** Rows of numbers near steps, and of what is special. */
const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 3e38, -3e38, 1, -1, 0.5, 2.5, -3.5, 3, 49, 98];

function specialInputs(graph: Graph, precision: Precision, seed: number, rows: number): Named {
  const random = new Random(seed);
  return Object.fromEntries(
    graph.inputs.map(({ name, shape, dtype }) => {
      const count = rows * shape.reduce((a, b) => a * b, 1);
      const any = () => (random.below(3) === 0 ? random.normal() * 4 : random.pick(SPECIAL));
      const value = dtype === 'int64' ? () => random.below(ID_COUNT) : any;
      return [name, new (arrayOf(precision))(count).map(value)];
    }),
  );
}

/** With zeros of one sign where the rules may change it. */
function comparable(outcome: Named | string, kept: Kept): unknown {
  if (typeof outcome === 'string') return outcome;
  const plain = (values: Floats) => (kept === 'bits' ? values : values.map((value) => value + 0));
  return Object.entries(outcome).map(([name, values]) => [name, bitsOf(plain(values))]);
}

const rulesThatKeep = (...kept: readonly Kept[]) => RULES.filter(({ keeps }) => kept.includes(keeps));
/** Where the sign of a zero decides. */
const POLES: ReadonlySet<UnaryName | BinaryName> = new Set<UnaryName | BinaryName>([
  'reciprocal',
  'div',
  'pow',
  'atan2',
]);
const hasPole = ({ attributes }: Node) => 'fn' in attributes && POLES.has(attributes.fn as UnaryName);

describe.each(PRECISIONS)('in %s, 300 random graphs on special values', (precision) => {
  it('give the same bits by the rules that say so', () => {
    const rules = rulesThatKeep('bits');
    for (let seed = 1; seed <= 300; seed++) {
      const graph = randomGraph(seed);
      const inputs = specialInputs(graph, precision, seed, 6);
      const [plain, simple] = [[], rules].map((some) => comparable(runBy(some, graph, precision, inputs), 'bits'));
      expect(simple, `seed ${seed}`).toEqual(plain);
    }
  });

  it('give the same numbers by the rules that say so, where no zero of another sign matters', () => {
    const rules = rulesThatKeep('bits', 'numbers');
    for (let seed = 1; seed <= 300; seed++) {
      const graph = randomGraph(seed);
      if (graph.nodes.some(hasPole)) continue;
      const inputs = specialInputs(graph, precision, seed, 6);
      const [plain, simple] = [[], rules].map((some) => comparable(runBy(some, graph, precision, inputs), 'numbers'));
      expect(simple, `seed ${seed}`).toEqual(plain);
    }
  });
});

/** Operations that rules fold, of which a step sees the last bit. */
const STEPS: readonly ((x: string) => Node)[] = [
  ...(['floor', 'ceil', 'round', 'trunc', 'sign', 'not', 'to_bool', 'sqrt', 'log', 'log1p', 'reciprocal'] as const).map(
    (fn) => (x: string) => node('y', 'unary', [x], { fn }),
  ),
  ...(['log2', 'log10', 'asin', 'acos', 'acosh', 'atanh'] as const).map(
    (fn) => (x: string) => node('y', 'unary', [x], { fn }),
  ),
  ...(['thresholded_relu', 'threshold', 'hard_shrink', 'soft_shrink'] as const).map(
    (fn) => (x: string) => node('y', 'unary', [x], { fn, alpha: 1, beta: 0.5 }),
  ),
  ...(
    ['equal', 'less', 'less_equal', 'greater', 'greater_equal', 'and', 'or', 'xor', 'fmod', 'atan2'] as const
  ).flatMap((fn) => [
    (x: string) => node('y', 'binary', [x, scalar(1)], { fn }),
    (x: string) => node('y', 'binary', [scalar(0), x], { fn }),
  ]),
  (x) => node('y', 'binary', [scalar(1), x], { fn: 'div' }),
  (x) => node('y', 'binary', [x, scalar(1.5)], { fn: 'pow' }),
  (x) => node('y', 'select', [x, scalar(1), scalar(2)], {}),
  ...REDUCE_NAMES.filter((fn) => fn.startsWith('arg_')).map(
    (fn) => (x: string) => node('y', 'reduce', [x], { fn, axes: [0], keepDims: false }),
  ),
  (x) => node('y', 'reduce', [x], { fn: 'log_sum', axes: [0], keepDims: false }),
  (x) => node('y', 'normalize', [x], { axis: 0, norm: 'max', epsilon: 0, floor: 1 }),
  (x) => node('y', 'one_hot', [x], { depth: 3, on: 1, off: 0, axis: 1, wrap: false }),
];

const WIDTH = 6;

/** A few operations that rules fold, upon x whose whole multiples of the constants are where rounding shows. */
function chain(random: Random): Node[] {
  const nodes: Node[] = [];
  const add = (found: Node) => {
    nodes.push(found);
    return found.output;
  };
  const name = () => `v${nodes.length}`;
  const number = () => scalar(random.pick([49, 3, 7, 10, 1 / 49, 1 / 3, 0.1, 5, 1, -3]));
  const numbers = () => constant(Array.from({ length: WIDTH }, () => random.pick([49, 3, 7, 10, 0.1, 5])));
  /** Each column once, in another order: x·W is exact. */
  const choice = random.permutation(WIDTH);
  const whole = constant(
    Array.from({ length: WIDTH * WIDTH }, (_, at) => Number(choice[Math.floor(at / WIDTH)] === at % WIDTH)),
    [WIDTH, WIDTH],
  );
  const steps: readonly ((x: string) => string)[] = [
    (x) => add(node(name(), 'binary', [x, random.pick([number, numbers])()], { fn: 'div' })),
    (x) => add(node(name(), 'binary', [x, random.pick([number, numbers])()], { fn: 'mul' })),
    (x) => add(node(name(), 'binary', [x, number()], { fn: random.pick(['add', 'sub'] as const) })),
    (x) => add(node(name(), 'affine', [x, number(), number()], {})),
    (x) => add(node(name(), 'dense', [x, whole], { layout: 'in-out' })),
    (x) => {
      const inverse = add(node(name(), 'unary', ['z'], { fn: 'reciprocal' }));
      return add(node(name(), 'binary', [x, inverse], { fn: 'mul' }));
    },
    (x) => {
      const scaled = add(node(name(), 'binary', ['z', number()], { fn: 'mul' }));
      return add(node(name(), 'binary', [x, scaled], { fn: random.pick(['mul', 'div'] as const) }));
    },
    (x) => {
      const clipped = add(node(name(), 'unary', [x], { fn: 'clip', alpha: 0, beta: 6 }));
      return add(node(name(), 'affine', [clipped, scalar(1 / 6), scalar(-0)], {}));
    },
    (x) => {
      const sigmoid = add(node(name(), 'unary', [x], { fn: 'hard_sigmoid', alpha: 1 / 6, beta: 0.5 }));
      return add(node(name(), 'binary', [x, sigmoid], { fn: 'mul' }));
    },
    (x) => {
      const raised = add(node(name(), 'affine', [x, scalar(1), scalar(3)], {}));
      const clipped = add(node(name(), 'unary', [raised], { fn: 'clip', alpha: 0, beta: 6 }));
      return add(node(name(), 'binary', [x, clipped], { fn: 'mul' }));
    },
    (x) => add(node(name(), 'unary', [x], { fn: random.pick(['abs', 'relu', 'neg', 'square'] as const) })),
    (x) => add(node(name(), 'gather', [x], { axis: 0, indices: Int32Array.from(random.permutation(WIDTH)) })),
    (x) => add(node(name(), 'select', ['z', x, number()], {})),
    (x) => {
      const row = add(node(name(), 'reshape', [x], { shape: [1, WIDTH] }));
      return add(
        node(name(), 'reduce', [row], { fn: random.pick(['sum', 'max'] as const), axes: [0], keepDims: false }),
      );
    },
  ];
  let x = 'x';
  for (let count = 1 + random.below(4); count > 0; count--) x = random.pick(steps)(x);
  return [...nodes, random.pick(STEPS)(x)];
}

describe.each(PRECISIONS)('in %s, what leads to a step', (precision) => {
  it('is computed to the bit as it stands in the graph, in 2,000 chains', () => {
    let simpler = 0;
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Random(seed);
      const graph = graphOf({ x: [WIDTH], z: [WIDTH] }, chain(random));
      const near = () => random.pick([49, 7, 3, 10, 1, 5, 0.1, 1 / 3]) * (random.below(9) - 2);
      const rows = () => new (arrayOf(precision))(16 * WIDTH).map(near);
      const inputs = { x: rows(), z: rows() };
      const [plain, simple] = [[], RULES].map((rules) => comparable(runBy(rules, graph, precision, inputs), 'numbers'));
      expect(simple, `seed ${seed}: ${graph.nodes.map(({ op }) => op)}`).toEqual(plain);
      const [before, after] = [[], RULES].map(
        (rules) => simplify(validate(graph, DEFAULT_LIMITS), { precision, rules }).nodes.length,
      );
      if (after < before) simpler++;
    }
    // Not for want of anything to do.
    expect(simpler).toBeGreaterThan(30);
  });
});
