/**
 * Linear models by stochastic gradient descent: SGDClassifier and SGDRegressor, SGDOneClassSVM, Perceptron and the
 * passive-aggressive ones, bit for bit as in scikit-learn 1.9. native/learn/sgd.h has the arithmetic; this file has
 * everything around it: classes and their weights, seeds, and the mapping of arrays to attributes.
 */
import type { FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import { type PickleArray, PickleDict } from '../../formats/containers/pickle/values.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { plainScalar } from '../../formats/sklearn/values.ts';
import { both, type Label, labelsOf } from '../../labels.ts';
import { describe } from '../../messages.ts';
import type { RaggedParts } from '../../ragged.ts';
import type { LearningOptions } from '../origin.ts';
import { MOST_SEED } from '../random.ts';
import { Stepper } from '../stepper.ts';
import { ClassTargets, readValues } from '../targets.ts';
import { arrayOf, setAttribute } from '../tree.ts';
import { Generator, shuffleSeedOf } from './generator.ts';
import type { Batch, Incremental, Said, TargetKind } from './incremental.ts';
import { classArray } from './labels.ts';

// native/learn/sgd.h holds the same lists.
const LOSSES = [
  'hinge',
  'perceptron',
  'squared_hinge',
  'modified_huber',
  'log_loss',
  'squared_error',
  'huber',
  'epsilon_insensitive',
  'squared_epsilon_insensitive',
];
const PENALTIES = [null, 'l1', 'l2', 'elasticnet'];
const RATES = ['constant', 'optimal', 'invscaling', 'pa1', 'pa2'];
const TASKS = ['classifier', 'regressor', 'one-class'] as const;
type Task = (typeof TASKS)[number];

// The state begins with these doubles; then, for each output, its intercept and its average; then the weights of all
// outputs, and their averages.
const T = 0;
const ALIAS = 1;
const INTERCEPTS = 2;
/** Which array is intercept_ for several classes, if a model averages. */
const ALIASES = { own: 0, average: 1, standard: 2 } as const;

const WEIGHTED = 1;

/**
 * The loss and learning rate for each loss of PassiveAggressive*. Its file contains another rate, which is never used.
 */
const PASSIVE_AGGRESSIVE: Readonly<Record<string, readonly [loss: string, rate: string]>> = {
  hinge: ['hinge', 'pa1'],
  squared_hinge: ['hinge', 'pa2'],
  epsilon_insensitive: ['epsilon_insensitive', 'pa1'],
  squared_epsilon_insensitive: ['epsilon_insensitive', 'pa2'],
};

interface Settings {
  readonly task: Task;
  readonly loss: string;
  readonly penalty: string | null;
  readonly rate: string;
  readonly fitsIntercept: boolean;
  readonly shuffles: boolean;
  readonly alpha: number;
  readonly l1Ratio: number;
  readonly eta0: number;
  readonly powerT: number;
  readonly epsilon: number;
  /** The row from which weights are averaged; 0 for never. */
  readonly average: number;
}

export class Sgd implements Incremental {
  readonly name: string;
  readonly targets: TargetKind;
  classes: readonly Label[] | undefined;
  width: number | undefined;
  Floats: Incremental['Floats'] = Float64Array;

  readonly #estimator: Estimator;
  readonly #settings: Settings;
  readonly #generator: Generator;
  #memory: Memory | undefined;
  #classTargets: ClassTargets | undefined;
  /** Whether rows are pairs. */
  #isSparse = false;
  /** Whether class weights are computed from each batch. */
  readonly #isBalanced: boolean;

  constructor(estimator: Estimator, options: LearningOptions) {
    this.#estimator = estimator;
    this.name = estimator.className;
    this.#settings = settingsOf(estimator);
    this.#generator = new Generator(estimator, options.seed);
    const { task } = this.#settings;
    this.targets = task === 'classifier' ? 'classes' : task === 'regressor' ? 'values' : 'none';
    this.#isBalanced = estimator.value('class_weight') === 'balanced';
    if (estimator.has('coef_')) this.#open();
  }

  begin(width: number, classes: readonly Label[] | undefined, Floats: Incremental['Floats']): void {
    if (this.#isBalanced) {
      const message =
        "is 'balanced', which only works for a model that was already fitted; pass class weights, such as { 0: 1, 1: 9 }";
      throw this.#estimator.error('OPTION', message, 'class_weight');
    }
    if (this.#settings.task === 'classifier') this.#setClasses(classes ?? []);
    this.#allocate(width, Floats);
    const { state, intercepts } = this.#memory as Memory;
    state[T] = 1;
    // The offset of a new model is 0.
    if (this.#settings.task === 'one-class' && this.#settings.average > 0) intercepts.fill(1);
    state[ALIAS] = ALIASES.standard;
    const { object } = this.#estimator;
    if (this.classes !== undefined) setAttribute(object, 'classes_', classArray(this.classes));
    setAttribute(object, 'n_features_in_', width);
  }

  /** Switches to rows of pairs of a column and a number, for a model that was fitted on sparse rows. */
  takePairs(): void {
    if (this.Floats === Float32Array) {
      throw this.#estimator.error('UNSUPPORTED_OP', 'learns from sparse rows in float32, which is not supported');
    }
    this.#isSparse = true;
    this.#open();
  }

  partialFit({ x, rows, pairs, targets, weights }: Batch): void {
    const memory = this.#memory as Memory;
    const { stepper } = memory;
    const { task } = this.#settings;
    stepper.room(rows, pairs?.ids.length);
    if (task === 'classifier') {
      (this.#classTargets as ClassTargets).read(targets, rows, stepper.targets);
      if (this.#isBalanced) this.#balance(memory, rows);
    } else if (task === 'regressor') readValues(targets, rows, stepper.targets);
    if (weights !== undefined) {
      if (isPassiveAggressive(this.name)) {
        throw new ForwardpassError('OPTION', `${this.name} does not take weights of rows`, 'sampleWeight');
      }
      stepper.weights.set(weights);
    }
    if (pairs === undefined) stepper.x.set(x);
    else setPairs(stepper, pairs);
    this.#generator.mark();
    if (this.#generator.isDue) this.#drawSeeds(memory, rows);
    try {
      stepper.step(rows, weights === undefined ? 0 : WEIGHTED);
    } catch (error) {
      this.#generator.restore();
      throw error;
    }
  }

  undo(): void {
    this.#memory?.stepper.undo();
    this.#generator.restore();
  }

  keep(): unknown {
    return { state: this.#memory?.state.slice(), generator: this.#generator.keep() };
  }

  restore(kept: unknown): void {
    const { state, generator } = kept as { state: Float64Array | undefined; generator: unknown };
    if (state !== undefined) this.#memory?.state.set(state);
    this.#generator.take(generator);
  }

  say(x: FloatArray, rows: number): Said {
    const values = this.#scores(this.#memory as Memory, x, rows);
    const { loss, task } = this.#settings;
    const classes = this.classes as readonly Label[];
    if (task !== 'classifier') return { values };
    const labels = labelsOf(values, classes, {
      rule: classes.length === 2 ? 'above' : 'arg_max',
      probabilities: false,
    });
    const probability = PROBABILITIES[loss];
    return probability === undefined || !this.name.startsWith('SGD')
      ? { labels }
      : { labels, probabilities: normalised(values.map(probability), classes.length) };
  }

  /** The scores, [rows, outputs]. */
  #scores(memory: Memory, x: FloatArray, rows: number): Float64Array {
    const width = this.width as number;
    const outputs = this.#outputs;
    const isAverage = this.#settings.average > 0 && this.#settings.average <= memory.state[T] - 1;
    const weights = isAverage ? memory.averages : memory.weights;
    const intercepts = isAverage ? memory.averageIntercepts : memory.intercepts;
    const scores = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < outputs; k++) {
        let sum = intercepts[k];
        for (let j = 0; j < width; j++) sum += weights[k * width + j] * x[row * width + j];
        scores[row * outputs + k] = sum;
      }
    }
    return scores;
  }

  state(): Record<string, unknown> {
    if (this.#memory === undefined) return {};
    const arrays = this.#attributes(this.#memory);
    return {
      ...Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data])),
      t_: this.#memory.state[T],
      n_iter_: 1,
    };
  }

  store(): void {
    if (this.#memory === undefined) return;
    const { object } = this.#estimator;
    for (const [name, array] of Object.entries(this.#attributes(this.#memory))) setAttribute(object, name, array);
    setAttribute(object, 't_', this.#memory.state[T]);
    setAttribute(object, 'n_iter_', 1);
    this.#generator.store();
    // The generator from the option `seed` becomes the estimator's own, so that a checkpoint continues with it.
    const random = this.#generator.object();
    if (random !== undefined) setAttribute(object, 'random_state', random);
  }

  // The estimator's attributes

  #open(): void {
    const estimator = this.#estimator;
    const { task, average } = this.#settings;
    if (task === 'classifier') this.#setClasses(estimator.labels('classes_'));
    const coefficients = estimator.numbers(average > 0 ? '_standard_coef' : 'coef_');
    const outputs = this.#outputs;
    const width = coefficients.data.length / outputs;
    const { shape } = coefficients;
    if (shape[shape.length - 1] !== width || shape.length > 2 || width === 0) {
      throw estimator.error(
        'SHAPE',
        `expected a row for each of ${outputs} outputs, found [${shape.join(', ')}]`,
        'coef_',
      );
    }
    this.#allocate(width, coefficients.data instanceof Float32Array ? Float32Array : Float64Array);
    const memory = this.#memory as Memory;
    const { state } = memory;
    state[T] = estimator.number('t_');
    if (!(state[T] >= 1)) throw estimator.error('MALFORMED', `expected 1 or more, found ${state[T]}`, 't_');
    memory.weights.set(coefficients.data);
    const intercept = average > 0 ? '_standard_intercept' : task === 'one-class' ? 'offset_' : 'intercept_';
    memory.intercepts.set(estimator.vector(intercept, outputs));
    if (average === 0) return;
    const averages = estimator.numbers('_average_coef');
    if (averages.data.length !== memory.weights.length) {
      throw estimator.error(
        'SHAPE',
        `expected as many as in _standard_coef, found ${averages.data.length}`,
        '_average_coef',
      );
    }
    memory.averages.set(averages.data);
    memory.averageIntercepts.set(estimator.vector('_average_intercept', outputs));
    // Several attributes may share one array; joblib separates them, pickle does not.
    const [own, ofAverage, standard] = ['intercept_', '_average_intercept', '_standard_intercept'].map((name) =>
      estimator.value(name),
    );
    state[ALIAS] = own === ofAverage ? ALIASES.average : own === standard ? ALIASES.standard : ALIASES.own;
  }

  #attributes(memory: Memory): Record<string, PickleArray> {
    const { task, average } = this.#settings;
    const { state, weights, averages, intercepts, averageIntercepts } = memory;
    const outputs = this.#outputs;
    const width = this.width as number;
    const isFlat = task !== 'classifier';
    const matrix = (data: Float64Array | Float32Array) => arrayOf(isFlat ? [width] : [outputs, width], data.slice());
    const flat = (data: Float64Array | Float32Array) => arrayOf([width], data.slice());
    // For several classes, the arrays keep the type of the model; arrays that are recreated at each call are of
    // doubles.
    const vector = (data: Float64Array) => {
      return arrayOf([outputs], outputs > 1 && this.Floats === Float32Array ? Float32Array.from(data) : data.slice());
    };
    const offset = (data: Float64Array) =>
      arrayOf(
        [1],
        data.map((value) => 1 - value),
      );
    if (average === 0) {
      return {
        coef_: matrix(weights),
        ...(task === 'one-class' ? { offset_: vector(intercepts) } : { intercept_: vector(intercepts) }),
      };
    }
    const isAverage = average <= state[T] - 1;
    const standard = { coef: outputs > 1 ? matrix(weights) : flat(weights), intercept: vector(intercepts) };
    const averaged = { coef: outputs > 1 ? matrix(averages) : flat(averages), intercept: vector(averageIntercepts) };
    const used = isAverage ? averaged : standard;
    return {
      coef_: outputs > 1 || isFlat ? used.coef : matrix(isAverage ? averages : weights),
      ...(task === 'one-class'
        ? { offset_: offset(isAverage ? averageIntercepts : intercepts) }
        : { intercept_: used.intercept }),
      _standard_coef: standard.coef,
      _standard_intercept: standard.intercept,
      _average_coef: averaged.coef,
      _average_intercept: averaged.intercept,
    };
  }

  #setClasses(classes: readonly Label[]): void {
    this.classes = Object.freeze([...classes]);
    this.#classTargets = new ClassTargets(classes);
    if (classes.length < 2) {
      const message = `expected at least two classes, found ${classes.length}; a model cannot learn new ones later`;
      throw new ForwardpassError('OPTION', message, 'classes');
    }
  }

  get #outputs(): number {
    const { length } = this.classes ?? [];
    return length > 2 ? length : 1;
  }

  #allocate(width: number, Floats: Incremental['Floats']): void {
    this.width = width;
    this.Floats = Floats;
    this.#memory = new Memory(this.#settings, width, this.#outputs, Floats, this.#generator.draws, this.#isSparse);
    const classWeights = classWeightsOf(this.#estimator, this.classes ?? []);
    this.#setClassWeights(this.#memory, classWeights);
  }

  // Batches

  /** For two classes, the weights of both; for several, the weight of each class, where the rest has weight 1. */
  #setClassWeights({ classWeights }: Memory, weights: readonly number[]): void {
    if (this.#outputs === 1) classWeights.set(weights.length === 2 ? [weights[1], weights[0]] : [1, 1]);
    else for (const [k, weight] of weights.entries()) classWeights.set([weight, 1], 2 * k);
  }

  #balance(memory: Memory, rows: number): void {
    const classes = this.classes as readonly Label[];
    const counts = new Float64Array(classes.length);
    for (let row = 0; row < rows; row++) counts[memory.stepper.targets[row]]++;
    const absent = counts.indexOf(0);
    if (absent >= 0) {
      const message = `the weights are 'balanced', so each batch must contain every class; expected a row of ${describe(classes[absent])}`;
      throw new ForwardpassError('INPUT', message, 'targets');
    }
    this.#setClassWeights(
      memory,
      Array.from(counts, (count) => rows / (classes.length * count)),
    );
  }

  #drawSeeds({ seeds }: Memory, rows: number): void {
    const isNew = this.#generator.draw((random) => {
      const { task } = this.#settings;
      if (this.#outputs > 1) {
        for (let k = 0; k < seeds.length; k++) seeds[k] = random.integer(0, MOST_SEED);
      } else if (task === 'classifier') {
        random.integer(1, MOST_SEED);
        seeds[0] = random.integer(0, MOST_SEED);
      } else {
        seeds[0] = random.integer(0, MOST_SEED);
        // Draws the seed of the rows, which is unused; that of a one-class machine is drawn elsewhere.
        if (task === 'regressor') random.integer(1, MOST_SEED);
      }
    });
    // A single row needs no order.
    const isUsed = rows > 1 || !this.#generator.advances;
    if (isNew && isUsed && this.#outputs > 1) seeds.set(seeds.map(shuffleSeedOf));
  }
}

