import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isHdf5, openHdf5 } from '../../../lib/formats/containers/hdf5.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/keras/${name}`, import.meta.url)));
const open = (name: string, budget = new Budget()) => openHdf5(fixture(name), name, budget);

describe('an HDF5 file', () => {
  it('is told by its signature, also after a block of the writer', () => {
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

  it('is refused when the text in it has a size that the library would follow for ever', async () => {
    const bytes = fixture('sequential.h5');
    const collection = Buffer.from(bytes.buffer).indexOf('GCOL');
    bytes[collection + 16 + 8 + 5] = 1; // the first object's length gains 2^40
    const error = await failureOf(() => openHdf5(bytes, 'model', new Budget()));
    expect(error.code).toBe('MALFORMED');
    expect(error.message).toContain(`collection of text at byte ${collection}`);
  });

  it('says why it cannot be opened', async () => {
    const error = await failureOf(() => openHdf5(new Uint8Array(2000), 'model', new Budget()));
    expect(error.message).toBe('model: the HDF5 structure is damaged: file signature not found');
  });
});
