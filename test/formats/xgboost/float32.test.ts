import { describe, expect, it } from 'vitest';
import { logf, nextDown } from '../../../lib/formats/xgboost/float32.ts';
import { load } from '../../../lib/load.ts';
import { bytesOf, modelOf } from './models.ts';

describe('the float32 below one', () => {
  it.each([
    [1, 1 - 2 ** -24],
    [-1, -1 - 2 ** -23],
    [0, -(2 ** -149)],
    [-0, -(2 ** -149)],
    [2 ** -149, 0],
    [Infinity, (2 - 2 ** -23) * 2 ** 127],
    [-Infinity, -Infinity],
  ])('of %s is %s', (value, below) => {
    expect(nextDown(value)).toBe(below);
  });
});

// Where glibc is not the nearest float32, and some where it is.
const LOGARITHMS = [
  [0.6344111561775208, -0.4550580084323883],
  [0.983834981918335, -0.016297098249197006],
  [0.9804986715316772, -0.01969398930668831],
  [0.9865532517433167, -0.013537975028157234],
  [0.911935567855835, -0.09218593686819077],
  [0.9181773066520691, -0.08536476641893387],
  [1, 0],
] as const;

const POWERS = [
  [27.060285568237305, 565109653504],
  [-86.86783599853516, 1.87835721416879e-38],
  [56.67850112915039, 4.122496524106308e24],
  [-59.75095748901367, 1.1232821541035314e-26],
  [-70.82527923583984, 1.7416948323322938e-31],
  [4.817902088165283, 123.7052993774414],
  [59.369083404541016, 6.076665558505957e25],
  [0, 1],
  [-0, 1],
  [2 ** -149, 1],
  [88.8, Infinity],
  [3e38, Infinity],
  [-104, 0],
  [-3e38, 0],
] as const;

describe("glibc's functions", () => {
  it.each(LOGARITHMS)('logf of %s is %s', (value, logarithm) => {
    expect(logf(value)).toBe(logarithm);
  });

  it.each(POWERS)('expf of %s is %s', async (value, power) => {
    const model = modelOf([], { num_feature: '1', base_score: '1' }, 'count:poisson');
    // A linear model of weight 1 and bias 0: e^x of the value itself.
    Object.assign(model.learner, { gradient_booster: { name: 'gblinear', model: { weights: [1, 0] } } });
    expect([...(await load(bytesOf(model))).run(Float64Array.of(value))]).toEqual([power]);
  });
});
