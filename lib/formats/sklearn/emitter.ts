/**
 * The graph under construction, and the way from an estimator to those inside it. Readers of estimators are functions
 * of (estimator, emitter, row): `transform` gives the row that the next step takes, `predict` an {@link Outcome}.
 * They call `emitter.transform` and `emitter.predict` for the estimators that they hold, never each other.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import {
  type BinaryName,
  type Boosting,
  NODE_FIELDS,
  type Node,
  type NormName,
  type Op,
  type OpAttributes,
  type Operand,
  type OwnStep,
  type ReduceName,
  type SoftmaxName,
  type SortResult,
  type Tensor,
  type TreeSum,
  type UnaryName,
} from '../../graph/graph.ts';
import { castSteps } from '../casts.ts';
import type { PickleObject } from '../containers/pickle/values.ts';
import type { GivenFunctions } from '../format.ts';
import { Forest } from '../trees.ts';
import type { Matrix, Vector } from './arrays.ts';
import { Cells } from './cells.ts';
import type { Estimator } from './estimator.ts';
import type { Features } from './features.ts';
import type { Outcome, RowVector } from './outcome.ts';
import { type Expected, takenFrom } from './own/expected.ts';
import { withFrame } from './own/frames.ts';
import { type Given, Sources } from './own/sources.ts';
import { appliedTo, combined, eachPart, gathered, isSparse, MixedRow, sideBySide, TermRow, tableOf } from './sparse.ts';
import { TermInputs } from './term-inputs.ts';

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
const COLUMN_BYTES = 8;
/** For a column that is put in another place: the position, and what it is of the model's own columns. */
const POSITION_BYTES = 20;
const COLUMNS_IN_A_STEP = 64;

/** What a row is no longer, once it is computed with. */
const COMPUTED = { columns: undefined, raw: undefined, frame: undefined, single: undefined };

export class Emitter {
  readonly nodes: Node[] = [];
  /** Whether a weight is float64, or none is float32: the model then computes in float64. */
  #double = false;
  #single = false;
  #names = 0;
  #elements = 0;
  /** From the outermost estimator to the one at work. */
  readonly #path: Estimator[] = [];
  /** Rows in which None is its own number. */
  readonly #withNone = new Set<string>();
  /** By row that may hold columns of the input, these; and those of such rows that something is computed of. */
  readonly #columns = new Map<string, readonly (number | undefined)[]>();
  readonly #computed = new Set<string>();
  /** Of these, those of whose elements more counts than whether they are missing. */
  readonly #valued = new Set<string>();
  /** The boosted models so far, by their place. */
  readonly #boosting = new Map<string, Boosting>();
  /** Inputs whose rows are made of texts. */
  readonly terms = new TermInputs((operand, width) => {
    if (width <= this.budget.limits.rowElements) return this.#emit('scatter', [operand], {});
    throw this.#error('LIMIT', `a row of ${width} elements, written out, exceeds \`limits.rowElements\``);
  });
  /** Rows known to be finite, and those that may hold NaN besides. */
  readonly #finite = new Map<string, RowVector>();
  /** The inputs of the graph. */
  readonly sources = new Sources();
  readonly #steps: { readonly step: Omit<OwnStep, 'takes'>; readonly x: RowVector }[] = [];
  /** What takes that which the step at work gives. */
  readonly #expected: (() => Expected | undefined)[] = [];

  constructor(
    readonly budget: Budget,
    readonly readers: Readers,
    readonly cells = new Cells(),
    readonly asked?: AskedIterations,
    readonly functions: GivenFunctions = new Map(),
  ) {}

  get precision(): 'f32' | 'f64' {
    return this.#single && !this.#double ? 'f32' : 'f64';
  }

  // Estimators inside estimators

