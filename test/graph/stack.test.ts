import { describe, expect, it } from 'vitest';
import type { Layer } from '../../lib/graph/architecture.ts';
import { stackArchitecture } from '../../lib/graph/stack/stack.ts';
import { failureOf } from '../failure.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

const stack = (shapes: Shapes, options: object = { activation: 'relu' }) =>
  stackArchitecture(new Map(Object.entries(shapes)), options).layers;
/** Layers as `name` or `name+activation`. */
const outline = (layers: readonly Layer[]) =>
  layers.map(({ name, type, activation }) => `${name ?? type}${activation === undefined ? '' : `+${activation}`}`);

/** A dense layer under the name, of the widths. */
const dense = (name: string, inputs: number, outputs: number): Shapes => ({
  [`${name}.weight`]: [outputs, inputs],
  [`${name}.bias`]: [outputs],
});
const batchNorm = (name: string, width: number): Shapes => ({
  [`${name}.weight`]: [width],
  [`${name}.bias`]: [width],
  [`${name}.running_mean`]: [width],
  [`${name}.running_var`]: [width],
  [`${name}.num_batches_tracked`]: [],
});
const layerNorm = (name: string, width: number): Shapes => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width] });

describe('the order of layers', () => {
  it('counts numbers in names as numbers', () => {
    const names = Array.from({ length: 12 }, (_, i) => `encoder.layers.${i}`);
    const shuffled = names.toSorted().map((name) => dense(name, 4, 4));
    expect(outline(stack(Object.assign({}, ...shuffled), { activation: 'linear' }))).toEqual(
      names.map((name, i) => (i < 11 ? `${name}+linear` : name)),
    );
  });

  it('finds the only order that the widths allow where names are words', () => {
    const shapes = { ...dense('classifier', 8, 3), ...dense('fc1', 5, 8), ...dense('fc2', 8, 8) };
    expect(outline(stack(shapes))).toEqual(['fc1+relu', 'fc2+relu', 'classifier']);
  });

  it('keeps the layers of a module together', () => {
    const shapes = {
      ...dense('head.0', 4, 4),
      ...dense('head.1', 4, 2),
      ...dense('body.0', 3, 4),
      ...dense('body.1', 4, 4),
    };
    expect(outline(stack(shapes))).toEqual(['body.0+relu', 'body.1+relu', 'head.0+relu', 'head.1']);
  });

  it('takes names with a prefix, slashes, kernels and no name at all', () => {
    expect(outline(stack({ ...dense('module.model.0', 2, 3), ...dense('module.model.2', 3, 1) }))).toEqual([
      'module.model.0+relu',
      'module.model.2',
    ]);
    const keras = { 'dense/kernel:0': [2, 3], 'dense/bias:0': [3], 'dense_1/kernel:0': [3, 1], 'dense_1/bias:0': [1] };
    expect(outline(stack(keras))).toEqual(['dense+relu', 'dense_1']);
    expect(stack({ weight: [1, 2], bias: [1] }, {})).toEqual([{ weight: 'weight', bias: 'bias' }]);
  });

  it.each<[title: string, shapes: Shapes, message: RegExp]>([
    [
      'words leave the order open',
      { ...dense('classifier', 4, 4), ...dense('linear', 4, 4) },
      /do not determine the order/,
    ],
    ['no order fits', { ...dense('a', 4, 5), ...dense('b', 4, 5) }, /no order of these layers/],
    [
      'numbers say an order that does not fit',
      { ...dense('0', 4, 5), ...dense('2', 6, 5) },
      /'0' gives 5 columns, but '2' takes 6/,
    ],
  ])('is asked for when %s', async (_, shapes, message) => {
    const error = await failureOf(() => stack(shapes));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/`architecture`.*\n {6}\{ tensor: '\w+' \}, \/\/ dense \[\d\] → \[\d\]\n/s);
    expect(error.code).toBe('ARCHITECTURE');
  });

  it('is not searched for without end', async () => {
    const shapes = Object.assign(
      {},
      ...Array.from({ length: 40 }, (_, i) => dense(String.fromCodePoint(0x4e00 + i), 4, i < 39 ? 4 : 5)),
    );
    const error = await failureOf(() => stack({ ...shapes, ...dense('end', 9, 4) }));
    expect(error.code).toBe('ARCHITECTURE');
  });
});

