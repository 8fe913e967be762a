/** A network that learns: its numbers, which the addon updates, and how they are read and written. */
import { ForwardpassError } from '../../errors.ts';
import type { Decision, Graph } from '../../graph/graph.ts';
import type { Label } from '../../labels.ts';
import { describe, didYouMean, listNames, quote } from '../../messages.ts';
import type { Batch, Incremental, TargetKind, Targets } from '../estimators/incremental.ts';
import { Stepper } from '../stepper.ts';
import { ClassTargets, readValues } from '../targets.ts';
import { checkEnd, type Loss } from './loss.ts';
import type { Optimizer } from './optimizer.ts';
import {
  CONTROL,
  type Layout,
  layOut,
  momentsOf,
  type Numbers,
  ONLY_FORWARD,
  programOf,
  RATES,
  readParameter,
  WEIGHTED,
  writeParameter,
} from './program.ts';
import type { Stack, StackLayer } from './stack.ts';

/** Everything about how it learns. */
export interface Learning {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Whether each parameter learns. */
  readonly learns: readonly boolean[];
  /** The most rows of a step; undefined for all rows of a call in one step. */
  readonly batchSize: number | undefined;
}

interface Kept {
  readonly state: Float64Array;
  readonly numbers: Numbers;
}

const MOMENTS = { sgd: ['momentum'], adam: ['first moment', 'second moment'] } as const;

export class Network implements Incremental {
  readonly name: string;
  readonly targets: TargetKind;
  readonly takesRate = true;
  readonly classes?: readonly Label[];
  readonly width: number;
  readonly Floats: Float64ArrayConstructor | Float32ArrayConstructor;
  readonly stack: Stack;
  readonly learning: Learning;
  readonly #layout: Layout;
  readonly #stepper: Stepper;
  /** The two arrays that steps alternately read and write. */
  readonly #numbers: readonly [Numbers, Numbers];
  readonly #classTargets: ClassTargets | undefined;
  readonly #outputs: number;
  #before: Float64Array | undefined;
  /** For several steps in one call: the numbers before them. */
  #spare: Kept | undefined;

