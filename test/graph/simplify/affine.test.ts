import { describe, expect, it } from 'vitest';
import type { Node, Operand, Tensor } from '../../../lib/graph/graph.ts';
import { reference } from '../../reference.ts';
import { constant, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

const affine = (output: string, x: string, scale: Tensor, shift: Tensor) =>
  node(output, 'affine', [x, scale, shift], {});
const dense = (output: string, x: string, weight: Tensor, ...bias: readonly Tensor[]) =>
  node(output, 'dense', [x, weight, ...bias], { layout: 'in-out' });
const WEIGHT = constant([0.5, 2, 3, 4, 5, 6], [2, 3]);

describe('arithmetic with constants', () => {
  it('keeps the sign of zeros', () => {
    const zeros = (nodes: readonly Node[]) => [...reference(simple({ x: [1] }, nodes), { x: [0, -0] }, 2).y];
    const binary = (fn: 'add' | 'sub' | 'mul', a: Operand, b: Operand) => [node('y', 'binary', [a, b], { fn })];
    expect(zeros([node('y', 'unary', ['x'], { fn: 'neg' })])).toEqual([-0, 0]);
    expect(zeros(binary('mul', 'x', scalar(3)))).toEqual([0, -0]);
    expect(zeros(binary('mul', 'x', scalar(-3)))).toEqual([-0, 0]);
    expect(zeros(binary('add', 'x', scalar(0)))).toEqual([0, 0]);
    expect(zeros(binary('add', 'x', scalar(-0)))).toEqual([0, -0]);
    expect(zeros(binary('sub', 'x', scalar(0)))).toEqual([0, -0]);
    expect(zeros(binary('sub', 'x', scalar(-0)))).toEqual([0, 0]);
    expect(zeros(binary('sub', scalar(0), 'x'))).toEqual([0, 0]);
    expect(zeros(binary('sub', scalar(-0), 'x'))).toEqual([-0, 0]);
    const twice = [node('a', 'unary', ['x'], { fn: 'neg' }), node('y', 'unary', ['a'], { fn: 'neg' })];
    expect(zeros(twice)).toEqual([0, -0]);
    expect(
      zeros([...binary('mul', 'x', scalar(3)).map((each) => ({ ...each, output: 'a' })), ...twice.slice(1)]),
    ).toEqual([-0, 0]);
  });

  it('makes NaN of ∞·0 and ∞ − ∞, folded or not', () => {
    const nodes = [
      affine('a', 'x', scalar(2), scalar(1)),
      affine('b', 'a', scalar(0), scalar(3)),
      dense('y', 'b', constant([1], [1, 1])),
    ];
    const simplified = simple({ x: [1] }, nodes);
    expect(simplified.nodes).toHaveLength(1);
    expect([...reference(simplified, { x: [Infinity, -Infinity, Number.NaN, 5] }, 4).y]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      3,
    ]);
    const difference = [node('y', 'binary', ['x', 'x'], { fn: 'sub' })];
    expect([...reference(simple({ x: [1] }, difference), { x: [Infinity, Number.NaN, 5] }, 3).y]).toEqual([
      Number.NaN,
      Number.NaN,
      0,
    ]);
  });

  it('stays where one of its constants is not finite', () => {
    const binary = (values: readonly number[], fn: 'add' | 'mul') => [
      node('y', 'binary', ['x', constant(values)], { fn }),
    ];
    expect(kinds({ x: [2] }, binary([1, Infinity], 'add'))).toEqual(['add']);
    expect(kinds({ x: [2] }, binary([1, Infinity], 'mul'))).toEqual(['mul']);
  });
});

