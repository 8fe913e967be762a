/** safetensors: a header of names, types, shapes and places, then the tensors' bytes. docs/safetensors.md */
import type { FormatReader } from '../format.ts';
import { graphFromParameters, type StoredParameter } from '../parameters.ts';
import { readElements } from './dtypes.ts';
import { FROZEN_KEY } from './frozen.ts';
import { LENGTH_BYTES, readHeader } from './header.ts';
import { readFrozen } from './read-frozen.ts';

/** No file is that large: the first eight bytes are then no length. */
const IMPLAUSIBLE = 2n ** 40n;

export const safetensors: FormatReader = {
  name: 'safetensors',

  detect(head) {
    if (head.length <= LENGTH_BYTES || head[LENGTH_BYTES] !== 0x7b) return false;
    const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
    return length >= 2n && length < IMPLAUSIBLE;
  },

  async read(source, options) {
    const file = source.main;
    const { tensors: header, metadata } = await readHeader(file, options.limits);
    const graph = metadata.get(FROZEN_KEY);
    if (graph !== undefined) return readFrozen(graph, header, file, options);
    const tensors = new Map<string, StoredParameter>();
    for (const [name, { dtype, shape, offset, byteLength }] of header) {
      const read = async () => ({
        shape,
        data: readElements(await file.read(offset, byteLength), dtype, `tensor ${name}`),
      });
      tensors.set(name, { shape, read });
    }
    return graphFromParameters('safetensors', tensors, options);
  },
};
