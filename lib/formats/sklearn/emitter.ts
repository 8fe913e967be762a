/**
 * The graph under construction, and access from an estimator to its inner ones. Readers of estimators are functions of
 * (estimator, emitter, row): `transform` returns the row that the next step takes, `predict` an {@link Outcome}. They
 * call `emitter.transform` and `emitter.predict` for inner estimators, never each other.
 */
import { type ErrorCode, ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Boosting, OwnStep } from '../../graph/graph.ts';
import type { PickleObject } from '../containers/pickle/values.ts';
import type { GivenFunctions } from '../format.ts';
import { Cells } from './cells.ts';
import type { Estimator } from './estimator.ts';
import type { Features } from './features.ts';
import type { Outcome, RowVector } from './outcome.ts';
import { type Expected, takenFrom } from './own/expected.ts';
import { withFrame } from './own/frames.ts';
import { POSITION_BYTES, RowEmitter } from './row-emitter.ts';
import { withSparsity } from './sparsity.ts';

export type Transform = (estimator: Estimator, emitter: Emitter, x: RowVector) => RowVector;
export type Predict = (estimator: Estimator, emitter: Emitter, x: RowVector) => Outcome;

/** How the class of an estimator is read: see table.ts. Throws for an unsupported class. */
export interface Readers {
  transform(estimator: Estimator): Transform;
  predict(estimator: Estimator): Predict;
  /** The features of an estimator, if its class stores them in its own way. */
  features(estimator: Estimator): Features | undefined;
}

/** How many iterations of one estimator are requested: the option `numIteration`. */
export interface AskedIterations {
  readonly of: PickleObject;
  readonly numIteration: number;
}

/** The cost of reading an estimator again, besides its lists and arrays. */
const VISIT_STEPS = 64;
/** The longest name of an objective, which is a word. */
const MOST_LETTERS = 40;

export class Emitter extends RowEmitter {
  /** From the outermost estimator to the current one. */
  readonly #path: Estimator[] = [];
  /** The boosted models so far, by place. */
  readonly #boosting = new Map<string, Boosting>();
  readonly #steps: { readonly step: Omit<OwnStep, 'takes'>; readonly x: RowVector }[] = [];
  /** What the next step expects of the current step's result. */
  readonly #expected: (() => Expected | undefined)[] = [];

  constructor(
    budget: Budget,
    readonly readers: Readers,
    cells = new Cells(),
    readonly asked?: AskedIterations,
    readonly functions: GivenFunctions = new Map(),
  ) {
    super(budget, cells);
  }

  get place(): string {
    return this.#path.at(-1)?.title ?? 'model';
  }

  override error(code: ErrorCode, message: string): ForwardpassError {
    return this.#path.at(-1)?.error(code, message) ?? new ForwardpassError(code, message);
  }

  transform(estimator: Estimator, x: RowVector): RowVector {
    const row = this.within(estimator, () => this.readers.transform(estimator)(estimator, this, x));
    return withSparsity(estimator, x, withFrame(estimator, x, row));
  }

  predict(estimator: Estimator, x: RowVector): Outcome {
    const read = () => this.readers.predict(estimator)(estimator, this, x);
    return this.expecting(NOTHING, () => this.within(estimator, read));
  }

  /** Passes a row through consecutive steps; `last` takes their result. */
  through(steps: readonly Estimator[], x: RowVector, last?: Estimator): RowVector {
    const all = last === undefined ? steps : [...steps, last];
    return steps.reduce((row, step, i) => {
      const expected = i + 1 < all.length ? () => takenFrom(all, i + 1, this.readers.features) : this.expected;
      return this.expecting(expected, () => this.transform(step, row));
    }, x);
  }

  /** Reads a step whose result must meet an expectation. */
  expecting<T>(expected: () => Expected | undefined, read: () => T): T {
    this.#expected.push(expected);
    try {
      return read();
    } finally {
      this.#expected.pop();
    }
  }

  /** What the next step expects of the current step's result; undefined if that is unknown. */
  get expected(): () => Expected | undefined {
    return this.#expected.at(-1) ?? NOTHING;
  }

  /** The result of a user-defined step for a row. */
  own(x: RowVector, step: Omit<OwnStep, 'takes' | 'gives'>): RowVector {
    const { name, width, givesNames } = step;
    const count = this.#steps.filter(({ step }) => step.name === name).length;
    const gives = count === 0 ? name : `${name} (${count + 1})`;
    this.budget.node(this.nodes.length + this.#steps.length + 1, step.place);
    this.budget.build(POSITION_BYTES * ((width ?? 0) + x.width), step.place);
    this.requireNumbers(x.operand);
    this.#steps.push({ step: { ...step, gives }, x });
    return { ...this.source({ name: gives, width, names: givesNames }), holdsNoZeros: false };
  }

  /** The user-defined steps, and what each takes: known once everything is read. */
  get steps(): readonly OwnStep[] {
    return this.#steps.map(({ step, x }) => ({
      ...step,
      takes: x.isOpen ? x.operand : this.sources.taken(x, this.cells),
    }));
  }

  /** How many iterations of a boosted estimator are requested, if it is the one that the option refers to. */
  askedOf(estimator: Estimator): number | undefined {
    return estimator.object === this.asked?.of ? this.asked.numIteration : undefined;
  }

  /** Records that the current estimator is boosted: its objective, and how many of its iterations are used. */
  boosted(objective: string, iterations: number, of: number): void {
    const place = this.#path.at(-1)?.place ?? '';
    this.#boosting.set(place, { place, objective: objective.slice(0, MOST_LETTERS), iterations, of });
  }

  get boosting(): readonly Boosting[] {
    return [...this.#boosting.values()];
  }

  /** Reads an inner estimator; refuses too deep nesting, and too many estimators in total. */
  within<T>(estimator: Estimator, read: () => T): T {
    const { depth } = this.budget.limits;
    if (this.#path.length >= depth)
      throw estimator.error('LIMIT', `estimators are nested deeper than \`limits.depth\` (${depth})`);
    // An estimator may occur in many places of a small file, and is read again in each.
    this.budget.again(estimator.object, VISIT_STEPS, estimator.title);
    this.#path.push(estimator);
    try {
      return read();
    } finally {
      this.#path.pop();
    }
  }
}

const NOTHING = () => undefined;
