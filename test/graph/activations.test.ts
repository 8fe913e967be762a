import { describe, expect, it } from 'vitest';
import { resolveActivation } from '../../lib/graph/activations.ts';
import type { Activation } from '../../lib/graph/architecture.ts';
import { UNARY_NAMES } from '../../lib/graph/graph.ts';
import { failureOf } from '../failure.ts';

const resolve = (activation: Activation) => resolveActivation(activation, 'layers[1].activation');
const unary = (fn: string, alpha?: number, beta?: number) => ({
  kind: 'unary',
  fn,
  ...(alpha !== undefined && { alpha }),
  ...(beta !== undefined && { beta }),
});
const softmax = (log: boolean, negated: boolean, axis: number) => ({ kind: 'softmax', log, negated, axis });

describe('the names of activations', () => {
  it.each([
    ['relu', 'Relu', 'ReLU', 'RELU'],
    ['relu6', 'ReLU6'],
    ['leaky_relu', 'leakyrelu', 'LeakyReLU', 'LeakyRelu', 'leaky-relu', 'leaky relu'],
    ['silu', 'SiLU', 'swish', 'Swish'],
    ['hard_sigmoid', 'hardsigmoid', 'HardSigmoid', 'Hardsigmoid'],
    ['hard_swish', 'Hardswish', 'hard_silu', 'HardSwish'],
    ['hard_tanh', 'hardtanh', 'Hardtanh'],
    ['sigmoid', 'Sigmoid', 'logistic'],
    ['log_softmax', 'LogSoftmax', 'logsoftmax'],
    ['linear', 'identity', 'Identity', 'none'],
    ['gelu_tanh', 'gelu_new', 'gelu_pytorch_tanh'],
    ['tanh_shrink', 'Tanhshrink'],
    ['soft_shrink', 'Softshrink'],
    ['log_sigmoid', 'LogSigmoid'],
    ['exp', 'exponential'],
  ])('%s is also %s', (name, ...others) => {
    for (const other of others) expect(resolve(other)).toEqual(resolve(name));
  });

  it('has every function of the graph that needs no settings', () => {
    const withSettings = ['threshold'];
    for (const name of UNARY_NAMES) {
      if (!withSettings.includes(name)) expect(resolve(name)).toMatchObject(unary(name));
    }
  });
});

describe('the settings of activations', () => {
  it.each<[activation: Activation, resolved: object]>([
    ['relu', unary('relu')],
    ['relu6', unary('clip', 0, 6)],
    ['leaky_relu', unary('leaky_relu', 0.01)],
    [{ name: 'leaky_relu', alpha: 0.2 }, unary('leaky_relu', 0.2)],
    [{ name: 'LeakyReLU', negative_slope: 0.3 }, unary('leaky_relu', 0.3)],
    ['elu', unary('elu', 1)],
    ['hard_sigmoid', unary('hard_sigmoid', 1 / 6, 0.5)],
    [{ name: 'hard_sigmoid', alpha: 0.2 }, unary('hard_sigmoid', 0.2, 0.5)],
    ['hard_tanh', unary('clip', -1, 1)],
    [{ name: 'Hardtanh', min_val: -2, max_val: 2 }, unary('clip', -2, 2)],
    [{ name: 'clip', max: 3 }, unary('clip', Number.NEGATIVE_INFINITY, 3)],
    [{ name: 'threshold', threshold: 0.1, value: 20 }, unary('threshold', 0.1, 20)],
    ['soft_shrink', unary('soft_shrink', 0.5, 0.5)],
    [{ name: 'Softplus', beta: 2 }, unary('softplus', 2)],
    ['gelu', unary('gelu')],
    [{ name: 'gelu', approximate: 'tanh' }, unary('gelu_tanh')],
    [{ name: 'gelu', approximate: false }, unary('gelu')],
    ['linear', { kind: 'identity' }],
    ['softmax', softmax(false, false, -1)],
    [{ name: 'log_softmax', axis: 0 }, softmax(true, false, 0)],
    [{ name: 'Softmin', dim: 1 }, softmax(false, true, 1)],
  ])('%j', (activation, resolved) => {
    expect(resolve(activation)).toEqual(resolved);
  });

  it.each<[activation: unknown, message: string]>([
    ['rellu', "'rellu' is not a known activation; did you mean 'relu'?"],
    ['constructor', "'constructor' is not a known activation; known are 'relu', "],
    [{ name: 'relu', alpha: 1 }, "the activation 'relu' takes no settings, found 'alpha'"],
    [{ name: 'elu', slope: 1 }, "the activation 'elu' takes 'alpha', found 'slope'"],
    [{ name: 'elu', alpha: '1' }, "the activation 'elu' needs a number for 'alpha', found the string '1'"],
    ['threshold', "the activation 'threshold' needs a number for 'threshold', found nothing"],
    [{ name: 'gelu', approximate: 'yes' }, "expected approximate to be 'tanh' or 'none', found the string 'yes'"],
    [7, "expected an activation's name or { name, …settings }, found the number 7"],
    [null, "expected an activation's name or { name, …settings }, found null"],
  ])('refuses %j', async (activation, message) => {
    const error = await failureOf(() => resolve(activation as Activation));
    expect(error.code).toBe('OPTION');
    expect(error.message).toContain(`layers[1].activation: ${message}`);
  });
});
