import { describe, expect, it } from 'vitest';
import {
  BINARY_NAMES,
  type Graph,
  METRIC_NAMES,
  NORM_NAMES,
  type Node,
  REDUCE_NAMES,
  SOFTMAX_NAMES,
  SORT_RESULTS,
  UNARY_NAMES,
  type UnaryName,
} from '../../lib/graph/graph.ts';
import { CASTS } from '../casts.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, BATCHES, expectAsReference, type Named, PRECISIONS, type Precision } from './engine.ts';

const ROWS = Math.max(...BATCHES);
/** 1, 2, 3, primes, what surrounds the widths of vectors and panels, and one that is longer than any part of a kernel. */
const WIDTHS = [1, 2, 3, 7, 13, 15, 16, 17, 31, 32, 33, 47, 49, 277];
/** For what takes a block of rows as one run of elements, whose ends the batches vary too. */
const FLAT_WIDTHS = [1, 3, 16, 33];
const TOLERANCE = { f32: 2e-6, f64: 1e-13 } as const;

const random = new Random(17);
const tensor = (shape: readonly number[], precision: Precision, factor = 1) => {
  const { data } = random.tensor(shape, factor);
  return { shape, data: precision === 'f32' ? data : Float64Array.from(data, (value) => value * 1.0000001) };
};

/** Normal values; some rows hold what is special, where it makes sense to the operation. */
function inputsOf(graph: Graph, precision: Precision, map = (value: number, _at: number) => value): Named {
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }) => {
      const count = ROWS * shape.reduce((a, b) => a * b, 1);
      return [name, new (arrayOf(precision))(count).map((_, at) => map(random.normal(), at))];
    }),
  );
}

function check(
  graph: Graph,
  precision: Precision,
  what: string,
  factor = 1,
  map?: (value: number, at: number) => number,
) {
  expectAsReference(graph, precision, inputsOf(graph, precision, map), {
    tolerance: TOLERANCE[precision] * factor,
    what,
  });
}

