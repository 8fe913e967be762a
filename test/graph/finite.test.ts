import { describe, expect, it } from 'vitest';
import type { Node, Operand } from '../../lib/graph/graph.ts';
import { lower } from '../../lib/graph/lower.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { checkedOf, constant, node, scalar } from './graphs.ts';

const required = (output: string, x: Operand, nan = false) => node(output, 'require_finite', [x], { nan });
const dense = (output: string, x: string) =>
  node(output, 'dense', [x, constant([1, 2, 3], [3, 1])], { layout: 'in-out' });
const affine = (output: string, x: string, scale: readonly number[] = [2]) =>
  node(output, 'affine', [x, constant(scale), constant([1])], {});
const gather = (output: string, x: string, ...indices: number[]) =>
  node(output, 'gather', [x], { axis: 0, indices: Int32Array.from(indices) });

function simplified(nodes: readonly Node[]): string[] {
  const { nodes: kept } = simplify(checkedOf({ x: [3] }, nodes), { precision: 'f64' });
  return kept.map((found) =>
    found.op === 'require_finite'
      ? `require${found.attributes.nan ? ' or NaN' : ''} ${String(found.inputs[0])}`
      : found.op,
  );
}

describe('a requirement of finite numbers', () => {
  it('goes before a scaler, which then folds into the layer behind it', () => {
    expect(simplified([affine('a', 'x'), required('b', 'a'), dense('y', 'b')])).toEqual(['require x', 'dense']);
  });

  it('is one where it was asked for twice, the stricter of both', () => {
    const nodes = [required('a', 'x', true), affine('b', 'a'), required('c', 'b'), dense('y', 'c')];
    expect(simplified(nodes)).toEqual(['require x', 'dense']);
    const same = [required('a', 'x'), required('b', 'x'), node('y', 'concat', ['a', 'b'], { axis: 0 })];
    expect(simplified(same)).toEqual(['require x', 'concat']);
  });

  it('keeps its place where a factor of 0 makes NaN of an infinity', () => {
    expect(simplified([affine('a', 'x', [0]), required('y', 'a', true)])).toEqual(['affine', 'require or NaN a']);
    expect(simplified([affine('a', 'x', [0]), required('y', 'a')])).toEqual(['require x', 'affine']);
  });

  it('keeps its place behind a scaler that others take, and behind other functions', () => {
    const shared = [affine('a', 'x'), required('b', 'a'), node('y', 'concat', ['a', 'b'], { axis: 0 })];
    expect(simplified(shared)).toEqual(['affine', 'require a', 'concat']);
    expect(simplified([node('a', 'unary', ['x'], { fn: 'log' }), required('y', 'a')])).toEqual(['unary', 'require a']);
  });

  it('is asked of those parts of a row alone that are not finite by themselves', () => {
    const nodes = [
      gather('one', 'x', 0),
      node('hot', 'one_hot', ['one'], { depth: 2, on: 1, off: 0, axis: 1, wrap: false }),
      node('flat', 'reshape', ['hot'], { shape: [2] }),
      gather('two', 'x', 1),
      node('nan', 'unary', ['two'], { fn: 'is_nan' }),
      node('log', 'unary', ['two'], { fn: 'log' }),
      node('truth', 'binary', ['two', scalar(1)], { fn: 'less' }),
      node('all', 'concat', ['flat', 'log', 'nan', 'truth', constant([5])], { axis: 0 }),
      required('y', 'all'),
    ];
    expect(simplified(nodes).filter((text) => text.startsWith('require'))).toEqual(['require log']);
  });

  it('is not asked again of what an imputer has filled', () => {
    const filled = [
      required('a', 'x', true),
      node('nan', 'unary', ['a'], { fn: 'is_nan' }),
      node('b', 'select', ['nan', constant([7]), 'a'], {}),
      required('y', 'b'),
    ];
    expect(simplified(filled)).toEqual(['require or NaN x', 'unary', 'select']);
    const unlike = filled.with(2, node('b', 'select', ['nan', 'a', constant([7])], {}));
    expect(simplified(unlike)).toContain('require b');
  });

  it('refuses a constant that is not', () => {
    const nodes = [required('a', constant([1, Number.NaN])), node('y', 'concat', ['x', 'a'], { axis: 0 })];
    expect(() => simplified(nodes)).toThrow('node n_a: require_finite: a constant must be finite here, found NaN');
    expect(simplified(nodes.with(0, required('a', constant([1, Number.NaN]), true)))).toEqual(['concat']);
  });

  it('becomes one instruction that copies nothing', () => {
    const { plan, places, origins } = lower(
      simplify(checkedOf({ x: [3] }, [required('a', 'x'), node('y', 'unary', ['a'], { fn: 'exp' })]), {
        precision: 'f64',
      }),
      'f64',
    );
    expect([...plan.code].slice(2, 6)).toEqual([2, 1, 1, 2]);
    expect([...plan.code].slice(10, 14)).toEqual([15, 4, 0, 0]);
    expect(places).toEqual(['n_a', 'n_y']);
    expect(origins).toEqual({ 0: { first: 0 } });
  });
});

describe('origins', () => {
  const originsOf = (nodes: readonly Node[]) => {
    const inputs = { x: [3], z: [2, 2] };
    const graph = simplify(checkedOf(inputs, nodes), { precision: 'f64' });
    return Object.values(lower(graph, 'f64').origins);
  };
  const sum = node('one', 'reduce', ['x'], { fn: 'sum', axes: [0], keepDims: true });

  it.each<[string, Node[], unknown]>([
    [
      'through movements',
      [gather('a', 'x', 2, 0), node('b', 'unary', ['a'], { fn: 'log' }), required('y', 'b')],
      [2, 0],
    ],
    [
      'counted through all inputs',
      [node('a', 'transpose', ['z'], { permutation: [1, 0] }), required('y', 'a')],
      [3, 5, 4, 6],
    ],
    ['of neighbours by the first', [gather('a', 'x', 1, 2), required('y', 'a')], { first: 1 }],
    [
      'by element, and none where several features meet',
      [
        gather('a', 'x', 1, 2),
        gather('b', 'x', 1, 0),
        node('c', 'binary', ['a', 'b'], { fn: 'mul' }),
        required('y', 'c'),
      ],
      [1, -1],
    ],
    ['none behind a sum of several', [sum, node('b', 'unary', ['one'], { fn: 'log' }), required('y', 'b')], [-1]],
    [
      'one behind a sum of what one feature decides',
      [
        gather('a', 'x', 1, 1, 1),
        node('b', 'binary', ['a', constant([1, 2, 3])], { fn: 'equal' }),
        node('c', 'reduce', ['b'], { fn: 'sum', axes: [0], keepDims: false }),
        node('y', 'embedding', ['c', constant([1, 2])], { wrap: false }),
      ],
      { first: 1 },
    ],
  ])('are found %s', (_, nodes, found) => {
    expect(originsOf(nodes)).toEqual([found]);
  });

  it('are looked for only where a run may stop', () => {
    expect(originsOf([node('y', 'unary', ['x'], { fn: 'log' })])).toEqual([]);
  });
});
