import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../lib/graph/limits.ts';
import { checkLoadOptions, checkModelOptions, type LoadOptions } from '../lib/options.ts';
import { failureOf } from './failure.ts';

describe('options', () => {
  it('have defaults', () => {
    expect(checkLoadOptions({})).toEqual({ precision: 'auto', threads: 1, limits: DEFAULT_LIMITS, given: {} });
  });

  it('may raise some limits and keep the others', () => {
    const { limits } = checkModelOptions({ limits: { nodes: 5, depth: undefined } });
    expect(limits).toEqual({ ...DEFAULT_LIMITS, nodes: 5 });
  });

  it.each<[options: unknown, message: string]>([
    [null, 'options: expected an object, found null'],
    [{ precison: 'f32' }, "options: unknown option 'precison'; did you mean 'precision'?"],
    [{ zzzz: 1 }, "options: unknown option 'zzzz'; expected one of 'precision', "],
    [
      { precision: 'f16' },
      "precision: expected one of 'auto', 'f64', 'f32', 'bf16', 'int8', found the string 'f16'; did",
    ],
    [{ precision: 32 }, 'precision: expected one of'],
    [{ threads: 0 }, 'threads: expected an integer from 1 to 256, found the number 0'],
    [{ threads: '2' }, "threads: expected an integer from 1 to 256, found the string '2'"],
    [{ threads: 257 }, 'threads: expected an integer from 1 to 256, found the number 257'],
    [{ limits: 5 }, 'limits: expected an object of numbers, found the number 5'],
    [{ limits: { byte: 5 } }, "limits: unknown option 'byte'; did you mean 'bytes'?"],
    [{ limits: { bytes: -1 } }, 'limits.bytes: expected a number of 0 or more, found the number -1'],
    [{ limits: { bytes: '1' } }, "limits.bytes: expected a number of 0 or more, found the string '1'"],
    [{ member: [] }, 'member: expected at least one member, found an array of 0'],
    [{ member: -1 }, 'member: expected a key, a position of at least 0, or a list of these, found the number -1'],
    [{ member: { key: 'a' } }, 'member: expected a key, a position of at least 0, or a list of these, found an object'],
    [
      { member: ['a', ['b']] },
      'member[1]: expected a key, a position of at least 0, or a list of these, found an array',
    ],
    [{ member: ['a', 1.5] }, 'member[1]: expected a key'],
    [{ headers: 'a: b' }, "headers: expected an object of strings by header name, found the string 'a: b'"],
    [{ headers: new Headers() }, 'Object.fromEntries(headers) makes one'],
    [{ headers: { a: 1 } }, "headers['a']: expected a string, found the number 1"],
    [{ headers: { 'a b': 'secret' } }, "headers['a b']: is not a valid header name with a valid value"],
    [{ headers: { a: 'sec\nret' } }, "headers['a']: is not a valid header name with a valid value"],
    [{ fetch: 'fetch' }, "fetch: expected a function, found the string 'fetch'"],
    [{ menber: 'a' }, "unknown option 'menber'; did you mean 'member'?"],
    [{ numIteration: 2.5 }, 'numIteration: expected an integer, where 0 or less means all iterations, found the num'],
    [{ numIteration: '3' }, 'numIteration: expected an integer, where 0 or less means all iterations, found the st'],
    [{ numIteration: Infinity }, 'numIteration: expected an integer'],
    [{ num_iteration: 3 }, "unknown option 'num_iteration'; did you mean 'numIteration'?"],
    [{ format: 'onxx' }, "found the string 'onxx'; did you mean 'onnx'?"],
    [{ signal: {} }, 'signal: expected an AbortSignal, found an object'],
    [{ activation: 'rleu' }, "activation: 'rleu' is not a known activation; did you mean 'relu'?"],
    [
      { outputActivation: { name: 'sotfmax' } },
      "outputActivation: 'sotfmax' is not a known activation; did you mean 'so",
    ],
    [{ activation: { name: 'relu', slop: 1 } }, "activation: the activation 'relu' takes"],
    [
      { architecture: { layers: [] }, activation: 'relu' },
      'activation: activations are part of the given architecture',
    ],
    [{ architecture: { layers: [] }, outputActivation: 'relu' }, 'outputActivation: activations are part of'],
  ])('%j are refused', async (options, message) => {
    const error = await failureOf(() => checkLoadOptions(options as LoadOptions));
    expect(error.message).toContain(message);
    expect(error.code).toBe('OPTION');
  });
});
