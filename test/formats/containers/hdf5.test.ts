import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isHdf5, openHdf5 } from '../../../lib/formats/containers/hdf5.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/keras/${name}`, import.meta.url)));
const hdf5 = (name: string) => new Uint8Array(readFileSync(new URL(`../../fixtures/hdf5/${name}.h5`, import.meta.url)));
const open = (name: string, budget = new Budget()) => openHdf5(fixture(name), name, budget);

describe('an HDF5 file', () => {
  it('is detected by its signature, also after a block of the writer', () => {
    expect(isHdf5(fixture('binary.h5'))).toBe(true);
    expect(isHdf5(fixture('other-bytes.h5').subarray(0, 4096))).toBe(true);
    expect(isHdf5(Uint8Array.of(0x89, 0x48, 0x44))).toBe(false);
  });

  it('gives the names in its groups, and what each is', async () => {
    const file = await open('alone.weights.h5');
    expect(file.children('layers')).toEqual(['dense', 'dense_1', 'dense_2']);
    expect(file.kind('layers/dense')).toBe('group');
    expect(file.kind('layers/dense/vars/0')).toBe('dataset');
    expect(file.kind('layers/dense/vars/7')).toBeUndefined();
    expect(file.kind('layers/./dense')).toBeUndefined();
    file.close();
  });

  it('gives lists of text of fixed and of variable length, and none for an empty one', async () => {
    const older = await open('older-functional.h5');
    expect(older.strings('model_weights', 'layer_names')).toEqual(['a', 'b', 'tower', 'inner', 'joined', 'out']);
    expect(older.strings('model_weights/a', 'weight_names')).toEqual([]);
    expect(older.strings('model_weights', 'nothing')).toBeUndefined();
    older.close();
    const names = await open('names.h5');
    expect(names.strings('model_weights', 'layer_names')).toEqual(['données', 'größe.1', '結果']);
    names.close();
  });

  it('gives an array its shape and its type before it is read', async () => {
    const file = await open('alone.weights.h5');
    const { shape, element, place } = file.dataset('layers/dense/vars/0');
    expect({ shape, element, place }).toEqual({
      shape: [13, 8],
      element: 'F32',
      place: 'alone.weights.h5 layers/dense/vars/0',
    });
    expect(file.dataset('layers/dense/vars/1').read()).toHaveLength(8 * 4);
    file.close();
  });

  it('holds no more elements and names than its limits allow', async () => {
    const few = await open('alone.weights.h5', new Budget({ parameters: 100 }));
    expect((await failureOf(() => few.dataset('layers/dense/vars/0'))).code).toBe('LIMIT');
    few.close();
    const narrow = await open('alone.weights.h5', new Budget({ nodes: 2 }));
    expect((await failureOf(() => narrow.children('layers'))).code).toBe('LIMIT');
    narrow.close();
  });

  it('is refused when the text in it has a size beyond the file', async () => {
    const bytes = fixture('sequential.h5');
    const collection = Buffer.from(bytes.buffer).indexOf('GCOL');
    bytes[collection + 16 + 8 + 5] = 1; // the first object's length gains 2^40
    const file = await openHdf5(bytes, 'model', new Budget());
    const error = await failureOf(() => file.strings('', 'backend'));
    expect(error.code).toBe('MALFORMED');
    expect(error.message).toContain(`collection of text at byte ${collection}`);
  });

  it('has elements of each type in the bytes of little-endian machines', async () => {
    const file = await openHdf5(hdf5('types'), 'types', new Budget());
    const elementOf = (path: string) => file.dataset(path).element;
    expect(['big-f2', 'little-f4', 'big-f8', 'big-i1', 'little-u8'].map(elementOf)).toEqual([
      'F16',
      'F32',
      'F64',
      'I8',
      'U64',
    ]);
    expect(['bool', 'enum-1', 'bfloat16', 'bfloat16-float'].map(elementOf)).toEqual(['I8', 'U8', 'BF16', 'BF16']);
    expect(file.dataset('scalar').shape).toEqual([]);
    expect([...new Float32Array(file.dataset('scalar').read().buffer)]).toEqual([1.5]);
    for (const [path, words] of [
      ['bfloat16-half', 'F16 that are declared as bfloat16'],
      ['short-integer', 'integers of 20 bits'],
      ['complex', 'a compound type'],
      ['text', 'text of variable length'],
    ]) {
      const error = await failureOf(() => file.dataset(path));
      expect([error.code, error.message]).toEqual(['UNSUPPORTED_DTYPE', expect.stringContaining(words)]);
    }
  });

  it('says why it cannot be opened', async () => {
    const error = await failureOf(() => openHdf5(new Uint8Array(2000), 'model', new Budget()));
    expect(error.message).toBe('model: the HDF5 structure is damaged: file signature not found');
  });
});
