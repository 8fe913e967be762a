/**
 * Builds graphs for operators on whole batches: the graph's operations, where one axis of a value that depends on the
 * input is the batch. An operation whose operands are all constant is evaluated at once; any other becomes a node. An
 * operation that would mix rows of the batch is refused.
 */

import { type BinaryName, type NormName, type ReduceName, TRUTHS, type UnaryName } from '../../graph/graph.ts';
import { broadcastsTo, elementCount, formatShape, isIdentity, sameShape } from '../../graph/shapes.ts';
import { type CastStep, castSteps, holdsBelow } from '../casts.ts';
import { aligned, broadcastAlike, commonShape } from './alignment.ts';
import { BagInputs } from './bag-inputs.ts';
import { without } from './batch-place.ts';
import { textOf } from './derived.ts';
import { batchAxisOf, isMerged, sharedAxis, TensorEmitter } from './emitter.ts';
import * as fold from './fold.ts';
import { ofOneVocabulary, spreadOf, wordsOf } from './one-vocabulary.ts';
import { TextInputs } from './texts.ts';
import { type Constant, constant, type ElementType, isFloat, isLarge, literal, type Row, type Value } from './value.ts';
import { Vocabulary } from './vocabulary.ts';

/** Multiply-adds of two constants per microsecond. */
const PRODUCTS_PER_STEP = 250;

export class GraphBuilder extends TensorEmitter {
  /** The classes of row tensors with an element per class. */
  readonly classesOf = new Map<string, readonly (string | number)[]>();
  /** Row tensors that are probabilities according to the file, however they are computed. */
  readonly probabilities = new Set<string>();
  /** Whether some operation replaces missing values. */
  takesMissing = false;
  /** Whether some operation is correct only in float64, whatever the inputs are. */
  needsDoubles = false;
  /** Tokens of texts that operations use. */
  readonly texts = new TextInputs();
  /** Ids of which a row may have any number. */
  readonly bags = new BagInputs();

  // Elementwise operations

  unary(x: Value, fn: UnaryName, alpha?: number, beta?: number): Value {
    const type = TRUTHS.has(fn) ? 'bool' : x.type;
    if (x.kind === 'row') return this.emit('unary', [x.operand], { fn, alpha, beta }, { ...x, type });
    const attributes = { fn, alpha, beta };
    const key = `${fn} ${textOf(alpha)} ${textOf(beta)}`;
    const made = this.derive(
      key,
      [x],
      x.data.length,
      () => this.folded('unary', [x], attributes, type) ?? fold.unary(x, fn, type, alpha, beta),
    );
    return made ?? this.#dependsOnBatch();
  }

  binary(fn: BinaryName, left: Value, right: Value): Value {
    const [a, b] = this.ofOneVocabulary([left, right]);
    const type = TRUTHS.has(fn) ? 'bool' : a.type;
    if (a.kind === 'row' || b.kind === 'row') {
      const { operands, info } = aligned(this, [a, b], type);
      return this.emit('binary', operands, { fn }, info);
    }
    const shape = commonShape(this, [a, b]);
    const made = this.derive(
      fn,
      [a, b],
      elementCount(shape),
      () => this.folded('binary', [a, b], { fn }, type) ?? fold.binary(fn, a, b, shape, type),
    );
    return made ?? this.#dependsOnBatch();
  }

  select(condition: Value, whereTrue: Value, whereFalse: Value): Value {
    const [a, b] = this.ofOneVocabulary([whereTrue, whereFalse]);
    if (condition.kind === 'row' || a.kind === 'row' || b.kind === 'row') {
      const { operands, info } = aligned(this, [condition, a, b], a.type);
      return { ...this.emit('select', operands, {}, info), words: wordsOf([a, b]), spread: spreadOf([a, b]) };
    }
    const [test, left, right] = broadcastAlike(this, [condition, a, b]);
    // A float that the precision rounds to 0 is false.
    const isTrue = isFloat(test.type) ? (this.unary(test, 'to_bool') as Constant) : test;
    return fold.select(isTrue, left, right) ?? this.#dependsOnBatch();
  }