describe('activations of a plain stack', () => {
  it('stand between the layers and after the last', () => {
    const shapes = { ...dense('0', 2, 3), ...dense('2', 3, 4), ...dense('4', 4, 1) };
    const layers = stack(shapes, { activation: 'tanh', outputActivation: 'sigmoid' });
    expect(outline(layers)).toEqual(['0+tanh', '2+tanh', '4', 'activation+sigmoid']);
  });

  it('are asked for, with the layers that were found', async () => {
    const error = await failureOf(() =>
      stack({ ...dense('0', 2, 3), ...dense('2', 3, 1) }, { outputActivation: 'relu' }),
    );
    expect(error.code).toBe('ARCHITECTURE');
    expect(error.message).toMatch(
      /pass `activation`.*\n {6}\{ tensor: '0' \}, \/\/ dense \[2\] → \[3\]\n {6}\{ tensor: '2' \}, .*\n {4}\],\n {2}\}$/s,
    );
  });

  it('go where a Sequential leaves room beside a normalisation', () => {
    const after = { ...dense('0', 2, 3), ...batchNorm('1', 3), ...dense('3', 3, 1) };
    expect(outline(stack(after))).toEqual(['0', '1+relu', '3']);
    const before = { ...dense('0', 2, 3), ...layerNorm('2', 3), ...dense('3', 3, 1) };
    expect(outline(stack(before))).toEqual(['0+relu', '2', '3']);
  });

  it.each<[title: string, shapes: Shapes]>([
    [
      'there is room before and after a normalisation',
      { ...dense('0', 2, 3), ...layerNorm('2', 3), ...dense('4', 3, 1) },
    ],
    ['there is room on neither side', { ...dense('0', 2, 3), ...layerNorm('1', 3), ...dense('2', 3, 1) }],
    ['there is room between some layers only', { ...dense('0', 2, 3), ...dense('1', 3, 3), ...dense('3', 3, 1) }],
    ['there is room before the first layer', { ...layerNorm('0', 2), ...dense('2', 2, 3), ...dense('3', 3, 1) }],
    ['there is room before the last normalisation', { ...dense('0', 2, 3), ...dense('1', 3, 2), ...layerNorm('3', 2) }],
  ])('are asked for when %s', async (_, shapes) => {
    const error = await failureOf(() => stack(shapes));
    expect(error.code).toBe('ARCHITECTURE');
    expect(error.message).toContain('`architecture`');
  });

  it('have no place between in a single layer', async () => {
    const error = await failureOf(() => stack(dense('fc', 2, 3)));
    expect([error.code, error.message]).toEqual([
      'ARCHITECTURE',
      expect.stringContaining('use `outputActivation` for after it'),
    ]);
  });
});

describe('the layers that shapes tell', () => {
  it('reads normalisations with the epsilon of the framework whose names they have', () => {
    const torch = stack({ ...batchNorm('0', 2), ...dense('1', 2, 1) }, {});
    expect(torch[0]).toEqual({
      type: 'batch_norm',
      name: '0',
      weight: '0.weight',
      bias: '0.bias',
      mean: '0.running_mean',
      variance: '0.running_var',
      epsilon: 1e-5,
    });
    const keras = stack({ 'norm/gamma': [2], 'norm/beta': [2], 'out/kernel': [2, 1] }, {});
    expect(keras[0]).toEqual({
      type: 'layer_norm',
      name: 'norm',
      gamma: 'norm/gamma',
      beta: 'norm/beta',
      epsilon: 1e-3,
    });
  });

  it.each<[title: string, shapes: Shapes, code: string, message: RegExp]>([
    ['a convolution', { 'conv.weight': [8, 3, 3, 3] }, 'UNSUPPORTED_OP', /tensor conv.weight: .*convolution/],
    ['an embedding', { 'user_embedding.weight': [100, 8] }, 'ARCHITECTURE', /looks like an embedding/],
    ['a bias alone', { 'fc.bias': [3] }, 'ARCHITECTURE', /tensor fc.bias: .*\(bias \[3\]\)/],
    ['a vector alone', { 'norm.weight': [3] }, 'ARCHITECTURE', /tensor norm.weight: .*`architecture`/],
    [
      'another kind of tensor',
      { 'fc.weight': [3, 3], 'fc.lora_A': [3, 1] },
      'ARCHITECTURE',
      /tensor fc.lora_A: belongs to a LoRA adapter/,
    ],
    ['another name', { 'fc.weight': [3, 3], 'fc.gain': [3] }, 'ARCHITECTURE', /tensor fc.gain: has an unknown role/],
    ['a name like a method', { toString: [3] }, 'ARCHITECTURE', /tensor toString: has an unknown role/],
    ['one field by two names', { 'n.running_mean': [3], 'n.moving_mean': [3] }, 'ARCHITECTURE', /another 'mean'/],
    ['nothing', {}, 'ARCHITECTURE', /no tensors/],
  ])('refuses %s', async (_, shapes, code, message) => {
    const error = await failureOf(() => stack(shapes));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});
