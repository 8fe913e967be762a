import { describe, expect, it } from 'vitest';
import {
  BINARY_NAMES,
  type Node,
  type Op,
  type OpAttributes,
  type Operand,
  REDUCE_NAMES,
  UNARY_NAMES,
} from '../../../lib/graph/graph.ts';
import { stepsOf } from '../../../lib/graph/simplify/steps.ts';
import { constant, node, scalar } from '../graphs.ts';

const stepped = (...nodes: readonly Node[]) => [...stepsOf(nodes)].sort();

describe('of which operands a last bit decides', () => {
  const UNARY = [
    ...['floor', 'ceil', 'round', 'trunc', 'sign', 'not', 'to_bool', 'to_integer', 'wrap', 'narrow'],
    ...['thresholded_relu', 'threshold', 'hard_shrink', 'soft_shrink', 'sqrt', 'log', 'log1p', 'reciprocal'],
    ...['log2', 'log10', 'tan', 'asin', 'acos', 'acosh', 'atanh'],
  ];
  it('says of functions of one number', () => {
    const found = UNARY_NAMES.filter((fn) => stepped(node('y', 'unary', ['x'], { fn })).join() === 'x');
    expect([...found].sort()).toEqual([...UNARY].sort());
    const others = UNARY_NAMES.filter((fn) => !UNARY.includes(fn));
    for (const fn of others) expect(stepped(node('y', 'unary', ['x'], { fn }))).toEqual([]);
  });

  it('says of functions of two', () => {
    const found = Object.fromEntries(
      BINARY_NAMES.map((fn) => [fn, stepped(node('y', 'binary', ['a', 'b'], { fn })).join()]),
    );
    const of = (fns: readonly string[], operands: string) => Object.fromEntries(fns.map((fn) => [fn, operands]));
    expect(found).toEqual({
      ...of(['equal', 'less', 'less_equal', 'greater', 'greater_equal', 'and', 'or', 'xor', 'fmod', 'atan2'], 'a,b'),
      ...of(['add', 'sub', 'mul', 'min', 'max', 'prelu'], ''),
      div: 'b',
      pow: 'a',
    });
  });

  it('says of reductions', () => {
    const attributes = { axes: [0], keepDims: false };
    const found = REDUCE_NAMES.filter((fn) => stepped(node('y', 'reduce', ['x'], { fn, ...attributes })).length > 0);
    expect(found).toEqual([
      'log_sum',
      ...REDUCE_NAMES.filter((fn) => fn.startsWith('arg_')),
      'sum_float32',
      'sum_in_order',
    ]);
  });

  it.each<[string, Node, string[]]>([
    ['a condition', node('y', 'select', ['c', 'a', 'b'], {}), ['c']],
    ['ids of a table', node('y', 'embedding', ['i', constant([1, 2])], { wrap: true }), ['i']],
    ['ids of codes', node('y', 'one_hot', ['i'], { depth: 2, on: 1, off: 0, axis: 0, wrap: true }), ['i']],
    ['a norm that is replaced', node('y', 'normalize', ['x'], { axis: 0, norm: 'l2', epsilon: 0, floor: 1 }), ['x']],
    ['a norm of 0', node('y', 'normalize', ['x'], { axis: 0, norm: 'l2', epsilon: 0, floor: 0 }), ['x']],
    ['no norm with a floor', node('y', 'normalize', ['x'], { axis: 0, norm: 'l2', epsilon: 1, floor: 1 }), []],
    ['no softmax', node('y', 'softmax', ['x'], { axis: 0, fn: 'softmax' }), []],
    ['no constant', node('y', 'unary', [scalar(1)], { fn: 'floor' }), []],
  ])('says of %s', (_, found, operands) => {
    expect(stepped(found)).toEqual(operands);
  });
});

describe('what carries last bits on', () => {
  const floor = node('y', 'unary', ['v'], { fn: 'floor' });
  const carriedBy = <O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]) =>
    stepped(node('v', op, inputs, attributes), floor).filter((name) => name !== 'v');

  it('is arithmetic and movement', () => {
    expect(carriedBy('affine', ['a', scalar(2), scalar(1)], {})).toEqual(['a']);
    expect(carriedBy('unary', ['a'], { fn: 'tanh' })).toEqual(['a']);
    expect(carriedBy('binary', ['a', 'b'], { fn: 'add' })).toEqual(['a', 'b']);
    expect(carriedBy('select', ['c', 'a', 'b'], {})).toEqual(['a', 'b', 'c']);
    expect(carriedBy('reduce', ['a'], { fn: 'sum', axes: [0], keepDims: true })).toEqual(['a']);
    expect(carriedBy('concat', ['a', 'b'], { axis: 0 })).toEqual(['a', 'b']);
    expect(carriedBy('gather', ['a'], { axis: 0, indices: Int32Array.of(0) })).toEqual(['a']);
    expect(carriedBy('transpose', ['a'], { permutation: [0] })).toEqual(['a']);
    expect(carriedBy('reshape', ['a'], { shape: [1] })).toEqual(['a']);
    expect(carriedBy('expand', ['a'], { shape: [1] })).toEqual(['a']);
    expect(carriedBy('require_finite', ['a'], { nan: false })).toEqual(['a']);
  });

  it('is a layer of whole weights alone', () => {
    const layer = (...parameters: readonly Operand[]) => carriedBy('dense', ['a', ...parameters], { layout: 'in-out' });
    const [whole, broken] = [constant([1, -2], [1, 2]), constant([1, 0.5], [1, 2])];
    expect(layer(whole)).toEqual(['a']);
    expect(layer(broken)).toEqual([]);
    expect(layer(whole, constant([3, 4]))).toEqual(['a']);
    expect(layer(whole, constant([3, 0.25]))).toEqual([]);
    // What is not folded yet may turn out to be whole.
    expect(layer('w')).toEqual(['a', 'w']);
  });

  it('is not a curve along an axis, and nothing that leads elsewhere', () => {
    expect(carriedBy('softmax', ['a'], { axis: 0, fn: 'softmax' })).toEqual([]);
    const nodes = [node('v', 'unary', ['a'], { fn: 'tanh' }), node('w', 'unary', ['a'], { fn: 'floor' })];
    expect(stepped(...nodes)).toEqual(['a']);
    expect(stepped(node('v', 'unary', ['a'], { fn: 'tanh' }), node('w', 'unary', ['b'], { fn: 'floor' }))).toEqual([
      'b',
    ]);
  });
});
