/** The nets that are measured: plain stacks of dense layers with seeded random weights. */
import { randomFloats, randomNumbers } from './random.js';

/**
 * `weight` is [outputs, inputs], row-major: y = activation(weight·x + bias).
 *
 * @typedef {{ inputs: number, outputs: number, weight: Float32Array, bias: Float32Array, activation: string }} Layer
 * @typedef {{ name: string, widths: number[], layers: Layer[], parameterCount: number, multiplyAdds: number }} Net
 */

/** ReLU between layers, none after the last. */
export const NETS = [
  '4-16-16-3',
  '64-64-32-1',
  '32-128-64-1',
  '256-256-256-10',
  '784-512-256-10',
  '1024-1024-512-256-1',
  '4096-4096-4096-1000',
];

export const BATCHES = [1, 8, 64, 256, 1024];

/**
 * @param {string} name its widths, as in `784-512-256-10`
 * @returns {Net}
 */
export function reluNet(name) {
  const widths = name.split('-').map(Number);
  return makeNet(
    widths,
    widths.slice(1).map((_, i) => (i < widths.length - 2 ? 'relu' : 'none')),
    1,
  );
}

/**
 * @param {number[]} widths of the input, then of each layer
 * @param {string[]} activations one for each layer: a key of ACTIVATIONS in onnx-writer.js
 * @param {number} seed
 * @returns {Net}
 */
export function makeNet(widths, activations, seed) {
  const random = randomNumbers(seed);
  const layers = activations.map((activation, i) => {
    const [inputs, outputs] = [widths[i], widths[i + 1]];
    // He's limit: activations keep their size from layer to layer, so that none overflows or dies out.
    const weight = randomFloats(inputs * outputs, Math.sqrt(6 / inputs), random);
    return { inputs, outputs, weight, bias: randomFloats(outputs, 0.1, random), activation };
  });
  const multiplyAdds = layers.reduce((sum, { weight }) => sum + weight.length, 0);
  const biases = layers.reduce((sum, { bias }) => sum + bias.length, 0);
  return { name: widths.join('-'), widths, layers, parameterCount: multiplyAdds + biases, multiplyAdds };
}

/** Rows of seeded random features. @param {Net} net @param {number} batch */
export function randomRows(net, batch) {
  return randomFloats(batch * net.widths[0], 1, randomNumbers(2));
}
