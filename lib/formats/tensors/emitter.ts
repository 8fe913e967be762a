/** The basis of every translation: the current node, its errors, axes and the batch, names, and the nodes so far. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Fold } from '../../graph/fold.ts';
import type { Node, Op, OpAttributes, Operand, Tensor } from '../../graph/graph.ts';
import { elementCount, formatShape } from '../../graph/shapes.ts';
import type { CastRule } from '../casts.ts';
import { NodeEmitter } from '../node-emitter.ts';
import { Derived } from './derived.ts';
import * as fold from './fold.ts';
import { WIDTHS } from './raw-elements.ts';
import { type Constant, type ElementType, HIGHEST_RANK, isFloat, type Numbers, type Row, type Value } from './value.ts';
import { Vocabulary } from './vocabulary.ts';

/**
 * The error for an operation that mixes rows of the batch. If the shapes of all inputs are fixed, the model may still
 * be read as one row.
 */
export class CrossesRows extends ForwardpassError {
  constructor(message: string, place: string) {
    super(
      'UNSUPPORTED_OP',
      `${message}: the result would depend on other rows, but forwardpass runs each row independently`,
      place,
    );
  }
}

/** The current node. */
export interface Site {
  readonly name: string;
  /** For messages. */
  readonly place: string;
  /** The basis for the names of its results. */
  readonly output: string;
}

export interface TensorEmitterOptions {
  /** Which axis of every input is the batch; undefined if each whole tensor is one row. */
  readonly batchAxis: 0 | undefined;
  /** The batch size in the file, if it has one. */
  readonly declaredBatch: number | undefined;
  readonly budget: Budget;
  /** Computes operations on constant floats. */
  readonly fold: Fold | undefined;
  /** The framework whose casts the model uses. */
  readonly casts: CastRule;
}

/** Longer names of nodes are cut to this length, since they only have to be distinct. */
const LONGEST_NAME = 200;
/** Elements of a constant that are examined in a microsecond. */
const LOOKED_THROUGH = 64;

/** The properties of a new row tensor, except its name. What is known of its elements is kept only if they just move. */
export type RowInfo = Omit<Row, 'kind' | 'operand'>;

/** The cost of a computed constant in steps, and in elements besides its own. */
const STEPS_PER_CONSTANT = 2;
const CONSTANT_ELEMENTS = 16;

const MOVES: ReadonlySet<Op> = new Set<Op>(['reshape', 'transpose', 'gather', 'expand', 'concat', 'retype']);

export class TensorEmitter extends NodeEmitter {
  /** The shapes of row tensors, by name. */
  readonly shapes = new Map<string, readonly number[]>();
  readonly batchAxis: 0 | undefined;
  readonly declaredBatch: number | undefined;
  folder: Fold | undefined;
  readonly castRule: CastRule;
  /** The vocabulary of the model's constant strings. */
  readonly constantWords = new Vocabulary();
  /** The vocabulary of its string inputs: the words that some operation looks up. */
  readonly inputWords = new Vocabulary();
  /** Integers that were already examined: nodes may share them. */
  readonly #whole = new WeakSet<Numbers>();
  /** Names in use, with the number of names derived from each. */
  readonly #nameCounts = new Map<string, number>();
  /** Parts of the file that were already read, since several nodes may refer to them. */
  readonly #read = new WeakMap<object, Constant>();
  readonly #derived: Derived;
  #site: Site = { name: '', place: 'graph', output: 'value' };

  constructor(options: TensorEmitterOptions) {
    super(options.budget);
    this.batchAxis = options.batchAxis;
    this.declaredBatch = options.declaredBatch;
    this.#derived = new Derived(options.budget);
    this.folder = options.fold;
    this.castRule = options.casts;
  }

  enter(site: Site): void {
    this.#site = site;
  }

  /** The place of the current node, for messages. */
  get place(): string {
    return this.#site.place;
  }

  crossing(message: string): CrossesRows {
    return new CrossesRows(message, this.place);
  }