/** Sets the pairs of rows, whose offsets start at 0. */
function setPairs({ x, ids, offsets }: Stepper, pairs: RaggedParts): void {
  ids.set(pairs.ids as Int32Array);
  offsets.set(pairs.offsets);
  if (pairs.weights === undefined) x.fill(1, 0, pairs.ids.length);
  else x.set(pairs.weights);
}

/** The function from scores to probabilities, for losses that have one. */
const PROBABILITIES: Readonly<Record<string, (score: number) => number>> = {
  log_loss: (score) => 1 / (1 + Math.exp(-score)),
  modified_huber: (score) => (Math.min(1, Math.max(-1, score)) + 1) / 2,
};

/** The probabilities of all classes, from that of the second of two, or from those of each class against the rest. */
function normalised(each: Float64Array, classes: number): FloatArray {
  if (classes === 2) return both(each);
  for (let first = 0; first < each.length; first += classes) {
    const row = each.subarray(first, first + classes);
    const sum = row.reduce((all, value) => all + value, 0);
    for (let k = 0; k < classes; k++) row[k] = sum === 0 ? 1 / classes : row[k] / sum;
  }
  return each;
}

/** The layout of a learner's memory. */
class Memory {
  readonly stepper: Stepper;
  readonly state: Float64Array;
  readonly intercepts: Float64Array;
  readonly averageIntercepts: Float64Array;
  readonly weights: Float64Array | Float32Array;
  readonly averages: Float64Array | Float32Array;
  /** For each output, the weight of its class and of the rest. */
  readonly classWeights: Float64Array;
  readonly seeds: Int32Array;