  constructor(graph: Graph, given: Stack, learning: Learning) {
    const { loss, optimizer } = learning;
    const { widths, link } = given;
    this.#outputs = widths[widths.length - 1];
    checkEnd(loss, link, this.#outputs);
    // A sigmoid that is not combined with the loss is a layer.
    const isLayer = link === 'sigmoid' && loss.name !== 'binaryCrossEntropy';
    const sigmoid: StackLayer = { kind: 'unary', fn: 'sigmoid', alpha: 0, beta: 0 };
    const stack = isLayer
      ? { ...given, layers: [...given.layers, sigmoid], widths: [...widths, this.#outputs] }
      : given;
    this.stack = stack;
    this.learning = learning;
    this.name = 'network';
    this.width = widths[0];
    this.Floats = graph.precision === 'f64' ? Float64Array : Float32Array;
    const isBinary = loss.name === 'binaryCrossEntropy' && this.#outputs === 1;
    if (loss.name === 'crossEntropy' || isBinary) {
      this.classes = classesOf(graph, isBinary ? 2 : this.#outputs);
      this.#classTargets = new ClassTargets(this.classes);
    }
    this.targets = this.classes === undefined ? 'values' : 'classes';

    const { parameters } = stack;
    this.#layout = layOut(parameters);
    const { offsets, size } = this.#layout;
    const length = size * (1 + momentsOf(optimizer.rule));
    const numbers = new this.Floats(length);
    for (const [i, parameter] of parameters.entries()) {
      writeParameter(parameter, parameter.data, numbers, offsets[i]);
      for (const [k, moment] of (optimizer.moments[i] ?? []).entries()) {
        if (moment !== undefined) writeParameter(parameter, moment, numbers, (k + 1) * size + offsets[i]);
      }
    }
    this.#numbers = [numbers, numbers.slice()];
    const { integers, numbers: constants } = programOf(stack, this.#layout, {
      precision: graph.precision,
      loss: loss.name,
      delta: loss.delta,
      rule: optimizer.rule,
      learns: learning.learns,
    });
    this.#stepper = new Stepper({
      kind: 'network',
      integers,
      numbers: constants,
      stateLength: CONTROL.count + parameters.length * RATES.length,
      Floats: this.Floats,
      width: this.width,
      targetWidth: this.#outputs,
      weighted: true,
      buffers: [...this.#numbers],
    });
    const { state } = this.#stepper;
    state[CONTROL.steps] = optimizer.steps;
    for (const [i, rates] of optimizer.rates.entries()) {
      for (const [k, rate] of RATES.entries()) state[CONTROL.count + i * RATES.length + k] = rates[rate];
    }
  }

  partialFit(batch: Batch): void {
    const { rows, rate } = batch;
    const { state } = this.#stepper;
    const size = Math.min(this.learning.batchSize ?? rows, rows);
    const before = state.slice();
    const kept = size === rows ? undefined : this.keep();
    try {
      if (rate !== undefined) this.#setRate(rate);
      for (let first = 0; first < rows; first += size) this.#step(batch, first, Math.min(first + size, rows));
    } catch (error) {
      if (kept !== undefined) this.restore(kept);
      else state.set(before);
      throw error;
    }
    this.#spare = kept;
    this.#before = before;
  }

  /** The number of steps of the optimizer. */
  get steps(): number {
    return this.#stepper.state[CONTROL.steps];
  }

  #step({ x, targets, weights }: Batch, first: number, end: number): void {
    const [rows, width] = [end - first, this.width];
    const stepper = this.#stepper;
    stepper.room(rows);
    stepper.x.set(first === 0 && end * width === x.length ? x : x.subarray(first * width, end * width));
    this.#takeTargets(targets, first, rows);
    if (weights !== undefined) stepper.weights.set(weights.subarray(first, end));
    stepper.step(rows, weights === undefined ? 0 : WEIGHTED);
  }

  #takeTargets(given: Targets | undefined, first: number, rows: number): void {
    const into = this.#stepper.targets;
    const outputs = this.#outputs;
    const targets = first === 0 || given === undefined ? given : Array.prototype.slice.call(given, first, first + rows);
    if (this.#classTargets !== undefined) {
      this.#classTargets.read(targets, rows, into);
      // The index of a class is the first number of its row, which has a number for each output.
      for (let row = rows - 1; row > 0 && outputs > 1; row--) into[row * outputs] = into[row];
    } else if (outputs === 1) {
      readValues(targets, rows, into);
    } else {
      readRows(targets, rows, outputs, into);
    }
  }

