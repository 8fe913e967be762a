/** onnxruntime-web: ONNX Runtime as WebAssembly with SIMD, on one thread. */
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;

/** @param {import('../lib/nets.js').Net} _net @param {Uint8Array} onnx */
export async function open(_net, onnx) {
  const session = await ort.InferenceSession.create(onnx, { executionProviders: ['wasm'] });
  return {
    /** @param {string} _variant @param {number} batch @param {Float32Array} input */
    async prepare(_variant, batch, input) {
      const feeds = { features: new ort.Tensor('float32', input, [batch, input.length / batch]) };
      return {
        isAsync: true,
        call: () => session.run(feeds),
        output: async () => (await session.run(feeds)).scores.data,
      };
    },
    async close() {
      await session.release();
    },
  };
}
