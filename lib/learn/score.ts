/** How good predictions are, as scikit-learn's `score` has it. */
import type { FloatArray } from '../buffers.ts';
import type { Label } from '../labels.ts';

/** The share of right labels; weighted by row where weights are given. */
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

/** R²; of targets that do not differ, 1 where all are met and else 0. */
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
