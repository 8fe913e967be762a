/** The interface of folding for readers and rules: computes what depends only on constants while a model loads. */
import type { Node, Tensor } from './graph.ts';

export interface Fold {
  /** The precision in which the model computes. */
  readonly precision: 'f32' | 'f64';
  /**
   * Suggests the precision that the model's inputs, or anything else a reader finds, indicate. If something was folded
   * in another precision than the whole graph has, the file is read again. Has no effect if the caller asks for a
   * precision.
   */
  suppose(precision: 'f32' | 'f64'): void;
  /** The result of a node for constants, with the same bits that a run gives for a row of them. */
  node(node: Node, operands: readonly Tensor[]): Tensor;
}
