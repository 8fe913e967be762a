/** How each class is read: the type of the tables of classes. */
import type { Predict, Transform } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { Features } from './features.ts';

/** What a class does with a row; a class may do both. */
export interface Reading {
  readonly transform?: Transform;
  readonly predict?: Predict;
  /** For a class that predicts if its last step does: that step, if it has one. */
  readonly last?: (estimator: Estimator) => Estimator | undefined;
  /** For a class that predicts like an inner estimator: that estimator. */
  readonly inner?: (estimator: Estimator) => Estimator;
  /** Whether it is itself boosted: its iterations are sequential, and only the first ones may be used. */
  readonly isBoosted?: boolean;
  /** For a class that stores the number of features in its own way. */
  readonly features?: (estimator: Estimator) => Features | undefined;
}

/** By class name. */
export type Table = Readonly<Record<string, Reading>>;