describe('two in a row', () => {
  const merged = (t: number, u: number, precision: 'f32' | 'f64' = 'f32') => {
    const nodes = [affine('a', 'x', scalar(2), scalar(t)), affine('y', 'a', scalar(u), scalar(1))];
    return kinds({ x: [1] }, nodes, { precision }).length;
  };

  it('are one as long as the first shift stays small', () => {
    expect([merged(16, 2), merged(16, 2.125), merged(-16, 2), merged(-16, 2.125)]).toEqual([1, 2, 1, 2]);
    expect([merged(512, 2, 'f64'), merged(512, 2.125, 'f64')]).toEqual([1, 2]);
  });

  it('are two where one of many shifts or factors cannot be held', () => {
    const nodes = (u: Tensor, v: Tensor) => [affine('a', 'x', scalar(2), scalar(1)), affine('y', 'a', u, v)];
    expect(kinds({ x: [2] }, nodes(constant([1, 2]), constant([1, Infinity])))).toHaveLength(2);
    expect(kinds({ x: [2] }, nodes(constant([1, 2]), constant([Number.NaN, 1])))).toHaveLength(2);
    const tiny = constant([2 ** -126, 1]);
    const small = [affine('a', 'x', scalar(0.5), scalar(-0)), affine('y', 'a', tiny, scalar(1))];
    expect(kinds({ x: [2] }, small, { precision: 'f32' })).toHaveLength(2);
    expect(kinds({ x: [2] }, small, { precision: 'f64' })).toHaveLength(1);
  });

  it('are two where something else takes the first', () => {
    const nodes = [affine('a', 'x', scalar(2), scalar(1)), affine('y', 'a', scalar(2), scalar(1))];
    expect(kinds({ x: [1] }, nodes, { outputs: ['a', 'y'] })).toHaveLength(2);
  });
});

describe('a norm', () => {
  const scaledThen = (scale: Tensor, shift: Tensor, precision: 'f32' | 'f64' = 'f64', own = scalar(1)) =>
    kinds(
      { x: [2, 3] },
      [node('n', 'layer_norm', ['x', own], { axis: 1, epsilon: 0.1 }), affine('y', 'n', scale, shift)],
      { precision },
    );

  it('takes scale and shift in unless either differs along an axis before it', () => {
    expect(scaledThen(scalar(2), scalar(1))).toEqual(['layer_norm']);
    expect(scaledThen(constant([1, 2], [2, 1]), scalar(1))).toEqual(['layer_norm', 'affine']);
    expect(scaledThen(scalar(2), constant([1, 2], [2, 1]))).toEqual(['layer_norm', 'affine']);
  });

  it('takes in what the precision can hold', () => {
    expect(scaledThen(scalar(2 ** 100), scalar(1), 'f32', scalar(2 ** 100))).toEqual(['layer_norm', 'affine']);
    expect(scaledThen(scalar(2 ** 100), scalar(1), 'f64', scalar(2 ** 100))).toEqual(['layer_norm']);
    expect(scaledThen(scalar(2), constant([1, Infinity, 2]))).toEqual(['layer_norm', 'affine']);
  });
});

