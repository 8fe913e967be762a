/** One call of a layer, while it is translated into nodes of the graph. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { BinaryName, DType, Op, OpAttributes, Operand, ReduceName, Tensor } from '../../graph/graph.ts';
import { broadcastShapes, elementCount, formatShape, type Shape, sameShape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import { castSteps } from '../casts.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import type { Spread } from '../tensors/spread.ts';
import { HIGHEST_RANK, isLarge } from '../tensors/value.ts';
import type { Vocabulary } from '../tensors/vocabulary.ts';
import type { Config } from './config.ts';
import { type Argument, Dictionary, type LayerSpec } from './spec.ts';
import type { StoredWeight, Variable } from './weights.ts';

/** A row tensor of the graph under construction. */
export interface KerasTensor {
  /** The name by which nodes refer to it. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** For strings: the vocabulary that the elements index, and how unknown words are distributed over several indices. */
  readonly words?: Vocabulary;
  readonly spread?: Spread;
  /** Which positions along the first axis count: 1 or 0. `unclear` is a mask that is not computed here. */
  readonly mask?: KerasTensor | 'unclear';
}

/** How a class of layers is translated. */
export interface LayerKind {
  /** The variables, in the order in which Keras creates them. */
  variables?(config: Config): readonly Variable[];
  build(layer: LayerCall): Argument<KerasTensor>;
  /** How a mask propagates: with `keep` to the result, unless the result has its own; otherwise it ends here. */
  readonly mask?: 'keep';
  /** Whether it acts on the last axis or on each element, so that TimeDistributed has no effect. */
  readonly isPositionwise?: boolean;
}

/** Where nodes are collected. */
export interface Sink {
  /** The nodes so far. The batch is axis 0 of every row. */
  readonly build: GraphBuilder;
  readonly version: number;
}

export interface LayerCallOptions {
  readonly spec: LayerSpec;
  readonly args: readonly Argument<KerasTensor>[];
  readonly kwargs: ReadonlyMap<string, Argument<KerasTensor>>;
  readonly sink: Sink;
  readonly budget: Budget;
  readonly dtype: DType;
  readonly weights: (spec: LayerSpec) => readonly StoredWeight[];
  readonly variablesOf: (spec: LayerSpec) => readonly Variable[];
  /** Throws `UNSUPPORTED_OP` for an unsupported class. */
  readonly kindOf: (spec: LayerSpec) => LayerKind;
  /** A text file that the model stores for the layer. */
  readonly asset: (name: string) => string | undefined;
  /** An array that the layer stores under a name of its own. */
  readonly kept: (name: string) => StoredWeight | undefined;
}

export class LayerCall {
  readonly spec: LayerSpec;
  readonly config: Config;
  readonly inputs: readonly KerasTensor[];

  constructor(readonly options: LayerCallOptions) {
    this.spec = options.spec;
    this.config = options.spec.config;
    this.inputs = valuesIn(options.args[0]);
  }

  get place(): string {
    return this.spec.place;
  }

  private get variables(): readonly Variable[] {
    return this.spec.isOperation ? [] : this.options.variablesOf(this.spec);
  }

  /** The only input of a layer that takes one. */
  get input(): KerasTensor {
    if (this.inputs.length === 1) return this.inputs[0];
    throw this.error('MALFORMED', `expected one tensor to be called on, found ${this.inputs.length}`);
  }

  get dtype(): DType {
    return this.options.dtype;
  }

  /** Keras' major version: 2 or 3. */
  get version(): number {
    return this.options.sink.version;
  }

  /** Calls an inner layer on the input, or on `x`. */
  callInner(spec: LayerSpec, kind: LayerKind, x = this.input): Argument<KerasTensor> {
    return kind.build(new LayerCall({ ...this.options, spec, args: [x], kwargs: new Map() }));
  }

  /** The argument at the position, or with the name. */
  argument(position: number, name: string): Argument<KerasTensor> {
    return this.options.args[position] ?? this.options.kwargs.get(name);
  }

