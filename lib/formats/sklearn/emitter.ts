/**
 * The graph under construction, and the way from an estimator to those inside it. Readers of estimators are functions
 * of (estimator, emitter, row): `transform` gives the row that the next step takes, `predict` an {@link Outcome}.
 * They call `emitter.transform` and `emitter.predict` for the estimators that they hold, never each other.
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

/** How the class of an estimator is read: see table.ts. Throws for one that is not. */
export interface Readers {
  transform(estimator: Estimator): Transform;
  predict(estimator: Estimator): Predict;
  /** What an estimator takes, where its class says so in its own way. */
  features(estimator: Estimator): Features | undefined;
}

/** How many iterations of one estimator are asked for: the option `numIteration`. */
export interface AskedIterations {
  readonly of: PickleObject;
  readonly numIteration: number;
}

/** What it takes to read an estimator once more, beside its lists and arrays. */
const VISIT_STEPS = 64;
/** Of the name of an objective, which is a word. */
const MOST_LETTERS = 40;

export class Emitter extends RowEmitter {
  /** From the outermost estimator to the one at work. */
  readonly #path: Estimator[] = [];
  /** The boosted models so far, by their place. */
  readonly #boosting = new Map<string, Boosting>();
  readonly #steps: { readonly step: Omit<OwnStep, 'takes'>; readonly x: RowVector }[] = [];
  /** What takes that which the step at work gives. */
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

  /** A row through steps one after another; `last` takes what they give. */
  through(steps: readonly Estimator[], x: RowVector, last?: Estimator): RowVector {
    const all = last === undefined ? steps : [...steps, last];
    return steps.reduce((row, step, i) => {
      const expected = i + 1 < all.length ? () => takenFrom(all, i + 1, this.readers.features) : this.expected;
      return this.expecting(expected, () => this.transform(step, row));
    }, x);
  }

  /** Reads a step, for whose result something is expected. */
  expecting<T>(expected: () => Expected | undefined, read: () => T): T {
    this.#expected.push(expected);
    try {
      return read();
    } finally {
      this.#expected.pop();
    }
  }

  /** What takes that which the step at work gives; undefined where nothing says it. */
  get expected(): () => Expected | undefined {
    return this.#expected.at(-1) ?? NOTHING;
  }

  /** What a step of the author's own gives for a row. */
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

  /** The steps of the author's own, and what each takes: known once all is read. */
  get steps(): readonly OwnStep[] {
    return this.#steps.map(({ step, x }) => ({
      ...step,
      takes: x.isOpen ? x.operand : this.sources.taken(x, this.cells),
    }));
  }

  /** How many iterations of a boosted estimator are asked for, if it is the one that is meant. */
  askedOf(estimator: Estimator): number | undefined {
    return estimator.object === this.asked?.of ? this.asked.numIteration : undefined;
  }

  /** The estimator at work is boosted: for what, and how many of its iterations are used. */
  boosted(objective: string, iterations: number, of: number): void {
    const place = this.#path.at(-1)?.place ?? '';
    this.#boosting.set(place, { place, objective: objective.slice(0, MOST_LETTERS), iterations, of });
  }

  get boosting(): readonly Boosting[] {
    return [...this.#boosting.values()];
  }

  /** Reads an estimator inside the one at work: nested too deep, or too many in all, they are refused. */
  within<T>(estimator: Estimator, read: () => T): T {
    const { depth } = this.budget.limits;
    if (this.#path.length >= depth)
      throw estimator.error('LIMIT', `estimators nest deeper than \`limits.depth\` (${depth})`);
    // An estimator may be in many places of a small file, and is read anew in each.
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
