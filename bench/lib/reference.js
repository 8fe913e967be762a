/** The plain forward pass in float64 that every contender's outputs are compared with. ReLU and no activation only. */

/** @typedef {import('./nets.js').Net} Net */

/** The largest difference, relative to the largest output, that a float32 result may show. */
export const TOLERANCE = 1e-5;

/** Rows that are compared; the others would only cost time. @param {number} batch */
export function comparedRows(batch) {
  return [...new Set([0, Math.floor(batch / 2), batch - 1])];
}

/**
 * Outputs of the compared rows, one array for each.
 *
 * @param {Net} net @param {Float32Array} input @param {number} batch
 * @returns {Float64Array[]}
 */
export function referenceRows(net, input, batch) {
  const width = net.widths[0];
  return comparedRows(batch).map((row) => {
    let x = Float64Array.from(input.subarray(row * width, (row + 1) * width));
    for (const { inputs, outputs, weight, bias, activation } of net.layers) {
      const y = new Float64Array(outputs);
      for (let n = 0; n < outputs; n++) {
        let sum = bias[n];
        for (let k = 0; k < inputs; k++) sum += weight[n * inputs + k] * x[k];
        y[n] = activation === 'relu' ? Math.max(sum, 0) : sum;
      }
      x = y;
    }
    return x;
  });
}

/**
 * max |found - expected| / max |expected| over the compared rows; Infinity where an output is missing or NaN.
 *
 * @param {ArrayLike<number>} found all rows @param {Float64Array[]} expected @param {number} batch
 * @param {boolean} [activated] whether `found` went through a last ReLU
 */
export function relativeDifference(found, expected, batch, activated = false) {
  let [difference, size] = [0, 0];
  comparedRows(batch).forEach((row, i) => {
    const width = expected[i].length;
    for (let n = 0; n < width; n++) {
      const truth = expected[i][n];
      const distance = Math.abs(found[row * width + n] - (activated ? Math.max(truth, 0) : truth));
      difference = Math.max(difference, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
      size = Math.max(size, Math.abs(truth));
    }
  });
  return difference / size;
}
