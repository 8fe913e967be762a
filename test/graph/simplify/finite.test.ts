import { describe, expect, it } from 'vitest';
import type { Node, Operand } from '../../../lib/graph/graph.ts';
import { constant, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

const required = (output: string, x: Operand, nan = false) => node(output, 'require_finite', [x], { nan });
const bare = (output: string) => node(output, 'unary', ['x'], { fn: 'log' });

/** Whether a requirement of `v`, which the nodes define of x, [3], and z, [3], is dropped. */
function isDropped(nodes: readonly Node[], nan = false): boolean {
  const found = kinds({ x: [3], z: [3] }, [
    ...nodes,
    required('r', 'v', nan),
    node('y', 'unary', ['r'], { fn: 'exp' }),
  ]);
  return found.at(-2) !== 'require_finite' && !(found.at(-2) === 'concat' && found.at(-3) === 'require_finite');
}

describe('what is finite by itself', () => {
  it.each(['not', 'to_bool', 'is_nan', 'is_inf', 'to_integer', 'wrap'] as const)('is what %s gives', (fn) => {
    expect(isDropped([node('v', 'unary', ['x'], { fn, alpha: 1, beta: 2 })])).toBe(true);
  });

  it.each(['equal', 'less', 'less_equal', 'greater', 'greater_equal', 'and', 'or', 'xor'] as const)(
    'is what %s gives',
    (fn) => {
      expect(isDropped([node('v', 'binary', ['x', 'z'], { fn })])).toBe(true);
    },
  );

  it('is not what other functions give', () => {
    for (const fn of ['log', 'sigmoid', 'sign', 'narrow'] as const) {
      expect(isDropped([node('v', 'unary', ['x'], { fn, alpha: 1, beta: 1 })])).toBe(false);
    }
    expect(isDropped([node('v', 'binary', ['x', 'z'], { fn: 'min' })])).toBe(false);
    expect(isDropped([node('v', 'softmax', ['x'], { axis: 0, fn: 'softmax' })])).toBe(false);
  });

  const truth = node('t', 'unary', ['x'], { fn: 'is_nan' });
  const moved = (from: string): Node[][] => [
    [node('v', 'gather', [from], { axis: 0, indices: Int32Array.of(2, 0, 1) })],
    [
      node('m', 'reshape', [from], { shape: [1, 3] }),
      node('n', 'expand', ['m'], { shape: [2, 3] }),
      node('v', 'transpose', ['n'], { permutation: [1, 0] }),
    ],
    [node('v', 'expand', [from], { shape: [2, 3] })],
    [node('v', 'reshape', [from], { shape: [1, 3] })],
  ];

  it('stays so when it is moved, and what is not is not', () => {
    for (const nodes of moved('t')) expect(isDropped([truth, ...nodes])).toBe(true);
    for (const nodes of moved('b')) expect(isDropped([bare('b'), ...nodes])).toBe(false);
    for (const [part, dropped] of [
      ['t', true],
      ['b', false],
    ] as const) {
      const both = [truth, bare('b'), node('v', 'concat', ['t', part], { axis: 0 })];
      const shared = [...both, node('w', 'unary', ['v'], { fn: 'tanh' }), required('r', 'v')];
      const found = kinds({ x: [3], z: [3] }, shared, { outputs: ['r', 'w'] });
      expect(found.includes('require_finite')).toBe(!dropped);
    }
  });

  it('is what a table or a code of finite numbers gives', () => {
    const table = (...values: readonly number[]) => [node('v', 'embedding', ['x', constant(values)], { wrap: false })];
    expect([isDropped(table(1, 2)), isDropped(table(1, Infinity)), isDropped(table(1, Number.NaN))]).toEqual([
      true,
      false,
      false,
    ]);
    expect([isDropped(table(1, Number.NaN), true), isDropped(table(Number.NaN, -Infinity), true)]).toEqual([
      true,
      false,
    ]);
    const code = (on: number, off: number) => [
      node('v', 'one_hot', ['x'], { depth: 2, on, off, axis: 0, wrap: false }),
    ];
    expect(isDropped(code(1, 0))).toBe(true);
    for (const [on, off] of [
      [Infinity, 0],
      [1, -Infinity],
    ]) {
      expect(isDropped(code(on, off))).toBe(false);
    }
  });

  it('is one of two finite numbers, whatever chooses', () => {
    const choice = (...operands: readonly Operand[]) => [
      truth,
      bare('b'),
      required('n', 'x', true),
      node('v', 'select', operands, {}),
    ];
    const [one, nan] = [scalar(1), constant([1, Number.NaN, 2])];
    expect(isDropped(choice('b', one, 't'))).toBe(true);
    expect(isDropped(choice('t', 'b', one))).toBe(false);
    expect(isDropped(choice('t', one, 'b'))).toBe(false);
    expect([isDropped(choice('b', 't', nan)), isDropped(choice('b', 't', nan), true)]).toEqual([false, true]);
    expect([isDropped(choice('b', 't', 'n')), isDropped(choice('b', 't', 'n'), true)]).toEqual([false, true]);
  });

  it('is what NaN was replaced in, by a number, and of the value that was asked', () => {
    const replaced = (test: Node, by: Operand, of = 'n', required_ = true) => [
      ...(required_ ? [required('n', 'x', true)] : [node('n', 'unary', ['x'], { fn: 'exp' })]),
      bare('b'),
      test,
      node('v', 'select', ['c', by, of], {}),
    ];
    const test = node('c', 'unary', ['n'], { fn: 'is_nan' });
    expect(isDropped(replaced(test, scalar(7)))).toBe(true);
    expect(isDropped(replaced(test, constant([1, Number.NaN, 2])))).toBe(false);
    expect(isDropped(replaced(test, 'b'))).toBe(false);
    expect(isDropped(replaced(test, scalar(7), 'n', false))).toBe(false);
    expect(isDropped(replaced(node('c', 'unary', ['x'], { fn: 'is_nan' }), scalar(7), 'n', false))).toBe(false);
    expect(isDropped(replaced(node('c', 'unary', ['n'], { fn: 'is_inf', alpha: 1 }), scalar(7)))).toBe(false);
    expect(isDropped(replaced(node('c', 'binary', ['n', 'n'], { fn: 'equal' }), scalar(7)))).toBe(false);
    expect(isDropped(replaced(node('c', 'unary', ['z'], { fn: 'is_nan' }), scalar(7)))).toBe(false);
  });

  it('is what was required before, unless that allowed NaN', () => {
    const twice = (nan: boolean) => [required('r0', 'x', nan), node('v', 'reshape', ['r0'], { shape: [1, 3] })];
    expect([isDropped(twice(false)), isDropped(twice(true)), isDropped(twice(true), true)]).toEqual([
      true,
      false,
      true,
    ]);
    const [found] = simple({ x: [3] }, [
      node('a', 'affine', ['x', scalar(2), scalar(1)], {}),
      required('y', 'a'),
    ]).nodes;
    expect(found).toMatchObject({ op: 'require_finite', inputs: ['x'] });
  });

  it('is not looked for without end', () => {
    const long = (length: number): Node[] => [
      truth,
      ...Array.from({ length }, (_, at) => {
        const output = at === length - 1 ? 'v' : `v${at}`;
        return node(output, 'gather', [at === 0 ? 't' : `v${at - 1}`], { axis: 0, indices: Int32Array.of(1, 2, 0) });
      }),
    ];
    expect([isDropped(long(63)), isDropped(long(64))]).toEqual([true, false]);
  });
});

describe('a requirement', () => {
  const affine = (scale: readonly number[], shift: readonly number[]) =>
    node('a', 'affine', ['x', constant(scale), constant(shift)], {});
  const order = (nodes: readonly Node[], nan: boolean) => kinds({ x: [2] }, [...nodes, required('y', 'a', nan)]);

  it('goes before arithmetic with finite numbers alone', () => {
    expect(order([affine([2, 3], [1, 1])], false)).toEqual(['require_finite', 'affine']);
    for (const [scale, shift] of [
      [
        [1, Infinity],
        [1, 1],
      ],
      [
        [2, 2],
        [Number.NaN, 1],
      ],
    ]) {
      expect(order([affine(scale, shift)], false)).toEqual(['affine', 'require_finite']);
    }
  });

  it('that allows NaN goes before it unless a factor is 0', () => {
    expect(order([affine([2, 3], [1, 1])], true)).toEqual(['require_finite', 'affine']);
    expect(order([affine([2, 0], [1, 1])], true)).toEqual(['affine', 'require_finite']);
    expect(order([affine([2, 0], [1, 1])], false)).toEqual(['require_finite', 'affine']);
  });

  it('is asked of parts, unless a constant among them is not finite', () => {
    const parts = (...values: readonly number[]) => [
      bare('b'),
      node('a', 'concat', ['b', constant(values), constant([1])], { axis: 0 }),
    ];
    expect(order(parts(1), true)).toEqual(['log', 'require_finite', 'concat']);
    expect(order(parts(1, Number.NaN), true)).toEqual(['log', 'concat', 'require_finite']);
    expect(order(parts(1, Infinity), false)).toEqual(['log', 'concat', 'require_finite']);
  });

  it('stays where something else takes what it is asked of', () => {
    const nodes = [affine([2, 3], [1, 1]), required('r', 'a'), node('y', 'unary', ['a'], { fn: 'exp' })];
    expect(kinds({ x: [2] }, nodes, { outputs: ['r', 'y'] })).toEqual(['affine', 'require_finite', 'exp']);
  });
});
