/**
 * brain.js: a neural network in JavaScript, one row a call, arrays of arrays.
 *
 * Its activation holds for every layer, the last one included, so its outputs are compared after a ReLU.
 */
import brain from 'brain.js';

/** @param {import('../lib/nets.js').Net} net */
export async function open({ widths, layers }) {
  const [inputs, outputs] = [widths[0], widths[widths.length - 1]];
  const network = new brain.NeuralNetwork({ activation: 'relu' });
  network.sizes = widths;
  network.initialize();
  layers.forEach((layer, i) => {
    for (let n = 0; n < layer.outputs; n++) {
      network.biases[i + 1][n] = layer.bias[n];
      network.weights[i + 1][n] = Array.from(layer.weight.subarray(n * layer.inputs, (n + 1) * layer.inputs));
    }
  });
  return {
    /** @param {string} _variant @param {number} batch @param {Float32Array} input */
    async prepare(_variant, batch, input) {
      const rows = Array.from({ length: batch }, (_, row) =>
        Array.from(input.subarray(row * inputs, (row + 1) * inputs)),
      );
      const y = new Float32Array(batch * outputs);
      const call = () => {
        for (let row = 0; row < batch; row++) y.set(network.run(rows[row]), row * outputs);
        return y;
      };
      return { isAsync: false, call, output: call };
    },
    async close() {},
  };
}
