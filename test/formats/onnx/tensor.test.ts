import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../lib/graph/graph.ts';
import {
  DOUBLE,
  externalTensor,
  type Fields,
  FLOAT,
  floats,
  int64s,
  modelBytes,
  oneNode,
  rawTensor,
  read,
  STRING,
  type Surroundings,
} from './write-onnx.ts';

/** The constant that an initialiser becomes. */
async function constantOf(weight: Fields, surroundings?: Surroundings): Promise<Tensor> {
  const graph = await read(oneNode('Add', [2], { w: weight }), surroundings);
  return graph.nodes[0].inputs[1] as Tensor;
}

const [UINT4, INT4, UINT2, INT2] = [21, 22, 25, 26];

function stringTensor(name: string, words: readonly string[]): Fields {
  return (writer) => {
    writer.writeVarintField(1, words.length);
    writer.writeVarintField(2, STRING);
    for (const word of words) writer.writeStringField(6, word);
    writer.writeStringField(8, name);
  };
}

function typedTensor(dims: readonly number[], type: number, field: number, numbers: readonly number[]): Fields {
  return (writer) => {
    for (const dim of dims) writer.writeVarintField(1, dim);
    writer.writeVarintField(2, type);
    if (type === FLOAT) writer.writePackedFloat(field, [...numbers]);
    else if (type === DOUBLE) writer.writePackedDouble(field, [...numbers]);
    else writer.writePackedVarint(field, [...numbers]);
    writer.writeStringField(8, 'w');
  };
}

describe('a tensor', () => {
  it.each([
    ['float_data', FLOAT, 4, [1.5, -2], [1.5, -2]],
    ['double_data', DOUBLE, 10, [0.1, -2], [0.1, -2]],
    ['int32_data as int8', 3, 5, [-128, 127], [-128, 127]],
    ['int32_data as bool', 9, 5, [0, 2], [0, 1]],
    ['int32_data as float16', 10, 5, [0x3c00, 0xc000], [1, -2]],
    ['int32_data as bfloat16', 16, 5, [0x3f80, 0xc000], [1, -2]],
    ['int64_data', 7, 7, [-5, 2 ** 40], [-5, 2 ** 40]],
    ['uint64_data', 13, 11, [5, 2 ** 40], [5, 2 ** 40]],
  ])('is read from %s', async (_, type, field, written, expected) => {
    expect(Array.from((await constantOf(typedTensor([2], type, field, written))).data)).toEqual(expected);
  });

  it('is read raw at every alignment', async () => {
    for (let shift = 0; shift < 8; shift++) {
      const padding: Fields = (writer) => writer.writeBytesField(12, new Uint8Array(shift));
      const raw = rawTensor('w', [2], DOUBLE, new Uint8Array(Float64Array.of(0.1, -7).buffer));
      const constant = await constantOf((writer) => {
        padding(writer);
        raw(writer);
      });
      expect(Array.from(constant.data), `after ${shift} bytes`).toEqual([0.1, -7]);
    }
  });

  it('is refused when its bytes are not those of its shape', async () => {
    await expect(constantOf(rawTensor('w', [2], FLOAT, new Uint8Array(9)))).rejects.toMatchObject({
      code: 'MALFORMED',
      message: 'tensor w: expected 8 bytes for 2 elements of float32, found 9',
    });
  });

  it('is refused when it has fewer elements than its shape says', async () => {
    await expect(constantOf(typedTensor([3], FLOAT, 4, [1, 2]))).rejects.toThrow('needs 3 elements, found 2');
  });

  it('is refused when a dimension is negative', async () => {
    await expect(constantOf(floats('w', [-1], []))).rejects.toMatchObject({ code: 'MALFORMED', place: 'tensor w' });
  });

  it('is refused when its elements are beyond counting', async () => {
    await expect(constantOf(floats('w', [2 ** 40, 2 ** 40], []))).rejects.toMatchObject({ code: 'LIMIT' });
  });

  it('is refused when it has more axes than any model', async () => {
    const dims = new Array<number>(33).fill(1);
    await expect(constantOf(floats('w', dims, [1]))).rejects.toMatchObject({ code: 'LIMIT' });
  });

  it('is refused when its strings are fewer than its shape has', async () => {
    const reading = constantOf(rawTensor('w', [2], STRING, new Uint8Array(0)));
    await expect(reading).rejects.toMatchObject({ code: 'MALFORMED', place: 'tensor w' });
  });

  it('is refused when words meet numbers', async () => {
    const reading = constantOf(stringTensor('w', ['a', 'b']));
    await expect(reading).rejects.toMatchObject({ code: 'UNSUPPORTED_DTYPE', place: 'node y (Add)' });
  });

  it.each([
    ['int4', INT4, [0x8f, 0x07], [-1, -8, 7]],
    ['uint4', UINT4, [0x8f, 0x07], [15, 8, 7]],
    ['int2', INT2, [0b11100100], [0, 1, -2]],
    ['uint2', UINT2, [0b11100100], [0, 1, 2]],
  ])('unpacks %s from the low bits up', async (_, type, bytes, expected) => {
    const count = expected.length;
    const graph = await read(oneNode('Add', [count], { w: rawTensor('w', [count], type, Uint8Array.from(bytes)) }));
    expect(Array.from((graph.nodes[0].inputs[1] as Tensor).data)).toEqual(expected);
  });

  it('is refused when an integer has no exact number', async () => {
    const reading = constantOf(int64s('w', [2], [1n, 2n ** 53n + 1n]));
    await expect(reading).rejects.toMatchObject({ code: 'UNSUPPORTED_DTYPE', place: 'node y (Add)' });
  });
});

