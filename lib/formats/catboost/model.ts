/** A model of CatBoost as any of its files holds it. */
import type { FileTree } from '../trees.ts';
import type { Info } from './info.ts';
import type { Splits } from './splits.ts';

export interface CatboostModel {
  /** Of a row. */
  readonly width: number;
  /** Where the file has any; what has none is called by its position, as in CatBoost. */
  readonly featureNames?: readonly string[];
  readonly splits: Splits;
  /** How many values each leaf has, and a row's sum. */
  readonly dimensions: number;
  /** What the sum is multiplied by, and what is added to it then: one for each dimension. */
  readonly scale: number;
  readonly bias: readonly number[];
  readonly info: Info;
  readonly treeCount: number;
  /** One after another, each made when it comes; `splits` are the model's own, or with other codes. */
  trees(splits: Splits): Iterable<FileTree>;
}
