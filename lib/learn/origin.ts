/** Where a learner comes from and what it becomes: the part that knows its framework. */
import type { PickleValue } from '../formats/containers/pickle/values.ts';
import type { Graph } from '../graph/graph.ts';
import type { Incremental } from './estimators/incremental.ts';

/** What of the options an origin reads. */
export interface LearningOptions {
  /** Copies what scikit-learn does even where it spoils a model: see docs/learning.md. */
  readonly strict: boolean;
  /** Of generators that the file says nothing of (`random_state=None`); without one, rows are learnt in their order. */
  readonly seed: number | undefined;
  /** Whether scalers before the step of a pipeline that learns learn too. */
  readonly scalers: 'learn' | 'frozen';
}

export interface Origin {
  /** The name of the format that read it, which a checkpoint keeps: a row of lib/learn/origins.ts. */
  readonly kind: string;
  readonly learns: Incremental;
  readonly featureNames: readonly string[] | undefined;
  /** What the first record calls the features, where nothing had names for them. */
  setFeatureNames(names: readonly string[]): void;
  /** The model as it is now, as its reader would have it from a file. */
  graph(): Graph;
  /** What makes the rows that it learns from, of those that a caller gives; undefined where these are the same. */
  front?(): Graph | undefined;
  /** Of what may have learnt nothing yet: one that is as a {@link tree} says, with the same options. */
  again?(tree: PickleValue): Origin;
  /** All that it is, for a checkpoint. After {@link Incremental.store}. */
  tree(): PickleValue;
}
