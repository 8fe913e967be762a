/** Folding as readers and rules see it: how what depends only on constants is computed while a model loads. */
import type { Node, Tensor } from './graph.ts';

export interface Fold {
  /** What the model computes in. */
  readonly precision: 'f32' | 'f64';
  /**
   * Says what the model's inputs speak for, and whatever else a reader finds. Where something was folded in another
   * precision than that of the whole graph, the file is read again. Of no effect where the caller asks for a precision.
   */
  suppose(precision: 'f32' | 'f64'): void;
  /** What a node gives for constants: with the bits that a run gives for a row of them. */
  node(node: Node, operands: readonly Tensor[]): Tensor;
}
