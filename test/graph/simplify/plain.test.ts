import { describe, expect, it } from 'vitest';
import type { Node, Operand } from '../../../lib/graph/graph.ts';
import { reference } from '../../reference.ts';
import { checkedOf, constant, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5, -2.5];
const binary = (output: string, fn: Extract<Node, { op: 'binary' }>['attributes']['fn'], a: Operand, b: Operand) =>
  node(output, 'binary', [a, b], { fn });
const unary = (
  output: string,
  fn: Extract<Node, { op: 'unary' }>['attributes']['fn'],
  x: string,
  alpha?: number,
  beta?: number,
) => node(output, 'unary', [x], { fn, alpha, beta });

/** Holds the numbers of special values to the graph as it stands. */
function expectSame(nodes: readonly Node[], isExact = true): void {
  const graph = checkedOf({ x: [1], z: [1] }, nodes);
  const values = SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b]));
  const inputs = { x: values.map(([a]) => a), z: values.map(([, b]) => b) };
  const [found, wanted] = [simple({ x: [1], z: [1] }, nodes), graph].map((each) => [
    ...reference(each, inputs, values.length).y,
  ]);
  const compared = (list: readonly number[]) => (isExact ? list : list.map((value) => value + 0));
  expect(compared(found)).toEqual(compared(wanted));
}

describe('a power', () => {
  const root = (...before: readonly Node[]) =>
    kinds({ x: [2] }, [...before, binary('y', 'pow', 'v', scalar(0.5))]).at(-1);

  it('of ½ is a root of what is never negative nor −0', () => {
    for (const fn of ['square', 'abs', 'exp', 'sigmoid'] as const) expect(root(unary('v', fn, 'x'))).toBe('sqrt');
    for (const fn of ['tanh', 'relu', 'log', 'neg'] as const) expect(root(unary('v', fn, 'x'))).toBe('pow');
    const reduce = (fn: 'l1' | 'l2' | 'sum_square' | 'sum' | 'mean' | 'max', from: string) =>
      node('v', 'reduce', [from], { fn, axes: [0], keepDims: true });
    for (const fn of ['l1', 'l2', 'sum_square'] as const) expect(root(reduce(fn, 'x'))).toBe('sqrt');
    for (const fn of ['sum', 'mean'] as const) {
      expect([root(reduce(fn, 'x')), root(unary('s', 'square', 'x'), reduce(fn, 's'))]).toEqual(['pow', 'sqrt']);
    }
    expect(root(unary('s', 'square', 'x'), reduce('max', 's'))).toBe('pow');
    expect([root(unary('v', 'clip', 'x', 0.5, 2)), root(unary('v', 'clip', 'x', 0, 2))]).toEqual(['sqrt', 'pow']);
    expect([root(unary('v', 'clip', 'x', -1, 2)), root(unary('v', 'hard_sigmoid', 'x', 1, 1))]).toEqual(['pow', 'pow']);
  });

  it('of ½ is one of sums and products of such', () => {
    const [s, t] = [unary('s', 'square', 'x'), unary('t', 'abs', 'x')];
    for (const fn of ['add', 'mul'] as const) {
      expect(root(s, t, binary('v', fn, 's', 't'))).toBe('sqrt');
      expect(root(s, binary('v', fn, 's', 'x'))).toBe('pow');
    }
    expect(root(s, t, binary('v', 'sub', 's', 't'))).toBe('pow');
    const affine = (from: string, scale: readonly number[], shift: readonly number[]) =>
      root(s, node('v', 'affine', [from, constant(scale), constant(shift)], {}));
    expect(affine('s', [2, 3], [0, 1])).toBe('sqrt');
    expect(affine('s', [2, 0], [-0, 1])).toBe('sqrt');
    expect(affine('x', [2, 3], [0, 1])).toBe('pow');
    expect(affine('s', [2, -3], [0, 1])).toBe('pow');
    expect(affine('s', [2, -0], [0, 1])).toBe('pow');
    expect(affine('s', [2, 3], [0, -1])).toBe('pow');
    expect(affine('s', [Number.NaN, 3], [0, 1])).toBe('pow');
    expect(root(s, node('r', 'reshape', ['s'], { shape: [1, 2] }), node('v', 'expand', ['r'], { shape: [3, 2] }))).toBe(
      'sqrt',
    );
    expect(root(node('r', 'reshape', ['x'], { shape: [1, 2] }), node('v', 'expand', ['r'], { shape: [3, 2] }))).toBe(
      'pow',
    );
    expect(root(s, node('v', 'gather', ['s'], { axis: 0, indices: Int32Array.of(1) }))).toBe('pow');
  });

  it('of ½ is one of operations up to eight deep', () => {
    const deep = (depth: number) => {
      const nodes = [unary('s0', 'square', 'x')];
      for (let at = 1; at < depth; at++) nodes.push(binary(`s${at}`, 'add', `s${at - 1}`, 's0'));
      nodes.push(binary('v', 'add', `s${depth - 1}`, 's0'));
      return root(...nodes);
    };
    expect([deep(7), deep(8)]).toEqual(['sqrt', 'pow']);
  });

  it('keeps what −∞ and −0 give', () => {
    for (const exponent of [0.5, -0.5, -1, 1, 2, 3, 1.5]) expectSame([binary('y', 'pow', 'x', scalar(exponent))]);
    expect(kinds({ x: [2] }, [binary('y', 'pow', 'x', scalar(-0.5))])).toEqual(['pow']);
    expect(kinds({ x: [2] }, [binary('y', 'pow', 'x', scalar(-1.5))])).toEqual(['pow']);
  });

  it('that broadcasts its base is one, and so is a product of two', () => {
    const wide = [binary('y', 'pow', 'x', constant([2, 2, 2], [3, 1]))];
    expect(kinds({ x: [2] }, wide)).toEqual(['pow']);
    expect(kinds({ x: [2], z: [2] }, [binary('y', 'mul', 'x', 'z')])).toEqual(['mul']);
    expect(kinds({ x: [2] }, [binary('y', 'add', 'x', 'x')])).toEqual(['add']);
  });
});

