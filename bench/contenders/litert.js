/**
 * LiteRT.js: the TensorFlow Lite runtime with XNNPACK as WebAssembly, on one thread.
 *
 * It is made for browsers, and loads its WebAssembly by `importScripts` of a worker, which this lends it. Its files
 * have fixed shapes, so that every batch is its own model.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { writeTflite } from '../lib/tflite-writer.js';

const wasm = fileURLToPath(new URL('../wasm/', import.meta.resolve('@litertjs/core')));

/** Lent while it loads only: others would take the process for a browser's worker by them. */
const lent = {
  self: globalThis,
  require: createRequire(import.meta.url),
  __filename: join(wasm, 'script.js'),
  __dirname: wasm,
  Module: { print: () => {}, printErr: () => {} }, // it logs every model
  importScripts: (/** @type {string} */ path) => runInThisContext(readFileSync(path, 'utf8'), { filename: path }),
};
const { warn } = console;
Object.assign(globalThis, lent);
console.warn = () => {}; // that there is no GPU
const { loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core');
await loadLiteRt(wasm);
console.warn = warn;
for (const name of Object.keys(lent)) Reflect.deleteProperty(globalThis, name);

/** @param {import('../lib/nets.js').Net} net */
export async function open(net) {
  return {
    /** @param {string} _variant @param {number} batch @param {Float32Array} input */
    async prepare(_variant, batch, input) {
      const model = await loadAndCompile(writeTflite(net, batch), { accelerator: 'wasm' });
      const call = async () => {
        const features = new Tensor(input, [batch, input.length / batch]);
        const [scores] = await model.run([features]);
        const values = scores.toTypedArray();
        features.delete();
        scores.delete();
        return values;
      };
      return { isAsync: true, call, output: call };
    },
    async close() {},
  };
}
