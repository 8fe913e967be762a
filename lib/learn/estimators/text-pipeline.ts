/**
 * Pipelines that begin with texts: a vectorizer, and a linear model that learns. The vectorizer stays as it is, and gives the
 * model sparse rows, from which scikit-learn learns the intercept a hundred times more slowly.
 */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { listNames } from '../../words.ts';
import type { Batch, Incremental } from './incremental.ts';
import type { OpenInner } from './learning.ts';
import { Sgd } from './sgd.ts';
import type { Named } from './steps.ts';

const VECTORIZERS = ['CountVectorizer', 'TfidfVectorizer', 'HashingVectorizer'];
/** What may stand behind one. */
const WEIGHTING = ['TfidfTransformer'];

/** Whether the first step takes texts. */
export function takesTexts([first]: readonly Named<Estimator>[]): boolean {
  return first !== undefined && VECTORIZERS.includes(first.step.className);
}

export class TextPipeline implements Incremental {
  readonly name: string;
  readonly takesTexts = true;
  readonly width: number;
  readonly #last: Named<Sgd>;

  constructor(estimator: Estimator, steps: readonly Named<Estimator>[], openInner: OpenInner) {
    this.name = estimator.className;
    const last = steps[steps.length - 1];
    for (const { step } of steps.slice(1, -1)) {
      if (WEIGHTING.includes(step.className)) continue;
      const message = `stands between texts and what learns from them, where only ${listNames(WEIGHTING)} may be`;
      throw step.error('UNSUPPORTED_OP', message);
    }
    const learns = openInner(last.step);
    if (!(learns instanceof Sgd)) {
      throw last.step.error('UNSUPPORTED_OP', 'does not learn from texts; linear models by stochastic gradients do');
    }
    if (learns.width === undefined) throw last.step.error('UNSUPPORTED_OP', 'has learnt nothing before it was saved');
    learns.takeTexts();
    this.#last = { name: last.name, step: learns };
    this.width = learns.width;
  }

  get targets() {
    return this.#last.step.targets;
  }

  get classes() {
    return this.#last.step.classes;
  }

  get Floats() {
    return this.#last.step.Floats;
  }

  partialFit(batch: Batch): void {
    this.#last.step.partialFit(batch);
  }

  undo(): void {
    this.#last.step.undo();
  }

  keep(): unknown {
    return this.#last.step.keep();
  }

  restore(kept: unknown): void {
    this.#last.step.restore(kept);
  }

  /** Of the step that learns, by its name. */
  state(): Record<string, unknown> {
    return { [this.#last.name]: this.#last.step.state() };
  }

  store(): void {
    this.#last.step.store();
  }
}