  transform(estimator: Estimator, x: RowVector): RowVector {
    const row = this.within(estimator, () => this.readers.transform(estimator)(estimator, this, x));
    return withFrame(estimator, x, row);
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
    return this.source({ name: gives, width, names: givesNames });
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

  // Nodes

  /** The nearest float32 to each number; an infinity for those beyond. */
  float32(x: RowVector): RowVector {
    if (x instanceof MixedRow) return eachPart(this, x, (part) => this.float32(part));
    if (x instanceof TermRow) return x.with({ op: 'map', fn: 'float32', single: false });
    return castSteps('float64', 'float32', 'wrap').reduce(
      (row, step) => ('fn' in step ? this.unary(row, step.fn, step.alpha, step.beta) : row),
      x,
    );
  }

  /** Any operation; gives the name of its result. The helpers below are for rows of one axis. */
  emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): string {
    const { fn } = attributes as { readonly fn?: string };
    if (fn !== 'is_nan' && fn !== 'equal') for (const input of inputs) this.requireNumbers(input);
    for (const input of inputs) {
      if (typeof input !== 'string' || !this.#columns.has(input)) continue;
      this.#computed.add(input);
      if (fn !== 'is_nan') this.#valued.add(input);
    }
    return this.#emit(op, inputs, attributes);
  }

  /** Refuses a row in which None is its own number. */
  requireNumbers(input: Operand): void {
    if (typeof input !== 'string' || !this.#withNone.has(input)) return;
    const message = 'computes with a column in which None and a missing number are two things';
    throw this.#error(
      'UNSUPPORTED_DTYPE',
      `${message}; fit the pipeline with one of them, as by frame.fillna(numpy.nan)`,
    );
  }

  /** For an input of the graph: None is its own number in some columns. */
  input(x: RowVector): RowVector {
    return this.#moved(x, this.#hasBoth(x));
  }

  /** An input of the graph of so many columns. */
  source(given: Given): RowVector {
    this.budget.build(COLUMN_BYTES * (given.width ?? 0), 'the columns of a row');
    return this.input(this.sources.add(given));
  }

  /** Refuses a row of which the file does not say how many columns it has. */
  #checkClosed(operand: Operand): void {
    if (!this.sources.isOpen(operand)) return;
    const message = `takes what ${operand} gives, and the file does not say how many columns that are`;
    throw this.#error('UNSUPPORTED_OP', message);
  }

  /** Whether None is its own number in this column of the row. */
  holdsNone(x: RowVector, column: number): boolean {
    return this.#withNone.has(x.operand) && this.cells.hasBoth(column);
  }