  emit<O extends Op>(
    op: O,
    inputs: readonly (KerasTensor | Tensor)[],
    attributes: OpAttributes[O],
    shape: Shape,
  ): KerasTensor {
    if (shape.length > HIGHEST_RANK) {
      throw this.error('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${shape.length}`);
    }
    const operands = inputs.map((input) => ('name' in input ? input.name : input));
    return this.emitNode(op, operands, attributes, shape);
  }

  emitNode<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O], shape: Shape): KerasTensor {
    const info = { type: this.dtype, shape, batchAxis: 0 };
    const { operand } = this.build.emit(op, inputs, attributes, info);
    return { name: operand as string, shape, dtype: this.dtype };
  }

  /** The shared builder, set to this layer. */
  get build(): GraphBuilder {
    const { build } = this.options.sink;
    const name = this.spec.trail.join('/');
    build.enter({ name, place: this.place, output: name });
    return build;
  }

  unary(fn: OpAttributes['unary']['fn'], x: KerasTensor, alpha?: number, beta?: number): KerasTensor {
    const attributes = { fn, ...(alpha !== undefined && { alpha }), ...(beta !== undefined && { beta }) };
    return this.emit('unary', [x], attributes, x.shape);
  }

  /** Broadcasts row tensors and constants like NumPy. */
  binary(fn: BinaryName, a: KerasTensor | Tensor, b: KerasTensor | Tensor): KerasTensor {
    const shape = broadcastShapes(a.shape, b.shape);
    if (shape !== undefined) return this.emit('binary', [a, b], { fn }, shape);
    const [x, y] = [formatShape(a.shape), formatShape(b.shape)];
    throw this.error('SHAPE', `the shapes ${x} and ${y} of rows do not broadcast together`);
  }

  /** The same numbers as another type. */
  cast(x: KerasTensor, dtype: DType): KerasTensor {
    if (x.dtype === dtype) return x;
    if (x.dtype === 'string' || dtype === 'string') throw this.unsupported(`casts ${x.dtype} to ${dtype}`);
    const value = castSteps(x.dtype, dtype, this.options.sink.build.castRule).reduce<KerasTensor>((y, step) => {
      if ('fn' in step) return this.unary(step.fn, y, step.alpha, step.beta);
      return this.emit('select', [this.unary('is_nan', y), scalar(step.nan), y], {}, y.shape);
    }, x);
    const [was, is] = [isLarge(x.dtype), isLarge(dtype)];
    const told =
      was === is || (was && !dtype.includes('float')) ? value : this.retyped(value, is ? 'integer' : 'float');
    return { ...told, dtype };
  }

  affine(x: KerasTensor, scale: Tensor, shift: Tensor): KerasTensor {
    return this.emit('affine', [this.floats(x), scale, shift], {}, x.shape);
  }

  /** Casts integers to Keras' float type, with rounding. */
  floats(x: KerasTensor): KerasTensor {
    return isLarge(x.dtype) ? { ...this.retyped(x, 'float'), dtype: 'float32' } : x;
  }

  private retyped(x: KerasTensor, to: 'integer' | 'float'): KerasTensor {
    return this.emit('retype', [x], { to }, x.shape);
  }

  reduce(fn: ReduceName, x: KerasTensor, axes: readonly number[], keepDims: boolean): KerasTensor {
    if (axes.length === 0) return x;
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const shape = keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis));
    return this.emit('reduce', [x], { fn, axes: axes.toSorted((a, b) => a - b), keepDims }, shape);
  }

  reshape(x: KerasTensor, shape: Shape): KerasTensor {
    return sameShape(x.shape, shape) ? x : this.moved(x, this.emit('reshape', [x], { shape }, shape));
  }

  /** Integers that are only moved keep their type. */
  private moved(x: KerasTensor, value: KerasTensor): KerasTensor {
    if (x.dtype.includes('float')) return value;
    return { ...value, dtype: x.dtype, ...(x.words && { words: x.words, spread: x.spread }) };
  }

  transpose(x: KerasTensor, permutation: readonly number[]): KerasTensor {
    if (permutation.every((from, to) => from === to)) return x;
    const shape = permutation.map((axis) => x.shape[axis]);
    return this.moved(x, this.emit('transpose', [x], { permutation }, shape));
  }

  gather(x: KerasTensor, axis: number, positions: readonly number[]): KerasTensor {
    this.spend(positions.length);
    const shape = x.shape.with(axis, positions.length);
    return this.moved(x, this.emit('gather', [x], { axis, indices: Int32Array.from(positions) }, shape));
  }

  /** x·W + b over the last axis; the kernel is [in, out]. */
  dense(x: KerasTensor, kernel: Tensor, bias?: Tensor): KerasTensor {
    const shape = x.shape.with(-1, kernel.shape[1]);
    return this.emit('dense', [this.floats(x), kernel, ...(bias ? [bias] : [])], { layout: 'in-out' }, shape);
  }

  /** Converts an axis in Keras' numbering, where the batch is 0, to an axis of the row. */
  axis(given: number, shape: Shape = this.input.shape, field = 'axis'): number {
    const rank = shape.length + 1;
    const axis = given < 0 ? given + rank : given;
    if (axis === 0) {
      const message = `${field} ${given} is the batch: the result would depend on other rows, but forwardpass runs each row independently`;
      throw this.error('UNSUPPORTED_OP', message);
    }
    if (Number.isInteger(axis) && axis > 0 && axis < rank) return axis - 1;
    throw this.error('SHAPE', `${field} ${given} is outside rows of shape ${formatShape(shape)}`);
  }

  axes(given: readonly number[], shape: Shape = this.input.shape): number[] {
    return [...new Set(given.map((axis) => this.axis(axis, shape)))].sort((a, b) => a - b);
  }

  has(variable: string): boolean {
    return this.variables.some(({ name }) => name === variable);
  }

  /** A trained array of the layer. Throws `MALFORMED` if the file does not have it, `SHAPE` if its shape differs. */
  variable(name: string, shape: Shape): Tensor {
    const weight = this.options.weights(this.spec)[this.variables.findIndex((one) => one.name === name)];
    if (weight === undefined) throw this.error('MALFORMED', `the file contains no ${quote(name)} for it`);
    if (!sameShape(weight.shape, shape)) {
      const found = `found ${formatShape(weight.shape)} in ${weight.place}`;
      throw this.error('SHAPE', `expected ${quote(name)} of shape ${formatShape(shape)}, ${found}`);
    }
    return weight.read();
  }

  /** Charges elements that the file does not contain, or copies of those that it does, before they are allocated. */
  spend(elements: number): void {
    this.options.budget.buildElements(elements, this.place);
  }

  /** Checks a size in a description before anything is allocated. */
  checkCount(count: number, what: string): void {
    if (Number.isSafeInteger(count) && count > 0 && count <= 2 ** 24) return;
    throw this.error('LIMIT', `expected ${what} to be an integer between 1 and 2^24, found ${count}`);
  }

  /** The number of elements in the input's row. */
  get width(): number {
    return elementCount(this.input.shape);
  }

  error(code: ConstructorParameters<typeof ForwardpassError>[0], message: string): ForwardpassError {
    return new ForwardpassError(code, message, this.place);
  }

  unsupported(message: string): ForwardpassError {
    return this.error('UNSUPPORTED_OP', message);
  }
}

