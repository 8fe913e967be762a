import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freeze } from '../../../lib/freeze.ts';
import { load } from '../../../lib/load.ts';
import { reference } from '../../reference.ts';
import { type Fields, floats, int, int64s, type ModelParts, node, read, value } from './write-onnx.ts';

const FOLDER = new URL('../../fixtures/onnx-converted/', import.meta.url);

async function opened(name: string) {
  const { cases } = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
  const [, { inputs, outputs }] = cases;
  const x = Float32Array.from(inputs.X.data as number[]);
  return { model: await load(new URL(`${name}.onnx`, FOLDER)), x, outputs };
}

/** From `x`, rows of four numbers, to `y`. */
async function answer(nodes: readonly Fields[], initializers: readonly Fields[] = [], x = [1, 2, 3, 4, 5, 6, 7, 8]) {
  const model: ModelParts = { nodes, initializers, inputs: [value('x', ['batch', 4])], outputs: [value('y', [])] };
  return Array.from(reference(await read(model), { x }, 2).y);
}

describe('outputs that the file has as a list', () => {
  it.each([
    ['targets-many-labels', 3],
    ['targets-words', 2],
    ['targets-tree', 3],
  ])('come as an array of arrays: %s', async (name, count) => {
    const { model, x, outputs } = await opened(name);
    using _ = model;
    const { probabilities } = model.run<{ probabilities: Float32Array[] }>({ X: x });
    expect(probabilities).toHaveLength(count);
    for (const [i, each] of probabilities.entries()) {
      expect(Array.from(each)).toEqual(outputs[`probabilities[${i}]`].data.map((p: number) => expect.closeTo(p, 5)));
    }
    const later = await model.runAsync<{ probabilities: Float32Array[] }>({ X: x });
    expect(later.probabilities).toEqual(probabilities);
    expect(model.outputs.map(({ name, list }) => [name, list]).slice(1)).toEqual(
      probabilities.map((_, i) => [`probabilities[${i}]`, 'probabilities']),
    );
  });

  it('have their own names in bound calls and where arrays are given', async () => {
    const { model, x } = await opened('targets-words');
    using _ = model;
    const call = model.bind({ batch: 5 });
    call.inputs.X.set(x);
    call.run();
    const { probabilities } = model.run<{ probabilities: Float32Array[] }>({ X: x });
    expect(call.outputs['probabilities[1]']).toEqual(probabilities[1]);
    const given = {
      label: new Float32Array(10),
      'probabilities[0]': new Float32Array(15),
      'probabilities[1]': new Float32Array(10),
    };
    expect(model.run({ X: x }, given)).toBe(given);
    expect(given['probabilities[0]']).toEqual(probabilities[0]);
  });

  it('are the probabilities of one target each', async () => {
    const { model, x } = await opened('targets-words');
    using _ = model;
    const { probabilities } = model.run<{ probabilities: Float32Array[] }>({ X: x });
    expect(model.predictProba<{ probabilities: Float32Array[] }>(x)).toEqual({ probabilities });
    const record = { X: Array.from(x.subarray(0, 3)) };
    expect(model.predict(record)).toHaveLength(2);
    expect(model.predictProba(record)).toEqual({
      probabilities: [
        { 0: expect.any(Number), 1: expect.any(Number), 2: expect.any(Number) },
        { 0: expect.any(Number), 1: expect.any(Number) },
      ],
    });
  });

  it('are still a list where the model is frozen', async () => {
    const { model, x } = await opened('targets-tree');
    using _ = model;
    const source = readFileSync(new URL('targets-tree.onnx', FOLDER));
    using again = await load(Buffer.concat(await freeze(source)));
    expect(again.run({ X: x })).toEqual(model.run({ X: x }));
  });
});

describe('a sequence', () => {
  const parts = node('SplitToSequence', ['x', 'sizes'], ['s'], { axis: int(1) });
  const sizes = int64s('sizes', [2], [1, 3]);

  it('is made, read by position, and joined', async () => {
    const nodes = [
      node('SequenceConstruct', ['x', 'w'], ['s']),
      node('Identity', ['s'], ['t']),
      node('SequenceAt', ['t', 'last'], ['y']),
    ];
    const w = floats('w', [1, 4], [1, 1, 1, 1]);
    await expect(answer(nodes, [w, int64s('last', [], [-2])])).resolves.toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const joined = [parts, node('ConcatFromSequence', ['s'], ['y'], { axis: int(-1) })];
    await expect(answer(joined, [sizes])).resolves.toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('is split into sizes, into parts of a size, and into single elements', async () => {
    const second = [node('SequenceAt', ['s', 'one'], ['y'])];
    const one = int64s('one', [], [1]);
    await expect(answer([parts, ...second], [sizes, one])).resolves.toEqual([2, 3, 4, 6, 7, 8]);
    await expect(answer([parts, ...second], [int64s('sizes', [], [3]), one])).resolves.toEqual([4, 8]);
    for (const keepdims of [0, 1]) {
      const single = node('SplitToSequence', ['x'], ['s'], { axis: int(1), keepdims: int(keepdims) });
      await expect(answer([single, ...second], [one])).resolves.toEqual([2, 6]);
    }
  });

  it('is added to, taken from, counted and stacked', async () => {
    const nodes = [
      node('SequenceEmpty', [], ['e']),
      node('SequenceInsert', ['e', 'x'], ['one']),
      node('Neg', ['x'], ['n']),
      node('SequenceInsert', ['one', 'n', 'zero'], ['two']),
      node('SequenceInsert', ['two', 'x'], ['three']),
      node('SequenceErase', ['three', 'zero'], ['rest']),
      node('SequenceErase', ['rest'], ['left']),
      node('SequenceLength', ['left'], ['count']),
      node('Cast', ['count'], ['c'], { to: int(1) }),
      node('ConcatFromSequence', ['rest'], ['stacked'], { axis: int(1), new_axis: int(1) }),
      node('ReduceSum', ['stacked', 'axes'], ['sum'], { keepdims: int(0) }),
      node('Mul', ['sum', 'c'], ['y']),
    ];
    const initializers = [int64s('zero', [], [0]), int64s('axes', [1], [1])];
    await expect(answer(nodes, initializers)).resolves.toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
  });

  it.each([
    ['a position outside it', [parts, node('SequenceAt', ['s', 'p'], ['y'])], 'SHAPE', 'outside a sequence of 2'],
    ['an operator on tensors', [parts, node('Relu', ['s'], ['y'])], 'UNSUPPORTED_DTYPE', 'Relu of a sequence'],
    ['a tensor in its place', [node('SequenceAt', ['x', 'p'], ['y'])], 'MALFORMED', 'not a sequence'],
    ['no item as an output', [node('SequenceEmpty', [], ['y'])], 'SHAPE', 'empty sequence'],
  ])('is refused with %s', async (_, nodes, code, words) => {
    const initializers = [sizes, int64s('p', [], [2])];
    await expect(answer(nodes, initializers)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });
});