  #hasBoth({ columns }: RowVector): boolean {
    return columns?.some((column) => this.cells.hasBoth(column)) ?? true;
  }

  /** The columns of the input that something is computed of as numbers. */
  computedColumns(): ReadonlySet<number> {
    return this.#columnsOf(this.#computed);
  }

  /** The columns of the input whose values count, be it in these rows; of others it is whether they are missing at the most. */
  valuedColumns(outputs: readonly string[]): ReadonlySet<number> {
    return this.#columnsOf([...this.#valued, ...outputs]);
  }

  #columnsOf(operands: Iterable<string>): ReadonlySet<number> {
    const found = new Set<number>();
    for (const operand of operands) {
      const columns = this.#columns.get(operand) ?? [];
      this.budget.step(columns.length / COLUMNS_IN_A_STEP, 'the columns of a row');
      for (const column of columns) if (column !== undefined) found.add(column);
    }
    return found;
  }

  /** A row of elements of others, of which some may hold None. */
  #moved(row: RowVector, mayHoldNone: boolean): RowVector {
    if (row.columns !== undefined) this.#columns.set(row.operand, row.columns);
    if (mayHoldNone && this.#hasBoth(row)) this.#withNone.add(row.operand);
    return row;
  }

  #emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): string {
    for (const input of inputs) {
      if (typeof input !== 'string') this.#spend(input);
      else this.#checkClosed(input);
    }
    const name = this.#place;
    this.budget.node(this.nodes.length + 1, name);
    const output = `${name}#${++this.#names}`;
    this.nodes.push({ op, name, inputs, output, attributes } as Node);
    return output;
  }

  get #place(): string {
    return this.#path.at(-1)?.title ?? 'model';
  }

  /** Keeps what is read many times over from a small file in proportion, and what is made of it. */
  #spend({ data }: Tensor): void {
    if (this.budget.isNew(data)) this.budget.buildElements(data.length, this.#place);
    this.#elements += data.length;
    if (this.#elements > this.budget.limits.parameters) {
      throw new ForwardpassError(
        'LIMIT',
        `more than ${this.budget.limits.parameters} parameters; \`limits.parameters\` allows no more`,
      );
    }
  }

  /** x·Wᵀ + b for a matrix [outputs, inputs], as most estimators keep it; with `in-out`, x·W + b for [inputs, outputs]. */
  dense(x: RowVector, matrix: Matrix, bias?: Vector, layout: 'in-out' | 'out-in' = 'out-in'): RowVector {
    const [inputs, outputs] = layout === 'in-out' ? [matrix.rows, matrix.columns] : [matrix.columns, matrix.rows];
    if (inputs !== x.width)
      throw this.#shape(`${inputs} features for a matrix of [${matrix.rows}, ${matrix.columns}]`, x.width);
    if (bias !== undefined && bias.length !== outputs) throw this.#shape(`${outputs} intercepts`, bias.length);
    if (x instanceof MixedRow) return this.#denseOfParts(x, matrix, bias, layout);
    if (matrix.data instanceof Float32Array) this.#single = true;
    else this.#double = true;
    if (x instanceof TermRow) {
      const table: Tensor = { shape: [inputs, outputs], data: tableOf(matrix, layout, 0, inputs) };
      const operands = [this.terms.inputOf(x), table, ...(bias === undefined ? [] : [tensor(bias)])];
      return { operand: this.emit('bag', operands, { mode: 'sum' }), width: outputs };
    }
    const weight: Tensor = { shape: [matrix.rows, matrix.columns], data: matrix.data };
    const operands = [x.operand, weight, ...(bias === undefined ? [] : [tensor(bias)])];
    return { operand: this.emit('dense', operands, { layout }), width: outputs };
  }

  /** The sum of what each part of the row gives. */
  #denseOfParts({ parts }: MixedRow, matrix: Matrix, bias: Vector | undefined, layout: 'in-out' | 'out-in'): RowVector {
    const outputs = layout === 'in-out' ? matrix.columns : matrix.rows;
    let first = 0;
    const sums = parts.map((part, i) => {
      const table = { rows: part.width, columns: outputs, data: tableOf(matrix, layout, first, part.width) };
      first += part.width;
      return this.dense(part, table, i === 0 ? bias : undefined, 'in-out');
    });
    return sums.reduce((total, sum) => this.binary('add', total, sum));
  }

  /** How far the row is from each of the points, in doubles: scikit-learn computes so whatever these are. */
  distances(x: RowVector, points: Matrix, attributes: OpAttributes['distances'], weights?: Vector): RowVector {
    this.#double = true;
    const { rows, columns, data } = points;
    const operands = [x.operand, { shape: [rows, columns], data }, ...(weights === undefined ? [] : [tensor(weights)])];
    return { operand: this.emit('distances', operands, attributes), width: rows };
  }

  /** The least elements in order, and the places where they stand, as scikit-learn's heap chooses among equal ones. */
  nearest(x: RowVector, count: number): { readonly values: RowVector; readonly places: RowVector } {
    const attributes = { axis: 0, count, descending: false, ties: 'heap' } as const;
    const found = (result: SortResult) => ({
      operand: this.emit('sort', [x.operand], { ...attributes, result }),
      width: count,
    });
    return { values: found('values'), places: found('places') };
  }

  /** A row's elements in order, NaN last, or the places where they stand. */
  sorted(x: RowVector, result: SortResult): RowVector {
    const operand = this.emit('sort', [x.operand], { axis: 0, count: x.width, descending: false, result });
    return { operand, width: x.width };
  }

  /** x·scale + shift, rounded once; a scale or shift of one element is for all. */
  affine(x: RowVector, scale: Vector | number, shift: Vector | number): RowVector {
    const isScaled = shift === 0 || (typeof shift === 'object' && shift.every((each) => each === 0));
    if (isSparse(x) && isScaled) return this.binary('mul', x, scale);
    const operands = [x.operand, this.#constant(scale, x), this.#constant(shift, x)];
    return { ...x, ...COMPUTED, operand: this.emit('affine', operands, {}) };
  }

  unary(x: RowVector, fn: UnaryName, alpha?: number, beta?: number): RowVector {
    const applied = isSparse(x) ? appliedTo(this, x, fn) : undefined;
    if (applied !== undefined) return applied;
    const attributes = { fn, ...(alpha !== undefined && { alpha }), ...(beta !== undefined && { beta }) };
    return { ...x, ...COMPUTED, operand: this.emit('unary', [x.operand], attributes) };
  }

  /** Element by element; one of them may be constant, and a width of 1 is for all. */
  binary(fn: BinaryName, a: RowVector | Vector | number, b: RowVector | Vector | number): RowVector {
    const width = this.#commonWidth(a, b);
    const isConstant = typeof b === 'number' || !('operand' in b);
    const known = isSparse(a) && isConstant ? combined(this, fn, a, b) : undefined;
    if (known !== undefined) return known;
    return { operand: this.emit('binary', [operandOf(a), operandOf(b)], { fn }), width };
  }

  /**
   * A column of the input that holds categories, where only their hashes are known: a row of one index, which may not be
   * missing, and for each of `hashes` the index that stands for it. Throws if an earlier step computes the column.
   */
  categories(
    x: RowVector,
    position: number,
    hashes: readonly number[],
  ): { readonly row: RowVector; readonly codes: readonly number[] } {
    const column = x.columns?.[position];
    if (column === undefined) {
      const message = `expects the categories of column ${position} as they are in a row, and a step before computes it`;
      throw this.#error('UNSUPPORTED_OP', message);
    }
    const gathered = this.#emit('gather', [x.operand], { axis: 0, indices: Int32Array.of(position) });
    const row = { operand: this.#emit('require_finite', [gathered], { nan: false }), width: 1 };
    return { row, codes: this.cells.hashIndices(column, hashes) };
  }

  /** The row with `values` where `isMissing`; `keepsNone` where some None of it may be left. */
  filled(x: RowVector, isMissing: RowVector, values: Vector, keepsNone: boolean): RowVector {
    const operands = [isMissing.operand, tensor(values), x.operand];
    const row = {
      operand: this.#emit('select', operands, {}),
      width: x.width,
      ...(x.columns && { columns: x.columns }),
    };
    return this.#moved(row, keepsNone && this.#withNone.has(x.operand));
  }

  /** condition ≠ 0 ? a : b, element by element; widths of 1 are for all. */
  select(condition: RowVector, a: RowVector | Vector | number, b: RowVector | Vector | number): RowVector {
    const width = this.#commonWidth(condition, a, b);
    return { operand: this.emit('select', [condition.operand, operandOf(a), operandOf(b)], {}), width };
  }

  #commonWidth(...operands: readonly (RowVector | Vector | number)[]): number {
    const widths = operands.map(widthOf);
    const width = widths.reduce((most, each) => Math.max(most, each), 0);
    const stray = widths.find((each) => each !== width && each !== 1);
    if (stray !== undefined) throw this.#shape(`${width} elements`, stray);
    return width;
  }

  softmax(x: RowVector, fn: SoftmaxName = 'softmax'): RowVector {
    return { operand: this.emit('softmax', [x.operand], { axis: 0, fn }), width: x.width };
  }

  /** Rows whose norm is 0 stay 0. */
  normalize(x: RowVector, norm: NormName, epsilon = 0): RowVector {
    if (x instanceof TermRow) return x.with({ op: 'norm', norm, single: x.single });
    return {
      ...x,
      ...COMPUTED,
      operand: this.emit('normalize', [x.operand], { axis: 0, norm, epsilon, floor: 1 }),
    };
  }

  /** Of all elements, one. */
  reduce(x: RowVector, fn: ReduceName): RowVector {
    return { operand: this.emit('reduce', [x.operand], { fn, axes: [0], keepDims: true }), width: 1 };
  }

  /** The elements at the positions, in that order. */
  gather(x: RowVector, positions: readonly number[]): RowVector {
    if (!isSparse(x)) this.#checkClosed(x.operand);
    this.budget.build(POSITION_BYTES * positions.length, this.#place);
    const stray = positions.find((position) => !(Number.isInteger(position) && position >= 0 && position < x.width));
    if (stray !== undefined) throw this.#error('SHAPE', `position ${stray} is outside a row of ${x.width}`);
    if (positions.length === 0) throw this.#error('SHAPE', 'no column of the row is left');
    if (positions.length === x.width && positions.every((position, i) => position === i)) return x;
    const known = isSparse(x) ? gathered(this, x, positions) : undefined;
    if (known !== undefined) return known;
    const indices = Int32Array.from(positions);
    const operand = this.#emit('gather', [x.operand], { axis: 0, indices });
    const { columns, raw, frame, names, single } = x;
    const row = {
      operand,
      width: positions.length,
      ...(single && { single }),
      ...(columns && { columns: positions.map((position) => columns[position]) }),
      ...(raw && { raw: positions.map((position) => raw[position]) }),
      ...(frame && { frame: positions.map((position) => frame[position]) }),
      ...(names && { names: positions.map((position) => names[position]) }),
    };
    return this.#moved(row, this.#withNone.has(x.operand));
  }

  concat(rows: readonly RowVector[]): RowVector {
    if (rows.length === 0) throw this.#error('SHAPE', 'no column of the row is left');
    if (rows.length === 1) return rows[0];
    const width = rows.reduce((sum, row) => sum + row.width, 0);
    if (width > this.budget.limits.rowElements)
      throw this.#error('LIMIT', `a row of ${width} elements exceeds \`limits.rowElements\``);
    if (rows.some(isSparse)) return sideBySide(this, rows);
    return this.#joined(rows, width);
  }

  /** @internal Of a row that is partly sparse, all of its elements. */
  writtenSideBySide(rows: readonly RowVector[]): string {
    const width = rows.reduce((sum, row) => sum + row.width, 0);
    return this.#joined(rows, width).operand;
  }

  #joined(rows: readonly RowVector[], width: number): RowVector {
    this.budget.build(COLUMN_BYTES * width, this.#place);
    const operand = this.#emit(
      'concat',
      rows.map((row) => row.operand),
      { axis: 0 },
    );
    const joined = (of: (row: RowVector) => RowVector['columns']) =>
      rows.flatMap((row) => of(row) ?? new Array<undefined>(row.width).fill(undefined));
    const columns = joined((row) => row.columns);
    const raw = rows.some((row) => row.raw) ? joined((row) => row.raw) : undefined;
    const mayHoldNone = rows.some((row) => this.#withNone.has(row.operand));
    const single = rows.every((row) => row.single);
    return this.#moved({ operand, width, columns, ...(raw && { raw }), ...(single && { single }) }, mayHoldNone);
  }

  /** What decision trees give for the row: their sums, so many outputs, divided at the end; or with `none` the values of each tree's leaf. */
  trees(x: RowVector, forest: Forest, sum: TreeSum, outputs: number, divisor = 1): RowVector {
    // Trees add in float64, whatever the type of what is beside them.
    this.#double = true;
    const { operands, attributes } = forest.build(sum, outputs, divisor);
    if (isSparse(x)) return this.#treesOfUsed(x, operands, attributes, sum, outputs);
    const operand = this.emit('trees', [x.operand, ...operands], attributes);
    return sum === 'none' ? this.flat(operand, outputs) : { operand, width: outputs };
  }

  /** Of a sparse row, the features that trees look at are written out, and no more. */
  #treesOfUsed(
    x: RowVector,
    [nodes, ...others]: readonly Operand[],
    attributes: OpAttributes['trees'],
    sum: TreeSum,
    outputs: number,
  ): RowVector {
    const { shape, data } = nodes as Tensor;
    const places = new Int32Array(x.width).fill(-1);
    for (let at = 0; at < data.length; at += NODE_FIELDS) if (data[at] >= 0) places[data[at]] = 0;
    const used = Array.from(places.keys()).filter((feature) => places[feature] === 0);
    if (used.length === 0) used.push(0);
    for (const [place, feature] of used.entries()) places[feature] = place;
    const moved = data.map((value, at) => (at % NODE_FIELDS === 0 && value >= 0 ? places[value] : value));
    const row = this.gather(x, used);
    const operand = this.emit('trees', [row.operand, { shape, data: moved }, ...others], attributes);
    return sum === 'none' ? this.flat(operand, outputs) : { operand, width: outputs };
  }

  /** A row of which what a sparse matrix does not hold is missing, as some libraries take it. */
  absentAsNan(x: RowVector): RowVector {
    if (!isSparse(x)) return x;
    if (x instanceof MixedRow) return this.concat(x.parts.map((part) => this.#zerosAsNan(part)));
    return this.#zerosAsNan(x);
  }

  #zerosAsNan(part: RowVector): RowVector {
    const row = part instanceof TermRow ? part.with({ op: 'map', fn: 'keep_zeros', single: false }) : part;
    const written = { operand: row.operand, width: row.width };
    return this.select(this.binary('equal', written, 0), Number.NaN, written);
  }

  /**
   * The nearest to x/divisor. Of a constant the graph takes the reciprocal, which misses some quotients by a bit; so where
   * it is not a power of two it is the one leaf of a tree.
   */
  divided(x: RowVector, divisor: number): RowVector {
    if (!(divisor > 0) || Number.isInteger(Math.log2(divisor))) return this.binary('div', x, divisor);
    const forest = new Forest(this.budget, x.width, 1);
    forest.begin([divisor]);
    const { operands, attributes } = forest.build('float64', 1, 1);
    return this.binary('div', x, { operand: this.emit('trees', [x.operand, ...operands], attributes), width: 1 });
  }

  /** The same elements in rows of several axes, for `emit`; `flat` is the way back. */
  reshape(x: RowVector, shape: readonly number[]): string {
    return this.emit('reshape', [x.operand], { shape });
  }

  flat(operand: string, width: number): RowVector {
    return { operand: this.emit('reshape', [operand], { shape: [width] }), width };
  }

  /** scikit-learn's check of what is not finite: every reader asks for it where its estimator does. */
  requireFinite(x: RowVector, nan = false): RowVector {
    if (x instanceof TermRow) return x;
    if (x instanceof MixedRow) return eachPart(this, x, (part) => this.requireFinite(part, nan));
    const key = `${nan}${x.operand}`;
    const known = this.#finite.get(key) ?? this.#finite.get(`false${x.operand}`);
    if (known !== undefined) return known;
    const operand = this.#emit('require_finite', [x.operand], { nan });
    const checked = this.#moved({ ...x, operand, raw: undefined }, this.#withNone.has(x.operand));
    this.#finite.set(key, checked);
    // A checked row is not checked again.
    this.#finite.set(`${nan}${checked.operand}`, checked);
    return checked;
  }

  #constant(values: Vector | number, x: RowVector): Tensor {
    if (typeof values !== 'number' && values.length !== x.width && values.length !== 1) {
      throw this.#shape(`${x.width} elements`, values.length);
    }
    return tensor(values);
  }

  #error(code: 'SHAPE' | 'LIMIT' | 'UNSUPPORTED_DTYPE' | 'UNSUPPORTED_OP', message: string): ForwardpassError {
    return this.#path.at(-1)?.error(code, message) ?? new ForwardpassError(code, message);
  }

  #shape(expected: string, found: number): ForwardpassError {
    return this.#error('SHAPE', `expected ${expected}, found ${found}`);
  }
}

const NOTHING = () => undefined;

function tensor(values: Vector | number): Tensor {
  return typeof values === 'number'
    ? { shape: [], data: Float64Array.of(values), isFormula: true }
    : { shape: [values.length], data: values };
}

function widthOf(value: RowVector | Vector | number): number {
  if (typeof value === 'number') return 1;
  return 'operand' in value ? value.width : value.length;
}

function operandOf(value: RowVector | Vector | number): Operand {
  return typeof value === 'object' && 'operand' in value ? value.operand : tensor(value);
}
