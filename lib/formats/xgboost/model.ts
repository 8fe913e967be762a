/** A model of XGBoost as any of its files holds it. */

export interface XgboostModel {
  readonly objective: string;
  readonly features: number;
  /** Numbers of a row's output: classes, or targets. */
  readonly outputs: number;
  /** Whether they are of one target. */
  readonly isMulticlass: boolean;
  /** One for all outputs, or one for each; as the file has it, mostly a probability or a mean. */
  readonly baseScore: readonly number[];
  /** The version of XGBoost that wrote it; zeros where it does not say, as before 1.0. */
  readonly version: readonly [major: number, minor: number];
  readonly featureNames?: readonly string[];
  /** Of columns that a data frame had as categories, what these were, by their codes: since 3.1. */
  readonly categories?: ReadonlyMap<number, readonly string[]>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly booster: Trees | Linear;
}

export interface Trees {
  readonly kind: 'trees';
  readonly trees: readonly XgboostTree[];
  /** For each tree the output that it adds to. */
  readonly groups: ArrayLike<number>;
  /** What each tree's leaves are multiplied by (dart). */
  readonly weights?: ArrayLike<number>;
  /** Trees of each round for each output. */
  readonly parallel: number;
  /** Where each round begins, then the number of all trees: since 2.0. */
  readonly rounds?: ArrayLike<number>;
}

export interface Linear {
  readonly kind: 'linear';
  /** [features + 1, outputs]; the last are the biases. */
  readonly weights: ArrayLike<number>;
}

/** Arrays by node; a leaf has no child, and its value is its condition. */
export interface XgboostTree {
  readonly place: string;
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
  readonly features: ArrayLike<number>;
  readonly conditions: ArrayLike<number>;
  readonly defaultLeft: ArrayLike<number>;
  /** By node, the categories that go right. */
  readonly categories: ReadonlyMap<number, readonly number[]>;
  /** By node, what a split gained, and the rows that it had, as the sum of their second derivatives; where asked for. */
  readonly statistics?: { readonly gains: ArrayLike<number>; readonly covers: ArrayLike<number> };
}