  constructor(
    settings: Settings,
    width: number,
    outputs: number,
    Floats: Incremental['Floats'],
    draws: boolean,
    isSparse: boolean,
  ) {
    const { task, loss, penalty, rate, fitsIntercept, shuffles, average } = settings;
    const count = width * outputs;
    const doubles = Math.ceil((count * Floats.BYTES_PER_ELEMENT) / 8);
    const first = INTERCEPTS + 2 * outputs;
    this.classWeights = new Float64Array(2 * outputs).fill(1);
    this.seeds = new Int32Array(outputs);
    const flags = [fitsIntercept, shuffles && draws, isSparse].map(Number);
    this.stepper = new Stepper({
      kind: 'sgd',
      integers: [
        ...[width, outputs, Number(Floats === Float32Array), TASKS.indexOf(task)],
        ...[LOSSES.indexOf(loss), PENALTIES.indexOf(penalty), RATES.indexOf(rate), ...flags],
      ],
      numbers: [settings.alpha, settings.l1Ratio, settings.eta0, settings.powerT, settings.epsilon, average],
      stateLength: first + (average > 0 ? 2 : 1) * doubles,
      Floats,
      width,
      weighted: true,
      buffers: [this.classWeights, this.seeds],
      isSparse,
    });
    const { state } = this.stepper;
    this.state = state;
    this.intercepts = state.subarray(INTERCEPTS, INTERCEPTS + outputs);
    this.averageIntercepts = state.subarray(INTERCEPTS + outputs, first);
    const place = (at: number, length: number) => new Floats(state.buffer as ArrayBuffer, 8 * at, length);
    this.weights = place(first, count);
    this.averages = place(first + (average > 0 ? doubles : 0), average > 0 ? count : 0);
  }
}

