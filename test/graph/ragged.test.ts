/** Dense layers over scattered rows: the same numbers without the rows. */
import { describe, expect, it } from 'vitest';
import { define } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { Random } from '../random-graph.ts';

const COUNT = 12;
const ids = Int32Array.of(3, 3, 11, 0, 5, 6, 1);
const weights = Float64Array.of(1, 0.5, -2, 3, 0.25, 1, 4);
const offsets = [0, 3, 3, 7];
const numbers = Float64Array.of(1, 2, -1, 0.5, 0, 3);

const random = new Random(3);
const matrix = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));

const inputs = [
  { name: 'text', shape: [COUNT], ragged: true },
  { name: 'numbers', shape: [2] },
];
const scattered = { type: 'scatter', inputs: 'text', name: 'row' } as const;
const columns = [0, 3, 11, 3];

const cases = {
  'a layer with a clamp': [
    scattered,
    { inputs: 'row', weight: matrix(5, COUNT), bias: [1, 2, 3, 4, 5], activation: 'relu' },
  ],
  'a kernel': [scattered, { inputs: 'row', kernel: matrix(COUNT, 3) }],
  'one column': [scattered, { inputs: 'row', weight: matrix(1, COUNT), bias: 1, activation: 'sigmoid' }],
  'scaled and shifted': [
    scattered,
    { type: 'affine', scale: matrix(1, COUNT)[0], shift: 0.5 },
    { weight: matrix(4, COUNT), bias: [0, 1, 0, 1] },
  ],
  'chosen columns': [scattered, { type: 'columns', columns }, { weight: matrix(4, 4), bias: [0, 1, 0, 1] }],
  'numbers beside': [
    scattered,
    { type: 'concat', inputs: ['row', 'numbers'] },
    { weight: matrix(3, COUNT + 2), bias: [1, 2, 3], activation: 'relu' },
  ],
  'numbers before and chosen columns, scaled': [
    scattered,
    { type: 'columns', columns, name: 'chosen' },
    { type: 'affine', scale: [1, 2, 3, 4], name: 'scaled' },
    { type: 'concat', inputs: ['numbers', 'scaled', 'numbers', 'row'] },
    { weight: matrix(2, COUNT + 8), bias: [1, 2] },
  ],
} as const;

/** The same layers, the ragged input given as whole rows; its `row` is that input. */
function dense(layers: readonly object[]): Model {
  const whole = [{ name: 'row', shape: [COUNT] }, inputs[1]];
  return define({
    inputs: whole,
    layers: [{ type: 'identity', inputs: 'row', name: 'first' }, ...layers] as never,
    outputs: 'y',
  });
}

describe('a dense layer over scattered rows', () => {
  it.each(Object.entries(cases))('is a bag: %s', (_, layers) => {
    const named = layers.map((layer, i) => (i === layers.length - 1 ? { ...layer, name: 'y' } : layer));
    const model = define({ inputs, layers: named as never, outputs: 'y' });
    expect(model.summary()).toContain('bag sum');
    expect(model.summary()).not.toMatch(/scatter|dense.* 12 /);
    const row = new Float64Array(3 * COUNT);
    for (let r = 0; r < 3; r++) for (let k = offsets[r]; k < offsets[r + 1]; k++) row[r * COUNT + ids[k]] += weights[k];
    const { y } = model.run({ text: { ids, weights, offsets }, numbers });
    const { y: wanted } = dense(named.slice(1)).run({ row, numbers });
    expect(y.length).toBe(wanted.length);
    for (const [i, value] of y.entries()) expect(value).toBeCloseTo(wanted[i], 12);
  });

  it('stays one where a weight is not finite, which zeros would meet', () => {
    const weight = matrix(2, COUNT);
    weight[1][4] = Infinity;
    const model = define({ inputs: inputs.slice(0, 1), layers: [{ type: 'scatter' }, { weight }] });
    expect(model.summary()).toContain('scatter');
  });

  it('leaves the row to others that take it', () => {
    const layers = [
      { type: 'scatter', name: 'row' },
      { name: 'y', inputs: 'row', weight: matrix(1, COUNT) },
    ] as const;
    const model = define({ inputs: inputs.slice(0, 1), layers, outputs: ['row', 'y'] });
    expect(model.summary()).toContain('bag');
    const rows = { ids: Int32Array.of(2, 2), offsets: [0, 2] };
    expect(model.run<{ row: Float64Array; y: Float64Array }>(rows).row).toEqual(new Float64Array(COUNT).fill(2, 2, 3));
  });
});
