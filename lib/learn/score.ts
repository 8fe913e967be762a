/** Scores of predictions, as in scikit-learn's `score`. */
import type { FloatArray } from '../buffers.ts';
import type { Label } from '../labels.ts';

/** The fraction of correct labels, weighted by row if there are weights. */
export function accuracy(
  predicted: ArrayLike<Label>,
  targets: ArrayLike<unknown>,
  weights: FloatArray | undefined,
): number {
  let right = 0;
  let all = 0;
  for (let row = 0; row < predicted.length; row++) {
    const target = targets[row];
    const weight = weights?.[row] ?? 1;
    if (predicted[row] === (typeof target === 'boolean' ? Number(target) : target)) right += weight;
    all += weight;
  }
  return right / all;
}

/** R². For constant targets, 1 if all predictions are exact, otherwise 0. */
export function determination(
  predicted: ArrayLike<unknown>,
  targets: ArrayLike<unknown>,
  weights: FloatArray | undefined,
): number {
  let sum = 0;
  let all = 0;
  for (let row = 0; row < predicted.length; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * Number(targets[row]);
    all += weight;
  }
  const mean = sum / all;
  let left = 0;
  let total = 0;
  for (let row = 0; row < predicted.length; row++) {
    const weight = weights?.[row] ?? 1;
    left += weight * (Number(targets[row]) - Number(predicted[row])) ** 2;
    total += weight * (Number(targets[row]) - mean) ** 2;
  }
  return total === 0 ? Number(left === 0) : 1 - left / total;
}
