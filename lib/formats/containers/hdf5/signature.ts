/** Where an HDF5 file begins: a user block may come before it. */

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
export const SIGNATURE_BYTES = SIGNATURE.length;
const FIRST_BLOCK_BYTES = 512;

/** Whether the file begins with HDF5's signature, or has it after a user block of 512, 1024, … bytes. */
export function isHdf5(head: Uint8Array): boolean {
  return findSignature(head) >= 0;
}

/** -1 if not found. */
export function findSignature(bytes: Uint8Array): number {
  for (let start = 0; start + SIGNATURE_BYTES <= bytes.length; start = start === 0 ? FIRST_BLOCK_BYTES : 2 * start) {
    if (SIGNATURE.every((byte, i) => bytes[start + i] === byte)) return start;
  }
  return -1;
}
