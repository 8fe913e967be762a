/** Class probabilities of naive Bayes, for progressive validation: the last bits may differ from a frozen model. */
import type { FloatArray } from '../../buffers.ts';

/**
 * Turns logarithms of joint likelihoods, [rows, classes], into probabilities in place. If one is NaN, as for a class
 * without variance, the class that a model would choose gets probability 1.
 */
export function shares(logs: Float64Array, classes: number): Float64Array {
  for (let first = 0; first < logs.length; first += classes) {
    let best = first;
    for (let at = first + 1; at < first + classes; at++) if (logs[at] > logs[best]) best = at;
    if (logs.subarray(first, first + classes).some(Number.isNaN)) {
      logs.fill(0, first, first + classes);
      logs[best] = 1;
      continue;
    }
    const most = logs[best];
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      logs[first + k] = Math.exp(logs[first + k] - most);
      sum += logs[first + k];
    }
    for (let k = 0; k < classes; k++) logs[first + k] /= sum;
  }
  return logs;
}

/** For each class and row: the sum of `terms`, starting from `starts`. */
export function likelihoods(
  x: FloatArray,
  rows: number,
  starts: Float64Array,
  term: (label: number, feature: number, value: number) => number,
): Float64Array {
  const width = x.length / rows;
  const classes = starts.length;
  const logs = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    for (let label = 0; label < classes; label++) {
      let sum = starts[label];
      for (let j = 0; j < width; j++) sum += term(label, j, x[row * width + j]);
      logs[row * classes + label] = sum;
    }
  }
  return shares(logs, classes);
}