describe('a division', () => {
  it('of 1 is the reciprocal unless it broadcasts', () => {
    expect(kinds({ x: [2] }, [binary('y', 'div', scalar(1), 'x')])).toEqual(['reciprocal']);
    expect(kinds({ x: [2] }, [binary('y', 'div', constant([1, 1, 1], [3, 1]), 'x')])).toEqual(['div']);
    expect(kinds({ x: [2] }, [binary('y', 'pow', scalar(1), 'x')])).toEqual(['pow']);
    expectSame([binary('y', 'div', scalar(1), 'x')]);
  });

  it('stands for a product with a reciprocal, and not for one with anything else', () => {
    const inverse = (fn: 'reciprocal' | 'exp') => unary('a', fn, 'z');
    const inputs = { x: [2], z: [2] };
    expect(kinds(inputs, [inverse('reciprocal'), binary('y', 'mul', 'x', 'a')])).toEqual(['div']);
    expect(kinds(inputs, [inverse('reciprocal'), binary('y', 'add', 'x', 'a')])).toEqual(['reciprocal', 'add']);
    expect(kinds(inputs, [inverse('exp'), binary('y', 'mul', 'x', 'a')])).toEqual(['exp', 'mul']);
    expect(
      kinds(inputs, [node('a', 'softmax', ['z'], { axis: 0, fn: 'softmax' }), binary('y', 'mul', 'x', 'a')]),
    ).toEqual(['softmax', 'mul']);
    expectSame([inverse('reciprocal'), binary('y', 'mul', 'x', 'a')]);
  });

  it('by 0, or by a constant that broadcasts, is one', () => {
    expect(kinds({ x: [2] }, [binary('y', 'div', 'x', constant([2, 0]))])).toEqual(['div']);
    expect(kinds({ x: [2] }, [binary('y', 'div', 'x', constant([1, 2], [2, 1]))])).toEqual(['div']);
    expectSame([binary('y', 'div', 'x', scalar(0))]);
  });
});