  /** The outputs of the network for rows, [rows, outputs]; probabilities with a cross-entropy loss. */
  outputs(x: Numbers, rows: number): Float64Array {
    const stepper = this.#stepper;
    stepper.room(rows);
    stepper.x.set(x);
    stepper.step(rows, ONLY_FORWARD);
    return stepper.targets.slice(0, rows * this.#outputs);
  }

  undo(): void {
    if (this.#spare !== undefined) this.restore(this.#spare);
    // The other array has the numbers before the last step.
    else if (this.#before !== undefined) this.#stepper.state.set(this.#before);
    this.#spare = undefined;
    this.#before = undefined;
  }

  keep(): Kept {
    return { state: this.#stepper.state.slice(), numbers: this.#current.slice() };
  }

  restore(kept: unknown): void {
    const { state, numbers } = kept as Kept;
    this.#stepper.state.set(state);
    this.#current.set(numbers);
  }

  get #current(): Numbers {
    return this.#numbers[this.#stepper.state[CONTROL.active] === 0 ? 0 : 1];
  }

  state(): Record<string, unknown> {
    const { optimizer } = this.learning;
    const names = MOMENTS[optimizer.name === 'sgd' ? 'sgd' : 'adam'];
    const entries: [string, unknown][] = [];
    const kept: [string, unknown][] = [];
    const { learns } = this.learning;
    for (const [i, parameter] of this.stack.parameters.entries()) {
      if (parameter.isFixed) continue;
      entries.push([parameter.name, this.#read(i, 0)]);
      if (learns[i])
        kept.push([parameter.name, Object.fromEntries(names.map((name, k) => [name, this.#read(i, k + 1)]))]);
    }
    const { steps } = this;
    return {
      ...Object.fromEntries(entries),
      optimizer: { name: optimizer.name, steps, state: Object.fromEntries(kept) },
    };
  }

  #read(parameter: number, moment: number): Numbers {
    const { offsets, size } = this.#layout;
    return readParameter(this.stack.parameters[parameter], this.#current, moment * size + offsets[parameter]);
  }

  store(): void {}

  /** The current optimizer. */
  get optimizer(): Optimizer {
    const { optimizer } = this.learning;
    const { state } = this.#stepper;
    const rates = this.stack.parameters.map((_, i) => {
      const at = CONTROL.count + i * RATES.length;
      return Object.fromEntries(RATES.map((rate, k) => [rate, state[at + k]])) as Optimizer['rates'][number];
    });
    const count = momentsOf(optimizer.rule);
    const moments = this.stack.parameters.map((_, i) => Array.from({ length: count }, (_, k) => this.#read(i, k + 1)));
    return { ...optimizer, rates, moments, steps: this.steps };
  }

  /** Sets the learning rate of all parameters for the following steps. */
  #setRate(rate: number): void {
    const { state } = this.#stepper;
    for (let i = 0; i < this.stack.parameters.length; i++) {
      state[CONTROL.count + i * RATES.length + RATES.indexOf('rate')] = rate;
    }
  }

  /** The current model. If it learns classes, it has a decision between them. */
  graph(): Graph {
    const graph = this.stack.withValues(this.stack.parameters.map((_, i) => this.#read(i, 0)));
    if (this.classes === undefined || graph.decision !== undefined) return graph;
    return {
      ...graph,
      classes: this.classes as (string | number)[],
      decision: decisionOf(this.stack, this.learning.loss),
    };
  }
}

function classesOf(graph: Graph, count: number): readonly Label[] {
  const { classes } = graph;
  if (classes === undefined) return Array.from({ length: count }, (_, i) => i);
  if (classes.length === count) return classes;
  throw new ForwardpassError('SHAPE', `expected ${count}, found ${classes.length}`, 'classes');
}

function decisionOf({ link }: Stack, { name }: Loss): Decision {
  const probabilities = link !== 'none';
  if (name === 'crossEntropy') return { rule: 'arg_max', probabilities };
  return { rule: 'above', threshold: probabilities ? 0.5 : 0, probabilities };
}

function readRows(targets: Targets | undefined, rows: number, width: number, into: Float64Array): void {
  if (targets === undefined)
    throw new ForwardpassError('INPUT', `expected ${width} numbers for each row, found none`, 'targets');
  for (let row = 0; row < rows; row++) {
    const values: unknown = targets[row];
    if (!(Array.isArray(values) || ArrayBuffer.isView(values)) || (values as ArrayLike<number>).length !== width) {
      const message = `expected an array of ${width} numbers, found ${describe(values)}`;
      throw new ForwardpassError('INPUT', message, `targets[${row}]`);
    }
    for (let i = 0; i < width; i++) {
      const value = (values as ArrayLike<unknown>)[i];
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        const found = typeof value === 'number' ? String(value) : describe(value);
        const message = `expected a finite number, found ${found}`;
        throw new ForwardpassError('INPUT', message, `targets[${row}][${i}]`);
      }
      into[row * width + i] = value;
    }
  }
}

/** Which parameters learn: all, or those whose names or prefixes are given. */
export function chooseTrained({ parameters }: Stack, trained: readonly string[] | undefined): boolean[] {
  if (trained === undefined) return parameters.map(({ isFixed }) => !isFixed);
  const names = parameters.filter(({ isFixed }) => !isFixed).map(({ name }) => name);
  const covers = (prefix: string, name: string) =>
    name === prefix || name.startsWith(`${prefix}.`) || name.startsWith(`${prefix}/`);
  for (const prefix of trained) {
    if (names.some((name) => covers(prefix, name))) continue;
    const hint = didYouMean(prefix, names) || `; its parameters are ${listNames(names, 24)}`;
    throw new ForwardpassError('OPTION', `the network has no parameter ${quote(prefix)}${hint}`, 'train');
  }
  return parameters.map(({ name, isFixed }) => !isFixed && trained.some((prefix) => covers(prefix, name)));
}