  /** −1, 0 or 1; 0 for NaN, which `sign` of the graph keeps. */
  signOfNumber(x: Value): Value {
    const zero = this.scalar(x, 0);
    const [above, below] = [this.binary('greater', x, zero), this.binary('less', x, zero)];
    return this.binary('sub', this.cast(above, x.type), this.cast(below, x.type));
  }

  /** Whether it is neither NaN nor infinite. */
  isFinite(x: Value): Value {
    return this.unary(this.binary('or', this.unary(x, 'is_nan'), this.unary(x, 'is_inf', 1, 1)), 'not');
  }

  /** Whether it is negative, including −0. */
  hasSign(x: Value): Value {
    const isBelow = this.binary('less', x, this.scalar(x, 0));
    if (!isFloat(x.type)) return isBelow;
    return this.binary('or', isBelow, this.binary('less', this.unary(x, 'reciprocal'), this.scalar(x, 0)));
  }

  /**
   * The exact remainder of integers and floats: with the divisor's sign for `floor`, like Python's %; with the
   * dividend's for `trunc`.
   */
  remainder(a: Value, b: Value, round: 'floor' | 'trunc'): Value {
    const signed = this.binary('fmod', a, b);
    const zero = this.scalar(signed, 0);
    // Integers have no −0.
    const rest = isFloat(signed.type) ? signed : this.binary('add', signed, zero);
    if (round === 'trunc') return rest;
    const differs = this.binary('xor', this.binary('less', rest, zero), this.binary('less', b, zero));
    return this.select(this.binary('and', rest, differs), this.binary('add', rest, b), rest);
  }

  /** x·scale + shift, rounded once. `scale` and `shift` broadcast to `x.shape`. */
  affine(x: Value, scale: Constant, shift: Constant): Row {
    const row = this.asRow(x);
    return this.emit('affine', [row.operand, this.tensor(scale), this.tensor(shift)], {}, row);
  }

  cast(x: Value, type: ElementType): Value {
    if ((x.type === 'string') !== (type === 'string')) {
      throw this.error('UNSUPPORTED_OP', `a cast from ${x.type} to ${type} writes or reads numbers as words`);
    }
    if (x.kind === 'constant') {
      if (x.type === type) return x;
      const { castRule, folder } = this;
      if (fold.isHeldAlike(x, type, castRule, folder?.precision)) return { ...x, type };
      return this.derive(`cast ${type}`, [x], x.data.length, () => fold.cast(x, type, castRule, folder?.precision));
    }
    if (x.below !== undefined && type !== 'bool' && holdsBelow(type, x.below)) return { ...x, type };
    const steps = castSteps(x.type, type, this.castRule);
    const cast = steps.reduce<Value>((value, step) => this.#castStep(value, step), x) as Row;
    return this.#retyped(cast, x.type, type);
  }

  #castStep(x: Value, step: CastStep): Value {
    if ('fn' in step) return this.unary(x, step.fn, step.alpha, step.beta);
    return this.select(this.unary(x, 'is_nan'), this.scalar(x, step.nan), x);
  }

