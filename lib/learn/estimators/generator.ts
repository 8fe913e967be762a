/** The parameter `random_state`, from which an estimator draws: an integer, its own RandomState, or None. */
import { PickleArray, PickleDict, PickleGlobal, PickleObject } from '../../formats/containers/pickle/values.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { plainScalar } from '../../formats/sklearn/values.ts';
import { MOST_SEED, RandomState } from '../random.ts';
import { setItem } from '../tree.ts';

const KEY_WORDS = 624;

export class Generator {
  /** For an integer: the seed from which every call starts again. */
  readonly #seed: number | undefined;
  /** For a RandomState, or the option `seed`: the generator, which continues from call to call. */
  readonly #random: RandomState | undefined;
  /** The file's RandomState. */
  readonly #object: PickleObject | undefined;
  /** The dict that holds its state. */
  readonly #stored: PickleDict | undefined;
  /** Whether the draws for an integer were made already; they are the same for each call. */
  #isDrawn = false;

  constructor(estimator: Estimator, seed: number | undefined, { attribute = 'random_state', goesOn = false } = {}) {
    const value = plainScalar(estimator.value(attribute));
    if (typeof value === 'number') {
      if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
        throw estimator.error('MALFORMED', `expected an integer from 0 to 2^32 - 1, found ${value}`, 'random_state');
      }
      if (goesOn) this.#random = RandomState.of(value);
      else this.#seed = value;
    } else if (value instanceof PickleObject) {
      this.#object = value;
      this.#stored = stateOf(value, estimator);
      this.#random = randomOf(this.#stored, estimator);
    } else if (value !== null) {
      throw estimator.error('MALFORMED', 'expected an integer, a RandomState or None', 'random_state');
    } else if (seed !== undefined) this.#random = RandomState.of(seed);
  }

  /** Whether it draws at all: with None and no seed, rows are learnt in order. */
  get draws(): boolean {
    return this.#seed !== undefined || this.#random !== undefined;
  }

  /** Whether a call changes its state. */
  get advances(): boolean {
    return this.#random !== undefined;
  }

  /** Whether {@link draw} would draw. */
  get isDue(): boolean {
    return !this.#isDrawn && this.draws;
  }

  /** Calls `draw` with the generator of a call, unless it would draw the same as before. */
  draw(draw: (random: RandomState) => void): boolean {
    if (this.#isDrawn) return false;
    if (this.#random !== undefined) draw(this.#random);
    else if (this.#seed !== undefined) {
      draw(RandomState.of(this.#seed));
      this.#isDrawn = true;
    } else return false;
    return true;
  }

  /** The generator of one call; undefined if there is none. */
  ofCall(): RandomState | undefined {
    return this.#seed === undefined ? this.#random : RandomState.of(this.#seed);
  }

  mark(): void {
    this.#random?.mark();
  }

  /** Goes back to the last mark. */
  restore(): void {
    this.#random?.restore();
  }

  keep(): unknown {
    return this.#random?.copy();
  }

  take(kept: unknown): void {
    if (kept instanceof RandomState) this.#random?.set(kept);
  }

  /** The RandomState in the tree, after {@link store}; undefined if the generator does not continue. */
  object(): PickleObject | undefined {
    if (this.#random === undefined) return undefined;
    return this.#object ?? pickled(this.#random);
  }

  /** Writes the state of a RandomState back to the tree. */
  store(): void {
    if (this.#random === undefined || this.#stored === undefined) return;
    const { key, position } = this.#random;
    setItem(this.#stored, 'key', new PickleArray([KEY_WORDS], 'u4', Float64Array.from(key)));
    setItem(this.#stored, 'pos', position);
  }
}

/** As Python pickles a RandomState. */
function pickled({ key, position }: RandomState): PickleObject {
  const object = new PickleObject(new PickleGlobal('numpy.random._pickle', '__randomstate_ctor'), ['MT19937']);
  const inner = new PickleDict();
  setItem(inner, 'key', new PickleArray([KEY_WORDS], 'u4', Float64Array.from(key)));
  setItem(inner, 'pos', position);
  const state = new PickleDict();
  object.state = state;
  setItem(state, 'bit_generator', 'MT19937');
  setItem(state, 'state', inner);
  setItem(state, 'has_gauss', 0);
  setItem(state, 'gauss', 0);
  return object;
}

/** The seed with which one of several classes shuffles, from the seed of that class. */
export function shuffleSeedOf(seed: number): number {
  const random = RandomState.of(seed);
  random.integer(1, MOST_SEED);
  return random.integer(0, MOST_SEED);
}

function stateOf(object: PickleObject, estimator: Estimator): PickleDict {
  const inner = object.attribute('state');
  const kind = object.attribute('bit_generator');
  if (inner instanceof PickleDict && kind === 'MT19937') return inner;
  const message = 'expected a RandomState of MT19937, the only generator that scikit-learn supports';
  throw estimator.error('UNSUPPORTED_OP', message, 'random_state');
}

function randomOf(state: PickleDict, estimator: Estimator): RandomState {
  const key = state.get('key');
  const position = plainScalar(state.get('pos') ?? null);
  const isPosition =
    typeof position === 'number' && Number.isInteger(position) && position >= 0 && position <= KEY_WORDS;
  if (key instanceof PickleArray && key.data.length === KEY_WORDS && isPosition) {
    return new RandomState(Uint32Array.from(key.data as Float64Array), position);
  }
  throw estimator.error('MALFORMED', 'expected 624 words and a position in them', 'random_state');
}
