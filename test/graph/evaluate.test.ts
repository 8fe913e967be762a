import { describe, expect, it } from 'vitest';
import { evaluate } from '../../lib/graph/evaluate.ts';
import { BINARY_NAMES, type Node, REDUCE_NAMES, type Tensor, UNARY_NAMES } from '../../lib/graph/graph.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { CASTS } from '../casts.ts';
import { Random, randomGraph, randomInputs } from '../random-graph.ts';
import { reference } from '../reference.ts';
import { expectClose } from './close.ts';
import { constant, graphOf, node } from './graphs.ts';

const EDGES = [
  -Infinity,
  -1e300,
  -745.2,
  -88.8,
  -28.5,
  -6,
  -2.5,
  -2,
  -1.5,
  -1,
  -0.5,
  -1e-300,
  -0,
  0,
  1e-300,
  0.1,
  0.49999999999999994,
  0.5,
  1,
  1.5,
  2,
  2.5,
  3.5,
  5.9,
  28.5,
  88.8,
  745.2,
  1e300,
  Infinity,
  Number.NaN,
];
const doubles = (values: readonly number[]): Tensor => ({ shape: [values.length], data: Float64Array.from(values) });

function expectEach(found: Node, operands: readonly Tensor[], tolerance: number): void {
  const { data } = evaluate(found, operands);
  expectClose({ y: data }, reference(graphOf({}, [found]), {}, 1), tolerance, JSON.stringify(found.attributes), true);
}

describe('evaluating constants', () => {
  it.each(UNARY_NAMES)('agrees with the reference on %s', (fn) => {
    const points = [...EDGES, ...Array.from({ length: 401 }, (_, at) => (at - 200) / 16)];
    const plain = [
      [0.5, 0.25],
      [1, 1],
      [2, 6],
    ];
    for (const [alpha, beta] of CASTS[fn] ?? plain) {
      const x = doubles(points);
      expectEach(
        node('y', 'unary', [x], { fn, alpha, beta }),
        [x],
        fn === 'tanh_shrink' || fn.startsWith('gelu') ? 1e-12 : 4e-15,
      );
    }
  });

  it.each(BINARY_NAMES)('agrees with the reference on %s', (fn) => {
    const a = doubles(EDGES.flatMap((x) => EDGES.map(() => x)));
    const b = doubles(EDGES.flatMap(() => EDGES));
    expectEach(node('y', 'binary', [a, b], { fn }), [a, b], 0);
  });

  it.each(REDUCE_NAMES)('agrees with the reference on %s', (fn) => {
    const x = new Random(5).tensor([3, 4, 5]);
    const ties = constant([1, 3, 3, 1, 1, 3], [6]);
    for (const axis of [0, 1, 2]) {
      expectEach(node('y', 'reduce', [x], { fn, axes: [axis], keepDims: false }), [x], 1e-14);
    }
    expectEach(node('y', 'reduce', [ties], { fn, axes: [0], keepDims: true }), [ties], 1e-14);
  });

  it('agrees with the reference on whole graphs of constants', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const graph = randomGraph(seed);
      const inputs = randomInputs(graph, seed, 1);
      const constants = graph.inputs.map(({ name, shape }) => [name, { shape, data: inputs[name] }] as const);
      const known = new Map<string, Tensor>(constants);
      const nodes = graph.nodes.map((found) => ({
        ...found,
        inputs: found.inputs.map((operand) =>
          typeof operand === 'string' ? (known.get(operand) ?? operand) : operand,
        ),
      })) as Node[];
      const outputs = graph.outputs.filter(({ value }) => !known.has(value));
      const folded = simplify(validate({ ...graph, nodes, outputs }, DEFAULT_LIMITS), { precision: 'f64' });
      expect(folded.nodes).toEqual([]);
      const wanted = reference({ ...graph, outputs }, inputs, 1);
      expectClose(reference(folded, inputs, 1), wanted, 1e-12, `seed ${seed}`);
    }
  });

  it('couples pairs as the reference does, with as many rounds', () => {
    const pairs = [0.9, 0.2, 1e-7, 0.4, 1 - 1e-7, 0.6];
    const graph = graphOf({ x: [6] }, [node('y', 'couple', ['x'], {})]);
    const [wanted] = Object.values(reference(graph, { x: Float64Array.from(pairs) }, 1));
    const found = evaluate(node('y', 'couple', [doubles(pairs)], {}), [doubles(pairs)]);
    expect(found.shape).toEqual([4]);
    for (const [i, probability] of [...wanted].entries()) expect(found.data[i]).toBeCloseTo(probability, 14);
  });

  it('counts ids from the end where they wrap, and leaves ids outside of a one-hot off', () => {
    const ids = doubles([-1, 0, -4, 1.5]);
    const hot = evaluate(node('y', 'one_hot', [ids], { depth: 3, on: 2, off: -1, axis: 0, wrap: true }), [ids]);
    expect(hot.shape).toEqual([3, 4]);
    expect([...hot.data]).toEqual([-1, 2, -1, -1, -1, -1, -1, -1, 2, -1, -1, -1]);
    const table = constant([10, 20, 30]);
    const last = node('y', 'embedding', [doubles([-1]), table], { wrap: true });
    expect([...evaluate(last, [doubles([-1]), table]).data]).toEqual([30]);
    const strict = node('y', 'embedding', [doubles([-1]), table], { wrap: false });
    expect(() => evaluate(strict, [doubles([-1]), table])).toThrow(expect.objectContaining({ code: 'ID' }));
  });
});
