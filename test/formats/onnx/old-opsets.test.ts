/** What operators demanded before opset 7. The models of fixtures/onnx-hand show what they give. */
import { describe, expect, it } from 'vitest';
import { reference } from '../../reference.ts';
import { type Fields, FLOAT, floats, int, node, oneNode, read, string, value } from './write-onnx.ts';

const vector = { w: floats('w', [3], [1, 2, 3]) };
const matrix = { w: floats('w', [4, 3], new Array(12).fill(1)) };

describe('operands of different shapes', () => {
  it.each<[opType: string, opset: number, weights: Readonly<Record<string, Fields>>, message: string]>([
    ['Add', 6, vector, 'expected operands of one shape, as required before opset 7 without broadcast=1'],
    ['And', 6, vector, 'found [4, 3] and [3]'],
    ['Pow', 1, { w: floats('w', [1, 4, 1], [1, 2, 3, 4]) }, 'found [4, 3] and [4, 1]'],
    ['Max', 7, vector, 'expected operands of one shape, as required before opset 8'],
    ['Mean', 6, vector, 'expected operands of one shape'],
  ])('are refused by %s of opset %d', async (opType, opset, weights, message) => {
    const reading = read(oneNode(opType, [4, 3], weights, {}, opset));
    await expect(reading).rejects.toMatchObject({ code: 'SHAPE', place: `node y (${opType})` });
    await expect(reading).rejects.toThrow(message);
  });

  it.each<[weights: Readonly<Record<string, Fields>>, axis: number, message: string]>([
    [vector, 1, 'the shapes [4, 3] and [3, 1] do not broadcast'],
    [{ w: floats('w', [4, 3, 1], new Array(12).fill(1)) }, 1, 'has 1 axes too many'],
    [vector, 3, 'axis 3 is outside a tensor of rank 3'],
  ])('are refused with broadcast=1 where they do not fit', async (weights, axis, message) => {
    const attributes = { broadcast: int(1), axis: int(axis) };
    const reading = read(oneNode('Mul', [4, 3], weights, attributes, 6));
    await expect(reading).rejects.toMatchObject({ code: 'SHAPE', place: 'node y (Mul)' });
    await expect(reading).rejects.toThrow(message);
  });

  it('are refused when the first is the one to broadcast', async () => {
    await expect(read(oneNode('Sub', [1], vector, { broadcast: int(1) }, 6))).rejects.toThrow(
      'the second operand, [3], does not broadcast to [1]',
    );
  });

  it('are refused as C of Gemm', async () => {
    const weights = { ...matrix, c: floats('c', [3], [1, 2, 3]) };
    await expect(read(oneNode('Gemm', [4], weights, {}, 6))).rejects.toThrow(
      'expected C to be a matrix, as required before opset 7 without broadcast=1, found [3]',
    );
  });

  it('are refused as slopes that are larger than what they slope, in any opset', async () => {
    await expect(read(oneNode('PRelu', [1], vector, {}, 16))).rejects.toThrow(
      'the second operand, [3], does not broadcast to [1]',
    );
  });

  it('are read as one row when the batches that the file fixes differ', async () => {
    const graph = await read({
      opset: 6,
      nodes: [node('Add', ['a', 'b'], ['y'], { broadcast: int(1), axis: int(0) })],
      inputs: [value('a', [2, 3], FLOAT), value('b', [1, 3], FLOAT)],
      outputs: [value('y', [])],
    });
    expect(graph.inputs).toMatchObject([{ shape: [2, 3] }, { shape: [1, 3] }]);
    const { y } = reference(graph, { a: [1, 2, 3, 4, 5, 6], b: [10, 20, 30] }, 1);
    expect([...y]).toEqual([11, 22, 33, 14, 25, 36]);
  });
});

describe('operators of old', () => {
  const moments = Object.fromEntries(['s', 't', 'm', 'v'].map((name) => [name, floats(name, [3], [1, 1, 1])]));

  it.each([
    ['BatchNormalization', moments],
    ['Dropout', {}],
  ])('refuses %s unless is_test says that training is over', async (opType, weights) => {
    const reading = read(oneNode(opType, [3], weights, {}, 6));
    await expect(reading).rejects.toMatchObject({ code: 'UNSUPPORTED_OP', place: `node y (${opType})` });
    await expect(reading).rejects.toThrow('training mode');
    expect(await read(oneNode(opType, [3], weights, { is_test: int(1) }, 6))).toBeDefined();
  });

  it('refuses a normalisation by feature whose parameters are by channel', async () => {
    const attributes = { is_test: int(1), spatial: int(0) };
    await expect(read(oneNode('BatchNormalization', [3, 2], moments, attributes, 6))).rejects.toThrow(
      'expected parameters of shape [3, 2], found [3]',
    );
  });

  it.each([
    ['Cast', 5, { to: string('FLOTE') }, "expected the name of a type such as FLOAT, found 'FLOTE'"],
    ['Cast', 5, { to: string('STRING') }, 'a cast from float32 to string'],
    ['Reshape', 4, {}, 'attribute shape is missing'],
    ['MeanVarianceNormalization', 8, {}, 'the experimental operator before opset 9 is not supported'],
  ])('refuses %s of opset %d in words', async (opType, opset, attributes, message) => {
    await expect(read(oneNode(opType, [3], {}, attributes, opset))).rejects.toThrow(message);
  });
});
