/**
 * MLPClassifier and MLPRegressor with the solvers sgd and adam, as they continue in scikit-learn 1.9.
 * native/learn/mlp.h has the arithmetic; this file has everything around it: the order of rows, targets, and the
 * mapping of arrays to attributes.
 */
import type { FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import { PickleGlobal, PickleList, PickleObject, type PickleValue } from '../../formats/containers/pickle/values.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { itemsOf, noSuchOption } from '../../formats/sklearn/values.ts';
import type { Label } from '../../labels.ts';
import { describe } from '../../messages.ts';
import type { LearningOptions } from '../origin.ts';
import { RandomState } from '../random.ts';
import { allocated, Stepper } from '../stepper.ts';
import { ClassTargets, numericTarget } from '../targets.ts';
import { arrayOf, setAttribute } from '../tree.ts';
import { Generator } from './generator.ts';
import type { Batch, Incremental, TargetKind, Targets } from './incremental.ts';
import { classArray } from './labels.ts';
import { shares } from './likelihoods.ts';

// native/learn/mlp.h holds the same lists.
const ACTIVATIONS = ['identity', 'logistic', 'tanh', 'relu', 'softmax', 'exp'];
const HIDDEN = ACTIVATIONS.slice(0, 4);
const LOSSES = ['squared_error', 'log_loss', 'binary_log_loss', 'poisson'];
const SCHEDULES = ['constant', 'invscaling', 'adaptive'];
const STATE = { half: 0, updates: 1, rate: 2, loss: 3, rows: 4, bestLoss: 5, stalled: 6 } as const;
const STATES = 7;

const WEIGHTED = 1;
/** The rows of an update if `batch_size` is 'auto'. */
const AUTOMATIC_BATCH = 200;
const OPTIMIZERS = 'sklearn.neural_network._stochastic_optimizers';

export class Mlp implements Incremental {
  readonly name: string;
  readonly targets: TargetKind;
  classes: readonly Label[] | undefined;
  width: number | undefined;
  Floats: Incremental['Floats'] = Float64Array;

  readonly #estimator: Estimator;
  readonly #generator: Generator;
  readonly #isAdam: boolean;
  readonly #shuffles: boolean;
  readonly #seed: number | undefined;
  #classTargets: ClassTargets | undefined;
  #memory: Memory | undefined;
  /** For a new network: the generator of its weights, and then of the order of the first rows. */
  #first: RandomState | undefined;

  constructor(estimator: Estimator, { seed }: LearningOptions) {
    this.#estimator = estimator;
    this.#seed = seed;
    this.name = estimator.className;
    this.targets = this.name === 'MLPClassifier' ? 'classes' : 'values';
    const solver = estimator.text('solver', 'adam');
    if (solver !== 'adam' && solver !== 'sgd') {
      throw estimator.error(
        'UNSUPPORTED_OP',
        `'${solver}' learns from all rows at once; only 'adam' and 'sgd' can continue learning`,
        'solver',
      );
    }
    if (estimator.boolean('early_stopping', false)) {
      const message = 'is True, which partial_fit does not support; set it to False before saving';
      throw estimator.error('UNSUPPORTED_OP', message, 'early_stopping');
    }
    this.#isAdam = solver === 'adam';
    this.#shuffles = estimator.boolean('shuffle', true);
    this.#generator = new Generator(estimator, seed);
    if (estimator.has('coefs_')) this.#open();
  }

  // A new network

  begin(width: number, classes: readonly Label[] | undefined, Floats: Incremental['Floats']): void {
    const { object } = this.#estimator;
    this.width = width;
    this.Floats = Floats;
    if (classes !== undefined) this.#setClasses(classes);
    setAttribute(object, 'n_features_in_', width);
  }

  #initialize(outputs: number): Memory {
    const estimator = this.#estimator;
    const hidden = hiddenSizes(estimator);
    const memory = this.#allocate([this.width as number, ...hidden, outputs], this.#outputActivation(outputs));
    const random = this.#generator.ofCall() ?? RandomState.of(this.#seed ?? 0);
    this.#first = random;
    const factor = estimator.text('activation', 'relu') === 'logistic' ? 2 : 6;
    for (const [layer, weights] of memory.weights.entries()) {
      const bound = Math.sqrt(factor / (memory.sizes[layer] + memory.sizes[layer + 1]));
      const draw = () => -bound + (bound - -bound) * random.double();
      for (const array of [weights, memory.biases[layer]]) for (let at = 0; at < array.length; at++) array[at] = draw();
    }
    memory.state[STATE.rate] = estimator.number('learning_rate_init', 0.001);
    memory.state[STATE.bestLoss] = Number.POSITIVE_INFINITY;
    return memory;
  }

  #outputActivation(outputs: number): string {
    if (this.targets === 'classes') return outputs === 1 ? 'logistic' : 'softmax';
    return this.#estimator.text('loss', 'squared_error') === 'poisson' ? 'exp' : 'identity';
  }

  // Learning

  partialFit({ x, rows, targets, weights }: Batch): void {
    const outputs = this.#memory?.outputs ?? this.#outputsOf(targets);
    const memory = this.#memory ?? this.#initialize(outputs);
    const { stepper } = memory;
    stepper.room(rows);
    this.#generator.mark();
    try {
      const order = this.#order(rows);
      const width = this.width as number;
      if (order === undefined) stepper.x.set(x);
      else
        for (const [at, row] of order.entries()) stepper.x.set(x.subarray(row * width, (row + 1) * width), at * width);
      this.#readTargets(targets, rows, order, stepper.targets, outputs);
      if (weights !== undefined) for (let at = 0; at < rows; at++) stepper.weights[at] = weights[order?.[at] ?? at];
      stepper.step(rows, weights === undefined ? 0 : WEIGHTED);
    } catch (error) {
      this.#generator.restore();
      throw error;
    }
    this.#first = undefined;
  }

  /** The order of the rows; undefined if it is unchanged. */
  #order(rows: number): Int32Array | undefined {
    if (!this.#shuffles || rows === 1) return undefined;
    const random = this.#first ?? this.#generator.ofCall();
    if (random === undefined) return undefined;
    const order = Int32Array.from({ length: rows }, (_, row) => row);
    random.shuffle(order);
    return order;
  }

  #outputsOf(targets: Targets | undefined): number {
    const { length } = this.classes ?? [];
    if (this.targets === 'classes') return length > 2 ? length : 1;
    const first: unknown = targets?.[0];
    return Array.isArray(first) || ArrayBuffer.isView(first) ? (first as unknown as ArrayLike<number>).length : 1;
  }

  #readTargets(
    targets: Targets | undefined,
    rows: number,
    order: Int32Array | undefined,
    into: Float64Array,
    outputs: number,
  ): void {
    if (targets === undefined)
      throw new ForwardpassError('INPUT', 'expected a target for each row, found none', 'targets');
    for (let at = 0; at < rows; at++) {
      const row = order?.[at] ?? at;
      if (this.targets === 'values') {
        readNumbers(targets[row], row, into, at * outputs, outputs);
        continue;
      }
      const position = (this.#classTargets as ClassTargets).position(targets[row], row);
      for (let k = 0; k < outputs; k++) into[at * outputs + k] = Number(position === (outputs === 1 ? 1 : k));
    }
  }

  outputs(x: FloatArray, rows: number): FloatArray {
    const memory = this.#memory as Memory;
    const hidden = this.#estimator.text('activation', 'relu');
    const { weights, biases, sizes } = memory;
    let values = Float64Array.from(x as ArrayLike<number>);
    for (const [layer, matrix] of weights.entries()) {
      values = dense(values, rows, matrix, biases[layer]);
      activate(layer + 1 < weights.length ? hidden : memory.outputActivation, values, sizes[layer + 1]);
    }
    return values;
  }

  undo(): void {
    this.#memory?.stepper.undo();
    this.#generator.restore();
  }

  keep(): unknown {
    return { memory: this.#memory?.keep(), generator: this.#generator.keep() };
  }

  restore(kept: unknown): void {
    const { memory, generator } = kept as { memory: Kept | undefined; generator: unknown };
    if (memory !== undefined) this.#memory?.restore(memory);
    this.#generator.take(generator);
  }

  // The estimator's attributes

  state(): Record<string, unknown> {
    if (this.#memory === undefined) return {};
    const { weights, biases, firsts, seconds, state } = this.#memory;
    const copies = (arrays: readonly FloatArray[]) => arrays.map((array) => array.slice());
    return {
      coefs_: copies(weights),
      intercepts_: copies(biases),
      t_: state[STATE.rows],
      loss_: state[STATE.loss],
      best_loss_: state[STATE.bestLoss],
      _no_improvement_count: state[STATE.stalled],
      _optimizer: {
        learning_rate: state[STATE.rate],
        ...(this.#isAdam
          ? { t: state[STATE.updates], ms: copies(firsts), vs: copies(seconds) }
          : { velocities: copies(firsts) }),
      },
    };
  }

  store(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    const { object } = this.#estimator;
    const { state } = memory;
    const layers = memory.weights.length;
    const parameters = memory.listOf([...memory.weights, ...memory.biases]);
    setAttribute(object, 'coefs_', new PickleList(parameters.slice(0, layers)));
    setAttribute(object, 'intercepts_', new PickleList(parameters.slice(layers)));
    setAttribute(object, 'out_activation_', memory.outputActivation);
    for (const [name, value] of Object.entries({
      n_layers_: memory.sizes.length,
      n_outputs_: memory.outputs,
      n_iter_: 1,
      t_: state[STATE.rows],
      loss_: state[STATE.loss],
      best_loss_: state[STATE.bestLoss],
      _no_improvement_count: state[STATE.stalled],
    })) {
      setAttribute(object, name, value);
    }
    const optimizer = this.#optimizer();
    setAttribute(optimizer, 'learning_rate', state[STATE.rate]);
    const moments = (arrays: readonly FloatArray[]) => new PickleList(memory.listOf(arrays));
    if (this.#isAdam) {
      setAttribute(optimizer, 't', state[STATE.updates]);
      setAttribute(optimizer, 'ms', moments(memory.firsts));
      setAttribute(optimizer, 'vs', moments(memory.seconds));
    } else setAttribute(optimizer, 'velocities', moments(memory.firsts));
    this.#generator.store();
  }

  #optimizer(): PickleObject {
    const found = this.#estimator.value('_optimizer');
    if (found instanceof PickleObject) return found;
    const made = new PickleObject(new PickleGlobal(OPTIMIZERS, this.#isAdam ? 'AdamOptimizer' : 'SGDOptimizer'), []);
    for (const [name, value] of Object.entries(this.#optimizerSettings())) setAttribute(made, name, value);
    setAttribute(this.#estimator.object, '_optimizer', made);
    return made;
  }

  /** The arguments of the optimizer's constructor. */
  #optimizerSettings(): Record<string, PickleValue> {
    const estimator = this.#estimator;
    const rate = { learning_rate_init: estimator.number('learning_rate_init', 0.001) };
    if (this.#isAdam) {
      const [beta_1, beta_2, epsilon] = [
        estimator.number('beta_1', 0.9),
        estimator.number('beta_2', 0.999),
        estimator.number('epsilon', 1e-8),
      ];
      return { ...rate, beta_1, beta_2, epsilon };
    }
    return {
      ...rate,
      lr_schedule: estimator.text('learning_rate', 'constant'),
      momentum: estimator.number('momentum', 0.9),
      nesterov: estimator.boolean('nesterovs_momentum', true),
      power_t: estimator.number('power_t', 0.5),
    };
  }

  #open(): void {
    const estimator = this.#estimator;
    const coefs = estimator.list('coefs_').map((value, at) => estimator.numbersIn(value, `coefs_[${at}]`));
    const sizes = [coefs[0]?.shape[0] ?? 0, ...coefs.map(({ shape }) => shape[1])];
    if (
      !coefs.every(({ shape }, at) => shape.length === 2 && shape[0] === sizes[at] && shape[1] > 0) ||
      coefs.length === 0
    ) {
      throw estimator.error(
        'SHAPE',
        'expected matrices, each with as many rows as the one before has columns',
        'coefs_',
      );
    }
    this.width = sizes[0];
    this.Floats = coefs.some(({ data }) => data instanceof Float64Array) ? Float64Array : Float32Array;
    const outputs = sizes[sizes.length - 1];
    if (this.targets === 'classes') this.#openClasses(outputs);
    const memory = this.#allocate(sizes, estimator.text('out_activation_'));
    memory.read(
      memory.weights,
      coefs.map(({ data }) => data),
      estimator,
      'coefs_',
    );
    memory.read(memory.biases, numbersOf(estimator, 'intercepts_'), estimator, 'intercepts_');
    const { state } = memory;
    state[STATE.rows] = estimator.number('t_', 0);
    state[STATE.loss] = estimator.number('loss_', 0);
    state[STATE.bestLoss] = estimator.has('best_loss_') ? estimator.number('best_loss_') : Number.POSITIVE_INFINITY;
    state[STATE.stalled] = estimator.number('_no_improvement_count', 0);
    state[STATE.rate] = estimator.number('learning_rate_init', 0.001);
    if (!estimator.has('_optimizer')) return;
    const optimizer = estimator.estimator('_optimizer');
    const kind = this.#isAdam ? 'AdamOptimizer' : 'SGDOptimizer';
    if (optimizer.className !== kind) {
      throw estimator.error('MALFORMED', `expected an ${kind}, found ${optimizer.className}`, '_optimizer');
    }
    state[STATE.rate] = optimizer.number('learning_rate');
    if (this.#isAdam) state[STATE.updates] = optimizer.number('t');
    memory.read(memory.firsts, numbersOf(optimizer, this.#isAdam ? 'ms' : 'velocities'), optimizer, 'moments');
    if (this.#isAdam) memory.read(memory.seconds, numbersOf(optimizer, 'vs'), optimizer, 'vs');
  }

  #openClasses(outputs: number): void {
    const estimator = this.#estimator;
    const binarizer = estimator.estimator('_label_binarizer');
    if (binarizer.text('y_type_', 'multiclass').startsWith('multilabel')) {
      throw estimator.error(
        'UNSUPPORTED_OP',
        'learning several labels per row is not supported',
        '_label_binarizer.y_type_',
      );
    }
    this.#setClasses(binarizer.labels('classes_'));
    const { length } = this.classes as readonly Label[];
    if (outputs === (length > 2 ? length : 1)) return;
    throw estimator.error('SHAPE', `${length} classes do not fit ${outputs} outputs`, 'classes_');
  }

  #setClasses(classes: readonly Label[]): void {
    this.classes = Object.freeze([...classes]);
    this.#classTargets = new ClassTargets(classes);
    const { object } = this.#estimator;
    if (this.#estimator.has('_label_binarizer')) return;
    const binarizer = new PickleObject(new PickleGlobal('sklearn.preprocessing._label', 'LabelBinarizer'), []);
    const attributes = { neg_label: 0, pos_label: 1, sparse_output: false, sparse_input_: false };
    for (const [name, value] of Object.entries(attributes)) setAttribute(binarizer, name, value);
    setAttribute(binarizer, 'y_type_', classes.length > 2 ? 'multiclass' : 'binary');
    setAttribute(binarizer, 'classes_', classArray(classes));
    setAttribute(object, '_label_binarizer', binarizer);
    setAttribute(object, 'classes_', classArray(classes));
  }

  #allocate(sizes: readonly number[], outputActivation: string): Memory {
    const estimator = this.#estimator;
    const optimizer = estimator.has('_optimizer') ? estimator.estimator('_optimizer') : undefined;
    const said = this.#optimizerSettings();
    // The optimizer keeps the values it was created with, even if the parameters have changed since.
    const number = (name: string) =>
      said[name] === undefined ? 0 : (optimizer ?? estimator).number(name, said[name] as number);
    const schedule = optimizer?.text('lr_schedule', 'constant') ?? estimator.text('learning_rate', 'constant');
    const hidden = estimator.text('activation', 'relu');
    const loss =
      this.targets === 'values'
        ? estimator.text('loss', 'squared_error')
        : outputActivation === 'softmax'
          ? 'log_loss'
          : 'binary_log_loss';
    for (const [name, value, known] of [
      ['activation', hidden, HIDDEN],
      ['out_activation_', outputActivation, ACTIVATIONS],
      ['loss', loss, LOSSES],
      ['learning_rate', schedule, SCHEDULES],
    ] as const) {
      if (!known.includes(value)) throw estimator.error('UNSUPPORTED_OP', noSuchOption(name, value, known), name);
    }
    const nesterov = this.#isAdam ? false : (optimizer?.boolean('nesterov', true) ?? said.nesterov === true);
    this.#memory = new Memory(sizes, this.Floats, this.#isAdam, outputActivation, {
      integers: [
        ...[
          Number(this.Floats === Float32Array),
          sizes.length - 1,
          HIDDEN.indexOf(hidden),
          ACTIVATIONS.indexOf(outputActivation),
        ],
        ...[
          LOSSES.indexOf(loss),
          Number(this.#isAdam),
          Number(nesterov),
          SCHEDULES.indexOf(schedule),
          batchSize(estimator),
        ],
        ...sizes,
      ],
      numbers: [
        ...[
          estimator.number('alpha', 0.0001),
          number('learning_rate_init'),
          number(this.#isAdam ? 'beta_1' : 'momentum'),
        ],
        ...[number('beta_2'), number('epsilon'), number('power_t'), estimator.number('tol', 1e-4)],
        estimator.number('n_iter_no_change', 10),
      ],
    });
    return this.#memory;
  }
}

/** A copy of a network and of its moments. */
interface Kept {
  readonly parameters: FloatArray;
  readonly moments: FloatArray;
  readonly state: Float64Array;
}

/** The layout of a learner's memory. The state says which of two halves is the current one. */
class Memory {
  readonly stepper: Stepper;
  readonly sizes: readonly number[];
  readonly outputs: number;
  readonly #parameters: FloatArray;
  readonly #moments: FloatArray;

  constructor(
    sizes: readonly number[],
    Floats: Incremental['Floats'],
    readonly isAdam: boolean,
    readonly outputActivation: string,
    { integers, numbers }: { readonly integers: readonly number[]; readonly numbers: readonly number[] },
  ) {
    this.sizes = sizes;
    this.outputs = sizes[sizes.length - 1];
    const count = sizes.slice(1).reduce((sum, size, at) => sum + size * (sizes[at] + 1), 0);
    this.#parameters = allocated(() => new Floats(2 * count));
    this.#moments = allocated(() => new Floats(2 * count * (isAdam ? 2 : 1)));
    this.stepper = new Stepper({
      kind: 'mlp',
      integers,
      numbers,
      stateLength: STATES,
      Floats,
      width: sizes[0],
      targetWidth: this.outputs,
      weighted: true,
      buffers: [this.#parameters, this.#moments],
    });
  }

  get state(): Float64Array {
    return this.stepper.state;
  }

  get weights(): FloatArray[] {
    return this.#arrays(this.#half(this.#parameters)).slice(0, this.sizes.length - 1);
  }

  get biases(): FloatArray[] {
    return this.#arrays(this.#half(this.#parameters)).slice(this.sizes.length - 1);
  }

  /** Velocities, or Adam's first moments: those of all weights, then of all intercepts. */
  get firsts(): FloatArray[] {
    return this.#arrays(this.#half(this.#moments));
  }

  /** Adam's second moments. */
  get seconds(): FloatArray[] {
    const half = this.#half(this.#moments);
    return this.#arrays(half.subarray(half.length / 2));
  }

  keep(): Kept {
    return {
      parameters: this.#half(this.#parameters).slice(),
      moments: this.#half(this.#moments).slice(),
      state: this.state.slice(),
    };
  }

  restore({ parameters, moments, state }: Kept): void {
    this.state.set(state);
    this.#half(this.#parameters).set(parameters);
    this.#half(this.#moments).set(moments);
  }

  /** The arrays as in a file: a matrix for each of the weights, then a vector for each of the intercepts. */
  listOf(arrays: readonly FloatArray[]): PickleValue[] {
    const { sizes } = this;
    const layers = sizes.length - 1;
    return arrays.map((array, at) => arrayOf(at < layers ? [sizes[at], sizes[at + 1]] : [array.length], array.slice()));
  }

  read(into: readonly FloatArray[], from: readonly FloatArray[], estimator: Estimator, attribute: string): void {
    if (from.length !== into.length || from.some((array, at) => array.length !== into[at].length)) {
      throw estimator.error(
        'SHAPE',
        'expected an array for each of the weights and intercepts, of the same length',
        attribute,
      );
    }
    for (const [at, array] of from.entries()) into[at].set(array);
  }

  #half(both: FloatArray): FloatArray {
    const half = both.length / 2;
    return this.state[STATE.half] === 0 ? both.subarray(0, half) : both.subarray(half);
  }

  #arrays(all: FloatArray): FloatArray[] {
    const { sizes } = this;
    const lengths = [...sizes.slice(1).map((size, at) => size * sizes[at]), ...sizes.slice(1)];
    let at = 0;
    return lengths.map((length) => {
      at += length;
      return all.subarray(at - length, at);
    });
  }
}

function numbersOf(estimator: Estimator, attribute: string): FloatArray[] {
  return estimator.list(attribute).map((value, at) => estimator.numbersIn(value, `${attribute}[${at}]`).data);
}

/** The outputs of a layer, [rows, outputs]. */
function dense(x: Float64Array, rows: number, weights: FloatArray, biases: FloatArray): Float64Array<ArrayBuffer> {
  const width = biases.length;
  const inputs = weights.length / width;
  const y = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const first = row * width;
    for (let j = 0; j < width; j++) y[first + j] = biases[j];
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i];
      for (let j = 0; j < width; j++) y[first + j] += value * weights[i * width + j];
    }
  }
  return y;
}

function activate(name: string, y: Float64Array, width: number): void {
  if (name === 'softmax') shares(y, width);
  else if (name !== 'identity') for (let at = 0; at < y.length; at++) y[at] = FUNCTIONS[name](y[at]);
}

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  logistic: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  exp: Math.exp,
};

function batchSize(estimator: Estimator): number {
  if (estimator.value('batch_size', 'auto') === 'auto') return AUTOMATIC_BATCH;
  const size = estimator.number('batch_size');
  if (Number.isInteger(size) && size >= 1 && size < 2 ** 28) return size;
  throw estimator.error('MALFORMED', `expected 'auto' or an integer of at least 1, found ${size}`, 'batch_size');
}

function hiddenSizes(estimator: Estimator): number[] {
  const said = estimator.value('hidden_layer_sizes');
  const sizes = itemsOf(said) ?? [said];
  return sizes.map((_, at) => {
    const size = Number(sizes[at]);
    if (Number.isInteger(size) && size >= 1 && size < 2 ** 24) return size;
    throw estimator.error(
      'OPTION',
      `expected integers of at least 1, found ${describe(sizes[at])}`,
      'hidden_layer_sizes',
    );
  });
}

/** Reads a number, or one for each output. */
function readNumbers(target: unknown, row: number, into: Float64Array, first: number, outputs: number): void {
  const isList = Array.isArray(target) || ArrayBuffer.isView(target);
  const items = isList ? (target as unknown as ArrayLike<unknown>) : [target];
  if (items.length !== outputs) {
    throw new ForwardpassError('INPUT', `expected ${outputs} numbers, found ${describe(target)}`, `targets[${row}]`);
  }
  for (let k = 0; k < outputs; k++) into[first + k] = numericTarget(items[k], row);
}
