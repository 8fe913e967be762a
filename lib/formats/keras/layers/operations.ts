/** Functions of keras.ops that Keras 3 writes into functional models, such as `x * 2` or `ops.mean(x, axis=1)`. */
import type { LayerKind } from '../layer.ts';
import { activations } from './operations/activations.ts';
import { arithmetic } from './operations/arithmetic.ts';
import { moves } from './operations/moves.ts';
import { productOperations } from './operations/products.ts';
import { reductions } from './operations/reductions.ts';
import { sortingOperations } from './operations/sorting.ts';

export const operations: Readonly<Record<string, LayerKind>> = {
  ...arithmetic,
  ...activations,
  ...moves,
  ...productOperations,
  ...reductions,
  ...sortingOperations,
};
