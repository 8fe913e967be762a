/** The compiled library, and models for the processes and threads of the tests beside this folder. */

/** @type {typeof import('../../../lib/index.ts')} */
export const { define, load, Model } = await import(new URL('../../../dist/index.js', import.meta.url).href);

/**
 * Layers of the same width, all weights equal so that results are known: an input of ones gives ones.
 * @param {number} width @param {number} depth @param {number} [threads]
 */
export function network(width, depth, threads) {
  const weight = { shape: [width, width], data: new Float32Array(width * width).fill(1 / width) };
  const layers = Array.from({ length: depth }, () => ({ weight, activation: /** @type {const} */ ('relu') }));
  return define({ layers }, { precision: 'f32', threads });
}

/** @param {number} count */
export function ones(count) {
  return new Float32Array(count).fill(1);
}

/** Rows that such a network makes ones of. @param {import('../../../lib/index.ts').Model} model @param {number} rows */
export function rowsOf(model, rows) {
  return ones(rows * Number(model.inputs[0].shape[1]));
}
