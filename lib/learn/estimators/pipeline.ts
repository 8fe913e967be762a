/**
 * Pipeline: its last step learns from the rows that the steps before it make. Scalers among these stay as they are, or
 * learn from each batch before they scale it, depending on the option `scalers`; other steps do not learn.
 */
import type { FloatArray } from '../../buffers.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { Label } from '../../labels.ts';
import { listNames } from '../../messages.ts';
import type { LearningOptions } from '../origin.ts';
import type { Batch, Incremental, Said, TargetKind } from './incremental.ts';
import type { OpenInner } from './learning.ts';
import { ExtremesScaler, type Scaler, StandardScaler } from './scalers.ts';
import { type Named, SCALERS } from './steps.ts';

export class Pipeline implements Incremental {
  readonly name: string;
  readonly targets: TargetKind;
  readonly classes: readonly Label[] | undefined;
  readonly width: number;
  readonly Floats: Incremental['Floats'];
  readonly #scalers: readonly Named<Scaler>[];
  readonly #last: Named<Incremental>;
  /** The steps that learn, in order. */
  readonly #learning: readonly Named<Incremental>[];
  readonly #learnsScalers: boolean;
  readonly outputs: Incremental['outputs'];
  readonly say: Incremental['say'];

  constructor(
    estimator: Estimator,
    named: readonly Named<Estimator>[],
    { scalers }: LearningOptions,
    openInner: OpenInner,
    readonly frontSteps = 0,
  ) {
    this.name = estimator.className;
    const steps = named.slice(frontSteps);
    const last = steps.pop();
    if (last === undefined) throw estimator.error('UNSUPPORTED_OP', 'has no step that learns', 'steps');
    this.#last = { name: last.name, step: openInner(last.step) };
    this.#scalers = steps.map(({ name, step }) => {
      const scaler = SCALERS.includes(step.className) ? openInner(step) : undefined;
      if (scaler instanceof StandardScaler || scaler instanceof ExtremesScaler) return { name, step: scaler };
      const message = `is before the step that learns, where only ${listNames(SCALERS)} are supported; save the last step separately, and pass it the rows that the other steps make`;
      throw step.error('UNSUPPORTED_OP', message);
    });
    this.#learnsScalers = scalers === 'learn';
    this.#learning = this.#learnsScalers ? [...this.#scalers, this.#last] : [this.#last];
    const first = this.#scalers[0]?.step ?? this.#last.step;
    for (const { step, name } of [...this.#scalers, this.#last]) {
      if (step.width !== undefined && step.width === first.width) continue;
      const found = step.width === undefined ? 'it was not fitted' : `it takes ${step.width}`;
      throw estimator.error(
        'SHAPE',
        `expected all steps to take rows of ${first.width} numbers; for '${name}', ${found}`,
        'steps',
      );
    }
    const { step } = this.#last;
    if (step.outputs) this.outputs = (x, rows) => step.outputs?.(this.#scaled(x), rows) as FloatArray;
    if (step.say) this.say = (x, rows) => step.say?.(this.#scaled(x), rows) as Said;
    this.targets = step.targets;
    this.classes = this.#last.step.classes;
    this.width = first.width as number;
    this.Floats = this.#last.step.Floats;
  }

  #scaled(x: FloatArray): FloatArray {
    return this.#scalers.reduce((row, { step }) => step.transform(row), x);
  }

  /** Either all steps learn, or none. */
  partialFit(batch: Batch): void {
    const learnt: Incremental[] = [];
    const fit = (step: Incremental, own: Batch) => {
      step.partialFit(own);
      learnt.push(step);
    };
    let x: FloatArray = batch.x;
    try {
      for (const { step } of this.#scalers) {
        if (this.#learnsScalers) fit(step, { x, rows: batch.rows, targets: undefined, weights: undefined });
        x = step.transform(x);
      }
      fit(this.#last.step, { ...batch, x });
    } catch (error) {
      for (const step of learnt.reverse()) step.undo();
      throw error;
    }
  }

  undo(): void {
    for (const { step } of this.#learning) step.undo();
  }

  keep(): unknown {
    return this.#learning.map(({ step }) => step.keep());
  }

  restore(kept: unknown): void {
    for (const [i, part] of (kept as readonly unknown[]).entries()) this.#learning[i].step.restore(part);
  }

  /** The state of each step that learns, by its name. */
  state(): Record<string, unknown> {
    return Object.fromEntries(this.#learning.map(({ name, step }) => [name, step.state()]));
  }

  store(): void {
    for (const { step } of this.#learning) step.store();
  }
}
