import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { onnx } from '../../../lib/formats/onnx/onnx.ts';
import { encode, float, floats, modelBytes, node, oneNode, read, readBytes, sourceOf, value } from './write-onnx.ts';

const RELU = modelBytes(oneNode('Relu', [3], {}));

function detect(bytes: Uint8Array) {
  return onnx.detect(bytes.subarray(0, 4096), sourceOf(bytes));
}

describe('detection', () => {
  it('knows an ONNX model by its structure', () => {
    expect(detect(RELU)).toBe(true);
  });

  it('knows a model whose head ends within a field', () => {
    const long = modelBytes(oneNode('Add', [2000], { w: floats('w', [2000], new Array<number>(2000).fill(1)) }));
    expect(long.length).toBeGreaterThan(4096);
    expect(detect(long)).toBe(true);
  });

  it.each([
    ['nothing', []],
    ['zeros', new Array<number>(64).fill(0)],
    ['a TFLite flatbuffer', [0x1c, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33, 0, 0, 0, 0]],
    ['a flatbuffer whose root is at 8', [0x08, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33, 0, 0, 0, 0]],
    ['a pickle', [0x80, 0x04, 0x95, 0x10, 0, 0, 0, 0, 0, 0, 0]],
    ['a zip archive', [0x50, 0x4b, 0x03, 0x04, 0x14, 0, 0, 0]],
    ['HDF5', [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]],
    ['a TensorFlow GraphDef', [0x0a, 0x0f, 0x0a, 0x01, 0x78, 0x12, 0x0b]],
    ['a TensorFlow SavedModel', [0x08, 0x01, 0x12, 0x06, 0x0a, 0x04, 0x12, 0x02, 0x08, 0x01]],
    ['HTML', [...'<!doctype html>'].map((letter) => letter.charCodeAt(0))],
    ['a header length of safetensors', [0x08, 0x07, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]],
  ])('does not take %s for one', (_, bytes) => {
    expect(detect(Uint8Array.from(bytes))).toBe(false);
  });
});

describe('an ONNX file', () => {
  it('is refused at every length but its own, with nothing but a ForwardpassError', async () => {
    for (let length = 0; length < RELU.length; length++) {
      await expect(readBytes(RELU.subarray(0, length)), `at ${length}`).rejects.toThrow(ForwardpassError);
    }
    await expect(readBytes(RELU)).resolves.toMatchObject({ format: 'onnx' });
  });

  it('fails with nothing but a ForwardpassError whatever byte is changed', async () => {
    for (let at = 0; at < RELU.length; at++) {
      for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const changed = RELU.with(at, byte);
        const error = await readBytes(changed).catch((reason: unknown) => reason);
        if (error instanceof Error) expect(error, `byte ${at} as ${byte}`).toBeInstanceOf(ForwardpassError);
      }
    }
  });

  it.each([2, 15])('is refused when its IR version is %d', async (ir) => {
    await expect(read({ ...oneNode('Relu', [3], {}), ir })).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' });
  });

  it.each([0, 29])('is refused when its operator set is %d', async (opset) => {
    const reading = read(oneNode('Relu', [3], {}, {}, opset));
    await expect(reading).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION', place: 'node y (Relu)' });
  });

  it('is refused without a graph', async () => {
    const bytes = encode((writer) => writer.writeVarintField(1, 8));
    await expect(readBytes(bytes)).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  it('is refused when it is longer than the limit', async () => {
    await expect(readBytes(RELU, { limits: { bytes: RELU.length - 1 } })).rejects.toMatchObject({ code: 'LIMIT' });
  });

  it('is refused when subgraphs nest deeper than the limit', async () => {
    await expect(readBytes(RELU, { limits: { depth: 1 } })).rejects.toMatchObject({ code: 'LIMIT' });
  });

  it('gives the names, shapes and types that it declares', async () => {
    const graph = await read({
      nodes: [node('LeakyRelu', ['features'], ['scores'], { alpha: float(0.25) }, { name: 'act' })],
      inputs: [value('features', ['N', 2, 3])],
      outputs: [value('scores', ['N', 2, 3])],
    });
    expect(graph).toMatchObject({
      precision: 'f32',
      inputs: [{ name: 'features', shape: [2, 3], dtype: 'float32' }],
      outputs: [{ name: 'scores', dtype: 'float32' }],
      nodes: [{ op: 'unary', name: 'act', inputs: ['features'], attributes: { fn: 'leaky_relu', alpha: 0.25 } }],
    });
  });
});
