/**
 * One layer of an architecture while it is turned into nodes: its inputs, and its fields, which are checked when read.
 */
import { ForwardpassError } from '../../errors.ts';
import { describe, quote } from '../../messages.ts';
import type { Values } from '../architecture.ts';
import type { Op, OpAttributes, Operand, Tensor } from '../graph.ts';
import { elementCount, formatShape, type Shape } from '../shapes.ts';
import type { Given } from './values.ts';

/** A row tensor of the graph under construction. */
export interface LayerOutput {
  readonly name: string;
  readonly shape: Shape;
}

/** A layer as written, with unchecked fields. */
export type LayerFields = Readonly<Record<string, unknown>>;

/** A kind of layer: the fields it takes, and the nodes it becomes. */
export interface LayerKind {
  /** Fields that hold parameters, each with the suffixes of tensor names that are tried after a `tensor` prefix. */
  readonly tensors?: Readonly<Record<string, readonly string[]>>;
  /** The other fields, except those that every layer has. */
  readonly options?: readonly string[];
  /** How many inputs it takes. Default: exactly one. */
  readonly arity?: { readonly least: number; readonly most: number };
  /** The shape of its input, derived from its parameters, for models that do not declare inputs. */
  inputShape?(layer: LayerContext): Shape;
  build(layer: LayerContext): LayerOutput;
}

/** Collects nodes and their values. */
export interface NodeSink {
  emit<O extends Op>(
    op: O,
    name: string,
    inputs: readonly Operand[],
    attributes: OpAttributes[O],
    shape: Shape,
  ): LayerOutput;
  readValues(values: Values, place: string): Given;
}

export class LayerContext {
  constructor(
    private readonly fields: LayerFields,
    /** The place of the layer, such as `layers[2]`. */
    readonly place: string,
    /** The name of its nodes. */
    readonly name: string,
    readonly inputs: readonly LayerOutput[],
    private readonly sink: NodeSink,
  ) {}

  /** The input, for kinds with exactly one. */
  get input(): LayerOutput {
    return this.inputs[0];
  }

  get axisCount(): number {
    return this.input.shape.length;
  }

  at(field: string): string {
    return `${this.place}.${field}`;
  }

  emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O], shape: Shape): LayerOutput {
    return this.sink.emit(op, this.name, inputs, attributes, shape);
  }

  has(field: string): boolean {
    return this.fields[field] !== undefined;
  }

  /** Any field, unchecked. */
  raw(field: string): unknown {
    return this.fields[field];
  }

  values(field: string): Given | undefined {
    if (!this.has(field)) return undefined;
    return this.sink.readValues(this.fields[field] as Values, this.at(field));
  }

  /** The parameters of the field that is present; throws if both are. */
  oneOf(first: string, second: string): Given | undefined {
    if (this.has(first) && this.has(second)) {
      throw this.wrong(`expected either ${quote(first)} or ${quote(second)}, found both`);
    }
    return this.values(first) ?? this.values(second);
  }

  required(given: Given | undefined, what: string): Given {
    if (given === undefined) throw this.wrong(`needs ${what}`);
    return given;
  }

  /** The parameters as a constant of `length` elements on one axis; a single element is repeated. */
  vector(given: Given, length: number): Tensor {
    const { data, shape } = given;
    if (data.length === 1) return { shape: [length], data: new Float64Array(length).fill(data[0]) };
    if (data.length !== length || (shape !== undefined && shape.at(-1) !== length)) {
      const found = shape === undefined ? data.length : `the shape ${formatShape(shape)}`;
      throw new ForwardpassError('SHAPE', `expected ${length} values, found ${found}`, given.place);
    }
    return { shape: [length], data };
  }

  number(field: string, fallback: number): number {
    const value = this.fields[field] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.wrong(`expected a finite number, found ${describe(value)}`, field);
  }

  /** The epsilon, which must be zero or more. */
  epsilon(fallback: number): number {
    const value = this.number('epsilon', fallback);
    if (value >= 0) return value;
    throw this.wrong(`expected zero or more, found ${value}`, 'epsilon');
  }

  whole(field: string, fallback?: number): number {
    const value = this.fields[field] ?? fallback;
    if (Number.isSafeInteger(value)) return value as number;
    throw this.wrong(`expected an integer, found ${describe(value)}`, field);
  }

  flag(field: string): boolean {
    const value = this.fields[field] ?? false;
    if (typeof value === 'boolean') return value;
    throw this.wrong(`expected true or false, found ${describe(value)}`, field);
  }

  choice<T extends string>(field: string, choices: readonly T[], fallback?: T): T {
    const value = this.fields[field] ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.wrong(`expected one of ${choices.map(quote).join(', ')}, found ${describe(value)}`, field);
  }

  wholes(field: string): number[] {
    const value = this.fields[field];
    const list = ArrayBuffer.isView(value) && 'length' in value ? Array.from(value as Int32Array) : value;
    if (Array.isArray(list) && list.every((item) => Number.isSafeInteger(item))) return list;
    throw this.wrong(`expected an array of integers, found ${describe(value)}`, field);
  }

  /** The axis in the field, counted from 0; the last by default. */
  axis(field = 'axis'): number {
    return this.resolveAxis(this.whole(field, -1), field);
  }

  /** `shape` is the shape of a row; default: that of the input. */
  resolveAxis(axis: number, field: string, shape = this.input.shape): number {
    const resolved = axis < 0 ? axis + shape.length : axis;
    if (Number.isSafeInteger(resolved) && resolved >= 0 && resolved < shape.length) return resolved;
    throw this.mismatch(`expected an axis of a row of shape ${formatShape(shape)}, found ${axis}`, field);
  }

  /** The first of the last axes whose sizes multiply to the number of parameters. */
  leadingAxisOf(given: Given): number {
    const { shape } = this.input;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (elementCount(shape.slice(axis)) === given.data.length) return axis;
    }
    const message = `expected as many values as the last axes of a row of shape ${formatShape(shape)}`;
    throw new ForwardpassError('SHAPE', `${message}, found ${given.data.length}`, given.place);
  }

  wrong(message: string, field?: string): ForwardpassError {
    return new ForwardpassError('ARCHITECTURE', message, field === undefined ? this.place : this.at(field));
  }

  mismatch(message: string, field?: string): ForwardpassError {
    return new ForwardpassError('SHAPE', message, field === undefined ? this.place : this.at(field));
  }
}