describe.each(PRECISIONS)('in %s', (precision) => {
  describe('dense', () => {
    const SHAPES = [
      ...WIDTHS.slice(0, -1).map((n) => [5, n]),
      ...WIDTHS.slice(0, -1).map((k) => [k, 6]),
      [64, 64],
      [100, 97],
      [1000, 1],
      [1000, 3],
      [1, 1000],
      [129, 65],
    ];
    it.each(['in-out', 'out-in'] as const)('agrees with the reference in every shape (%s)', (layout) => {
      for (const [k, n] of SHAPES) {
        const weight = tensor(layout === 'in-out' ? [k, n] : [n, k], precision, 1 / Math.sqrt(k));
        const bias = n % 2 === 0 ? [] : [tensor([n], precision)];
        const clamp = n % 3 === 0 ? ([0, Infinity] as const) : n % 3 === 1 ? ([-0.5, 0.75] as const) : undefined;
        const graph = graphOf({ x: [k] }, [node('y', 'dense', ['x', weight, ...bias], { layout, clamp })]);
        check(graph, precision, `dense ${k} to ${n}`);
      }
    });

    it('applies to each vector of a row', () => {
      const nodes = [node('y', 'dense', ['x', tensor([5, 17], precision)], { layout: 'in-out' })];
      check(graphOf({ x: [3, 2, 5] }, nodes), precision, 'dense of [3, 2, 5]');
    });

    it('lets NaN and infinity through its clamp as the reference does', () => {
      const weight = tensor([3, 20], precision);
      const graph = graphOf({ x: [3] }, [
        node('y', 'dense', ['x', weight], { layout: 'in-out', clamp: [0, Infinity] }),
      ]);
      const special = [Number.NaN, Infinity, -Infinity];
      check(graph, precision, 'dense', 1, (value, at) => (at % 4 === 0 ? special[(at / 4) % 3] : value));
    });
  });

  describe('element by element', () => {
    const EDGES = [0, -0, 1, -1, 0.5, -0.5, 2.5, -3.5, 6, -6, 40, -40, 1e5, -1e5, Infinity, -Infinity, Number.NaN];
    /** Where the argument's own rounding is magnified, or differences cancel. */
    const LOOSE: Partial<Record<UnaryName, number>> = { tanh_shrink: 8, gelu: 8, gelu_tanh: 8, hard_swish: 64 };

    it.each(UNARY_NAMES)('agrees with the reference on %s', (fn) => {
      const plain = [
        [0.25, 0.75],
        [1.5, 2],
      ];
      for (const [alpha, beta] of CASTS[fn] ?? plain) {
        const graph = graphOf({ x: [1] }, [node('y', 'unary', ['x'], { fn, alpha, beta })]);
        const values = (value: number, row: number) => (row < EDGES.length ? EDGES[row] : value * 4);
        const inputs = inputsOf(graph, precision, values);
        const tolerance = (LOOSE[fn] ?? 1) * TOLERANCE[precision];
        expectAsReference(graph, precision, inputs, { tolerance, what: fn, rows: ROWS, each: true });
      }
      for (const width of FLAT_WIDTHS) {
        const [alpha, beta] = CASTS[fn]?.[0] ?? [0.5, 1];
        const graph = graphOf({ x: [width] }, [node('y', 'unary', ['x'], { fn, alpha, beta })]);
        check(graph, precision, `${fn} of ${width}`, 8);
      }
    });

    it.each(BINARY_NAMES)('agrees with the reference on %s', (fn) => {
      for (const width of FLAT_WIDTHS) {
        const constant = tensor([width], precision);
        const abs = fn === 'pow' ? Math.abs : (value: number) => value;
        const forms: Node['inputs'][] = [
          ['x', 'z'],
          ['x', constant],
          [constant, 'x'],
          ['x', 'x'],
        ];
        for (const inputs of forms) {
          const graph = graphOf({ x: [width], z: [width] }, [node('y', 'binary', inputs, { fn })]);
          const pick = (value: number, at: number) => (at % 5 === 0 ? EDGES[(at / 5) % EDGES.length] : abs(value));
          check(graph, precision, `${fn} of ${width}`, 4, pick);
        }
      }
    });

    it('agrees with the reference on affine and select', () => {
      for (const width of WIDTHS) {
        const [a, b] = [tensor([width], precision), tensor([width], precision)];
        check(graphOf({ x: [width] }, [node('y', 'affine', ['x', a, b], {})]), precision, `affine of ${width}`);
        const coin = node('c', 'binary', ['x', tensor([width], precision)], { fn: 'less' });
        for (const inputs of [
          ['c', 'x', a],
          ['c', a, b],
          ['c', 'x', 'x'],
          ['x', a, 'c'],
        ]) {
          check(graphOf({ x: [width] }, [coin, node('y', 'select', inputs, {})]), precision, `select of ${width}`);
        }
      }
    });
  });

  describe('along an axis', () => {
    const SHAPES = [...WIDTHS.map((width) => [width]), [3, 5], [4, 1, 17]];

    it('agrees with the reference on softmax', () => {
      for (const shape of SHAPES) {
        for (const axis of shape.keys()) {
          for (const fn of SOFTMAX_NAMES) {
            const graph = graphOf({ x: shape }, [node('y', 'softmax', ['x'], { axis, fn })]);
            check(graph, precision, `${fn} of ${shape} along ${axis}`, 1, (value) => value * 5);
          }
        }
      }
    });

    it('agrees with the reference on layer norm and rms norm', () => {
      for (const shape of SHAPES) {
        for (const axis of shape.keys()) {
          const parameters = [tensor(shape.slice(axis), precision), tensor(shape.slice(axis), precision)];
          const attributes = { axis, epsilon: 0.01 };
          const nodes = [
            node('a', 'layer_norm', ['x', ...parameters], attributes),
            node('b', 'layer_norm', ['x'], attributes),
            node('c', 'rms_norm', ['x', parameters[0]], attributes),
            node('d', 'rms_norm', ['x'], attributes),
          ];
          check(graphOf({ x: shape }, nodes, ['a', 'b', 'c', 'd']), precision, `norms of ${shape} from ${axis}`, 4);
        }
      }
    });

    it.each(NORM_NAMES)('agrees with the reference on normalising by %s', (norm) => {
      for (const shape of SHAPES) {
        const axis = shape.length - 1;
        for (const [epsilon, floor] of [
          [0, 1],
          [2, 2],
        ]) {
          const graph = graphOf({ x: shape }, [node('y', 'normalize', ['x'], { axis, norm, epsilon, floor })]);
          check(graph, precision, `normalize of ${shape}`, 1, (value, at) => (at < 50 ? 0 : value));
        }
      }
    });

    it.each(REDUCE_NAMES)('agrees with the reference on %s', (fn) => {
      for (const shape of [...SHAPES, [2, 3, 4]]) {
        for (const axis of shape.keys()) {
          const graph = graphOf({ x: shape }, [node('y', 'reduce', ['x'], { fn, axes: [axis], keepDims: false })]);
          // Sums must not cancel, nor products fade, for their errors to be compared with their size; ties are many.
          const near = (value: number) => (fn.startsWith('arg') ? Math.round(value) : 1 + Math.abs(value) / 500);
          check(graph, precision, `${fn} of ${shape} along ${axis}`, fn === 'prod' ? 16 : 2, near);
        }
      }
    });
  });

  describe('products', () => {
    const products: readonly (readonly [a: readonly number[], b: readonly number[]])[] = [
      ...WIDTHS.map(
        (k) =>
          [
            [1, k],
            [k, 1],
          ] as const,
      ),
      ...WIDTHS.map(
        (n) =>
          [
            [2, 3],
            [3, n],
          ] as const,
      ),
      [
        [4, 1, 7],
        [4, 7, 5],
      ],
      [
        [3, 2, 7],
        [7, 5],
      ],
      [
        [7, 20],
        [3, 20, 2],
      ],
      [
        [3, 1, 2, 4],
        [2, 4, 6],
      ],
    ];

    const positive = (shape: readonly number[]) => {
      const { data } = tensor(shape, precision);
      return { shape, data: data.map((value) => 1 + Math.abs(value) / 10) };
    };

    it.each(['in-out', 'out-in'] as const)('agrees with the reference in every shape (%s)', (layout) => {
      for (const [a, b] of products) {
        const right = layout === 'in-out' ? b : [...b.slice(0, -2), ...b.slice(-2).toReversed()];
        const nodes = [
          node('p', 'matmul', ['x', 'z'], { layout }),
          node('q', 'matmul', ['x', positive(right)], { layout }),
          node('r', 'matmul', [positive(a), 'z'], { layout }),
        ];
        const graph = graphOf({ x: a, z: right }, nodes, ['p', 'q', 'r']);
        // Sums must not cancel for their errors to be compared with their size.
        check(graph, precision, `product of ${a} and ${right}`, 2, (value) => 1 + Math.abs(value) / 10);
      }
    });

    it('lets NaN and infinity through', () => {
      const special = [Number.NaN, Infinity, -Infinity];
      for (const layout of ['in-out', 'out-in'] as const) {
        const graph = graphOf({ x: [2, 17], z: [17, 17] }, [node('y', 'matmul', ['x', 'z'], { layout })]);
        check(graph, precision, 'product', 1e9, (value, at) => (at % 97 === 0 ? special[at % 3] : value));
      }
    });
  });

  it('sorts as the reference does, with ties, NaN, infinities and zeros of both signs', () => {
    const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1];
    const pick = (value: number, at: number) => (at % 4 === 0 ? special[(at / 4) % 6] : Math.round(4 * value) / 4);
    for (const shape of [...WIDTHS.filter((width) => width < 100).map((width) => [width]), [3, 5], [4, 2, 17]]) {
      for (const [axis, size] of shape.entries()) {
        for (const count of new Set([1, Math.min(2, size), Math.ceil(size / 3), size])) {
          const nodes = [false, true].flatMap((descending) =>
            SORT_RESULTS.map((result) =>
              node(`${result}${descending}`, 'sort', ['x'], { axis, count, descending, result }),
            ),
          );
          const outputs = nodes.map(({ output }) => output);
          check(graphOf({ x: shape }, nodes, outputs), precision, `${count} of ${shape} along ${axis}`, 0, pick);
        }
      }
    }
  });

  it('agrees with the reference on distances to points, with any number of either', () => {
    for (const [points, features] of [
      ...[1, 2, 15, 16, 17, 33].map((count) => [count, 5]),
      ...[1, 2, 3, 17, 49].map((count) => [19, count]),
      [200, 3],
    ]) {
      const places = tensor([points, features], precision);
      const nodes = METRIC_NAMES.map((metric) => {
        const attributes = { metric, ...(metric === 'power' && { exponent: 3 }) };
        const weights = metric === 'power' ? [{ shape: [features], data: places.data.slice(0, features) }] : [];
        return node(metric, 'distances', ['x', places, ...weights], attributes);
      });
      nodes.push(node('plain_power', 'distances', ['x', places], { metric: 'power', exponent: 1.5 }));
      nodes.push(node('expanded', 'distances', ['x', places], { metric: 'sum_square', expanded: true }));
      // Some features are those of a point.
      const pick = (value: number, at: number) => (at % 3 === 0 ? places.data[at % places.data.length] : value);
      check(
        graphOf(
          { x: [features] },
          nodes,
          nodes.map(({ output }) => output),
        ),
        precision,
        `${points} of ${features}`,
        20,
        pick,
      );
    }
  });

  it('passes over what is NaN where both are to be known, and lets it through elsewhere', () => {
    const places = tensor([17, 3], precision);
    places.data[4] = Number.NaN;
    const nodes = METRIC_NAMES.map((metric) =>
      node(metric, 'distances', ['x', places], { metric, ...(metric === 'power' && { exponent: 2 }) }),
    );
    const graph = graphOf(
      { x: [3] },
      nodes,
      nodes.map(({ output }) => output),
    );
    check(graph, precision, 'NaN', 20, (value, at) => (at % 5 === 0 ? Number.NaN : at % 7 === 0 ? 0 : value));
  });

  it('finds the nearest as the reference does, with ties, NaN and infinities', () => {
    const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1];
    const pick = (value: number, at: number) => (at % 4 === 0 ? special[(at / 4) % 6] : Math.round(2 * value) / 2);
    for (const shape of [...WIDTHS.filter((width) => width < 50).map((width) => [width]), [3, 5], [4, 2, 17]]) {
      for (const [axis, size] of shape.entries()) {
        for (const count of new Set([1, Math.min(2, size), Math.min(7, size), size])) {
          const attributes = { axis, count, descending: false, ties: 'heap' as const };
          const nodes = SORT_RESULTS.map((result) => node(result, 'sort', ['x'], { ...attributes, result }));
          const graph = graphOf({ x: shape }, nodes, [...SORT_RESULTS]);
          check(graph, precision, `${count} of ${shape} along ${axis}`, 0, pick);
          check(graph, precision, `${count} of ${shape} along ${axis}, all alike`, 0, () => 1);
        }
      }
    }
  });

  it('agrees with the reference on the coupling of pairs', () => {
    for (const classes of [2, 3, 4, 7, 20, 32, 33]) {
      const pairs = (classes * (classes - 1)) / 2;
      const graph = graphOf({ x: [pairs] }, [node('y', 'couple', ['x'], {})]);
      const probability = (value: number, at: number) =>
        at % 7 === 0 ? (at % 2 === 0 ? 1e-7 : 1 - 1e-7) : 0.5 + Math.atan(value) / Math.PI;
      check(graph, precision, `couple ${classes}`, 1, probability);
    }
  });

  describe('moving and looking up', () => {
    it('agrees with the reference on movements', () => {
      const indices = Int32Array.of(2, 2, 0);
      const nodes = [
        node('a', 'transpose', ['x'], { permutation: [2, 0, 1] }),
        node('b', 'gather', ['x'], { axis: 1, indices }),
        node('c', 'concat', ['x', tensor([2, 1, 5], precision), 'b'], { axis: 1 }),
        node('d', 'expand', ['s'], { shape: [4, 3] }),
        node('e', 'reshape', ['a'], { shape: [30] }),
        node('f', 'concat', ['s', 's'], { axis: 0 }),
      ];
      const outputs = ['a', 'b', 'c', 'd', 'e', 'f', 'x', 's'];
      check(graphOf({ x: [2, 3, 5], s: [1] }, nodes, outputs), precision, 'movements', 0);
    });

    it('agrees with the reference on embeddings and one-hot codes', () => {
      for (const width of [1, 2, 17, 64]) {
        const nodes = [
          node('a', 'embedding', ['ids', tensor([9, width], precision)], { wrap: true }),
          node('b', 'one_hot', ['ids'], { depth: width, on: 2, off: -1, axis: 0, wrap: true }),
          node('c', 'one_hot', ['ids'], { depth: width, on: 2, off: -1, axis: 1, wrap: false }),
        ];
        const graph = graphOf({ ids: [3] }, nodes, ['a', 'b', 'c']);
        check(graph, precision, `ids, width ${width}`, 0, (_, at) => ((at * 5) % 18) - 9);
      }
    });

    it('refuses ids outside of a table, and negative ones unless they wrap', () => {
      const table = tensor([4, 2], precision);
      const lookup = (wrap: boolean) => graphOf({ ids: [1] }, [node('y', 'embedding', ['ids', table], { wrap })]);
      const run = (wrap: boolean, id: number) => () =>
        expectAsReference(
          lookup(wrap),
          precision,
          { ids: new (arrayOf(precision))(ROWS).fill(id) },
          { tolerance: 0, what: 'ids' },
        );
      const refused = expect.objectContaining({ code: 'ID' });
      for (const id of [4, -1, 1.5, Number.NaN, Infinity, 1e30]) expect(run(false, id)).toThrow(refused);
      for (const id of [4, -5]) expect(run(true, id)).toThrow(refused);
      run(true, -4)();
    });
  });
});
