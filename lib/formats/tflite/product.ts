import type { Constant, Value } from '../tensors/value.ts';

/** A matrix product and how it is computed. The weight is [outputs, inputs]. */
export interface Product {
  readonly weight: Constant;
  /** The position of the weight among the operator's inputs. */
  readonly weightInput: number;
  readonly bias?: Value;
  /** Whether a layer that quantises its input at run time may give it a zero point. */
  readonly isAsymmetric: boolean;
  readonly activation: number;
  /** Whether sums of integers are scaled in fixed point; layers scale theirs with real numbers. */
  readonly isFixedPoint: boolean;
}