/** One number, which broadcasts to every element. */
export function scalar(value: number): Tensor {
  return { shape: [], data: Float64Array.of(value) };
}

export function isValue(argument: unknown): argument is KerasTensor {
  if (typeof argument !== 'object' || argument === null || argument instanceof Dictionary) return false;
  return 'dtype' in argument && 'name' in argument;
}

/** The tensors of an argument in Keras' order: dictionaries are sorted by key. */
export function valuesIn(argument: Argument<KerasTensor>): KerasTensor[] {
  return leavesOf(argument).flatMap(({ leaf }) => (isValue(leaf) ? [leaf] : []));
}

/** The leaves of lists and dictionaries, in Keras' order, with the key of the innermost dictionary. */
export function leavesOf<T>(argument: Argument<T>, key?: string): { key?: string; leaf: T }[] {
  if (Array.isArray(argument)) return argument.flatMap((item: Argument<T>) => leavesOf(item, key));
  if (isDictionary(argument)) {
    const entries = Object.entries<Argument<T>>(argument).sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.flatMap(([inner, item]) => leavesOf(item, inner));
  }
  return [{ ...(key !== undefined && { key }), leaf: argument as T }];
}

/** Excludes tensors, references and objects that represent Python values. */
function isDictionary<T>(value: Argument<T>): value is { readonly [key: string]: Argument<T> } {
  if (typeof value !== 'object' || value === null || isValue(value)) return false;
  return value instanceof Dictionary || Object.getPrototypeOf(value) === Object.prototype;
}
