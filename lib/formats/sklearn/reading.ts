/** What a table of classes says of each class. */
import type { Predict, Transform } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { Features } from './features.ts';

/** What a class does with a row; a class may do both. */
export interface Reading {
  readonly transform?: Transform;
  readonly predict?: Predict;
  /** For a class that predicts where its last step does: that step, if it has any. */
  readonly last?: (estimator: Estimator) => Estimator | undefined;
  /** For a class that predicts as an estimator inside it does: that one. */
  readonly inner?: (estimator: Estimator) => Estimator;
  /** Whether it is boosted itself: its iterations come one after another, and the first so many may be used. */
  readonly isBoosted?: boolean;
  /** Of a class that says in its own way how many features there are. */
  readonly features?: (estimator: Estimator) => Features | undefined;
}

/** By class name. */
export type Table = Readonly<Record<string, Reading>>;
