/** Operations on rows of one axis, as nodes of the graph; sparse rows stay sparse if possible. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type {
  BinaryName,
  NormName,
  Op,
  OpAttributes,
  Operand,
  ReduceName,
  SoftmaxName,
  SortResult,
  Tensor,
  TreeSum,
  UnaryName,
} from '../../graph/graph.ts';
import { castSteps } from '../casts.ts';
import { NodeEmitter } from '../node-emitter.ts';
import { Forest, onUsedFeatures } from '../trees.ts';
import type { Matrix, Vector } from './arrays.ts';
import type { Cells } from './cells.ts';
import { ColumnsInUse } from './columns-in-use.ts';
import { operandOf, tensor, widthOf } from './operands.ts';
import type { RowVector } from './outcome.ts';
import { type Given, Sources } from './own/sources.ts';
import { appliedTo, combined, eachPart, gathered, isSparse, MixedRow, sideBySide, TermRow, tableOf } from './sparse.ts';
import { TermInputs } from './term-inputs.ts';

const COLUMN_BYTES = 8;
/** The memory of a column that is moved: its position, and the model's own column that it is. */
export const POSITION_BYTES = 20;

export abstract class RowEmitter extends NodeEmitter {
  /** Whether a weight is float64, or no weight is float32: the model then computes in float64. */
  #double = false;
  #single = false;
  #names = 0;
  #elements = 0;
  /** The input columns that are used. */
  readonly columns: ColumnsInUse;
  /** Inputs whose rows are made from texts. */
  readonly terms = new TermInputs((operand, width) => {
    this.checkElements(width, `a row of ${width} elements, as a dense row,`);
    return this.#emit('scatter', [operand], {});
  });
  /** By operand, rows of sparse matrices that also store zeros, with NaN for elements that they do not store. */
  readonly heldZeros = new Map<string, () => RowVector>();
  /** Rows known to be finite, and those that may also contain NaN. */
  readonly #finite = new Map<string, RowVector>();
  /** The inputs of the graph. */
  readonly sources = new Sources();

  constructor(
    budget: Budget,
    readonly cells: Cells,
  ) {
    super(budget);
    this.columns = new ColumnsInUse(budget, cells);
  }

  get precision(): 'f32' | 'f64' {
    return this.#single && !this.#double ? 'f32' : 'f64';
  }

  /** Rounds each number to the nearest float32; beyond its range to an infinity. */
  float32(x: RowVector): RowVector {
    if (x instanceof MixedRow) return eachPart(this, x, (part) => this.float32(part));
    if (x instanceof TermRow) return x.with({ op: 'map', fn: 'float32', single: false });
    return castSteps('float64', 'float32', 'wrap').reduce(
      (row, step) => ('fn' in step ? this.unary(row, step.fn, step.alpha, step.beta) : row),
      x,
    );
  }