function isPassiveAggressive(name: string): boolean {
  return name.startsWith('PassiveAggressive');
}

function settingsOf(estimator: Estimator): Settings {
  const { className } = estimator;
  const task = className.endsWith('Regressor')
    ? 'regressor'
    : className === 'SGDOneClassSVM'
      ? 'one-class'
      : 'classifier';
  if (estimator.boolean('early_stopping', false)) {
    const message = 'is True, with which partial_fit would hold out rows of each batch; set it to False before saving';
    throw estimator.error('UNSUPPORTED_OP', message, 'early_stopping');
  }
  const said = {
    loss: estimator.text('loss', 'hinge'),
    rate: estimator.text('learning_rate', 'constant'),
    penalty: estimator.has('penalty') ? estimator.text('penalty') : null,
    alpha: task === 'one-class' ? estimator.number('nu') : estimator.number('alpha', 0.0001),
  };
  const settings = {
    task,
    ...said,
    ...(isPassiveAggressive(className) && passiveAggressive(estimator, said.loss)),
    fitsIntercept: estimator.boolean('fit_intercept', true),
    shuffles: estimator.boolean('shuffle', true),
    l1Ratio: estimator.has('l1_ratio') ? estimator.number('l1_ratio') : 0,
    eta0: estimator.number('eta0', 0.01),
    powerT: estimator.number('power_t', 0.5),
    epsilon: estimator.number('epsilon', 0.1),
    average: Number(estimator.has('average') ? estimator.number('average') : 0),
  } as const;
  return checked(estimator, settings);
}

