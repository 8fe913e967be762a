/** forwardpass, through each of its three calls; with bytes, as models of TensorFlow Lite have them, through the second. */
import { load } from '../../dist/index.js';

/**
 * @param {import('../lib/nets.js').Net} net @param {Uint8Array | string} source
 * @param {import('../../dist/index.js').LoadOptions} [options]
 */
export async function open(net, source, options) {
  const model = await load(source, options);
  const outputs = net.widths[net.widths.length - 1];
  return {
    /** @param {string} variant @param {number} batch @param {Float32Array} input */
    async prepare(variant, batch, input) {
      if (variant === 'forwardpass-bound') {
        const bound = model.bind({ batch });
        bound.input.set(input);
        return {
          isAsync: false,
          call: bound.run,
          output: () => {
            bound.run();
            return bound.output;
          },
        };
      }
      if (variant === 'forwardpass-bytes') {
        const [x, y] = [Int8Array.from(input), new Int8Array(batch * outputs)];
        return { isAsync: false, call: () => model.run(x, y), output: () => model.run(x, y) };
      }
      const y = new Float32Array(batch * outputs);
      return variant === 'forwardpass-run'
        ? { isAsync: false, call: () => model.run(input, y), output: () => model.run(input, y) }
        : { isAsync: true, call: () => model.runAsync(input, y), output: () => model.runAsync(input, y) };
    },
    async close() {
      model.dispose();
    },
  };
}
