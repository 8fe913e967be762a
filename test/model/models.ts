/** Models for the tests of running them: most can be checked by hand, for the others there is the reference. */
import type { Graph } from '../../lib/graph/graph.ts';
import { define, modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { Random } from '../random-graph.ts';

export type Precision = 'f32' | 'f64';
export type FloatsType = Float32ArrayConstructor | Float64ArrayConstructor;

/** y = 2·x + 1, one number a row. */
export function line(precision: Precision = 'f32'): Model {
  return define({ layers: [{ weight: 2, bias: 1 }] }, { precision });
}

/** [a, b] → [a + 2·b, 3·a + 4·b, b]: two numbers a row become three. */
export function pairs(precision: Precision = 'f32'): Model {
  const weight = [
    [1, 2],
    [3, 4],
    [0, 1],
  ];
  return define({ layers: [{ weight }] }, { precision });
}

/** One id a row, 0 to 3, becomes the two numbers [id, 10·id + 5]. */
export function lookup(precision: Precision = 'f32'): Model {
  const weight = [0, 1, 2, 3].map((id) => [id, 10 * id + 5]);
  return define(
    { inputs: [{ name: 'id', shape: [], dtype: 'int64' }], layers: [{ type: 'embedding', weight }] },
    { precision },
  );
}

/** The place of the greatest of three numbers, which the source calls an int64. */
export function greatest(precision: Precision = 'f32'): Model {
  return modelFromGraph({
    format: 'test',
    precision,
    inputs: [{ name: 'x', shape: [3], dtype: 'float32' }],
    outputs: [{ name: 'place', value: 'y', dtype: 'int64' }],
    nodes: [
      {
        op: 'reduce',
        name: 'arg_max',
        inputs: ['x'],
        output: 'y',
        attributes: { fn: 'arg_max', axes: [0], keepDims: false },
      },
    ],
  });
}

/**
 * For a user's id and a grid of 2 × 2 numbers: `score`, the user's number plus the grid's sum, and `rows`, the sum of
 * each row of the grid. The users' numbers are 100, 200 and 300.
 */
export function towers(precision: Precision = 'f32'): Model {
  return define(
    {
      inputs: [
        { name: 'user', shape: [], dtype: 'int64' },
        { name: 'grid', shape: [2, 2] },
      ],
      layers: [
        { name: 'taste', type: 'embedding', inputs: 'user', weight: [[100], [200], [300]] },
        { name: 'rows', type: 'reduce', reduce: 'sum', inputs: 'grid' },
        { name: 'joined', type: 'concat', inputs: ['taste', 'rows'] },
        { name: 'score', weight: [[1, 1, 1]] },
      ],
      outputs: ['score', 'rows'],
    },
    { precision },
  );
}

/** A random network of dense layers, softplus between them, as a graph that the reference can run too. */
export function networkGraph(widths: readonly number[], seed = 1): Graph {
  const random = new Random(seed);
  const nodes = widths.slice(1).flatMap((n, i): Graph['nodes'] => {
    const k = widths[i];
    const [before, sum, after] = [i === 0 ? 'x' : `a${i - 1}`, `s${i}`, `a${i}`];
    const weight = random.tensor([n, k], 1 / Math.sqrt(k));
    return [
      {
        op: 'dense',
        name: sum,
        inputs: [before, weight, random.tensor([n])],
        output: sum,
        attributes: { layout: 'out-in' },
      },
      { op: 'unary', name: after, inputs: [sum], output: after, attributes: { fn: 'softplus', alpha: 1 } },
    ];
  });
  return {
    format: 'test',
    precision: 'f32',
    inputs: [{ name: 'x', shape: [widths[0]], dtype: 'float32' }],
    outputs: [{ name: 'y', value: `a${widths.length - 2}`, dtype: 'float32' }],
    nodes,
  };
}

export function network(widths: readonly number[], precision: Precision = 'f32', seed = 1): Model {
  return modelFromGraph(networkGraph(widths, seed), { precision });
}

export function randomRows(count: number, seed = 2): Float32Array {
  return new Random(seed).values(count);
}

/** A copy of the array that went elsewhere, as `postMessage` sends it: the array itself is then detached. */
export function transfer<A extends Float32Array | Float64Array | Int32Array>(array: A): A {
  return structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
}
