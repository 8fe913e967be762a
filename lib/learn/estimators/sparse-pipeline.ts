/**
 * Pipelines whose last step learns from sparse rows: from texts that a vectorizer reads, or from the results of other
 * steps, such as one-hot columns. The other steps do not learn. From sparse rows, scikit-learn's linear models learn
 * the intercept a hundred times more slowly.
 */
import { allocate, type FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { listNames } from '../../messages.ts';
import type { RaggedParts } from '../../ragged.ts';
import type { Batch, Incremental } from './incremental.ts';
import type { OpenInner } from './learning.ts';
import { Sgd } from './sgd.ts';
import type { Named } from './steps.ts';

const VECTORIZERS = ['CountVectorizer', 'TfidfVectorizer', 'HashingVectorizer'];
/** Steps that may follow a vectorizer. */
const WEIGHTING = ['TfidfTransformer'];
/** Estimators that learn the same from dense rows, except for rounding. */
const EITHER = ['MultinomialNB', 'ComplementNB', 'BernoulliNB', 'MLPClassifier', 'MLPRegressor'];

/** The most elements of the rows of one call, as dense rows. */
const MOST_ELEMENTS = 2 ** 25;

/** Whether the first step takes texts. */
export function takesTexts([first]: readonly Named<Estimator>[]): boolean {
  return first !== undefined && VECTORIZERS.includes(first.step.className);
}

export class SparsePipeline implements Incremental {
  readonly name: string;
  readonly takesTexts: boolean;
  readonly width: number;
  readonly #last: Named<Incremental>;

  /** `frontSteps` is 0 if rows are texts. */
  constructor(
    estimator: Estimator,
    steps: readonly Named<Estimator>[],
    openInner: OpenInner,
    readonly frontSteps = 0,
  ) {
    this.name = estimator.className;
    this.takesTexts = frontSteps === 0;
    const last = steps[steps.length - 1];
    for (const { step } of steps.slice(Math.max(frontSteps, 1), -1)) {
      if (WEIGHTING.includes(step.className)) continue;
      const message = `is between the texts and the step that learns, where only ${listNames(WEIGHTING)} is supported`;
      throw step.error('UNSUPPORTED_OP', message);
    }
    const learns = openInner(last.step);
    if (learns.width === undefined) throw last.step.error('UNSUPPORTED_OP', 'was not fitted before it was saved');
    if (learns instanceof Sgd) learns.takePairs();
    else if (!EITHER.includes(last.step.className)) {
      const message = `is not supported for learning from sparse rows; linear models by stochastic gradients and ${listNames(EITHER)} are`;
      throw last.step.error('UNSUPPORTED_OP', message);
    }
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
    const { step } = this.#last;
    const { x, pairs, rows } = batch;
    const { width } = this;
    if (step instanceof Sgd) step.partialFit({ ...batch, pairs: pairs ?? pairsOf(x, rows, width) });
    else step.partialFit({ ...batch, pairs: undefined, x: pairs === undefined ? x : writtenOut(pairs, rows, width) });
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

  /** The state of the step that learns, by its name. */
  state(): Record<string, unknown> {
    return { [this.#last.name]: this.#last.step.state() };
  }

  store(): void {
    this.#last.step.store();
  }
}

/** The elements that are not 0. */
function pairsOf(x: FloatArray, rows: number, width: number): RaggedParts {
  let count = 0;
  for (const value of x) count += Number(value !== 0);
  const [ids, weights, offsets] = [new Int32Array(count), new Float64Array(count), new Int32Array(rows + 1)];
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < width; j++) {
      const value = x[row * width + j];
      if (value === 0) continue;
      ids[at] = j;
      weights[at++] = value;
    }
    offsets[row + 1] = at;
  }
  return { ids, weights, offsets };
}

function writtenOut({ ids, weights, offsets }: RaggedParts, rows: number, width: number): FloatArray {
  if (rows * width > MOST_ELEMENTS) {
    const message = `${rows} rows of ${width} terms are more than one call can learn from; pass fewer rows`;
    throw new ForwardpassError('LIMIT', message, 'rows');
  }
  const x = allocate<FloatArray>(Float64Array, rows, { name: 'rows', width });
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++)
      x[row * width + Number(ids[at])] += Number(weights?.[at] ?? 1);
  }
  return x;
}
