/** Progressive validation of a learner: predicts rows before it learns from them, and compares with the targets. */
import type { FloatArray } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { both, type Label, labelsOf } from '../labels.ts';
import type { Model, Rows } from '../model.ts';
import type { Incremental, Said, Targets } from './estimators/incremental.ts';
import { type MetricsOptions, type MetricsState, ProgressiveMetrics } from './metrics.ts';

export class Observer {
  readonly metrics: ProgressiveMetrics;
  /** The learner that predicts. */
  learns: Incremental;
  #isProbable = true;

  constructor(learns: Incremental, options: MetricsOptions, state: MetricsState | undefined) {
    if (learns.targets === 'none') {
      throw new ForwardpassError('OPTION', `${learns.name} has no targets to compare with`, 'metrics');
    }
    const kind = learns.targets === 'classes' ? 'classification' : 'regression';
    this.learns = learns;
    this.metrics =
      state === undefined ? new ProgressiveMetrics(kind, options) : ProgressiveMetrics.from(state, options);
  }

  /** Predicts rows as passed by callers. */
  askModel(model: Model, rows: Rows): Said {
    if (this.learns.classes === undefined) return { values: model.predict(rows) as FloatArray };
    const labels = model.predict(rows) as ArrayLike<Label>;
    const probabilities = this.#probabilities(model, rows);
    return { labels, ...(probabilities && { probabilities }) };
  }

  /** Predicts rows before they are learned from. */
  ask(model: () => Model, x: FloatArray, rows: number): Said {
    const found = this.learns.outputs?.(x, rows);
    const { classes } = this.learns;
    if (found !== undefined) return classes === undefined ? { values: found } : bySize(classes, found, rows);
    return this.learns.say?.(x, rows) ?? this.askModel(model(), x);
  }

  /** The probabilities; for models without any, this is only tried once. */
  #probabilities(model: Model, rows: Rows): FloatArray | undefined {
    if (!this.#isProbable) return undefined;
    try {
      return model.predictProba(rows);
    } catch (error) {
      if (!(error instanceof ForwardpassError) || error.code !== 'NOT_A_CLASSIFIER') throw error;
      this.#isProbable = false;
      return undefined;
    }
  }

  /** Records the predictions once the rows have been learned from. */
  take(said: Said, targets: Targets, rows: number): void {
    if ('values' in said) this.#takeValues(said.values, targets, rows);
    else this.#takeLabels(said.labels, said.probabilities, targets, rows);
  }

  #takeValues(values: ArrayLike<number>, targets: Targets, rows: number): void {
    const width = values.length / rows;
    for (let row = 0; row < rows; row++) {
      const target: unknown = targets[row];
      const each = (typeof target === 'object' ? target : [target]) as ArrayLike<unknown>;
      let sum = 0;
      for (let i = 0; i < width; i++) sum += Math.abs(values[row * width + i] - Number(each[i]));
      this.metrics.observeError(sum / width);
    }
  }

  #takeLabels(
    labels: ArrayLike<Label>,
    probabilities: ArrayLike<number> | undefined,
    targets: Targets,
    rows: number,
  ): void {
    const classes = this.learns.classes as readonly Label[];
    const isEach = probabilities?.length === rows * classes.length;
    const positions = new Map<unknown, number>(classes.map((label, at) => [label, at]));
    for (let row = 0; row < rows; row++) {
      const target: unknown = targets[row];
      const at = positions.get(target) ?? positions.get(Number(target));
      const probability = isEach && at !== undefined ? probabilities?.[row * classes.length + at] : undefined;
      this.metrics.observeClass(at !== undefined && labels[row] === classes[at], probability);
    }
  }
}

/** The labels by probabilities of each class, or of the second of two. */
function bySize(classes: readonly Label[], found: FloatArray, rows: number): Said {
  const probabilities = found.length === rows ? both(Float64Array.from(found)) : found;
  return { labels: labelsOf(probabilities, classes, { rule: 'arg_max', probabilities: true }), probabilities };
}
