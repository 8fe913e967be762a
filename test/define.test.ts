import { expect, it } from 'vitest';
import { define } from '../lib/index.ts';
import { failureOf } from './failure.ts';

it('defines y = m·x + c in three lines', () => {
  const [m, c] = [2, 1];
  const line = define({ layers: [{ weight: m, bias: c }] });
  expect(line.run(Float64Array.of(0, 1, 2.5))).toEqual(Float64Array.of(1, 3, 6));
});

it('defines a network of several layers in ten lines', () => {
  const network = define({
    featureNames: ['age', 'income', 'visits'],
    layers: [
      { type: 'batch_norm', mean: [40, 3e4, 5], variance: [100, 1e8, 4], epsilon: 0 },
      {
        name: 'hidden',
        weight: [
          [1, -1, 0.5],
          [0.25, 0.5, -1],
        ],
        bias: [0, 0.5],
        activation: 'relu',
      },
      { name: 'score', weight: [[1, -2]], bias: [0.1], activation: 'sigmoid' },
    ],
    classes: ['stays', 'leaves'],
  });
  const [probability] = network.run(Float64Array.of(50, 2e4, 9));
  expect(probability).toBeCloseTo(1 / (1 + Math.exp(-3.1)), 14);
  expect(
    network.predict([
      { visits: 9, income: 2e4, age: 50 },
      { age: 30, income: 4e4, visits: 1 },
    ]),
  ).toEqual(['leaves', 'stays']);
});

it('computes in single precision where all parameters are Float32Arrays', () => {
  const model = define({ layers: [{ weight: Float32Array.of(0.1), bias: Float32Array.of(0.2) }] });
  expect(model.precision).toBe('f32');
  expect(model.run(Float32Array.of(3))).toEqual(Float32Array.of(Math.fround(Math.fround(0.1) * 3 + Math.fround(0.2))));
});

it('does not see what happens to the arrays afterwards', () => {
  const [weight, bias] = [Float32Array.of(2), Float32Array.of(1)];
  const model = define({ layers: [{ weight, bias }] });
  weight.fill(0);
  bias.fill(0);
  expect(model.run(Float32Array.of(3))).toEqual(Float32Array.of(7));
});

it('takes the options of a model beside the architecture', () => {
  const model = define({ layers: [{ weight: 2, bias: 1 }] }, { precision: 'f32', isa: 'scalar' });
  expect([model.precision, model.isa, model.format, model.parameterCount]).toEqual(['f32', 'scalar', 'define', 2]);
});

it('keeps to the limits', async () => {
  const layers = [{ weight: [[1, 2, 3]] }];
  const error = await failureOf(() => define({ layers }, { limits: { parameters: 2 } }));
  expect(error.code).toBe('LIMIT');
});

it('refuses the options of load', async () => {
  const options = { activation: 'relu' } as object;
  const error = await failureOf(() => define({ layers: [{ weight: 2 }] }, options));
  expect([error.code, error.message]).toEqual(['OPTION', expect.stringContaining("unknown option 'activation'")]);
});
