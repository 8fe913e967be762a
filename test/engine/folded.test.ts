/** What is folded while a model loads has the bits that the engine gives for the same numbers as inputs. */
import { describe, expect, it } from 'vitest';
import { compile } from '../../lib/compute.ts';
import { Budget } from '../../lib/graph/budget.ts';
import { Folding } from '../../lib/graph/folding.ts';
import { type Graph, type Node, REDUCE_NAMES, SOFTMAX_NAMES, UNARY_NAMES } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { definitionOf } from '../../lib/graph/ops.ts';
import { foldConstants } from '../../lib/graph/simplify/identities.ts';
import type { Rule } from '../../lib/graph/simplify/rewriter.ts';
import { RULES, simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { assemble, modelFromGraph } from '../../lib/load.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { ID_COUNT, Random, randomGraph } from '../random-graph.ts';
import { arrayOf, bitsOf, type Floats, type Named, PRECISIONS, type Precision } from './engine.ts';
import { type Foldable, foldables, numbers } from './foldable.ts';

const NAMES = ['a', 'b', 'c'];
const COUNT = 4000;

function resultOf(graph: Graph, precision: Precision, inputs: Named): Floats {
  using model = modelFromGraph(graph, { precision });
  return model.run(inputs).y as Floats;
}

/** With all operands that may be as inputs. */
function run({ node, operands }: Foldable, precision: Precision): Floats {
  const fixed = definitionOf(node.op).constants ?? [];
  const free = operands.flatMap((operand, at) => (fixed.includes(at) ? [] : [[NAMES[at], operand] as const]));
  const inputs = operands.map((operand, at) => (fixed.includes(at) ? operand : NAMES[at]));
  const shapes = Object.fromEntries(free.map(([name, { shape }]) => [name, shape]));
  const graph = graphOf(shapes, [{ ...node, inputs } as Node]);
  return resultOf(graph, precision, Object.fromEntries(free.map(([name, { data }]) => [name, data])));
}

function folded({ node, operands }: Foldable, precision: Precision): Floats {
  const graph = graphOf({ z: [1] }, [{ ...node, inputs: operands } as Node]);
  return resultOf(graph, precision, { z: new Float32Array(1) });
}

describe.each(PRECISIONS)('in %s', (precision) => {
  const all = foldables(precision, COUNT);

  it.each(all.map((each) => [each.what, each] as const))('%s', (_, each) => {
    expect(bitsOf(folded(each, precision))).toEqual(bitsOf(run(each, precision)));
  });

  it('covers every function', () => {
    const functions = new Set(all.map(({ node: { attributes } }) => ('fn' in attributes ? attributes.fn : '')));
    expect([...UNARY_NAMES, ...REDUCE_NAMES, ...SOFTMAX_NAMES].filter((fn) => !functions.has(fn))).toEqual([]);
  });

  it('of numbers that show it', () => {
    const fold = new Folding({ precision, compile, budget: new Budget() });
    const of = (fn: 'tanh_shrink' | 'sign' | 'gelu' | 'squareplus', x: number) => {
      const attributes = { fn, alpha: 4 };
      return fold.node(node('y', 'unary', [], attributes), [{ shape: [], data: Float64Array.of(x) }]).data[0];
    };
    expect(of('tanh_shrink', 1e-8)).toBeCloseTo(1e-24 / 3, 30);
    expect(of('tanh_shrink', 1e-8)).toBeGreaterThan(0);
    expect(of('sign', -0)).toBe(0);
    expect(of('gelu', precision === 'f32' ? -(2 ** -149) : -(2 ** -1074))).toBe(0);
    if (precision === 'f64') expect(of('squareplus', -1e300)).toBeCloseTo(1e-300, 310);
  });
});

/** The bits of all outputs, or the code of what ended it. */
function outcome(graph: Graph, rules: readonly Rule[], precision: Precision, inputs: Named): unknown {
  try {
    const budget = new Budget();
    const fold = new Folding({ precision, compile, budget });
    const simple = simplify(validate(graph, DEFAULT_LIMITS), { precision, rules, fold, budget });
    const prepared = { source: graph, simple, arithmetic: precision, parameterCount: 0, budget };
    using model = assemble(prepared, simple, checkModelOptions({ precision }));
    return Object.entries(model.run({ ...inputs }) as Named).map(([name, values]) => [name, bitsOf(values)]);
  } catch (error) {
    return (error as Error).name;
  }
}

/** The graph with some of its inputs, and each use of them, as the numbers themselves. */
function withConstants(graph: Graph, names: readonly string[], inputs: Named): Graph {
  const tensors = new Map(
    graph.inputs
      .filter(({ name }) => names.includes(name))
      .map(({ name, shape }) => [name, { shape, data: inputs[name] }]),
  );
  const [given, ...others] = graph.nodes.map((each) => {
    const operands = each.inputs.map((operand) =>
      typeof operand === 'string' ? (tensors.get(operand) ?? operand) : operand,
    );
    return { ...each, inputs: operands } as Node;
  });
  const kept = graph.inputs.filter(({ name }) => !tensors.has(name));
  const unused = { name: 'unused', shape: [1], dtype: 'float32' as const };
  const outputs = graph.outputs.filter(({ value }) => !tensors.has(value));
  return { ...graph, inputs: kept.length > 0 ? kept : [unused], outputs, nodes: [given, ...others] };
}

describe.each(PRECISIONS)('in %s, 400 random graphs', (precision) => {
  it('give the same bits with parts that are constant as with the same numbers as inputs', () => {
    let folded = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const random = new Random(seed);
      const graph = randomGraph(seed);
      const inputs = Object.fromEntries(
        graph.inputs.map(({ name, shape, dtype }) => {
          const count = shape.reduce((a, b) => a * b, 1);
          const special = numbers(random, precision, 200).subarray(random.below(100));
          const any = () => (random.below(2) === 0 ? random.pick([...special]) : random.normal());
          const value = dtype === 'int64' ? () => random.below(ID_COUNT) : any;
          return [name, new (arrayOf(precision))(count).map(value)];
        }),
      );
      const constant = graph.inputs.map(({ name }) => name).filter(() => random.below(3) > 0);
      const partly = withConstants(graph, constant, inputs);
      const same = {
        ...graph,
        outputs: graph.outputs.filter(({ name }) => partly.outputs.some((y) => y.name === name)),
      };
      if (partly.outputs.length === 0) continue;
      const kept = partly.inputs.map(({ name }) => [name, inputs[name] ?? new Float32Array(1)]);
      const ran = outcome(same, [], precision, inputs);
      expect(outcome(partly, [foldConstants], precision, Object.fromEntries(kept)), `seed ${seed}`).toEqual(ran);
      folded += constant.length;
    }
    expect(folded).toBeGreaterThan(400);
  });
});

