/** The sums of a row: over all trees in order, in float64, as CatBoost adds them; then a scale and a bias. */
import { ForwardpassError } from '../../errors.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { single } from '../sklearn/single.ts';
import { Forest } from '../trees.ts';
import type { CatboostModel } from './model.ts';
import type { OneHotFeature, Splits } from './splits.ts';

export function sums(model: CatboostModel, emitter: Emitter, x: RowVector): RowVector {
  const { width, dimensions, scale, bias } = model;
  if (x.width !== width) throw new ForwardpassError('SHAPE', `expected ${width} features, found ${x.width}`);
  emitter.cells.takesMissing = true;
  const { row, splits } = comparedOf(model, emitter, x);
  // A model that the file holds once may be used in many places, as an estimator may.
  const forest = new Forest(emitter.budget, row.width, dimensions, emitter.budget.isNew(model));
  for (const tree of model.trees(splits)) forest.add(tree);
  if (forest.count === 0) forest.begin(Array.from({ length: dimensions }, () => 0));
  const sum = emitter.trees(row, forest, 'float64', dimensions);
  const scaled = scale === 1 ? sum : emitter.binary('mul', sum, scale);
  if (bias.every((value) => value === 0)) return scaled;
  if (Number.isInteger(Math.log2(scale))) return emitter.binary('add', scaled, Float64Array.from(bias));
  // Products are rounded before the bias is added; a constant would merge both into one step that rounds once.
  const biases = new Forest(emitter.budget, row.width, dimensions);
  biases.begin(bias);
  return emitter.binary('add', scaled, emitter.trees(row, biases, 'float64', dimensions));
}

/** The columns that trees compare: numbers as float32, and categories as codes. */
function comparedOf({ splits }: CatboostModel, emitter: Emitter, x: RowVector): { row: RowVector; splits: Splits } {
  const { columns, floats, oneHots } = splits;
  // A constant model compares no columns.
  if (columns.length === 0) return { row: emitter.gather(x, [0]), splits };
  const numbers = columns.slice(0, floats.length);
  const rows = numbers.length === 0 ? [] : [single(emitter, emitter.gather(x, numbers))];
  const codes = new Map<OneHotFeature, readonly number[]>();
  for (const feature of oneHots) {
    const found = emitter.categories(x, feature.column, feature.hashes);
    rows.push(found.row);
    codes.set(feature, found.codes);
  }
  return { row: emitter.concat(rows), splits: codes.size === 0 ? splits : splits.withCodes(codes) };
}
