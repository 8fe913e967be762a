/** A CatBoost model, whichever file it comes from. */
import type { FileTree } from '../trees.ts';
import type { Info } from './info.ts';
import type { Splits } from './splits.ts';

export interface CatboostModel {
  /** The number of features of a row. */
  readonly width: number;
  /** If the file has names; a feature without a name is named by its index, as in CatBoost. */
  readonly featureNames?: readonly string[];
  readonly splits: Splits;
  /** How many values each leaf has, and so each sum. */
  readonly dimensions: number;
  /** Each sum is multiplied by the scale; then the bias of its dimension is added. */
  readonly scale: number;
  readonly bias: readonly number[];
  readonly info: Info;
  readonly treeCount: number;
  /** The trees in order, each made on demand; `splits` are the model's own, or the same with other codes. */
  trees(splits: Splits): Iterable<FileTree>;
}
