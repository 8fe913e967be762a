/** safetensors: a header of names, types, shapes and offsets, then the tensors' bytes. docs/safetensors.md */
import type { FormatReader } from '../format.ts';
import { isShardIndex } from '../shard-index.ts';
import { LENGTH_BYTES, SHARD } from './signature.ts';

/** No file is that large, so the first eight bytes are not a length. */
const IMPLAUSIBLE = 2n ** 40n;

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

export const safetensors: FormatReader = {
  name: 'safetensors',
  takesArchitecture: true,
  anticipate: reader,

  detect(head) {
    if (head.length <= LENGTH_BYTES || head[LENGTH_BYTES] !== 0x7b) return isShardIndex(head, SHARD);
    const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
    return (length >= 2n && length < IMPLAUSIBLE) || isShardIndex(head, SHARD);
  },

  async read(source, options) {
    return (await reader()).readSafetensors(source, options);
  },
};
