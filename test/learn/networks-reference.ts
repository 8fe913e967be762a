/** A network that learns, computed plainly in doubles: forward, losses, and derivatives by differences of the loss. */
import type { LossName } from '../../lib/learn/network/loss.ts';

export interface ReferenceLayer {
  /** [out][in] */
  readonly weight?: number[][];
  readonly bias?: number[];
  /** Of a layer norm, on its own or behind one. */
  readonly norm?: { readonly scale: number[]; readonly shift: number[]; readonly epsilon: number };
  /** Of a batch norm with running moments. */
  readonly moments?: {
    readonly mean: number[];
    readonly variance: number[];
    readonly scale: number[];
    readonly shift: number[];
    readonly epsilon: number;
  };
  readonly activation?: (x: number) => number;
}

export function forward(layers: readonly ReferenceLayer[], row: readonly number[]): number[] {
  let x = [...row];
  for (const { weight, bias, norm, moments, activation } of layers) {
    if (weight !== undefined) {
      x = weight.map((weights, out) => weights.reduce((sum, w, i) => sum + w * x[i], bias?.[out] ?? 0));
    }
    if (moments !== undefined) {
      const { mean, variance, scale, shift, epsilon } = moments;
      x = x.map((value, i) => ((value - mean[i]) / Math.sqrt(variance[i] + epsilon)) * scale[i] + shift[i]);
    }
    if (norm !== undefined) {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
      x = x.map((value, i) => ((value - mean) / Math.sqrt(variance + norm.epsilon)) * norm.scale[i] + norm.shift[i]);
    }
    if (activation !== undefined) x = x.map(activation);
  }
  return x;
}

/** Of logits, of cross-entropies. */
export function lossOf(
  name: LossName,
  delta: number,
  outputs: readonly number[][],
  targets: readonly number[][],
  weights: readonly number[],
): number {
  let sum = 0;
  for (const [r, z] of outputs.entries()) {
    if (name === 'crossEntropy') {
      const greatest = Math.max(...z);
      const all = z.reduce((total, value) => total + Math.exp(value - greatest), 0);
      sum += (weights[r] * (Math.log(all) + greatest - z[targets[r][0]])) / outputs.length;
      continue;
    }
    for (const [i, value] of z.entries()) {
      const target = targets[r][i];
      const distance = value - target;
      const term =
        name === 'binaryCrossEntropy'
          ? Math.max(value, 0) - value * target + Math.log1p(Math.exp(-Math.abs(value)))
          : name === 'meanSquared'
            ? distance ** 2
            : Math.abs(distance) <= delta
              ? distance ** 2 / 2
              : delta * (Math.abs(distance) - delta / 2);
      sum += (weights[r] * term) / (outputs.length * z.length);
    }
  }
  return sum;
}
