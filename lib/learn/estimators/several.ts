/** Meta-estimators of several estimators that learn: one for each class, or one for each target. */
import { ForwardpassError } from '../../errors.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { Label } from '../../labels.ts';
import { describe } from '../../messages.ts';
import { ClassTargets } from '../targets.ts';
import type { Batch, Incremental, Said, TargetKind } from './incremental.ts';
import { labelsOf } from './inputs.ts';
import type { OpenInner } from './learning.ts';

abstract class Several implements Incremental {
  readonly name: string;
  readonly targets: TargetKind;
  readonly width: number;
  readonly Floats: Incremental['Floats'];
  readonly classes?: readonly Label[];
  protected readonly inner: readonly Incremental[];

  constructor(estimator: Estimator, openInner: OpenInner, targets?: TargetKind) {
    this.name = estimator.className;
    if (!estimator.has('estimators_')) {
      const message = 'was not fitted yet; fit it once in scikit-learn';
      throw estimator.error('UNSUPPORTED_OP', message, 'estimators_');
    }
    const inner = estimator.estimators('estimators_');
    this.inner = inner.map(openInner);
    const [first] = this.inner;
    const { width } = first ?? {};
    if (first === undefined || width === undefined)
      throw estimator.error('MALFORMED', 'expected estimators', 'estimators_');
    if (this.inner.some((other) => other.width !== width || other.Floats !== first.Floats)) {
      throw estimator.error(
        'SHAPE',
        `expected all estimators to take rows of ${width} numbers of the same type`,
        'estimators_',
      );
    }
    // An object that is in two places would learn twice.
    if (new Set(inner.map(({ object }) => object)).size < inner.length) {
      throw estimator.error('MALFORMED', 'contains one estimator more than once', 'estimators_');
    }
    this.targets = targets ?? first.targets;
    this.width = width;
    this.Floats = first.Floats;
  }

  /** What each of the estimators learns from. */
  protected abstract batches(batch: Batch): readonly Batch[];

  /** Either all of them learn, or none. */
  partialFit(batch: Batch): void {
    const batches = this.batches(batch);
    let learnt = 0;
    try {
      for (; learnt < batches.length; learnt++) this.inner[learnt].partialFit(batches[learnt]);
    } catch (error) {
      while (learnt > 0) this.inner[--learnt].undo();
      throw error;
    }
  }

  undo(): void {
    for (const each of this.inner) each.undo();
  }

  keep(): unknown {
    return this.inner.map((each) => each.keep());
  }

  restore(kept: unknown): void {
    for (const [i, part] of (kept as readonly unknown[]).entries()) this.inner[i].restore(part);
  }

  state(): Record<string, unknown> {
    return { estimators_: this.inner.map((each) => each.state()) };
  }

  store(): void {
    for (const each of this.inner) each.store();
  }
}

/** OneVsRestClassifier: each of its estimators separates one class from the rest; for two classes there is only one. */
export class OneVsRest extends Several {
  override readonly classes: readonly Label[];
  readonly #classTargets: ClassTargets;

  constructor(estimator: Estimator, openInner: OpenInner) {
    super(estimator, openInner, 'classes');
    const binarizer = estimator.estimator('label_binarizer_');
    if (binarizer.text('y_type_', 'multiclass').startsWith('multilabel')) {
      throw estimator.error(
        'UNSUPPORTED_OP',
        'learning several labels per row is not supported',
        'label_binarizer_.y_type_',
      );
    }
    this.classes = Object.freeze([...binarizer.labels('classes_')]);
    this.#classTargets = new ClassTargets(this.classes);
    const { length } = this.classes;
    if (this.inner.length === (length > 2 ? length : 1)) return;
    throw estimator.error('SHAPE', `${length} classes do not fit ${this.inner.length} estimators`, 'estimators_');
  }

  protected batches(batch: Batch): readonly Batch[] {
    if (batch.weights !== undefined) {
      throw new ForwardpassError('OPTION', `${this.name} does not take weights of rows`, 'sampleWeight');
    }
    const labels = labelsOf(batch, this.#classTargets);
    return this.inner.map((_, k) => {
      const own = this.inner.length === 1 ? 1 : k;
      return { ...batch, targets: labels.map((label) => Number(label === own)) };
    });
  }
}

/** MultiOutputClassifier and MultiOutputRegressor: each of their estimators has its own target. */
export class MultiOutput extends Several {
  say(): Said {
    throw new ForwardpassError('OPTION', `${this.name} has several targets, but metrics are only for one`, 'metrics');
  }

  protected batches(batch: Batch): readonly Batch[] {
    const { targets, rows } = batch;
    const count = this.inner.length;
    if (targets === undefined)
      throw new ForwardpassError('INPUT', `expected ${count} for each row, found none`, 'targets');
    const columns = this.inner.map((): unknown[] => []);
    for (let row = 0; row < rows; row++) {
      const each: unknown = targets[row];
      const isList = Array.isArray(each) || ArrayBuffer.isView(each);
      const items = isList ? (each as unknown as ArrayLike<unknown>) : [each];
      if (items.length !== count) {
        throw new ForwardpassError('INPUT', `expected ${count} targets, found ${describe(each)}`, `targets[${row}]`);
      }
      for (let k = 0; k < count; k++) columns[k].push(items[k]);
    }
    return columns.map((column) => ({ ...batch, targets: column as Label[] }));
  }
}
