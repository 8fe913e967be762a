import { expect, it } from 'vitest';
import type { Node, Tensor } from '../../../lib/graph/graph.ts';
import { constant, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

const INPUTS = { x: [3], z: [3] };
const count = (...nodes: readonly Node[]) =>
  kinds(INPUTS, nodes, { outputs: nodes.map(({ output }) => output) }).length;
const slope = (output: string, values: readonly number[]) =>
  node(output, 'binary', ['x', constant(values)], { fn: 'prelu' });

it('nodes are one when they take the same values, by the same function', () => {
  expect(count(slope('a', [1, 2, 3]), slope('b', [1, 2, 3]))).toBe(1);
  expect(count(slope('a', [1, 2, 3]), slope('b', [1, 2, 4]))).toBe(2);
  expect(count(slope('a', [1, 0, 3]), slope('b', [1, -0, 3]))).toBe(2);
  expect(count(slope('a', [1, -0, 3]), slope('b', [1, -0, 3]))).toBe(1);
  const unary = (output: string, x: string, fn: 'exp' | 'tanh') => node(output, 'unary', [x], { fn });
  expect(count(unary('a', 'x', 'exp'), unary('b', 'z', 'exp'), unary('c', 'x', 'tanh'))).toBe(3);
  const pair = (output: string, ...operands: readonly string[]) => node(output, 'binary', operands, { fn: 'sub' });
  expect(count(pair('a', 'x', 'z'), pair('b', 'z', 'x'), pair('c', 'x', 'z'), pair('d', 'z', 'x'))).toBe(2);
});

it('nodes of one operand and other operations are not one', () => {
  const lists = [node('a', 'reshape', ['x'], { shape: [1, 3] }), node('b', 'expand', ['x'], { shape: [1, 3] })];
  expect(count(...lists)).toBe(2);
  const gather = (output: string, ...indices: readonly number[]) =>
    node(output, 'gather', ['x'], { axis: 0, indices: Int32Array.from(indices) });
  expect(count(gather('a', 0, 1), gather('b', 0, 2), gather('c', 0, 1))).toBe(2);
});

it('attributes are compared whatever their order, and to the sign of a zero', () => {
  const leaky = (output: string, alpha: number) => node(output, 'unary', ['x'], { fn: 'leaky_relu', alpha });
  expect(count(leaky('a', 0.5), node('b', 'unary', ['x'], { alpha: 0.5, fn: 'leaky_relu' }))).toBe(1);
  expect(count(leaky('a', 0), leaky('b', -0), leaky('c', 0))).toBe(2);
});

it('the third of its kind is compared with the first two', () => {
  expect(count(slope('a', [1, 2, 3]), slope('b', [4, 5, 6]), slope('c', [1, 2, 3]), slope('d', [4, 5, 6]))).toBe(2);
});

it('numbers are compared one by one up to 64 of them, and by identity beyond', () => {
  const wide = (width: number) => {
    const values = Array.from({ length: width }, (_, at) => at);
    const [one, other]: Tensor[] = [constant(values), constant(values)];
    const prelu = (output: string, by: Tensor) => node(output, 'binary', ['x', by], { fn: 'prelu' });
    const nodes = [prelu('a', one), prelu('b', other), prelu('c', one)];
    return kinds({ x: [width] }, nodes, { outputs: ['a', 'b', 'c'] }).length;
  };
  expect([wide(64), wide(65)]).toEqual([1, 2]);
});

it('indices are compared one by one up to 64 of them', () => {
  const wide = (width: number) => {
    const gather = (output: string) =>
      node(output, 'gather', ['x'], { axis: 0, indices: Int32Array.from({ length: width }, (_, at) => at % 2) });
    return kinds({ x: [3] }, [gather('a'), gather('b')], { outputs: ['a', 'b'] }).length;
  };
  expect([wide(64), wide(65)]).toEqual([1, 2]);
});

it('nodes of other operations, or of clamps that differ in the sign of a zero, are not one', () => {
  const affine = (output: string) => node(output, 'affine', ['x', scalar(2), scalar(1)], {});
  const select = (output: string) => node(output, 'select', ['x', scalar(2), scalar(1)], {});
  const nodes = [affine('a'), affine('b'), select('c'), select('d'), affine('e')];
  const { outputs } = simple(INPUTS, nodes, { outputs: nodes.map(({ output }) => output) });
  expect(outputs.map(({ value }) => value)).toEqual(['a', 'a', 'c', 'c', 'a']);
  const weight = constant([1, 2, 3], [3, 1]);
  const dense = (output: string, low: number) =>
    node(output, 'dense', ['x', weight], { layout: 'in-out', clamp: [low, 1] });
  expect([count(dense('a', 0), dense('b', -0)), count(dense('a', 0), dense('b', 0))]).toEqual([2, 1]);
});

it('a node that has gone into another is not shared with', () => {
  const sigmoid = (output: string) => node(output, 'unary', ['x'], { fn: 'sigmoid' });
  const silu = (output: string, by: string) => node(output, 'binary', ['x', by], { fn: 'mul' });
  const nodes = [
    ...[sigmoid('a'), sigmoid('b'), silu('c', 'a'), silu('d', 'b')],
    ...[sigmoid('e'), node('f', 'unary', ['e'], { fn: 'exp' })],
  ];
  const { nodes: left } = simple(INPUTS, nodes, { outputs: ['c', 'd', 'f'] });
  expect(left.map(({ output }) => output)).toEqual(['c', 'e', 'f']);
});

it('what a rule has put elsewhere is not shared with', () => {
  // b becomes an affine at once, and the square after it has to find what is there then.
  const nodes = [
    node('a', 'binary', ['x', scalar(2)], { fn: 'mul' }),
    node('b', 'binary', ['a', scalar(3)], { fn: 'mul' }),
    node('c', 'binary', ['x', scalar(6)], { fn: 'mul' }),
    node('y', 'binary', ['b', 'c'], { fn: 'sub' }),
  ];
  expect(kinds(INPUTS, nodes)).toEqual(['affine', 'sub']);
});
