/** TensorFlow.js on its WebAssembly backend: one fused matrix product a layer, on one thread. */
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

setThreadsCount(1);
await tf.setBackend('wasm');

/** @param {import('../lib/nets.js').Net} net */
export async function open(net) {
  const layers = net.layers.map(({ inputs, outputs, weight, bias, activation }) => ({
    b: tf.tidy(() => tf.transpose(tf.tensor2d(weight, [outputs, inputs]))),
    bias: tf.tensor1d(bias),
    activation: activation === 'none' ? 'linear' : activation,
  }));
  return {
    /** @param {string} _variant @param {number} batch @param {Float32Array} input */
    async prepare(_variant, batch, input) {
      const shape = /** @type {[number, number]} */ ([batch, input.length / batch]);
      const call = () =>
        tf.tidy(() => {
          let x = tf.tensor2d(input, shape);
          for (const layer of layers) x = tf.fused.matMul({ a: x, ...layer });
          return x.dataSync();
        });
      return { isAsync: false, call, output: call };
    },
    async close() {
      for (const { b, bias } of layers) tf.dispose([b, bias]);
    },
  };
}
