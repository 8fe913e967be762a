/** What a booster returns for a row: the sums of its trees, transformed by its objective. */
import { ForwardpassError } from '../../errors.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { Forest } from '../trees.ts';
import { categoriesAsCodes } from './categories.ts';
import { LinearLeaves } from './linear.ts';
import { objectiveOf } from './objective.ts';
import type { ModelText } from './text.ts';
import { type RowPart, TextTree, ZERO } from './tree.ts';

export interface Predicted {
  /** The result of `Booster.predict`. */
  readonly values: RowVector;
  /** The same with `raw_score`. */
  readonly scores: RowVector;
  /** The number of iterations used, and the number in the file. */
  readonly iterations: number;
  readonly of: number;
}

/** `best` is the number of iterations to use if it is positive; otherwise all are used. */
export function predicted(model: ModelText, emitter: Emitter, x: RowVector, best: number): Predicted {
  const { header } = model;
  if (x.width !== header.names.length) {
    throw new ForwardpassError('SHAPE', `expected ${header.names.length} features, found ${x.width}`);
  }
  const objective = objectiveOf(header);
  emitter.cells.takesMissing = true;
  const { scores, iterations, of } = rawScores(model, emitter, categoriesAsCodes(model, emitter, x), best);
  const isWhole = !header.isAveraged || iterations === 1;
  const values = objective(emitter, isWhole ? scores : divided(emitter, x, scores, iterations));
  return { values, scores, iterations, of };
}

/**
 * A true division: the product with the reciprocal rounds differently. The divisor must not be a constant, because
 * division by a constant becomes that product.
 */
function divided(emitter: Emitter, x: RowVector, scores: RowVector, count: number): RowVector {
  const forest = new Forest(emitter.budget, x.width, 1);
  forest.begin([count]);
  return emitter.binary('div', scores, emitter.trees(x, forest, 'float64', 1));
}

/** The features, followed by those for which zero means missing. */
class Columns implements RowPart {
  readonly #zeroed = new Map<number, number>();
  #isNearZero = false;

  constructor(readonly width: number) {}

  zeroed(feature: number): number {
    const place = this.#zeroed.get(feature) ?? this.width + this.#zeroed.size;
    this.#zeroed.set(feature, place);
    return place;
  }

  nearZero(): void {
    this.#isNearZero = true;
  }

  of(emitter: Emitter, x: RowVector): RowVector {
    const row = this.#isNearZero ? withoutTiny(emitter, x) : x;
    if (this.#zeroed.size === 0) return row;
    const features = withoutTiny(emitter, emitter.gather(x, [...this.#zeroed.keys()]));
    const zeroed = emitter.select(emitter.unary(features, 'not'), Number.NaN, features);
    return emitter.concat([row, zeroed]);
  }
}

/** LightGBM treats numbers close to 0 as 0. */
function withoutTiny(emitter: Emitter, x: RowVector): RowVector {
  return emitter.unary(x, 'hard_shrink', ZERO);
}

function rawScores(model: ModelText, emitter: Emitter, x: RowVector, best: number) {
  const { outputs } = model.header;
  const columns = new Columns(x.width);
  // Each feature may occur twice.
  const forest = new Forest(emitter.budget, 2 * x.width, 1);
  const linear = model.isLinear ? new LinearLeaves(x.width) : undefined;
  const most = best > 0 ? best * outputs : Number.POSITIVE_INFINITY;
  let count = 0;
  for (const fields of model.trees()) {
    const target = count % outputs;
    if (count++ >= most) continue;
    const tree = new TextTree(fields);
    const first = linear?.add(tree);
    const payload = (leaf: number) => (first === undefined ? tree.values[leaf] : first + leaf);
    if (tree.leafCount === 1) {
      forest.addLeaf([payload(0)], target);
      continue;
    }
    const write = (leaf: number, to: Float64Array) => {
      to[0] = payload(leaf);
    };
    forest.add(tree.with(columns, write), target);
  }
  if (count === 0 || count % outputs !== 0) {
    throw new ForwardpassError('MALFORMED', `expected a multiple of ${outputs} trees, found ${count}`);
  }
  const of = count / outputs;
  const iterations = Math.min(count, most) / outputs;
  const row = columns.of(emitter, x);
  if (linear === undefined) return { scores: emitter.trees(row, forest, 'float64', outputs), iterations, of };
  const leaves = emitter.trees(row, forest, 'none', forest.count);
  return { scores: linear.sum(emitter, withoutTiny(emitter, x), leaves, outputs), iterations, of };
}
