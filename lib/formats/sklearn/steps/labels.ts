/** Label encoders used alone: a row is one label. */
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Features } from '../features.ts';
import type { RowVector } from '../outcome.ts';
import { itemsOf } from '../values.ts';
import { categoriesIn, lookUp } from './categories.ts';

export const oneLabel = (): Features => ({ width: 1 });

/** The label's index among the classes; an unknown label is refused. */
export function labelEncoder(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const classes = categoriesIn(estimator, emitter, x, estimator.value('classes_'), 0, 'classes_');
  return lookUp(estimator, emitter, x, classes, { width: 1, rows: classes.items.map((_, at) => at) });
}

/** `pos_label` in the column of the class, `neg_label` in the others; for two classes only the second's column. */
export function labelBinarizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const [off, on] = [estimator.number('neg_label', 0), estimator.number('pos_label', 1)];
  if (estimator.text('y_type_', 'multiclass').startsWith('multilabel')) {
    const present = emitter.unary(emitter.requireFinite(x), 'to_bool');
    return emitter.affine(present, on - off, off);
  }
  const classes = categoriesIn(estimator, emitter, x, estimator.value('classes_'), 0, 'classes_');
  const count = classes.items.length;
  const width = count <= 2 ? 1 : count;
  const first = count - width;
  // With one class, all columns are negative.
  const isHot = (at: number, column: number) => count > 1 && at === first + column;
  estimator.budget.buildElements(count * width, estimator.title);
  const rows = classes.items.flatMap((_, at) => Array.from({ length: width }, (_, i) => (isHot(at, i) ? on : off)));
  const table = { width, rows, unknown: new Array<number>(width).fill(off) };
  return lookUp(estimator, emitter, x, classes, table);
}

/** A row of a MultiLabelBinarizer has one element for each label. */
export function labelsOfBinarizer(estimator: Estimator): Features {
  const isRow = estimator.has('y_type_') && estimator.text('y_type_').startsWith('multilabel');
  return { width: isRow ? (itemsOf(estimator.value('classes_'))?.length ?? 1) : 1 };
}