describe('integers', () => {
  it('past 2^24 stay exact where a model of f32 keeps them in doubles', () => {
    const integers = { wide: true, checked: false };
    const fold = new Folding({ precision: 'f32', compile, budget: new Budget(), integers });
    const number = (value: number) => ({ shape: [], data: Float64Array.of(value) });
    const of = (fn: 'add' | 'sub' | 'mul', a: number, b: number) =>
      fold.node(node('y', 'binary', [], { fn }), [number(a), number(b)]).data[0];
    expect(of('add', 2 ** 24, 1)).toBe(2 ** 24 + 1);
    expect(of('sub', 2 ** 40 + 1, 2 ** 40)).toBe(1);
    expect(of('mul', 4097, 4097)).toBe(16785409);
    expect(fold.node(node('y', 'unary', [], { fn: 'exp' }), [number(3)]).data).toBeInstanceOf(Float32Array);
  });
});

describe('folding', () => {
  it('takes steps of the budget for what the engine computes', () => {
    const fold = new Folding({ precision: 'f32', compile, budget: new Budget() });
    const all = () => {
      for (let i = 0; i < 30_000; i++)
        fold.node(node('y', 'unary', [], { fn: 'exp' }), [{ shape: [], data: Float32Array.of(1) }]);
    };
    expect(all).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  });

  it('is what a model does with all its rules', () => {
    expect(RULES[0]).toBe(foldConstants);
  });
});