  /** Emits any operation and returns the name of its result. The helpers below are for rows of one axis. */
  emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): string {
    const { fn } = attributes as { readonly fn?: string };
    if (fn !== 'is_nan' && fn !== 'equal') for (const input of inputs) this.requireNumbers(input);
    for (const input of inputs) if (typeof input === 'string') this.columns.take(input, fn === 'is_nan');
    return this.#emit(op, inputs, attributes);
  }

  /** Refuses a row in which None is represented by its own number. */
  requireNumbers(input: Operand): void {
    if (typeof input !== 'string' || !this.columns.holdsNone(input)) return;
    const message = 'computes with a column in which None and a missing number are different';
    throw this.error(
      'UNSUPPORTED_DTYPE',
      `${message}; fit the pipeline with only one of them, for example after frame.fillna(numpy.nan)`,
    );
  }

  /** For an input of the graph: None is represented by its own number in some columns. */
  input(x: RowVector): RowVector {
    return this.columns.moved(x, this.columns.hasBoth(x));
  }

  /** An input of the graph with the given columns. */
  source(given: Given): RowVector {
    this.budget.build(COLUMN_BYTES * (given.width ?? 0), 'the columns of a row');
    return this.input(this.sources.add(given));
  }

  /** Refuses a row whose number of columns is not in the file. */
  #checkClosed(operand: Operand): void {
    if (!this.sources.isOpen(operand)) return;
    const message = `takes the result of ${operand}, but the file does not say how many columns it has`;
    throw this.error('UNSUPPORTED_OP', message);
  }

  /** Whether None is represented by its own number in this column of the row. */
  holdsNone(x: RowVector, column: number): boolean {
    return this.columns.holdsNone(x.operand) && this.cells.hasBoth(column);
  }

  #emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): string {
    for (const input of inputs) {
      if (typeof input !== 'string') this.#spend(input);
      else this.#checkClosed(input);
    }
    const name = this.place;
    const output = `${name}#${++this.#names}`;
    this.add(op, name, inputs, output, attributes);
    return output;
  }

  /** Charges parameters, so that a small file that uses them many times stays in proportion. */
  #spend({ data }: Tensor): void {
    if (this.budget.isNew(data)) this.budget.buildElements(data.length, this.place);
    this.#elements += data.length;
    if (this.#elements > this.budget.limits.parameters) {
      throw new ForwardpassError(
        'LIMIT',
        `more than ${this.budget.limits.parameters} parameters; \`limits.parameters\` allows no more`,
      );
    }
  }

  /**
   * x·Wᵀ + b for a matrix [outputs, inputs], the layout of most estimators; with `in-out`, x·W + b for [inputs,
   * outputs].
   */
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

  /** The sum over the parts of the row. */
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

  /** The distances from the row to each of the points, in float64: scikit-learn always computes them so. */
  distances(x: RowVector, points: Matrix, attributes: OpAttributes['distances'], weights?: Vector): RowVector {
    this.#double = true;
    const { rows, columns, data } = points;
    const operands = [x.operand, { shape: [rows, columns], data }, ...(weights === undefined ? [] : [tensor(weights)])];
    return { operand: this.emit('distances', operands, attributes), width: rows };
  }

  /** The smallest elements in order, and their positions; ties are broken like in scikit-learn's heap. */
  nearest(x: RowVector, count: number): { readonly values: RowVector; readonly places: RowVector } {
    const attributes = { axis: 0, count, descending: false, ties: 'heap' } as const;
    const found = (result: SortResult) => ({
      operand: this.emit('sort', [x.operand], { ...attributes, result }),
      width: count,
    });
    return { values: found('values'), places: found('places') };
  }

  /** A row's elements in order, NaN last, or their positions. */
  sorted(x: RowVector, result: SortResult): RowVector {
    const operand = this.emit('sort', [x.operand], { axis: 0, count: x.width, descending: false, result });
    return { operand, width: x.width };
  }

  /** x·scale + shift, rounded once; a scale or shift of one element applies to all. */
  affine(x: RowVector, scale: Vector | number, shift: Vector | number): RowVector {
    const isScaled = shift === 0 || (typeof shift === 'object' && shift.every((each) => each === 0));
    if (isSparse(x) && isScaled) return this.binary('mul', x, scale);
    const operands = [x.operand, this.#constant(scale, x), this.#constant(shift, x)];
    return computed(x, this.emit('affine', operands, {}));
  }

  unary(x: RowVector, fn: UnaryName, alpha?: number, beta?: number): RowVector {
    const applied = isSparse(x) ? appliedTo(this, x, fn) : undefined;
    if (applied !== undefined) return applied;
    const attributes = { fn, ...(alpha !== undefined && { alpha }), ...(beta !== undefined && { beta }) };
    return computed(x, this.emit('unary', [x.operand], attributes));
  }

  /** Elementwise; one operand may be constant, and one of width 1 applies to all elements. */
  binary(fn: BinaryName, a: RowVector | Vector | number, b: RowVector | Vector | number): RowVector {
    const width = this.#commonWidth(a, b);
    const isConstant = typeof b === 'number' || !('operand' in b);
    const known = isSparse(a) && isConstant ? combined(this, fn, a, b) : undefined;
    if (known !== undefined) return known;
    return { operand: this.emit('binary', [operandOf(a), operandOf(b)], { fn }), width };
  }

  /**
   * An input column of categories of which only the hashes are known: a row of one index, which may not be missing, and
   * for each of `hashes` the index that represents it. Throws if an earlier step computes the column.
   */
  categories(
    x: RowVector,
    position: number,
    hashes: readonly number[],
  ): { readonly row: RowVector; readonly codes: readonly number[] } {
    const column = x.columns?.[position];
    if (column === undefined) {
      const message = `expects the categories of column ${position} unchanged, but an earlier step computes the column`;
      throw this.error('UNSUPPORTED_OP', message);
    }
    const gathered = this.#emit('gather', [x.operand], { axis: 0, indices: Int32Array.of(position) });
    const row = { operand: this.#emit('require_finite', [gathered], { nan: false }), width: 1 };
    return { row, codes: this.cells.hashIndices(column, hashes) };
  }

  /** The row with `values` where `isMissing`; `keepsNone` if some None may be left. */
  filled(x: RowVector, isMissing: RowVector, values: Vector, keepsNone: boolean): RowVector {
    const operands = [isMissing.operand, tensor(values), x.operand];
    const row = {
      operand: this.#emit('select', operands, {}),
      width: x.width,
      ...(x.columns && { columns: x.columns }),
    };
    return this.columns.moved(row, keepsNone && this.columns.holdsNone(x.operand));
  }

  /** condition ≠ 0 ? a : b, elementwise; operands of width 1 apply to all elements. */
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
    return computed(x, this.emit('normalize', [x.operand], { axis: 0, norm, epsilon, floor: 1 }));
  }

  /** Reduces all elements to one. */
  reduce(x: RowVector, fn: ReduceName): RowVector {
    return { operand: this.emit('reduce', [x.operand], { fn, axes: [0], keepDims: true }), width: 1 };
  }

  /** The elements at the positions, in that order. */
  gather(x: RowVector, positions: readonly number[]): RowVector {
    if (!isSparse(x)) this.#checkClosed(x.operand);
    this.budget.build(POSITION_BYTES * positions.length, this.place);
    const stray = positions.find((position) => !(Number.isInteger(position) && position >= 0 && position < x.width));
    if (stray !== undefined) throw this.error('SHAPE', `position ${stray} is outside a row of ${x.width}`);
    if (positions.length === 0) throw this.error('SHAPE', 'selects no column of the row');
    if (positions.length === x.width && positions.every((position, i) => position === i)) return x;
    const known = isSparse(x) ? gathered(this, x, positions) : undefined;
    if (known !== undefined) return known;
    const indices = Int32Array.from(positions);
    const operand = this.#emit('gather', [x.operand], { axis: 0, indices });
    const { columns, raw, frame, names, single, holdsNoZeros } = x;
    const row = {
      operand,
      width: positions.length,
      ...(single && { single }),
      ...(holdsNoZeros && { holdsNoZeros }),
      ...(columns && { columns: positions.map((position) => columns[position]) }),
      ...(raw && { raw: positions.map((position) => raw[position]) }),
      ...(frame && { frame: positions.map((position) => frame[position]) }),
      ...(names && { names: positions.map((position) => names[position]) }),
    };
    return this.columns.moved(row, this.columns.holdsNone(x.operand));
  }

  concat(rows: readonly RowVector[]): RowVector {
    if (rows.length === 0) throw this.error('SHAPE', 'selects no column of the row');
    if (rows.length === 1) return rows[0];
    const width = rows.reduce((sum, row) => sum + row.width, 0);
    this.checkElements(width, `a row of ${width} elements`);
    if (rows.some(isSparse)) return sideBySide(this, rows);
    return this.#joined(rows, width);
  }

  /** @internal All elements of a row that is partly sparse. */
  writtenSideBySide(rows: readonly RowVector[]): string {
    const width = rows.reduce((sum, row) => sum + row.width, 0);
    return this.#joined(rows, width).operand;
  }

  #joined(rows: readonly RowVector[], width: number): RowVector {
    this.budget.build(COLUMN_BYTES * width, this.place);
    const operand = this.#emit(
      'concat',
      rows.map((row) => row.operand),
      { axis: 0 },
    );
    const joined = (of: (row: RowVector) => RowVector['columns']) =>
      rows.flatMap((row) => of(row) ?? new Array<undefined>(row.width).fill(undefined));
    const columns = joined((row) => row.columns);
    const raw = rows.some((row) => row.raw) ? joined((row) => row.raw) : undefined;
    const mayHoldNone = rows.some((row) => this.columns.holdsNone(row.operand));
    const single = rows.every((row) => row.single);
    const holdsNoZeros = rows.some((row) => row.holdsNoZeros);
    const kept = { ...(raw && { raw }), ...(single && { single }), ...(holdsNoZeros && { holdsNoZeros }) };
    return this.columns.moved({ operand, width, columns, ...kept }, mayHoldNone);
  }

  /**
   * The results of decision trees for the row: `outputs` sums, divided at the end; or with `none` the leaf value of
   * each tree. `prepare` is applied to the row first; elements that no tree uses may be omitted from it.
   */
  trees(
    x: RowVector,
    forest: Forest,
    sum: TreeSum,
    outputs: number,
    divisor = 1,
    prepare = (row: RowVector) => row,
  ): RowVector {
    // Trees add in float64, whatever the type of the other weights.
    this.#double = true;
    const { operands, attributes } = forest.build(sum, outputs, divisor);
    const [nodes, ...others] = operands;
    // From a sparse row, only the features that trees use are converted to dense.
    const used = isSparse(x) ? onUsedFeatures(nodes as Tensor, x.width) : undefined;
    const row = prepare(used ? this.gather(x, used.features) : x);
    const operand = this.emit('trees', [row.operand, used?.nodes ?? nodes, ...others], attributes);
    return sum === 'none' ? this.flat(operand, outputs) : { operand, width: outputs };
  }

  /**
   * x/divisor, correctly rounded. For a constant divisor the graph multiplies by the reciprocal, which differs in the
   * last bit of some quotients; so, unless it is a power of two, the divisor is the only leaf of a tree.
   */
  divided(x: RowVector, divisor: number): RowVector {
    if (!(divisor > 0) || Number.isInteger(Math.log2(divisor))) return this.binary('div', x, divisor);
    const forest = new Forest(this.budget, x.width, 1);
    forest.begin([divisor]);
    const { operands, attributes } = forest.build('float64', 1, 1);
    return this.binary('div', x, { operand: this.emit('trees', [x.operand, ...operands], attributes), width: 1 });
  }

  /** The same elements in rows of several axes, for `emit`; `flat` is the inverse. */
  reshape(x: RowVector, shape: readonly number[]): string {
    return this.emit('reshape', [x.operand], { shape });
  }

  flat(operand: string, width: number): RowVector {
    return { operand: this.emit('reshape', [operand], { shape: [width] }), width };
  }

  /** scikit-learn's check for non-finite values: every reader calls it where its estimator does. */
  requireFinite(x: RowVector, nan = false): RowVector {
    if (x instanceof TermRow) return x;
    if (x instanceof MixedRow) return eachPart(this, x, (part) => this.requireFinite(part, nan));
    const key = `${nan}${x.operand}`;
    const known = this.#finite.get(key) ?? this.#finite.get(`false${x.operand}`);
    if (known !== undefined) return known;
    const operand = this.#emit('require_finite', [x.operand], { nan });
    const checked = this.columns.moved({ ...x, operand, raw: undefined }, this.columns.holdsNone(x.operand));
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

  #shape(expected: string, found: number): ForwardpassError {
    return this.error('SHAPE', `expected ${expected}, found ${found}`);
  }
}

/** The row after an elementwise operation: its elements are no longer those of the model's input. */
function computed({ width, isOpen, names, holdsNoZeros }: RowVector, operand: string): RowVector {
  return { operand, width, isOpen, names, holdsNoZeros };
}