describe('external data', () => {
  const files = { 'w.bin': new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer) };
  const at = (location: Record<string, string>) => externalTensor('w', [2], { location: 'w.bin', ...location });

  it('is read from its offset', async () => {
    const { data } = await constantOf(at({ offset: '4', length: '8' }), { files });
    expect(Array.from(data)).toEqual([1, 2]);
  });

  it('takes its length from the shape when none is given', async () => {
    expect(Array.from((await constantOf(at({ offset: '8' }), { files })).data)).toEqual([2, 9]);
  });

  it('is not asked for by initialisers that nothing uses', async () => {
    const model = oneNode('Relu', [2], {});
    const unused = externalTensor('unused', [2], { location: '/etc/passwd' });
    await expect(read({ ...model, initializers: [unused] })).resolves.toMatchObject({ format: 'onnx' });
  });

  it('leaves the judgement of its path to the source', async () => {
    const outside = externalTensor('w', [2], { location: '../w.bin' });
    await expect(constantOf(outside, { files })).rejects.toMatchObject({ code: 'SOURCE', place: '../w.bin' });
  });

  it.each([
    ['the file is too short', { offset: '12', length: '8' }, 'TRUNCATED'],
    ['the length is not the tensor’s', { offset: '0', length: '12' }, 'MALFORMED'],
    ['the offset is negative', { offset: '-4', length: '8' }, 'MALFORMED'],
    ['the offset is beyond counting', { offset: '99999999999999999999', length: '8' }, 'MALFORMED'],
    ['it has no location', { location: '' }, 'MALFORMED'],
  ])('is refused when %s', async (_, location, code) => {
    await expect(constantOf(at(location), { files })).rejects.toMatchObject({ code, place: 'tensor w' });
  });

  it('counts towards the limit of bytes', async () => {
    const model = oneNode('Add', [2], { w: at({ offset: '0' }) });
    const bytes = modelBytes(model).length + 7;
    await expect(read(model, { files, limits: { bytes } })).rejects.toMatchObject({ code: 'LIMIT', place: 'tensor w' });
  });
});
