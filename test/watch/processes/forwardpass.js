/** The compiled library, and versions of a model for the processes of the tests beside this folder. */

/** @type {typeof import('../../../lib/index.ts')} */
export const { ForwardpassError, watch } = await import(new URL('../../../dist/index.js', import.meta.url).href);

/**
 * A safetensors file whose model gives m times the mean of its features.
 * @param {number} m @param {number} width
 */
export function version(m, width) {
  const weight = { dtype: 'F32', shape: [width, width], data_offsets: [0, 4 * width * width] };
  const header = Buffer.from(JSON.stringify({ weight }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, new Uint8Array(new Float32Array(width * width).fill(m / width).buffer)]);
}
