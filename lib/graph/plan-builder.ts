import { ForwardpassError } from '../errors.ts';
import type { Budget } from './budget.ts';
import type { InputScale, Operand, Tensor } from './graph.ts';
import { type Numbered, sinceOf } from './operations/entry.ts';
import { OPCODE } from './operations/opcodes.ts';
import {
  type MostBytes,
  OLDEST_PLAN,
  OPCODES,
  type Plan,
  PRECISIONS,
  quantizedWidth,
  RAGGED_PORT,
  RAGGED_SINCE,
} from './plan-format.ts';
import {
  broadcastColumns,
  elementCount,
  isIdentity,
  type Shape,
  sameShape,
  takeColumns,
  transposeColumns,
  transposeShape,
} from './shapes.ts';

/**
 * For each element of a value, the element of the inputs that determines it, numbered across all inputs in order; none
 * if several elements or no element do: see origins.ts.
 */
export type Origins = Int32Array | FirstOrigin;

/** Elements that are also adjacent at their origin, such as those of a whole input. */
export interface FirstOrigin {
  readonly first: number;
}

/**
 * A row tensor on its way into the plan: a value, or columns of a value that no instruction has gathered yet. So
 * reshapes cost nothing, and successive transposes, slices and expansions become one gather, or none.
 */
export interface View {
  readonly value: number;
  readonly shape: Shape;
  /** Undefined if the view is the whole value in order. */
  readonly columns?: Int32Array;
}

interface Instruction {
  /** Opcode, result, fields. */
  readonly head: readonly number[];
  readonly columns: Int32Array;
  readonly place: Place;
}

/** The node that an instruction comes from, and where values that may stop it come from. */
export interface Place {
  readonly name: string;
  /** For each element of the node's first operand: see origins.ts. */
  readonly origins?: Origins;
  /** The function that may have made its first operand infinite or NaN: see origins.ts. */
  readonly maker?: string;
}

/** Collects values, parameters and instructions; `build` lays them out as plan-format.ts says. */
export class PlanBuilder {
  /** The least version that supports everything that is used. */
  #version = OLDEST_PLAN;
  readonly #widths: number[] = [];
  readonly #inputs: number[] = [];
  readonly #instructions: Instruction[] = [];
  /** The node that is being lowered, from which instructions come. */
  place: Place = { name: '' };
  readonly #parameters: (Float32Array | Float64Array)[] = [];
  /** The number of elements of all parameters. */
  #elements = 0;
  readonly #parameterIndices = new Map<ArrayLike<number> | string, number>();
  readonly #views = new Map<string, View>();
  readonly #gathered = new Map<View, number>();
  /** The values of doubles in an f32 plan; and for the number of a value, that of the same value in the other type. */
  readonly #wide = new Set<number>();
  readonly #widened = new Map<number, number>();
  readonly #narrowed = new Map<number, number>();
  readonly #wideParameters = new Map<ArrayLike<number> | string, number>();
  readonly #ragged = new Set<number>();
  /** Whether to lower to doubles. Operands are then widened, and otherwise narrowed. */
  isWide = false;
  readonly #quantized = new Map<string, number>();
  /** Values of layers that are such rows already. */
  readonly #quantizedResults = new Set<number>();
  readonly #nearest = new Map<string, View>();
  /** The parameters of expanded constants, by constant or number, and by the shape that it is broadcast to. */
  readonly #expanded = new Map<ArrayLike<number> | string, Map<string, number>>();

  constructor(
    readonly precision: 'f32' | 'f64',
    readonly budget: Budget,
    /** By the name of a layer's result: see result-scales.ts. */
    readonly resultScales: ReadonlyMap<string, InputScale> = new Map(),
  ) {}

  input(name: string, shape: Shape, isWide = false): void {
    const value = this.#value(elementCount(shape), isWide);
    this.#inputs.push(value);
    this.define(name, { value, shape });
  }

  raggedInput(name: string, shape: Shape): void {
    this.input(name, shape);
    this.#ragged.add(this.defined(name).value);
    this.#version = Math.max(this.#version, RAGGED_SINCE);
  }

  define(name: string, view: View): void {
    this.#views.set(name, view);
  }

  /** The view of an operand; a constant becomes a value that is the same for every row. */
  view(operand: Operand): View {
    if (typeof operand !== 'string') return this.copy(operand);
    const view = this.defined(operand);
    return this.isWide ? this.#widenedView(view) : this.narrowed(view);
  }

  /** The view of a row tensor as it is, whether floats or doubles. */
  defined(name: string): View {
    return this.#views.get(name) as View;
  }

  /** Whether the view is of doubles in an f32 plan. */
  holdsDoubles({ value }: View): boolean {
    return this.#wide.has(value);
  }

