/** An XGBoost model, whichever file it comes from. */

export interface XgboostModel {
  readonly objective: string;
  readonly features: number;
  /** The number of outputs of a row: classes or targets. */
  readonly outputs: number;
  /** Whether the outputs are the classes of one target. */
  readonly isMulticlass: boolean;
  /** One for all outputs, or one for each; as in the file, usually a probability or a mean. */
  readonly baseScore: readonly number[];
  /** The version of XGBoost that wrote it; zeros if it is not in the file, as before 1.0. */
  readonly version: readonly [major: number, minor: number];
  readonly featureNames?: readonly string[];
  /** By categorical column, the categories by code: since 3.1. */
  readonly categories?: ReadonlyMap<number, readonly string[]>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly booster: Trees | Linear;
}

export interface Trees {
  readonly kind: 'trees';
  readonly trees: readonly XgboostTree[];
  /** The output that each tree adds to. */
  readonly groups: ArrayLike<number>;
  /** The factor of each tree's leaves (dart). */
  readonly weights?: ArrayLike<number>;
  /** The number of trees of each round for each output. */
  readonly parallel: number;
  /** Where each round begins, followed by the number of all trees: since 2.0. */
  readonly rounds?: ArrayLike<number>;
}

export interface Linear {
  readonly kind: 'linear';
  /** [features + 1, outputs]; the last row contains the biases. */
  readonly weights: ArrayLike<number>;
}

/** Arrays by node; a leaf has no children, and its value is its condition. */
export interface XgboostTree {
  readonly place: string;
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
  readonly features: ArrayLike<number>;
  readonly conditions: ArrayLike<number>;
  readonly defaultLeft: ArrayLike<number>;
  /** By node, the categories that go right. */
  readonly categories: ReadonlyMap<number, readonly number[]>;
  /** By node, the gain of a split, and its rows as the sum of their second derivatives; if requested. */
  readonly statistics?: { readonly gains: ArrayLike<number>; readonly covers: ArrayLike<number> };
}