function passiveAggressive(estimator: Estimator, named: string): Pick<Settings, 'loss' | 'rate' | 'penalty' | 'alpha'> {
  const found = PASSIVE_AGGRESSIVE[named];
  if (found === undefined) throw estimator.error('UNSUPPORTED_OP', `unknown loss '${named}'`, 'loss');
  return { loss: found[0], rate: found[1], penalty: null, alpha: 1 };
}

/** `adaptive` never adapts between calls; `log` is the name before 1.1. */
const RENAMED: Readonly<Record<string, string>> = {
  adaptive: 'constant',
  log: 'log_loss',
  squared_loss: 'squared_error',
};

function checked(estimator: Estimator, given: Settings): Settings {
  const rename = (name: string) => (Object.hasOwn(RENAMED, name) ? RENAMED[name] : name);
  const penalty = given.penalty === 'none' ? null : given.penalty;
  const settings = { ...given, loss: rename(given.loss), rate: rename(given.rate), penalty };
  const { task, loss, rate } = settings;
  const named = { loss, learning_rate: rate, penalty: settings.penalty };
  const known = { loss: LOSSES, learning_rate: RATES, penalty: PENALTIES };
  for (const [name, value] of Object.entries(named)) {
    if ((known[name as keyof typeof known] as readonly unknown[]).includes(value)) continue;
    throw estimator.error('UNSUPPORTED_OP', `'${value}' is not known`, name);
  }
  const needed = task === 'regressor' ? 'epsilon_insensitive' : 'hinge';
  if (rate.startsWith('pa') && loss !== needed) {
    throw estimator.error('UNSUPPORTED_OP', `'${rate}' only works with the loss '${needed}'`, 'learning_rate');
  }
  if (rate === 'optimal' && !(settings.alpha > 0)) {
    throw estimator.error('UNSUPPORTED_OP', "must be above 0, because the learning rate is 'optimal'", 'alpha');
  }
  for (const [name, value] of Object.entries({
    alpha: settings.alpha,
    eta0: settings.eta0,
    power_t: settings.powerT,
  })) {
    if (!Number.isFinite(value)) throw estimator.error('MALFORMED', `expected a finite number, found ${value}`, name);
  }
  return settings;
}

/** The weight of each class; 1 if unspecified. 'balanced' is computed from each batch. */
function classWeightsOf(estimator: Estimator, classes: readonly Label[]): number[] {
  const said = estimator.value('class_weight');
  if (!(said instanceof PickleDict)) return classes.map(() => 1);
  const weights = new Map<unknown, unknown>();
  for (const [key, value] of said.entries) {
    const plain = plainScalar(key);
    weights.set(typeof plain === 'boolean' ? Number(plain) : plain, plainScalar(value));
  }
  return classes.map((label) => {
    const weight = weights.get(label) ?? 1;
    if (typeof weight === 'number' && Number.isFinite(weight)) return weight;
    throw estimator.error('MALFORMED', `expected a finite number for ${describe(label)}`, 'class_weight');
  });
}