describe('a clip', () => {
  it('stands for max and min with one number that does not broadcast', () => {
    expect(kinds({ x: [2] }, [binary('y', 'max', 'x', constant([1, 1]))])).toEqual(['clip']);
    expect(kinds({ x: [2] }, [binary('y', 'max', 'x', constant([1, 2]))])).toEqual(['max']);
    expect(kinds({ x: [2] }, [binary('y', 'min', 'x', constant([1, 1, 1], [3, 1]))])).toEqual(['min']);
    expect(kinds({ x: [2] }, [binary('y', 'prelu', 'x', constant([1, 2]))])).toEqual(['prelu']);
    for (const bound of [0, 1, -1, Infinity, -Infinity]) {
      for (const fn of ['max', 'min'] as const) {
        expectSame([binary('y', fn, 'x', scalar(bound))], false);
        expectSame([binary('y', fn, scalar(bound), 'x')], false);
      }
    }
  });

  it('from 0 is relu, with or without its bound, and another function is not', () => {
    expect(kinds({ x: [2] }, [unary('y', 'clip', 'x', 0, Infinity)])).toEqual(['relu']);
    expect(kinds({ x: [2] }, [node('y', 'unary', ['x'], { fn: 'clip', beta: Infinity })])).toEqual(['relu']);
    expect(kinds({ x: [2] }, [unary('y', 'clip', 'x', 0, 1)])).toEqual(['clip']);
    expect(kinds({ x: [2] }, [unary('y', 'clip', 'x', -1, Infinity)])).toEqual(['clip']);
    expect(kinds({ x: [2] }, [unary('y', 'hard_sigmoid', 'x', 0, Infinity)])).toEqual(['hard_sigmoid']);
  });

  const bounds = ([a, b]: readonly number[], [c, d]: readonly number[]) => {
    const { nodes } = simple({ x: [1] }, [unary('v', 'clip', 'x', a, b), unary('y', 'clip', 'v', c, d)]);
    return nodes.map(({ attributes }) => ('alpha' in attributes ? [attributes.alpha, attributes.beta] : attributes));
  };

  it('of a clip is one, also of bounds that meet, and none of bounds that cross', () => {
    expect(bounds([0, 6], [1, 2])).toEqual([[1, 2]]);
    expect(bounds([0, 1], [2, 3])).toEqual([[2, 2]]);
    expect(bounds([2, 3], [0, 1])).toEqual([[1, 1]]);
    expect(bounds([1, 1], [0, 2])).toEqual([[1, 1]]);
    expect(bounds([0, 2], [1, 1])).toEqual([[1, 1]]);
    const bare = (alpha?: number, beta?: number) =>
      simple({ x: [1] }, [unary('v', 'clip', 'x', alpha, beta), unary('y', 'clip', 'v', -9, 9)]).nodes;
    expect(bare(undefined, 5)).toMatchObject([{ attributes: { alpha: 0, beta: 5 } }]);
    expect(bare(-5)).toMatchObject([{ attributes: { alpha: -5, beta: 0 } }]);
    expect(bounds([2, 1], [0, 3])).toHaveLength(2);
    expect(bounds([0, 3], [2, 1])).toHaveLength(2);
    for (const [a, b, c, d] of [
      [-1, 1, 0, 2],
      [0, 1, 2, 3],
      [2, 1, 0, 3],
      [-Infinity, 1, -2, Infinity],
    ]) {
      expectSame([unary('v', 'clip', 'x', a, b), unary('y', 'clip', 'v', c, d)], false);
    }
  });

  it('of relu, and relu of relu, is one; of another function, or of one that others take, it is not', () => {
    expect(kinds({ x: [1] }, [unary('v', 'relu', 'x'), unary('y', 'clip', 'v', -1, 6)])).toEqual(['clip']);
    expect(kinds({ x: [1] }, [unary('v', 'relu', 'x'), unary('w', 'relu', 'v'), unary('y', 'relu', 'w')])).toEqual([
      'relu',
    ]);
    expect(kinds({ x: [1] }, [unary('v', 'tanh', 'x'), unary('y', 'clip', 'v', -1, 6)])).toEqual(['tanh', 'clip']);
    expect(kinds({ x: [1] }, [unary('v', 'relu', 'x'), unary('y', 'hard_sigmoid', 'v', -1, 6)])).toEqual([
      'relu',
      'hard_sigmoid',
    ]);
    const shared = [unary('v', 'relu', 'x'), unary('y', 'clip', 'v', -1, 6)];
    expect(kinds({ x: [1] }, shared, { outputs: ['v', 'y'] })).toEqual(['relu', 'clip']);
    expectSame([unary('v', 'relu', 'x'), unary('y', 'relu', 'v')]);
  });

  it('is not taken for that of a layer by another name', () => {
    expect(kinds({ x: [1] }, [binary('y', 'prelu', 'x', constant([0.5, 0.5], [2, 1]))])).toEqual(['prelu']);
    expectSame([binary('y', 'prelu', 'x', scalar(0.5))]);
    expectSame([binary('y', 'prelu', 'x', scalar(-0.5))]);
  });
});