describe('a layer', () => {
  const scaledFirst = (scale: Tensor, shift: Tensor, precision: 'f32' | 'f64' = 'f32', weight = WEIGHT) =>
    kinds({ x: [2] }, [affine('a', 'x', scale, shift), dense('y', 'a', weight)], { precision });
  const scaledThen = (scale: Tensor, shift: Tensor, weight = WEIGHT, ...bias: readonly Tensor[]) =>
    kinds({ x: [2, 2] }, [dense('d', 'x', weight, ...bias), affine('y', 'd', scale, shift)], { precision: 'f32' });

  it('takes in a scaler of a small shift and finite factors', () => {
    expect([scaledFirst(scalar(2), scalar(32)), scaledFirst(scalar(2), scalar(-32))]).toEqual([['dense'], ['dense']]);
    expect(scaledFirst(scalar(2), constant([1, 32.001]))).toEqual(['affine', 'dense']);
    expect(scaledFirst(scalar(2), scalar(1024), 'f64')).toEqual(['dense']);
    expect(scaledFirst(scalar(2), scalar(1025), 'f64')).toEqual(['affine', 'dense']);
    expect(scaledFirst(constant([1, Infinity]), scalar(1))).toEqual(['affine', 'dense']);
    expect(scaledFirst(constant([Number.NaN, 1]), scalar(1))).toEqual(['affine', 'dense']);
  });

  it('leaves a scaler that differs along another axis than its own', () => {
    const rows = (scale: Tensor, shift: Tensor) =>
      kinds({ x: [2, 2] }, [affine('a', 'x', scale, shift), dense('y', 'a', WEIGHT)]);
    expect(rows(constant([1, 2], [2, 1]), scalar(1))).toEqual(['affine', 'dense']);
    expect(rows(scalar(1), constant([1, 2], [2, 1]))).toEqual(['affine', 'dense']);
    expect(rows(constant([1, 2]), constant([1, 2]))).toEqual(['dense']);
  });

  it('takes in the scale and shift of the last axis alone', () => {
    expect(scaledThen(constant([1, 2, 3]), constant([1, 2, 3]))).toEqual(['dense']);
    expect(scaledThen(constant([1, 2], [2, 1]), scalar(1))).toEqual(['dense', 'affine']);
    expect(scaledThen(scalar(1), constant([1, 2], [2, 1]))).toEqual(['dense', 'affine']);
    expect(scaledThen(scalar(1), constant([1, 2, Infinity]))).toEqual(['dense', 'affine']);
    expect(scaledThen(constant([1, 2, 2 ** 127]), scalar(1))).toEqual(['dense', 'affine']);
  });

  it('keeps a weight that cannot be scaled, but takes what is added to it', () => {
    const odd = constant([2 ** -140, 2, 3, 4, 5, 6], [2, 3]);
    expect(scaledThen(scalar(1), constant([1, 2, 3]), odd)).toEqual(['dense']);
    expect(scaledThen(scalar(1), constant([1, 2, 3]), odd, constant([1, 2, 3]))).toEqual(['dense']);
    expect(scaledThen(constant([1, 1, 2]), constant([1, 2, 3]), odd)).toEqual(['dense', 'affine']);
    const infinite = constant([Infinity, 2, 3, 4, 5, 6], [2, 3]);
    expect(scaledFirst(scalar(1), scalar(1), 'f32', infinite)).toEqual(['affine', 'dense']);
    expect(scaledThen(scalar(1), constant([1, 2, 3]), WEIGHT, constant([1, Infinity, 2]))).toEqual(['dense', 'affine']);
  });

  it('is changed in each column, whichever of them are scaled', () => {
    const { nodes } = simple({ x: [2] }, [dense('d', 'x', WEIGHT), affine('y', 'd', constant([1, 1, 2]), scalar(0))]);
    expect(nodes[0].inputs[1]).toMatchObject({ data: Float64Array.of(0.5, 2, 6, 4, 5, 12) });
  });

  it('takes x itself only where nothing but layers takes the scaler', () => {
    const scaler = affine('a', 'x', scalar(2), scalar(1));
    const layer = dense('y', 'a', WEIGHT);
    const from = (nodes: readonly Node[], outputs: readonly string[]) =>
      simple({ x: [2] }, nodes, { outputs }).nodes.find(({ output }) => output === 'y')?.inputs[0];
    expect(from([scaler, layer], ['y'])).toBe('x');
    expect(from([scaler, layer], ['y', 'a'])).toBe('a');
    expect(from([scaler, layer, node('e', 'unary', ['a'], { fn: 'exp' })], ['y', 'e'])).toBe('a');
    expect(from([scaler, layer, dense('z', 'a', constant([1, 2], [2, 1]))], ['y', 'z'])).toBe('x');
    expect(from([node('a', 'unary', ['x'], { fn: 'exp' }), layer], ['y'])).toBe('a');
  });

  it('clamps within the bounds of both, and leaves other functions and clamps of others alone', () => {
    const clamped = (...clips: readonly (readonly [number, number])[]) => {
      const nodes = clips.map(([alpha, beta], at) =>
        node(`c${at}`, 'unary', [at === 0 ? 'd' : `c${at - 1}`], { fn: 'clip', alpha, beta }),
      );
      return simple({ x: [2] }, [dense('d', 'x', WEIGHT), ...nodes]).nodes.map(({ attributes }) =>
        'clamp' in attributes ? attributes.clamp : 'none',
      );
    };
    expect(clamped([0, 6])).toEqual([[0, 6]]);
    expect(clamped([0, 6], [1, 9])).toEqual([[1, 6]]);
    expect(clamped([3, 1])).toEqual(['none', 'none']);
    const given = node('d', 'dense', ['x', WEIGHT], { layout: 'in-out', clamp: [0, 4] });
    const relu6 = simple({ x: [2] }, [given, node('y', 'unary', ['d'], { fn: 'clip', alpha: 1, beta: 6 })]);
    expect(relu6.nodes).toMatchObject([{ attributes: { clamp: [1, 4] } }]);
    expect(kinds({ x: [2] }, [given, affine('y', 'd', scalar(2), scalar(1))])).toEqual(['dense', 'affine']);
  });

  it('lets NaN and infinities through when it clamps, as relu does', () => {
    const nodes = [dense('d', 'x', constant([1], [1, 1])), node('y', 'unary', ['d'], { fn: 'relu' })];
    const found = reference(simple({ x: [1] }, nodes), { x: [Number.NaN, Infinity, -Infinity] }, 3).y;
    expect([...found]).toEqual([Number.NaN, Infinity, 0]);
  });
});
