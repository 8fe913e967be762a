/** Where a learner comes from and how it is saved: the part that depends on the framework. */
import type { PickleValue } from '../formats/containers/pickle/values.ts';
import type { Graph } from '../graph/graph.ts';
import type { Incremental } from './estimators/incremental.ts';

/** The options that an origin uses. */
export interface LearningOptions {
  /** Does exactly what scikit-learn does, even where that spoils a model: see docs/learning.md. */
  readonly strict: boolean;
  /** The seed of generators that are not in the file (`random_state=None`); without it, rows are learnt in order. */
  readonly seed: number | undefined;
  /** Whether scalers before the last step of a pipeline also learn. */
  readonly scalers: 'learn' | 'frozen';
}

export interface Origin {
  /** The name of the format that read it, which checkpoints contain: an entry in lib/learn/origins.ts. */
  readonly kind: string;
  readonly learns: Incremental;
  readonly featureNames: readonly string[] | undefined;
  /** Sets the feature names from the first record, if there were none. */
  setFeatureNames(names: readonly string[]): void;
  /** The current model, as its reader would read it from a file. */
  graph(): Graph;
  /** The graph that makes the rows to learn from, out of the caller's rows; undefined if they are the same. */
  front?(): Graph | undefined;
  /** For a new learner: another one from a {@link tree}, with the same options. */
  again?(tree: PickleValue): Origin;
  /** Its complete state, for a checkpoint. Called after {@link Incremental.store}. */
  tree(): PickleValue;
}
