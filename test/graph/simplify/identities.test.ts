import { describe, expect, it } from 'vitest';
import type { Node } from '../../../lib/graph/graph.ts';
import { constant, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

describe('what changes nothing', () => {
  const isDropped = (found: Node, precision: 'f32' | 'f64' = 'f64') =>
    kinds({ x: [2, 2] }, [found, node('y', 'unary', ['a'], { fn: 'exp' })], { precision }).length === 1;

  it('is dropped, and what does a little is not', () => {
    expect(isDropped(node('a', 'transpose', ['x'], { permutation: [0, 1] }))).toBe(true);
    expect(isDropped(node('a', 'transpose', ['x'], { permutation: [1, 0] }))).toBe(false);
    expect(isDropped(node('a', 'gather', ['x'], { axis: 1, indices: Int32Array.of(0, 1) }))).toBe(true);
    expect(isDropped(node('a', 'gather', ['x'], { axis: 1, indices: Int32Array.of(0, 0) }))).toBe(false);
    const clip = (alpha: number, beta: number) => node('a', 'unary', ['x'], { fn: 'clip', alpha, beta });
    expect(isDropped(clip(-Infinity, Infinity))).toBe(true);
    expect([isDropped(clip(-Infinity, 1)), isDropped(clip(-1, Infinity))]).toEqual([false, false]);
    const other = node('a', 'unary', ['x'], { fn: 'soft_shrink', alpha: -Infinity, beta: Infinity });
    expect(isDropped(other)).toBe(false);
    expect(isDropped(node('a', 'concat', ['x'], { axis: 0 }))).toBe(true);
  });

  it('is a factor that the precision rounds to 1', () => {
    const near = (difference: number) =>
      node('a', 'affine', ['x', { shape: [], data: Float64Array.of(1 + difference) }, scalar(-0)], {});
    expect([isDropped(near(2 ** -26), 'f32'), isDropped(near(2 ** -22), 'f32')]).toEqual([true, false]);
    expect([isDropped(near(2 ** -26), 'f64'), isDropped(near(0), 'f64')]).toEqual([false, true]);
  });

  it('is rounding to float32 in float32', () => {
    const narrow = (alpha: number) => node('a', 'unary', ['x'], { fn: 'narrow', alpha, beta: 3.4e38 });
    expect([isDropped(narrow(2 ** 23), 'f32'), isDropped(narrow(2 ** 23), 'f64')]).toEqual([true, false]);
    expect(isDropped(narrow(2 ** 22), 'f32')).toBe(false);
  });
});

describe('movements in a row', () => {
  const moved = (permutation: readonly number[], shape: readonly number[]) =>
    kinds({ x: shape }, [node('y', 'transpose', ['x'], { permutation })]);

  it('are a reshape when no element moves', () => {
    expect(moved([1, 0], [1, 3])).toEqual(['reshape']);
    expect(moved([1, 2, 0], [1, 2, 3])).toEqual(['reshape']);
    expect(moved([0, 2, 1], [2, 1, 3])).toEqual(['reshape']);
    expect(moved([2, 0, 1], [2, 1, 3])).toEqual(['transpose']);
    expect(moved([2, 1, 0], [2, 3, 4])).toEqual(['transpose']);
    expect(moved([1, 0, 2], [2, 3, 4])).toEqual(['transpose']);
  });

  it('are not one when a transpose follows a reshape', () => {
    const nodes = [
      node('a', 'reshape', ['x'], { shape: [2, 3] }),
      node('y', 'transpose', ['a'], { permutation: [1, 0] }),
    ];
    expect(kinds({ x: [6] }, nodes)).toEqual(['reshape', 'transpose']);
    const back = [...nodes.slice(0, 1), node('y', 'reshape', ['a'], { shape: [6] })];
    expect(kinds({ x: [6] }, back)).toEqual([]);
  });

  it('keep a gather of a concat, and a double negation is none', () => {
    const nodes = [
      node('a', 'concat', ['x', 'z'], { axis: 0 }),
      node('y', 'gather', ['a'], { axis: 0, indices: Int32Array.of(1, 2) }),
    ];
    expect(kinds({ x: [2], z: [2] }, nodes)).toEqual(['concat', 'gather']);
    const twice = [node('a', 'unary', ['x'], { fn: 'neg' }), node('y', 'unary', ['a'], { fn: 'neg' })];
    expect(simple({ x: [2] }, twice).outputs[0].value).toBe('x');
  });
});

describe('an expansion', () => {
  const expansion = node('e', 'expand', ['s'], { shape: [2, 3] });

  it('is implied by operands that have all axes, in conditions too', () => {
    for (const operands of [
      ['x', 'e', scalar(1)],
      ['e', 'x', scalar(1)],
      ['x', scalar(1), 'e'],
    ]) {
      const nodes = [expansion, node('y', 'select', operands, {})];
      expect(kinds({ x: [2, 3], s: [3] }, nodes)).toEqual(['select']);
    }
    const nodes = [expansion, node('y', 'select', ['e', scalar(2), scalar(1)], {})];
    expect(kinds({ x: [2, 3], s: [3] }, nodes)).toEqual(['expand', 'select']);
  });

  it('stays for whoever else takes it', () => {
    const nodes = [expansion, node('a', 'binary', ['x', 'e'], { fn: 'add' }), node('b', 'unary', ['e'], { fn: 'exp' })];
    expect(kinds({ x: [2, 3], s: [3] }, nodes, { outputs: ['a', 'b'] })).toEqual(['expand', 'add', 'exp']);
  });
});

describe('a conversion to truth', () => {
  const kept = (found: Node) => kinds({ x: [2], z: [2] }, [found, node('y', 'unary', ['a'], { fn: 'to_bool' })]);

  it.each(['equal', 'less', 'less_equal', 'greater', 'greater_equal', 'and', 'or', 'xor'] as const)(
    'is none of what %s gives',
    (fn) => {
      expect(kept(node('a', 'binary', ['x', 'z'], { fn }))).toEqual([fn]);
    },
  );

  it.each(['not', 'to_bool', 'is_nan', 'is_inf'] as const)('is none of what %s gives', (fn) => {
    expect(kept(node('a', 'unary', ['x'], { fn }))).toEqual([fn]);
  });

  it('is one of anything else', () => {
    expect(kept(node('a', 'unary', ['x'], { fn: 'sign' }))).toEqual(['sign', 'to_bool']);
    expect(kept(node('a', 'binary', ['x', 'z'], { fn: 'sub' }))).toEqual(['sub', 'to_bool']);
    expect(kept(node('a', 'softmax', ['x'], { axis: 0, fn: 'softmax' }))).toEqual(['softmax', 'to_bool']);
    const other = [node('a', 'unary', ['x'], { fn: 'is_nan' }), node('y', 'unary', ['a'], { fn: 'sign' })];
    expect(kinds({ x: [constant([1]).data.length] }, other)).toEqual(['is_nan', 'sign']);
  });
});