  /** The name itself, or with a number appended if it is taken. */
  uniqueName(wanted: string): string {
    let name = wanted;
    while (this.#nameCounts.has(name)) {
      const count = (this.#nameCounts.get(wanted) ?? 0) + 1;
      this.#nameCounts.set(wanted, count);
      name = `${wanted}.${count}`;
    }
    this.#nameCounts.set(name, 0);
    return name;
  }

  emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O], info: RowInfo): Row {
    this.checkElements(elementCount(info.shape), `a row of shape ${formatShape(info.shape)}`);
    const output = this.uniqueName(this.#site.output.slice(0, LONGEST_NAME));
    const name = this.#site.name.slice(0, LONGEST_NAME);
    this.add(op, name, inputs, output, attributes);
    const { type, shape, batchAxis, merged, stacked } = info;
    this.shapes.set(output, shape);
    const known = MOVES.has(op) ? { words: info.words, spread: info.spread, below: info.below } : undefined;
    const one = { ...(merged && { merged }), ...(stacked && { stacked }) };
    return { kind: 'row', type, shape, batchAxis, ...one, operand: output, ...known };
  }

  /** Determines from the model's inputs whether it computes in float64, before anything is folded. */
  suppose(inputs: readonly { readonly dtype: string }[]): void {
    this.folder?.suppose(inputs.some(({ dtype }) => dtype === 'float64') ? 'f64' : 'f32');
  }

  /** The results of `make` for constants are rounded to their own types, whatever the model computes in. */
  inOwnTypes<V extends Value>(make: () => V): V {
    const { folder } = this;
    this.folder = undefined;
    try {
      return make();
    } finally {
      this.folder = folder;
    }
  }

  /** The result of an operation on constant floats; undefined if it is computed elsewhere: see tensors/fold.ts. */
  folded<O extends Op>(
    op: O,
    operands: readonly Constant[],
    attributes: OpAttributes[O],
    type: ElementType,
  ): Constant | undefined {
    const { folder } = this;
    const isOfFloats = operands.some(({ type }) => isFloat(type));
    const isPlain = operands.every(({ data, batch }) => data.length > 0 && batch === undefined);
    if (folder === undefined || !isOfFloats || !isPlain) return undefined;
    const node = { op, name: this.#site.name, inputs: operands, output: '', attributes } as unknown as Node;
    const { shape, data } = folder.node(node, operands);
    return fold.numbers(type, shape, data);
  }

  /** Charges elements of constants before they are computed from others, in proportion to the file. */
  spend(elements: number, from: readonly Constant[] = []): void {
    this.budget.step(STEPS_PER_CONSTANT, this.place);
    this.budget.buildElements(this.#derived.charged(elements, from) + CONSTANT_ELEMENTS, this.place);
  }

  /**
   * A constant with this many elements, made from others by the operation `key`: the same array if it was already made.
   */
  derive<V extends Constant | undefined>(key: string, from: readonly Constant[], elements: number, make: () => V): V {
    return this.remember(key, from, elements, () => {
      this.spend(elements, from);
      return make();
    });
  }

  /** Like `derive`, for several steps that are charged one by one. */
  remember<V extends Constant | undefined>(key: string, from: readonly Constant[], elements: number, make: () => V): V {
    return this.#derived.once(`${key} ${this.folder?.precision}`, from, elements, make);
  }

  /** Like `derive`, for a temporary result that is not cached. */
  interim(from: readonly Constant[], elements: number, make: () => Constant): Constant {
    this.spend(elements, from);
    const made = make();
    this.#derived.madeOf(made.data, from);
    return made;
  }

  /** Charges the examination of a constant's elements, since thousands of nodes may share them. */
  lookThrough(elements: number): void {
    this.budget.step(elements / LOOKED_THROUGH, this.place);
  }

  /** Reads a part of the file the first time that a node refers to it. */
  once(part: object, read: () => Constant): Constant {
    const known = this.#read.get(part);
    if (known !== undefined) return known;
    const made = read();
    this.#read.set(part, made);
    this.budget.stored(made.data, WIDTHS[made.type] * made.data.length, part);
    return made;
  }

  /** Checks the number of an operation's results before they are created. */
  checkResults(count: number): void {
    const { nodes } = this.budget.limits;
    if (!(count <= nodes)) throw this.error('LIMIT', `it has ${count} results; \`limits.nodes\` is ${nodes}`);
    this.budget.step(count, this.place);
  }

  /** Integers from `start` to before `end`: positions along an axis. */
  positions(start: number, end: number, step = 1): Int32Array {
    return this.positionsOf(Math.max(Math.ceil((end - start) / step), 0), (i) => start + i * step);
  }

  /** `count` positions along an axis, computed by `at`. */
  positionsOf(count: number, at: (i: number) => number): Int32Array {
    this.budget.build(Int32Array.BYTES_PER_ELEMENT * count, this.place);
    const positions = new Int32Array(count);
    for (let i = 0; i < count; i++) positions[i] = at(i);
    return positions;
  }

  /** The rank in the file. */
  rank(x: Value): number {
    return x.shape.length + (batchAxisOf(x) === undefined || sharedAxis(x) !== undefined ? 0 : 1);
  }

  /** Normalises an axis in ONNX's numbering, where negative values count from the end. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw this.error('SHAPE', `axis ${axis} is outside a tensor of rank ${rank}`);
    }
    return axis < 0 ? axis + rank : axis;
  }

  /** The same axis within `x.shape`; the batch is refused. */
  ownAxis(x: Value, given: number): number {
    const axis = this.axis(given, this.rank(x));
    const batchAxis = batchPlace(x);
    if (axis === batchAxis) throw this.crossing(`the operation runs along axis ${axis}, the batch`);
    return batchAxis === undefined || axis < batchAxis || sharedAxis(x) !== undefined ? axis : axis - 1;
  }

  /** The same for an operation that covers the axes from this one to the last. */
  ownAxisToEnd(x: Value, given: number): number {
    const own = this.ownAxis(x, given);
    if (own < (batchAxisOf(x) ?? 0))
      throw this.crossing('the operation runs along several axes, one of which is the batch');
    return own;
  }

  checkRank(shape: ArrayLike<unknown>): void {
    if (shape.length > HIGHEST_RANK) {
      throw this.error('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${shape.length}`);
    }
  }

  /** Throws for an invalid shape. */
  checkSizes(shape: readonly number[]): void {
    this.checkRank(shape);
    if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
      throw this.error('SHAPE', `${formatShape(shape)} is not a valid shape: expected non-negative integers`);
    }
  }

  tensor(x: Constant): Tensor {
    if (x.batch) throw this.crossing('the result depends on the batch size');
    if (!isFloat(x.type) && !this.#whole.has(x.data)) {
      if (!x.data.every(Number.isSafeInteger)) {
        throw this.error('UNSUPPORTED_DTYPE', `a constant of type ${x.type} contains an integer beyond ±2^53`);
      }
      this.#whole.add(x.data);
    }
    return { shape: x.shape, data: x.data };
  }

  /** A constant as the value of every row; the batch becomes a new axis. */
  everyRow(x: Constant, batchAxis: number | undefined): Row {
    const words = x.type === 'string' ? this.constantWords : undefined;
    return { kind: 'row', type: x.type, shape: x.shape, batchAxis, operand: this.tensor(x), words };
  }

  /** A constant used in place of a row tensor: along the batch axis its size is 1, or all its values are equal. */
  asRow(x: Value, batchAxis: number | undefined = this.batchAxis): Row {
    if (x.kind === 'row') return x;
    if (batchAxis === undefined) return this.everyRow(x, undefined);
    const rows = x.shape[batchAxis];
    if (rows !== 1 && (rows === undefined || rows !== this.declaredBatch)) {
      throw this.crossing(`a constant of shape ${formatShape(x.shape)} has an axis where the batch is`);
    }
    const first = rows === 1 ? x : fold.gather(x, batchAxis, Int32Array.of(0));
    if (rows !== 1) this.#checkRepeats(x, first);
    return this.everyRow({ ...first, shape: x.shape.toSpliced(batchAxis, 1) }, batchAxis);
  }

  #checkRepeats(x: Constant, first: Constant): void {
    this.spend(x.data.length);
    const repeated = fold.broadcastTo(first, x.shape);
    if (!x.data.every((value, i) => Object.is(value, repeated.data[i]))) {
      throw this.crossing(`a constant of shape ${formatShape(x.shape)} differs between rows`);
    }
  }
}

export function batchAxisOf(x: Value): number | undefined {
  return x.kind === 'row' ? x.batchAxis : undefined;
}

/** In the file's numbering, the axis in which the batch is merged with another. */
export function sharedAxis(x: Value): number | undefined {
  if (x.kind === 'constant' || x.batchAxis === undefined) return undefined;
  return x.merged ? x.batchAxis : x.stacked ? x.batchAxis - 1 : undefined;
}

/** In the file's numbering, the axis that is the batch, merged or not. */
export function batchPlace(x: Value): number | undefined {
  return sharedAxis(x) ?? batchAxisOf(x);
}

/** Whether the batch is merged with another axis: see {@link Row.merged}. */
export function isMerged(x: Value): boolean {
  return x.kind === 'row' && x.merged === true;
}

/**
 * A number per row that operations must not use: accessing its operand throws an error with the reason. `starts` marks
 * it as where the row begins in a list of all elements.
 */
export function unreadable(build: TensorEmitter, message: string, starts?: number): Row {
  return {
    kind: 'row',
    type: 'int64',
    shape: [],
    batchAxis: 0,
    starts,
    get operand(): Operand {
      throw build.crossing(message);
    },
  };
}