  /** Adds a cast to the graph if integers become floats, which rounds, or the other way round. */
  #retyped(x: Row, from: ElementType, type: ElementType): Row {
    const [was, is] = [isLarge(from), isLarge(type)];
    if (is === was || (was && !isFloat(type))) return { ...x, type };
    return { ...this.emit('retype', [x.operand], { to: is ? 'integer' : 'float' }, x), type };
  }

  /** Casts values to one kind: words become indices of one vocabulary. */
  ofOneVocabulary<V extends Value>(values: readonly V[]): readonly V[] {
    return ofOneVocabulary(this, values, (ids, table) => this.embedding(ids, table));
  }

  /** A constant number of the type of `x`. */
  scalar(x: Value, value: number): Constant {
    return literal(x.type, [value]);
  }

  // Operations along axes

  /** Without axes, reduces all of them. */
  reduce(x: Value, fn: ReduceName, axes: readonly number[] | undefined, keepDims: boolean): Value {
    const all = axes ?? Array.from({ length: this.rank(x) }, (_, axis) => axis);
    const own = [...new Set(all.map((axis) => this.ownAxis(x, axis)))].sort((a, b) => a - b);
    const kept = x.shape.map((size, axis) => (own.includes(axis) ? 1 : size));
    const shape = keepDims ? kept : kept.filter((_, axis) => !own.includes(axis));
    const type = fn.startsWith('arg_') ? 'int64' : x.type;
    if (x.kind === 'row') {
      const batchAxis = keepDims ? x.batchAxis : without(own, x.batchAxis);
      const below = fn.startsWith('arg_') ? elementCount(own.map((axis) => x.shape[axis])) : undefined;
      const info = { type, shape, batchAxis, merged: x.merged, stacked: x.stacked };
      return { ...this.emit('reduce', [x.operand], { fn, axes: own, keepDims }, info), below };
    }
    this.spend(2 * x.data.length, [x]);
    const reduced = own.length === 0 ? undefined : this.folded('reduce', [x], { fn, axes: own, keepDims: true }, type);
    return this.reshaped(reduced ?? fold.reduce(x, fn, own, type) ?? this.#dependsOnBatch(), shape);
  }

  softmax(x: Value, axis: number, log: boolean): Value {
    const fn = log ? 'log_softmax' : 'softmax';
    const own = this.ownAxis(x, axis);
    if (x.kind === 'row') return this.emit('softmax', [x.operand], { axis: own, fn }, x);
    this.spend(x.data.length, [x]);
    const folded = this.folded('softmax', [x], { axis: own, fn }, x.type);
    if (folded !== undefined) return folded;
    const shifted = this.binary('sub', x, this.reduce(x, 'max', [own], true));
    const powers = this.unary(shifted, 'exp');
    const sum = this.reduce(powers, 'sum', [own], true);
    return log ? this.binary('sub', shifted, this.unary(sum, 'log')) : this.binary('div', powers, sum);
  }

  /** Over the axes from `axis` to the last. */
  layerNorm(x: Row, axis: number, epsilon: number, scale?: Value, shift?: Value): Value {
    return this.#norm('layer_norm', x, this.ownAxisToEnd(x, axis), epsilon, scale, shift);
  }

  rmsNorm(x: Row, axis: number, epsilon: number, scale?: Value): Value {
    return this.#norm('rms_norm', x, this.ownAxisToEnd(x, axis), epsilon, scale, undefined);
  }

  /**
   * Constant parameters of the normalised axes become part of the node; others, and a shift without a scale, are
   * applied afterwards.
   */
  #norm(op: 'layer_norm' | 'rms_norm', x: Row, axis: number, epsilon: number, scale?: Value, shift?: Value): Value {
    const fits = (value?: Value) => value?.kind === 'constant' && value.shape.length <= x.shape.length - axis;
    const inside = [scale, shift].slice(0, fits(scale) ? (fits(shift) ? 2 : 1) : 0) as Constant[];
    const parameters = inside.map((value) => this.tensor(this.expanded(value, x.shape.slice(axis)) as Constant));
    let y: Value = this.emit(op, [x.operand, ...parameters], { axis, epsilon }, x);
    if (scale && inside.length < 1) y = this.binary('mul', y, scale);
    return shift && inside.length < 2 ? this.binary('add', y, shift) : y;
  }

  /** Rows whose norm is 0 stay 0. */
  normalize(x: Row, axis: number, norm: NormName): Row {
    return this.emit('normalize', [x.operand], { axis: this.ownAxis(x, axis), norm, epsilon: 0, floor: 1 }, x);
  }

  // Moving elements

  concat(given: readonly Value[], axis: number): Value {
    const parts = this.ofOneVocabulary(given);
    const row = parts.find((part) => part.kind === 'row');
    const whole = row ?? parts[0];
    const own = this.ownAxis(whole, axis);
    const aligned = row ? parts.map((part) => this.asRow(part, row.batchAxis)) : parts;
    for (const [i, part] of aligned.entries()) {
      const shared = sharedAxis(whole);
      const isApart = sharedAxis(part) !== shared || (shared !== undefined && parts[i].kind === 'constant');
      if (batchAxisOf(part) !== batchAxisOf(whole) || isApart)
        throw this.crossing('the batch is joined with another axis');
      const isAlike = part.shape.every((size, i) => i === own || size === whole.shape[i]);
      if (isAlike && part.shape.length === whole.shape.length) continue;
      throw this.error(
        'SHAPE',
        `${formatShape(whole.shape)} and ${formatShape(part.shape)} cannot be joined along axis ${own}`,
      );
    }
    if (aligned.length === 1) return aligned[0];
    const size = aligned.reduce((sum, part) => sum + part.shape[own], 0);
    if (row) {
      const operands = aligned.map((part) => (part as Row).operand);
      const info = { ...row, shape: row.shape.with(own, size), below: undefined, spread: spreadOf(aligned) };
      return this.emit('concat', operands, { axis: own }, info);
    }
    const constants = aligned as Constant[];
    return this.interim(constants, elementCount(whole.shape.with(own, size)), () => fold.concat(constants, own));
  }

  /** The elements at the given positions along an axis; negative positions count from its end. */
  gather(x: Value, axis: number, positions: ArrayLike<number>): Value {
    const own = this.ownAxis(x, axis);
    const size = x.shape[own];
    const columns = this.#columns(positions, size);
    if (isIdentity(columns, size)) return x;
    if (x.kind === 'row' && columns.length === 0)
      throw this.error('SHAPE', 'the operation selects no element of the row');
    const shape = x.shape.with(own, columns.length);
    if (x.kind === 'row') return this.emit('gather', [x.operand], { axis: own, indices: columns }, { ...x, shape });
    return this.interim([x], elementCount(shape), () => fold.gather(x, own, columns));
  }

  /** Non-negative positions, all of which must be within the axis. */
  #columns(positions: ArrayLike<number>, size: number): Int32Array {
    let isPlain = positions instanceof Int32Array;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i];
      if (position < 0) isPlain = false;
      if (Number.isInteger(position) && position >= -size && position < size) continue;
      throw this.error('SHAPE', `index ${position} is outside an axis of ${size}`);
    }
    if (isPlain) return positions as Int32Array;
    return this.positionsOf(positions.length, (i) => (positions[i] < 0 ? positions[i] + size : positions[i]));
  }

  transpose(x: Value, given: readonly number[]): Value {
    const rank = this.rank(x);
    const permutation = given.map((axis) => this.axis(axis, rank));
    if (permutation.length !== rank || new Set(permutation).size !== rank) {
      throw this.error('SHAPE', `${formatShape(given)} is not a permutation of ${rank} axes`);
    }
    const others = permutation.filter((axis) => axis !== batchAxisOf(x));
    const shared = sharedAxis(x);
    const own = shared === undefined ? others.map((axis) => this.ownAxis(x, axis)) : permutation;
    const shape = own.map((axis) => x.shape[axis]);
    const isSame = own.every((axis, i) => axis === i);
    if (x.kind === 'constant') {
      if (isSame) return x;
      return this.derive(`transpose ${own}`, [x], x.data.length, () => fold.transpose(x, own));
    }
    // The batch moves only nominally: rows are stored one after another in any case.
    const place = x.batchAxis === undefined ? undefined : permutation.indexOf(shared ?? x.batchAxis);
    const batchAxis = x.stacked ? Number(place) + 1 : place;
    if (isSame) return { ...x, batchAxis };
    return this.emit('transpose', [x.operand], { permutation: own }, { ...x, shape, batchAxis });
  }

  /**
   * The same elements with `shape`: without the batch, which is at `batchAxis`, or including the axis that the batch is
   * merged with.
   */
  reshaped<V extends Value>(x: V, shape: readonly number[], batchAxis?: number, merged?: boolean): V;
  reshaped(x: Value, shape: readonly number[], batchAxis = batchAxisOf(x), merged = isMerged(x)): Value {
    this.checkSizes(shape);
    if (elementCount(shape) !== elementCount(x.shape)) {
      throw this.error('SHAPE', `${formatShape(x.shape)} and ${formatShape(shape)} have different numbers of elements`);
    }
    if (x.kind === 'constant') return constant(x.type, shape, x.data, x.batch);
    if (sameShape(x.shape, shape)) return { ...x, batchAxis, merged };
    return this.emit('reshape', [x.operand], { shape }, { ...x, shape, batchAxis, merged });
  }

  /** Broadcast to exactly `shape`: without the batch, which is at `batchAxis`. */
  expanded<V extends Value>(x: V, shape: readonly number[], batchAxis?: number): V;
  expanded(x: Value, shape: readonly number[], batchAxis = batchAxisOf(x)): Value {
    this.checkSizes(shape);
    if (!broadcastsTo(x.shape, shape)) {
      throw this.error('SHAPE', `${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`);
    }
    if (x.kind === 'row') {
      if (sameShape(x.shape, shape)) return { ...x, batchAxis };
      return this.emit('expand', [x.operand], { shape }, { ...x, shape, batchAxis });
    }
    return this.derive(`expand ${shape}`, [x], elementCount(shape), () => fold.broadcastTo(x, shape));
  }

  /** A value as a named row tensor with the batch first, as outputs must be. */
  named(x: Value): Row & { readonly operand: string } {
    if (x.kind === 'constant' && this.batchAxis !== undefined && x.shape[0] !== this.declaredBatch) {
      throw this.crossing('the output does not depend on the batch and has no row for each input row');
    }
    const row = this.asRow(x);
    // Axes of size 1 before the batch do not change the order of rows.
    const isFirst = row.batchAxis !== undefined && elementCount(row.shape.slice(0, row.batchAxis)) === 1;
    if ((isFirst ? 0 : row.batchAxis) !== this.batchAxis || row.merged || row.stacked) {
      if (row.merged || row.stacked) throw this.crossing('the batch is merged with another axis in the output');
      const found = row.batchAxis === undefined ? 'it has no batch' : `the batch is axis ${row.batchAxis}`;
      throw this.crossing(`${found}; expected it to be ${this.batchAxis === undefined ? 'none' : 'axis 0'}`);
    }
    const { operand } =
      typeof row.operand === 'string' ? row : this.emit('reshape', [row.operand], { shape: row.shape }, row);
    return { ...row, batchAxis: this.batchAxis, operand: operand as string };
  }

  // Matrices and tables

  /** x [..., K] times a matrix, [K, N] or with `out-in` [N, K]. */
  dense(x: Value, weight: Constant, layout: 'in-out' | 'out-in', bias?: Constant): Value {
    const [inputs, outputs] = layout === 'in-out' ? weight.shape : weight.shape.toReversed();
    const axis = this.ownAxis(x, -1);
    if (x.shape[axis] !== inputs) {
      const matrix = `a matrix of ${formatShape(weight.shape)}`;
      throw this.error('SHAPE', `expected ${inputs} features for ${matrix}, found ${formatShape(x.shape)}`);
    }
    const shape = x.shape.with(axis, outputs);
    if (x.kind === 'row') {
      const operands = [x.operand, this.tensor(weight), ...(bias ? [this.tensor(bias)] : [])];
      return this.emit('dense', operands, { layout }, { ...x, shape });
    }
    this.budget.step((elementCount(x.shape) * outputs) / PRODUCTS_PER_STEP, this.place);
    this.spend(elementCount(shape) + weight.data.length);
    const folded = this.folded('dense', bias ? [x, weight, bias] : [x, weight], { layout }, x.type);
    if (folded !== undefined) return folded;
    const product = fold.matMul(x, layout === 'in-out' ? weight : fold.transpose(weight, [1, 0]));
    return bias ? this.binary('add', product, bias) : product;
  }

  embedding(ids: Row, table: Constant): Row {
    if (table.type === 'string') return this.#pickWords(ids, table);
    const shape = [...ids.shape, ...table.shape.slice(1)];
    const operands = [ids.operand, this.tensor(table)];
    const picked = this.emit('embedding', operands, { wrap: true }, { ...ids, type: table.type, shape });
    return this.#retyped(picked, 'float32', table.type);
  }

  /** The words of a list are its ids. */
  #pickWords(ids: Row, table: Constant): Row {
    if (table.shape.length !== 1)
      throw this.error('SHAPE', `a table of words with the shape ${formatShape(table.shape)} is not supported`);
    const { length } = table.data;
    this.spend(2 * length);
    const words = new Vocabulary(Array.from(table.data, (index) => this.constantWords.list[index]));
    if (ids.below !== undefined && ids.below <= length) return { ...ids, type: 'string', words };
    const positions = constant(
      'int64',
      [length],
      Float64Array.from({ length }, (_, i) => i),
    );
    return { ...this.embedding(ids, positions), type: 'string', words };
  }

  #dependsOnBatch(): never {
    throw this.crossing('the result depends on the batch size');
  }
}
