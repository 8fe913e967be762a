import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lib/model.ts';
import { Random } from '../random-graph.ts';
import {
  arrayOf,
  bitsOf,
  bytesOf,
  type Floats,
  ISAS,
  type Named,
  PRECISIONS,
  type Precision,
  withModel,
} from './engine.ts';
import { everyKernel, WIDTH } from './every-kernel.ts';

/** More than three of the engine's blocks, which are of 48 rows here. */
const ROWS = 150;
const BATCHES = [1, 2, 3, 5, 8, 16, 31, 64, 65, ROWS];
/** Of small batches some are enough: each kind of row is among ten. */
const FEW_ROWS = 40;

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

/** A digest of the outputs of each of the first rows, computed in blocks of `batch` rows. */
function digests(
  model: Model,
  x: Floats,
  { batch = ROWS, rows = ROWS, run = (values: Floats): Named => model.run({ x: values }) as Named },
): string[] {
  const found: string[] = [];
  for (let first = 0; first < rows; first += batch) {
    const count = Math.min(batch, rows - first);
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
  const wanted = withModel(graph, precision, ISAS[0], (model) => digests(model, x, {}));

  it('for different rows different ones, or the test would show nothing', () => {
    expect(new Set(wanted).size).toBeGreaterThan(ROWS * 0.9);
  });

  describe.each(ISAS)('on %s', (isa) => {
    it.each(BATCHES)('in blocks of %i rows', (batch) => {
      const rows = Math.min(Math.max(FEW_ROWS, 3 * batch), ROWS);
      const found = withModel(graph, precision, isa, (model) => digests(model, x, { batch, rows }));
      expect(found).toEqual(wanted.slice(0, rows));
    });

    it('at every place in the batch', () => {
      withModel(graph, precision, isa, (model) => {
        for (const shift of [1, 7, 32, 131]) {
          const turned = new (arrayOf(precision))([...x.subarray(shift * WIDTH), ...x.subarray(0, shift * WIDTH)]);
          const expected = [...wanted.slice(shift), ...wanted.slice(0, shift)];
          expect(digests(model, turned, {})).toEqual(expected);
        }
      });
    });

    it('in bound calls', () => {
      withModel(graph, precision, isa, (model) => {
        const call = model.bind({ batch: 25 });
        const bound = (rows: Floats): Named => {
          call.input.set(rows);
          call.run();
          return { ...call.outputs };
        };
        expect(digests(model, x, { batch: 25, run: bound })).toEqual(wanted);
      });
    });
  });
});
