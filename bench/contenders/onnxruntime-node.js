/** onnxruntime-node: the addon over ONNX Runtime. */
import ort from 'onnxruntime-node';

/** Sequential: nothing in a stack of layers could run side by side. */
const SESSION_OPTIONS = {
  'onnxruntime-node': { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 },
  'onnxruntime-node-threads': { executionProviders: ['cpu'] },
};

/** @param {import('../lib/nets.js').Net} _net @param {Uint8Array | string} onnx bytes, or a path */
export async function open(_net, onnx) {
  /** @type {Map<string, ort.InferenceSession>} */
  const sessions = new Map();
  return {
    /** @param {keyof typeof SESSION_OPTIONS} variant @param {number} batch @param {Float32Array} input */
    async prepare(variant, batch, input) {
      const session = sessions.get(variant) ?? (await create(onnx, SESSION_OPTIONS[variant]));
      sessions.set(variant, session);
      const feeds = { features: new ort.Tensor('float32', input, [batch, input.length / batch]) };
      return {
        isAsync: true,
        call: () => session.run(feeds),
        output: async () => (await session.run(feeds)).scores.data,
      };
    },
    async close() {
      for (const session of sessions.values()) await session.release();
    },
  };
}

/** @param {Uint8Array | string} onnx @param {ort.InferenceSession.SessionOptions} options */
function create(onnx, options) {
  const { create } = ort.InferenceSession;
  return typeof onnx === 'string' ? create(onnx, options) : create(onnx, options);
}
