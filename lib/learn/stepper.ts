/** The memory of one native learner, which never leaves its owner, and its step. */
import type { FloatArray } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { createStep, type LearnerBuffer, STATUS, WORD, WORDS } from './addon.ts';

/** The parts of a learner of native/learn/. */
export interface StepperParts {
  /** The kind of learner, from native/learn/kinds.inc. */
  readonly kind: string;
  readonly integers: readonly number[];
  readonly numbers: readonly number[];
  /** The number of doubles in its state, which is everything that a step changes. */
  readonly stateLength: number;
  readonly Floats: Float64ArrayConstructor | Float32ArrayConstructor;
  /** The number of elements of a row of x. */
  readonly width: number;
  /** The number of numbers in a row's target; 0 for none. Default: 1. */
  readonly targetWidth?: number;
  /** Whether rows may have weights. */
  readonly weighted?: boolean;
  /** The buffers after x, targets and weights. */
  readonly buffers?: readonly LearnerBuffer[];
  /**
   * Whether rows are pairs of an id and a value: x contains the values, and {@link Stepper.ids} and offsets follow the
   * buffers.
   */
  readonly isSparse?: boolean;
}

const FIRST_ROWS = 1;
const FIRST_PAIRS = 64;

export class Stepper {
  /** Everything that a step changes; unchanged if the step fails. */
  readonly state: Float64Array;
  /** The rows of the next step. Replaced when more room is needed: see {@link room}. */
  x: FloatArray;
  targets: Float64Array;
  weights: Float64Array;
  /** The ids of sparse rows. */
  ids = new Int32Array(0);
  offsets = new Int32Array(0);
  readonly #parts: StepperParts;
  readonly #words = new Int32Array(WORDS);
  readonly #before: Float64Array;
  #rows = FIRST_ROWS;
  #step: () => void;

  constructor(parts: StepperParts) {
    this.#parts = parts;
    this.state = allocated(() => new Float64Array(parts.stateLength));
    this.#before = allocated(() => new Float64Array(parts.stateLength));
    [this.x, this.targets, this.weights] = this.#allocate(FIRST_ROWS, FIRST_PAIRS);
    this.#step = this.#make();
  }

  /**
   * Makes room for `rows` rows in {@link x}, {@link targets} and {@link weights}, whose contents are lost; for sparse
   * rows, also for `pairs` pairs.
   */
  room(rows: number, pairs = 0): void {
    if (rows <= this.#rows && pairs <= this.ids.length) return;
    this.#rows = Math.max(rows, this.#rows);
    [this.x, this.targets, this.weights] = this.#allocate(this.#rows, Math.max(pairs, this.ids.length));
    this.#step = this.#make();
  }

  /**
   * Learns from the first rows of the buffers.
   *
   * @throws {ForwardpassError} INPUT for numbers that are not finite, DIVERGED if a parameter would become infinite or
   * NaN; the state is then unchanged.
   */
  step(rows: number, flags: number): void {
    const words = this.#words;
    words[WORD.rows] = rows;
    words[WORD.flags] = flags;
    this.#step();
    if (words[WORD.status] !== STATUS.learnt) throw this.#failure();
  }

  /** Restores the state before the last successful step. At most once for each step. */
  undo(): void {
    this.state.set(this.#before);
  }

  #allocate(rows: number, pairs: number): [FloatArray, Float64Array, Float64Array] {
    const { Floats, width, targetWidth = 1, weighted = false, isSparse = false } = this.#parts;
    if (isSparse) {
      [this.ids, this.offsets] = allocated(() => [new Int32Array(pairs), new Int32Array(rows + 1)]);
    }
    return allocated(() => [
      new Floats(isSparse ? pairs : rows * width),
      new Float64Array(rows * targetWidth),
      new Float64Array(weighted ? rows : 0),
    ]);
  }

  #make(): () => void {
    const { kind, integers, numbers, buffers = [], isSparse = false } = this.#parts;
    const sparse = isSparse ? [this.ids, this.offsets] : [];
    const all = [this.x, this.targets, this.weights, ...buffers, ...sparse];
    return createStep(kind, integers, numbers, this.#words, this.state, this.#before, all);
  }

  #failure(): ForwardpassError {
    const { [WORD.status]: status, [WORD.row]: row, [WORD.column]: column } = this.#words;
    switch (status) {
      case STATUS.inputNotFinite: {
        if (this.#parts.isSparse)
          return new ForwardpassError('INPUT', 'expected finite numbers, found infinity or NaN', 'rows');
        const found = this.x[row * this.#parts.width + column];
        return new ForwardpassError('INPUT', `expected a finite number, found ${found}`, `rows[${row}][${column}]`);
      }
      case STATUS.targetNotFinite:
        return new ForwardpassError('INPUT', 'expected a finite number', `targets[${row}]`);
      case STATUS.notFinite:
        return diverged();
      default:
        return new ForwardpassError('PLAN', `a step ended with ${status}`, 'partialFit');
    }
  }
}

const DIVERGED =
  'a parameter would no longer be finite, so nothing was learnt from these rows; scale the features, or use a lower learning rate';

/** The error of a fit whose new state is discarded. */
export function diverged(): ForwardpassError {
  return new ForwardpassError('DIVERGED', DIVERGED, 'partialFit');
}

/** Allocates by `make`. @throws {ForwardpassError} MEMORY. */
export function allocated<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new ForwardpassError('MEMORY', 'not enough memory for the state of the learner or its rows', 'learner', {
      cause,
    });
  }
}
