/** How the older forms of torch's files begin. */
import { latin1 } from '../../platform/text.ts';

/** A pickle of the number 0x1950a86a20f9469cfc6c, then one of the protocol: before torch 1.6, or on request. */
const MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

export function isLegacy(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/** Before torch 0.1.10: a tar archive, recognised by its first member. */
export function isTar(head: Uint8Array): boolean {
  const text = (start: number, end: number) =>
    Array.from(head.subarray(start, end), (code) => String.fromCharCode(code)).join('');
  return text(257, 262) === 'ustar' && /^(\.\/)?(sys_info|pickle|storages|tensors)\0/.test(text(0, 20));
}

/**
 * From pickle.dump: an ordinary pickle that contains, near its beginning, the name of a function with which torch makes
 * tensors or modules.
 */
export function isPickled(head: Uint8Array): boolean {
  if (head[0] !== 0x80 || head[1] < 2 || head[1] > 5) return false;
  const text = latin1(head);
  return /torch\.(_utils|nn\.modules|nn\.parameter)\b/.test(text) && !text.includes('sklearn');
}

/** The name of a file in the index of a model in several files. */
export const SHARD = /\.(bin|pt|pth)$/;
