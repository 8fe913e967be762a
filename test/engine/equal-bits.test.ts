import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  BINARY_NAMES,
  type Graph,
  NORM_NAMES,
  type Node,
  REDUCE_NAMES,
  SOFTMAX_NAMES,
  UNARY_NAMES,
} from '../../lib/graph/graph.ts';
import type { Model } from '../../lib/model.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { arrayOf, bitsOf, bytesOf, type Floats, ISAS, PRECISIONS, type Precision, withModel } from './engine.ts';

const WIDTH = 37;
const ROWS = 300;
const BATCHES = [1, 2, 3, 5, 8, 16, 31, 64, 65, 150, ROWS];

/** Every kernel of the engine, each an output: two layers, and the functions of what the first gives. */
function everyKernel(): Graph {
  const random = new Random(23);
  const constant = () => random.tensor([WIDTH]);
  const nodes: Node[] = [
    node('d', 'dense', ['x', random.tensor([WIDTH, WIDTH], 0.3), constant()], { layout: 'in-out' }),
    node('s', 'dense', ['d', random.tensor([3, WIDTH], 0.3), random.tensor([3])], { layout: 'out-in', clamp: [0, 6] }),
    ...UNARY_NAMES.map((fn) => node(`u_${fn}`, 'unary', ['d'], { fn, alpha: 0.75, beta: 1.25 })),
    ...BINARY_NAMES.map((fn) => node(`b_${fn}`, 'binary', ['d', 'x'], { fn })),
    ...REDUCE_NAMES.map((fn) => node(`r_${fn}`, 'reduce', ['d'], { fn, axes: [0], keepDims: true })),
    ...NORM_NAMES.map((norm) => node(`n_${norm}`, 'normalize', ['d'], { axis: 0, norm, epsilon: 0, floor: 1 })),
    node('affine', 'affine', ['d', constant(), constant()], {}),
    node('select', 'select', ['b_less', 'd', constant()], {}),
    ...SOFTMAX_NAMES.map((fn) => node(fn, 'softmax', ['d'], { axis: 0, fn })),
    node('layer_norm', 'layer_norm', ['d', constant(), constant()], { axis: 0, epsilon: 1e-5 }),
    node('rms_norm', 'rms_norm', ['d', constant()], { axis: 0, epsilon: 1e-5 }),
  ];
  const outputs = nodes.map(({ output }) => output).filter((output) => output !== 'd');
  return graphOf({ x: [WIDTH] }, nodes, outputs);
}

/** Rows of ordinary values; some of NaN and infinity, of denormals, of what overflows. */
function rowsFor(precision: Precision): Floats {
  const random = new Random(29);
  const [least, greatest] = precision === 'f32' ? [2 ** -145, 2 ** 126] : [2 ** -1070, 2 ** 1022];
  const special = [Number.NaN, Infinity, -Infinity, -0];
  return new (arrayOf(precision))(ROWS * WIDTH).map((_, at) => {
    const value = random.normal();
    switch (Math.floor(at / WIDTH) % 10) {
      case 3:
        return at % 7 === 0 ? special[at % special.length] : value;
      case 5:
        return value * least;
      case 7:
        return value * greatest;
      default:
        return value * 3;
    }
  });
}

/** A digest of each row's outputs, computed in blocks of `batch` rows. */
function digests(model: Model, x: Floats, batch: number, run = (rows: Floats) => model.run({ x: rows })): string[] {
  const found: string[] = [];
  for (let first = 0; first < ROWS; first += batch) {
    const count = Math.min(batch, ROWS - first);
    const outputs = Object.values(run(x.subarray(first * WIDTH, (first + count) * WIDTH) as Floats));
    for (let row = 0; row < count; row++) {
      const hash = createHash('sha256');
      for (const values of outputs) {
        const width = values.length / count;
        hash.update(bytesOf(bitsOf(values.subarray(row * width, (row + 1) * width) as Floats)));
      }
      found.push(hash.digest('hex'));
    }
  }
  return found;
}

describe.each(PRECISIONS)('every kernel in %s gives the same bits', (precision) => {
  const graph = everyKernel();
  const x = rowsFor(precision);
  const wanted = withModel(graph, precision, ISAS[0], (model) => digests(model, x, ROWS));

  it('for different rows different ones, or the test would show nothing', () => {
    expect(new Set(wanted).size).toBeGreaterThan(ROWS * 0.9);
  });

  describe.each(ISAS)('on %s', (isa) => {
    it.each(BATCHES)('in blocks of %i rows', (batch) => {
      expect(withModel(graph, precision, isa, (model) => digests(model, x, batch))).toEqual(wanted);
    });

    it('at every place in the batch', () => {
      withModel(graph, precision, isa, (model) => {
        for (const shift of [1, 7, 32, 131]) {
          const turned = new (arrayOf(precision))([...x.subarray(shift * WIDTH), ...x.subarray(0, shift * WIDTH)]);
          const expected = [...wanted.slice(shift), ...wanted.slice(0, shift)];
          expect(digests(model, turned, ROWS)).toEqual(expected);
        }
      });
    });

    it('in bound calls', () => {
      withModel(graph, precision, isa, (model) => {
        const call = model.bind({ batch: 25 });
        const bound = (rows: Floats) => {
          call.input.set(rows);
          call.run();
          return { ...call.outputs };
        };
        expect(digests(model, x, 25, bound)).toEqual(wanted);
      });
    });
  });
});
