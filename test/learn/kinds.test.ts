/** What a learner is made from is checked again by the addon: sizes that do not fit together are refused. */
import { expect, test } from 'vitest';
import { createStep, type LearnerBuffer, WORDS } from '../../lib/learn/addon.ts';
import { failureOf } from '../failure.ts';

const doubles = (length: number) => new Float64Array(length);

function make(kind: string, integers: number[], numbers: number[], state: number, buffers: LearnerBuffer[]) {
  return createStep(kind, integers, numbers, new Int32Array(WORDS), doubles(state), doubles(state), buffers);
}

/** Two inputs, three hidden, one output: 13 parameters. */
const NETWORK = [0, 2, 3, 0, 0, 1, 0, 0, 200, 2, 3, 1];
const RATES = [0.1, 0.1, 0.9, 0.999, 1e-8, 0.5, 1e-4, 10];
const perceptron = () => [doubles(2), doubles(1), doubles(1), doubles(26), doubles(52)];
const changed = (at: number, value: number) => NETWORK.map((each, i) => (i === at ? value : each));
const without = (at: number) => perceptron().map((buffer, i) => (i === at ? doubles(buffer.length - 1) : buffer));

test('what fits together is made', () => {
  expect(make('gaussian', [2, 3], [], 15, [doubles(2), doubles(1)])).toBeTypeOf('function');
  expect(make('mlp', NETWORK, RATES, 7, perceptron())).toBeTypeOf('function');
});

test.each([
  ['a gaussian of less state', 'gaussian', [2, 3], [], 14, [doubles(2), doubles(1)]],
  ['a gaussian of a shorter row', 'gaussian', [3, 3], [], 30, [doubles(2), doubles(1)]],
  ['a gaussian of floats', 'gaussian', [2, 3], [], 15, [new Float32Array(2), doubles(1)]],
  ['a gaussian without a target', 'gaussian', [2, 3], [], 15, [doubles(2)]],
  ['a gaussian of no class', 'gaussian', [2, 0], [], 15, [doubles(2), doubles(1)]],
  ['a gaussian beyond all sizes', 'gaussian', [2 ** 20, 2 ** 20], [], 15, [doubles(2), doubles(1)]],
  ['a perceptron of less state', 'mlp', NETWORK, RATES, 6, perceptron()],
  ['a perceptron without rates', 'mlp', NETWORK, RATES.slice(1), 7, perceptron()],
  ['a perceptron without a width', 'mlp', NETWORK.slice(0, -1), RATES, 7, perceptron()],
  ['a perceptron of no width', 'mlp', changed(10, 0), RATES, 7, perceptron()],
  ['a perceptron of a negative width', 'mlp', changed(10, -3), RATES, 7, perceptron()],
  ['a perceptron beyond all sizes', 'mlp', changed(10, 2 ** 28), RATES, 7, perceptron()],
  ['a wider perceptron', 'mlp', changed(10, 4), RATES, 7, perceptron()],
  ['a perceptron of more layers', 'mlp', changed(1, 3), RATES, 7, perceptron()],
  ['a perceptron of floats', 'mlp', changed(0, 1), RATES, 7, perceptron()],
  ['an unknown activation', 'mlp', changed(2, 6), RATES, 7, perceptron()],
  ['an unknown loss', 'mlp', changed(4, 4), RATES, 7, perceptron()],
  ['an update of no rows', 'mlp', changed(8, 0), RATES, 7, perceptron()],
  ['no whole row', 'mlp', NETWORK, RATES, 7, without(0)],
  ['no target', 'mlp', NETWORK, RATES, 7, without(1)],
  ['no weight', 'mlp', NETWORK, RATES, 7, without(2)],
  ['fewer parameters', 'mlp', NETWORK, RATES, 7, without(3)],
  ['fewer moments', 'mlp', NETWORK, RATES, 7, without(4)],
] as const)('refuses %s', async (_, kind, integers, numbers, state, buffers) => {
  const making = () => make(kind, [...integers], [...numbers], state, [...buffers]);
  expect(await failureOf(making)).toMatchObject({ code: 'PLAN' });
});
