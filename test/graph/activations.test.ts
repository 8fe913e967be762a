import { describe, expect, it } from 'vitest';
import { type ActivationStep, resolveActivation } from '../../lib/graph/activations.ts';
import type { Activation } from '../../lib/graph/architecture.ts';
import { SOFTMAX_NAMES, type SoftmaxName, UNARY_NAMES, type UnaryName } from '../../lib/graph/graph.ts';
import { failureOf } from '../failure.ts';

const resolve = (activation: Activation) => resolveActivation(activation, 'layers[1].activation');
const unary = (fn: UnaryName, alpha?: number, beta?: number): ActivationStep => ({
  op: 'unary',
  fn,
  ...(alpha !== undefined && { alpha }),
  ...(beta !== undefined && { beta }),
});
const softmax = (fn: SoftmaxName, axis: number): ActivationStep => ({ op: 'softmax', fn, axis });

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
    const needSettings: readonly UnaryName[] = ['threshold', 'to_integer', 'wrap', 'narrow'];
    for (const fn of UNARY_NAMES) {
      if (!needSettings.includes(fn)) expect(resolve(fn)).toEqual([expect.objectContaining(unary(fn))]);
    }
    for (const fn of SOFTMAX_NAMES) expect(resolve(fn)).toEqual([softmax(fn, -1)]);
  });
});

describe('the settings of activations', () => {
  it.each<[activation: Activation, steps: readonly ActivationStep[]]>([
    ['relu', [unary('relu')]],
    [{ name: 'relu', negative_slope: 0, max_value: 6, threshold: 0 }, [unary('clip', 0, 6)]],
    [{ name: 'relu', negative_slope: 0.1 }, [unary('leaky_relu', 0.1)]],
    [{ name: 'relu', negative_slope: 0.1, max_value: 6 }, [unary('leaky_relu', 0.1), unary('clip', -Infinity, 6)]],
    [{ name: 'relu', threshold: 1 }, [unary('thresholded_relu', 1)]],
    [{ name: 'relu', threshold: 1, max_value: 6 }, [unary('thresholded_relu', 1), unary('clip', 0, 6)]],
    ['relu6', [unary('clip', 0, 6)]],
    ['leaky_relu', [unary('leaky_relu', 0.01)]],
    [{ name: 'leaky_relu', alpha: 0.2 }, [unary('leaky_relu', 0.2)]],
    [{ name: 'LeakyReLU', negative_slope: 0.3 }, [unary('leaky_relu', 0.3)]],
    [{ name: 'PReLU', weight: 0.25 }, [unary('leaky_relu', 0.25)]],
    ['rrelu', [unary('leaky_relu', 11 / 48)]],
    [{ name: 'RReLU', lower: 0.1, upper: 0.3 }, [unary('leaky_relu', 0.2)]],
    ['elu', [unary('elu', 1)]],
    ['hard_sigmoid', [unary('hard_sigmoid', 1 / 6, 0.5)]],
    [{ name: 'hard_sigmoid', alpha: 0.2 }, [unary('hard_sigmoid', 0.2, 0.5)]],
    ['hard_tanh', [unary('clip', -1, 1)]],
    [{ name: 'Hardtanh', min_val: -2, max_val: 2 }, [unary('clip', -2, 2)]],
    [{ name: 'clip', max: 3 }, [unary('clip', -Infinity, 3)]],
    [{ name: 'threshold', threshold: 0.1, value: 20 }, [unary('threshold', 0.1, 20)]],
    [{ name: 'threshold', threshold: 0.1, default_value: 20 }, [unary('threshold', 0.1, 20)]],
    ['soft_shrink', [unary('soft_shrink', 0.5, 0.5)]],
    [{ name: 'Shrink', lambd: 0.3, bias: 0.1 }, [unary('soft_shrink', 0.3, 0.1)]],
    [{ name: 'Softplus', beta: 2 }, [unary('softplus', 2)]],
    [
      { name: 'Softplus', beta: 2, threshold: 20 },
      [{ op: 'branch', scale: 2, threshold: 20, above: [], below: [unary('softplus', 2)] }],
    ],
    [{ name: 'Swish', alpha: 1.5 }, [unary('quick_gelu', 1.5)]],
    ['gelu', [unary('gelu')]],
    [{ name: 'gelu', approximate: 'tanh' }, [unary('gelu_tanh')]],
    [{ name: 'gelu', approximate: false }, [unary('gelu')]],
    ['linear', []],
    [{ name: 'log_softmax', axis: 0 }, [softmax('log_softmax', 0)]],
    [{ name: 'Softmin', dim: 1 }, [unary('neg'), softmax('softmax', 1)]],
    ['Hardmax', [{ op: 'hardmax', axis: -1 }]],
    [{ name: 'GLU', dim: 0 }, [{ op: 'glu', axis: 0 }]],
  ])('%j', (activation, steps) => {
    expect(resolve(activation)).toEqual(steps);
  });

  it('damps below a threshold by the distance to it, as Keras does', () => {
    expect(resolve({ name: 'relu', negative_slope: 0.1, max_value: 6, threshold: 2 })).toEqual([
      {
        op: 'branch',
        scale: 1,
        threshold: 2,
        above: [unary('clip', 0, 6)],
        below: [
          { op: 'binary', fn: 'sub', value: 2 },
          { op: 'binary', fn: 'mul', value: 0.1 },
        ],
      },
    ]);
  });

  it.each<[activation: unknown, message: string]>([
    ['rellu', "'rellu' is not a known activation; did you mean 'relu'?"],
    ['constructor', "'constructor' is not a known activation; expected one of 'relu', "],
    [{ name: 'tanh', alpha: 1 }, "the activation 'tanh' takes no settings, found 'alpha'"],
    [{ name: 'elu', slope: 1 }, "the activation 'elu' takes 'alpha', found 'slope'"],
    [{ name: 'elu', alpha: '1' }, "the activation 'elu' needs a number for 'alpha', found the string '1'"],
    ['threshold', "the activation 'threshold' needs a number for 'threshold', found nothing"],
    ['prelu', "the activation 'prelu' needs a number for 'weight', found nothing"],
    [{ name: 'gelu', alpha: 1 }, "the activation 'gelu' takes 'approximate', found 'alpha'"],
    [{ name: 'gelu', approximate: 'yes' }, "expected approximate to be 'tanh' or 'none', found the string 'yes'"],
    [7, "expected an activation's name or { name, …settings }, found the number 7"],
    [null, "expected an activation's name or { name, …settings }, found null"],
  ])('refuses %j', async (activation, message) => {
    const error = await failureOf(() => resolve(activation as Activation));
    expect(error.code).toBe('OPTION');
    expect(error.message).toContain(`layers[1].activation: ${message}`);
  });
});