describe('a factor', () => {
  const scaled = (factor: number | readonly number[], shift = -0) =>
    node('a', 'affine', ['x', typeof factor === 'number' ? scalar(factor) : constant(factor), scalar(shift)], {});
  const order = (fn: 'mul' | 'div' | 'add', a: string, b: string, by: Node = scaled(2)) =>
    kinds({ x: [2], z: [2] }, [by, binary('y', fn, a, b)]);

  it('is taken out of products and quotients', () => {
    expect(order('mul', 'a', 'z')).toEqual(['mul', 'affine']);
    expect(order('mul', 'z', 'a')).toEqual(['mul', 'affine']);
    expect(order('div', 'a', 'z')).toEqual(['div', 'affine']);
    expect(order('div', 'z', 'a')).toEqual(['div', 'affine']);
    expect(order('add', 'a', 'z')).toEqual(['affine', 'add']);
    for (const [fn, factor] of [
      ['mul', 4],
      ['div', 0.25],
    ] as const) {
      const { nodes } = simple({ x: [2], z: [2] }, [scaled(4), binary('y', fn, 'z', 'a')]);
      expect(nodes[1].inputs.slice(1)).toEqual(
        [scalar(factor), scalar(-0)].map(({ shape, data }) => ({ shape, data: Float64Array.from(data) })),
      );
    }
  });

  it('is, up to 2⁸ and down to its inverse, when it is one and nothing is added', () => {
    for (const factor of [256, -256, 1 / 256, -1 / 256]) expect(order('mul', 'a', 'z', scaled(factor))[0]).toBe('mul');
    for (const factor of [257, -257, 1 / 257, -1 / 257, 0]) {
      expect(order('mul', 'a', 'z', scaled(factor))[0]).toBe('affine');
    }
    expect(order('mul', 'a', 'z', scaled([2, 3]))[0]).toBe('affine');
    expect([order('mul', 'a', 'z', scaled(2, 1))[0], order('div', 'z', 'a', scaled(2, 0))[0]]).toEqual([
      'affine',
      'affine',
    ]);
  });

  it('keeps what special values give, whatever its sign', () => {
    for (const factor of [2, -2, 0.5]) {
      for (const fn of ['mul', 'div'] as const) {
        for (const shift of [-0, 0]) {
          const by = node('a', 'affine', ['x', scalar(factor), scalar(shift)], {});
          expectSame([by, binary('y', fn, 'z', 'a')]);
          expectSame([by, binary('y', fn, 'a', 'z')], false);
        }
      }
    }
  });
});