  /** The same elements in floats. */
  narrowed(view: View): View {
    if (!this.holdsDoubles(view)) return view;
    return { ...view, value: this.#converted(view.value, OPCODES.narrow, this.#narrowed) };
  }

  #widenedView(view: View): View {
    if (this.holdsDoubles(view)) return view;
    return { ...view, value: this.#converted(view.value, OPCODES.widen, this.#widened) };
  }

  #converted(from: number, opcode: number, known: Map<number, number>): number {
    let value = known.get(from);
    if (value === undefined) {
      value = this.#value(this.#elementsOf(from), opcode === OPCODES.widen);
      this.#push([opcode, value, from]);
      known.set(from, value);
    }
    return value;
  }

  /** A new value, defined by an instruction, with the operand's elements. */
  copy(operand: Operand): View {
    const shape = typeof operand === 'string' ? this.defined(operand).shape : operand.shape;
    return this.instruction(OPCODES.concat, shape, [1, 1, this.part(operand)]);
  }

  /** The operand, which must be a constant, as checked by validation. */
  constant(operand: Operand): Tensor {
    return operand as Tensor;
  }

  /** The number of the value that holds the view; gathers it if there is none yet. */
  row(view: View): number {
    if (view.columns === undefined) return view.value;
    let value = this.#gathered.get(view);
    if (value === undefined) {
      const isWide = this.holdsDoubles(view);
      this.#charge(view.columns.length * (isWide ? 3 : 2) * WORD_BYTES);
      value = this.#value(view.columns.length, isWide);
      this.#instructions.push({
        head: [OPCODES.gather, value, view.value],
        columns: isWide ? pairs(view.columns) : view.columns,
        place: { name: this.place.name },
      });
      this.#gathered.set(view, value);
    }
    return value;
  }

  /** The operand word of a row tensor or constant, without broadcasting. */
  part(operand: Operand): number {
    return typeof operand === 'string' ? this.row(this.view(operand)) : -1 - this.parameter(operand.data);
  }

  /** The operand word of a row tensor or constant, broadcast to the shape. */
  operand(operand: Operand, shape: Shape): number {
    if (typeof operand !== 'string') return -1 - this.expandedParameter(operand, shape);
    const view = this.view(operand);
    if (elementCount(view.shape) === elementCount(shape)) return this.row(view);
    return this.row(this.move(view, shape, () => broadcastColumns(view.shape, shape)));
  }

  /** Another view of the same elements: at the columns of the view that `find` returns, if they move. */
  move(view: View, shape: Shape, find: (() => Int32Array) | undefined): View {
    if (find === undefined) return { ...view, shape };
    this.#charge(elementCount(shape) * (view.columns === undefined ? 1 : 2) * WORD_BYTES);
    const columns = find();
    const composed = view.columns === undefined ? columns : takeColumns(view.columns, columns);
    const whole = isIdentity(composed, this.#elementsOf(view.value));
    return whole ? { value: view.value, shape } : { value: view.value, shape, columns: composed };
  }

  transpose(view: View, permutation: readonly number[]): View {
    const shape = transposeShape(view.shape, permutation);
    const isOrdered = permutation.every((from, to) => from === to);
    return this.move(view, shape, isOrdered ? undefined : () => transposeColumns(view.shape, permutation));
  }

  /** Adds an instruction; `fields` are those after y, followed by `list`. */
  instruction(opcode: number, shape: Shape, fields: readonly number[], list?: Int32Array): View {
    const value = this.#value(elementCount(shape), this.isWide);
    this.#push(
      this.isWide && !CARRIED.has(opcode) ? [OPCODES.wide, value, opcode, ...fields] : [opcode, value, ...fields],
      list,
    );
    return { value, shape };
  }

  /** The number of a function or mode in plans. */
  number(entry: Numbered): number {
    this.#version = Math.max(this.#version, sinceOf(entry));
    return entry.number;
  }

  #push(head: readonly number[], columns: Int32Array = new Int32Array(0)): void {
    const opcode = head[0] === OPCODES.wide ? head[2] : head[0];
    this.#version = Math.max(this.#version, OPCODE_SINCE.get(opcode) ?? OLDEST_PLAN);
    this.#instructions.push({ head, columns, place: this.place });
  }

  /** Adds an instruction that defines nothing. */
  requireFinite(view: View, nan: boolean): void {
    this.#push([OPCODES.require_finite, this.row(view), nan ? 1 : 0]);
  }

  /** Adds an instruction that stops a run at an integer that is not exact; the view is of doubles. */
  requireExact(view: View): void {
    this.#push([OPCODES.require_exact, this.row(view)]);
  }

  /** The number of the value with the quantized rows of `value`, `repeat` of `k` elements each, for int8 layers. */
  quantized(value: number, repeat: number, k: number): number {
    const key = `${value} ${k}`;
    let quantized = this.#quantized.get(key);
    if (quantized === undefined) {
      quantized = this.instruction(OPCODES.quantize, [repeat * quantizedWidth(k)], [value, repeat, k]).value;
      this.#quantized.set(key, quantized);
    }
    return quantized;
  }

  /** A layer whose rows all have one scale; `layer` are its fields from `repeat` to the clamp, `name` that of its result. */
  staticDense(value: number, shape: Shape, layer: readonly number[], scale: InputScale, name: string): View {
    const [repeat, k, n] = layer;
    const x = this.#quantizedResults.has(value) ? value : this.#staticQuantized(value, repeat, k, scale);
    const given = this.resultScales.get(name);
    const fields = [x, ...layer, this.numbers(scale), given === undefined ? -1 : this.numbers(given)];
    if (given === undefined) return this.instruction(OPCODES.static_dense, shape, fields);
    const result = this.instruction(OPCODES.static_dense, [repeat * quantizedWidth(n)], fields).value;
    this.#quantizedResults.add(result);
    return { value: result, shape };
  }

  #staticQuantized(value: number, repeat: number, k: number, scale: InputScale): number {
    const key = `${value} ${k} ${scale}`;
    let quantized = this.#quantized.get(key);
    if (quantized === undefined) {
      const fields = [value, repeat, k, this.numbers(scale)];
      quantized = this.instruction(OPCODES.static_quantize, [repeat * quantizedWidth(k)], fields).value;
      this.#quantized.set(key, quantized);
    }
    return quantized;
  }

  /** The number of the value with the rows of `value` as bytes: see OPCODES.bytes. */
  bytes(value: number, repeat: number, k: number, center: number): number {
    const key = `${value} ${k} ${center}`;
    let bytes = this.#quantized.get(key);
    if (bytes === undefined) {
      const words = repeat * quantizedWidth(k);
      const fields = [value, repeat, k, this.numbers([center])];
      bytes = this.instruction(OPCODES.bytes, [Math.ceil(words / 2)], fields).value;
      this.#quantized.set(key, bytes);
    }
    return bytes;
  }

  /** The least `count` elements of each row along the last axis, and their indices; shared between calls. */
  nearest(value: number, shape: Shape, count: number): View {
    const key = `${value} ${shape} ${count}`;
    let nearest = this.#nearest.get(key);
    if (nearest === undefined) {
      const size = shape[shape.length - 1];
      const repeat = elementCount(shape) / size;
      nearest = this.instruction(OPCODES.nearest, [2 * repeat * count], [value, repeat, size, count]);
      this.#nearest.set(key, nearest);
    }
    return nearest;
  }

  /** The number of a parameter array; the same array passed twice is one parameter. */
  parameter(data: Float32Array | Float64Array): number {
    if (this.isWide) return this.#parameter(data, () => bitsOf(this.#converted64(data)), this.#wideParameters);
    return this.#parameter(data, () => {
      if (this.precision === 'f64') return data instanceof Float64Array ? data : this.#converted64(data);
      if (data instanceof Float32Array) return data;
      this.budget.convert(Float32Array.BYTES_PER_ELEMENT * data.length, this.#where);
      return Float32Array.from(data);
    });
  }

  #converted64(data: Float32Array | Float64Array): Float64Array {
    this.budget.convert(Float64Array.BYTES_PER_ELEMENT * data.length, this.#where);
    return Float64Array.from(data);
  }

  /** A constant broadcast to the shape. */
  expandedParameter(tensor: Tensor, shape: Shape): number {
    if (sameShape(tensor.shape, shape) || tensor.data.length === elementCount(shape))
      return this.parameter(tensor.data);
    const [number] = tensor.data;
    // Single numbers are shared by value; as text, −0 would be 0.
    const source = tensor.data.length > 1 ? tensor.data : Object.is(number, -0) ? '-0' : String(number);
    const known = this.#expanded.get(source) ?? new Map<string, number>();
    this.#expanded.set(source, known);
    const key = `${tensor.data.length > 1 ? tensor.shape : ''} ${shape} ${this.isWide}`;
    const parameter = known.get(key) ?? this.#expand(tensor, shape);
    known.set(key, parameter);
    return parameter;
  }

  /** A repeated constant is held twice, here and packed, plus its columns. */
  #expand(tensor: Tensor, shape: Shape): number {
    const isDouble = this.isWide || this.precision === 'f64';
    this.#charge(elementCount(shape) * (2 * (isDouble ? 2 : 1) + 1) * WORD_BYTES);
    const source = isDouble ? Float64Array.from(tensor.data) : Float32Array.from(tensor.data);
    const data = takeColumns(source, broadcastColumns(tensor.shape, shape));
    return this.#add(this.isWide ? bitsOf(data as Float64Array) : data);
  }

  /** A parameter array of a few numbers; equal ones are one parameter. */
  numbers(values: readonly number[]): number {
    // As text, −0 would be 0.
    const key = values.map((value) => (Object.is(value, -0) ? '-0' : value)).join();
    if (this.isWide) return this.#parameter(key, () => bitsOf(Float64Array.from(values)), this.#wideParameters);
    return this.#parameter(key, () => (this.precision === 'f32' ? Float32Array : Float64Array).from(values));
  }

  /** For each instruction, the node it comes from. */
  places(): readonly Place[] {
    return this.#instructions.map(({ place }) => place);
  }

  /** For each parameter array, the elements of the constant that it holds, if it is a whole constant. */
  sources(): readonly (ArrayLike<number> | undefined)[] {
    const sources: (ArrayLike<number> | undefined)[] = this.#parameters.map(() => undefined);
    for (const [key, index] of this.#parameterIndices) if (typeof key !== 'string') sources[index] = key;
    return sources;
  }

  /** The memory that the engine may use for the plan: that of its parameters, and what may still be built. */
  most(): MostBytes {
    const parameters = this.#parameters.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const packed = parameters + BYTES_OF_INSTRUCTION * this.#instructions.length + Math.max(0, this.budget.left);
    return { packed, ofRow: Math.max(packed, Float64Array.BYTES_PER_ELEMENT * this.budget.limits.rowElements) };
  }

  build(outputs: readonly number[]): Plan {
    const lengths = this.#instructions.map(({ head, columns }) => 1 + head.length + columns.length);
    const header = [
      this.#version,
      PRECISIONS[this.precision],
      this.#widths.length,
      this.#inputs.length,
      outputs.length,
      this.#instructions.length,
      ...this.#widths,
      ...[...this.#inputs, ...outputs].map((value) => {
        if (this.#ragged.has(value)) return RAGGED_PORT + value;
        return this.#wide.has(value) ? -1 - value : value;
      }),
    ];
    const total = lengths.reduce((sum, length) => sum + length, header.length);
    const code = new Int32Array(fit(total));
    let at = 0;
    const put = (integer: number) => {
      code[at++] = fit(integer);
    };
    header.forEach(put);
    for (const [index, { head, columns }] of this.#instructions.entries()) {
      const [opcode, ...fields] = head;
      put(opcode);
      put(lengths[index]);
      fields.forEach(put);
      code.set(columns, at);
      at += columns.length;
    }
    return { code, parameters: this.#parameters };
  }

  #value(width: number, isWide = false): number {
    const value = this.#widths.push(isWide ? 2 * width : width) - 1;
    if (isWide) this.#wide.add(value);
    return value;
  }

  /** The number of elements of one row of the value, of either type. */
  #elementsOf(value: number): number {
    return this.#wide.has(value) ? this.#widths[value] / 2 : this.#widths[value];
  }

  #parameter(
    key: ArrayLike<number> | string,
    make: () => Float32Array | Float64Array,
    known = this.#parameterIndices,
  ): number {
    let index = known.get(key);
    if (index === undefined) {
      index = this.#add(make());
      known.set(key, index);
    }
    return index;
  }

  #add(parameter: Float32Array | Float64Array): number {
    this.#elements += parameter.length;
    const { parameters } = this.budget.limits;
    if (this.#elements > parameters) {
      const message = `brings the constants, as used by operations, to ${this.#elements} elements; at most ${parameters} are allowed (raise \`limits.parameters\`)`;
      throw new ForwardpassError('LIMIT', message, this.#where);
    }
    return this.#parameters.push(parameter) - 1;
  }

  get #where(): string {
    return `node ${this.place.name}`;
  }

  #charge(bytes: number): void {
    this.budget.build(bytes, this.#where);
  }
}

/** The size of a word of the plan, and of a column. */
const WORD_BYTES = 4;
/** What padding adds to the smallest parameters. */
const BYTES_OF_INSTRUCTION = 512;

const OPCODE_SINCE = new Map(Object.values(OPCODE).map((entry) => [entry.number, sinceOf(entry)]));

/** Instructions that move elements of any type. */
const CARRIED: ReadonlySet<number> = new Set([OPCODES.concat, OPCODES.embedding]);

/** The columns of doubles, each of which is two elements. */
function pairs(columns: Int32Array): Int32Array {
  const doubled = new Int32Array(2 * columns.length);
  for (const [at, column] of columns.entries()) doubled.set([2 * column, 2 * column + 1], 2 * at);
  return doubled;
}

function bitsOf({ buffer }: Float64Array): Float32Array {
  return new Float32Array(buffer);
}

function fit(word: number): number {
  if (word === (word | 0)) return word;
  throw new ForwardpassError(
    'LIMIT',
    `the plan of this model needs the number ${word}, but its numbers are limited to ${2 ** 31 - 1}`,
  );
}
