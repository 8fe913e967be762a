/** Matrix products like NumPy's matmul and einsum: a layer if one matrix is constant, otherwise a product of rows. */
import { broadcastShapes, elementCount, formatShape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import type { GraphBuilder } from './builder.ts';
import { batchAxisOf, isMerged } from './emitter.ts';
import { type Constant, HIGHEST_RANK, type Row, range, type Value } from './value.ts';

/** Like NumPy's matmul. */
export function multiply(build: GraphBuilder, a: Value, b: Value): Value {
  const [rankA, rankB] = [build.rank(a), build.rank(b)];
  const product = byMatrix(build, a, b);
  if (product !== undefined) return product;
  // A vector is a row on the left, and a column on the right.
  const [left, right] = [rankA === 1 ? withAxis(build, a, 0) : a, rankB === 1 ? withAxis(build, b, 1) : b];
  const found = byMatrix(build, left, right) ?? stacked(build, left, right);
  const ofColumns = rankB === 1 ? withoutAxis(build, found, -1) : found;
  return rankA === 1 ? withoutAxis(build, ofColumns, rankB === 1 ? -1 : -2) : ofColumns;
}

/** For one operand that is a single constant matrix or vector. */
function byMatrix(build: GraphBuilder, a: Value, b: Value): Value | undefined {
  const [rankA, rankB] = [build.rank(a), build.rank(b)];
  if (rankA === 0 || rankB === 0) throw build.error('SHAPE', 'a number cannot be multiplied as a matrix');
  if (b.kind === 'constant') {
    if (rankB === 1) return withoutAxis(build, build.dense(a, build.reshaped(b, [b.shape[0], 1]), 'in-out'), -1);
    const matrix = singleMatrix(build, b, rankA);
    if (matrix !== undefined) return build.dense(a, matrix, 'in-out');
  } else if (a.kind === 'constant') {
    const matrix = rankA === 1 ? build.reshaped(a, [1, a.shape[0]]) : singleMatrix(build, a, rankB);
    if (matrix !== undefined) return fromLeft(build, matrix, b, rankA === 1);
  }
  return undefined;
}

/** x [..., M, N] with its last two axes swapped. */
export function swapLastTwo(build: GraphBuilder, x: Value): Value {
  const rank = build.rank(x);
  return rank < 2 ? x : build.transpose(x, [...range(0, rank - 2, 1), rank - 1, rank - 2]);
}

/** A stack of one matrix as that matrix, if the stack adds no axis. */
function singleMatrix(build: GraphBuilder, weight: Constant, otherRank: number): Constant | undefined {
  const isOne = weight.shape.slice(0, -2).every((size) => size === 1);
  if (!isOne || weight.shape.length > Math.max(otherRank, 2)) return undefined;
  return build.reshaped(weight, weight.shape.slice(-2));
}

/** A constant W times x [..., K, N] is (xᵀ·Wᵀ)ᵀ. */
function fromLeft(build: GraphBuilder, weight: Constant, x: Row, isVector: boolean): Value {
  const product = build.dense(swapLastTwo(build, x), weight, 'out-in');
  if (isVector) return withoutAxis(build, product, -1);
  return build.rank(x) === 1 ? product : swapLastTwo(build, product);
}

/** `given` is an axis of the result, and is not the batch. */
function withAxis(build: GraphBuilder, x: Value, given: number): Value {
  const batchAxis = batchAxisOf(x);
  if (batchAxis !== undefined) throw build.crossing('the batch is multiplied as a vector');
  return build.reshaped(x, x.shape.toSpliced(given, 0, 1));
}

function withoutAxis(build: GraphBuilder, x: Value, given: number): Value {
  const axis = build.ownAxis(x, given);
  const batchAxis = batchAxisOf(x);
  const place = build.axis(given, build.rank(x));
  return build.reshaped(
    x,
    x.shape.toSpliced(axis, 1),
    batchAxis !== undefined && place < batchAxis ? batchAxis - 1 : batchAxis,
  );
}

/**
 * Stacks of matrices, at least one of which differs between rows. Counted from the last axis, the batch is in the same
 * place on both sides; beside a constant it may also be the rows of the left matrix, or the columns of the right one.
 */
function stacked(build: GraphBuilder, a: Value, b: Value): Value {
  if (a.kind === 'constant' && b.kind === 'constant') return ofConstants(build, a, b);
  checkApart(build, [a, b]);
  const rank = Math.max(build.rank(a), build.rank(b));
  const places = [a, b].map((x) => {
    const axis = batchAxisOf(x);
    return axis === undefined ? undefined : build.rank(x) - 1 - axis;
  });
  const found = places.filter((place) => place !== undefined);
  const [place] = found;
  if (place === undefined) return emit(build, a, b, undefined);
  if (found.some((other) => other !== place)) throw build.crossing('the batch is multiplied with another axis');
  if (place >= 2) {
    const [left, right] = [a, b].map((x) =>
      x.kind === 'constant' && x.shape.length > place ? build.asRow(x, x.shape.length - 1 - place) : x,
    );
    return emit(build, left, right, rank - 1 - place);
  }
  // A row of the left matrix, or a column of the right one, belongs to the batch.
  const isLeft = a.kind === 'row' && b.kind === 'constant' && place === 1;
  const isRight = b.kind === 'row' && a.kind === 'constant' && place === 0;
  if (!isLeft && !isRight) throw build.crossing('the batch is summed over, or multiplied with itself');
  const own = (x: Row, at: number) => build.reshaped({ ...x, batchAxis: undefined }, x.shape.toSpliced(at, 0, 1));
  const product = isLeft
    ? emit(build, own(a, a.shape.length - 1), b, undefined)
    : emit(build, a, own(b as Row, b.shape.length), undefined);
  const shape = product.shape.toSpliced(isLeft ? -2 : -1, 1);
  return build.reshaped(product, shape, rank - 1 - place);
}

/** The product for one row, without the batch, which is at `batchAxis` in the result. */
function emit(build: GraphBuilder, a: Value, b: Value, batchAxis: number | undefined): Row {
  const [m, k] = a.shape.slice(-2);
  const [inputs, n] = b.shape.slice(-2);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (k !== inputs || batch === undefined) {
    throw build.error('SHAPE', `${formatShape(a.shape)} and ${formatShape(b.shape)} cannot be multiplied`);
  }
  // A single column is also a row of products that are added up.
  const isColumn = n === 1;
  const right = isColumn ? build.reshaped(b, [...b.shape.slice(0, -2), 1, k], batchAxisOf(b)) : b;
  const [left, other] = [a, right].map((x) => (x.kind === 'row' ? x.operand : build.tensor(x)));
  const attributes = { layout: isColumn ? 'out-in' : 'in-out' } as const;
  return build.emit('matmul', [left, other], attributes, { type: a.type, shape: [...batch, m, n], batchAxis });
}

/** Rows merged with another axis can only be multiplied with a constant matrix. */
function checkApart(build: GraphBuilder, values: readonly Value[]): void {
  if (values.some(isMerged)) throw build.crossing('the batch is merged with another axis in a product');
}

function ofConstants(build: GraphBuilder, a: Constant, b: Constant): Value {
  const left = build.reshaped(a, [...a.shape, 1]);
  const right = build.reshaped(b, b.shape.toSpliced(-2, 0, 1));
  return build.reduce(build.binary('mul', left, right), 'sum', [-2], false);
}

// Einsum

/** The letters of axes; those of an ellipsis are numbers, counted from its last axis. */
type Letters = readonly string[];

interface Operand {
  readonly value: Value;
  readonly letters: Letters;
}

/** Like NumPy's einsum, operand by operand from the left. Throws `UNSUPPORTED_OP` if an operand has an axis twice. */
export function einsum(build: GraphBuilder, equation: string, values: readonly Value[]): Value {
  const text = equation.replaceAll(' ', '');
  const [given, result, ...others] = text.split('->');
  const sides = given.split(',');
  const isEquation = others.length === 0 && sides.length === values.length && values.length > 0;
  if (!isEquation) throw build.error('MALFORMED', `${quote(text)} is not an equation for ${values.length} operands`);
  checkApart(build, values);
  const operands = values.map((value, at): Operand => ({ value, letters: lettersOf(build, sides[at], value) }));
  const wanted = resultLetters(build, operands, result);
  let product = operands[0];
  for (const [at, operand] of operands.entries()) {
    if (at === 0) continue;
    const later = operands.slice(at + 1).flatMap(({ letters }) => letters);
    product = contract(build, [product, operand], new Set([...later, ...wanted]));
  }
  const { value, letters } = summed(build, product, new Set(wanted));
  return build.transpose(
    value,
    wanted.map((letter) => letters.indexOf(letter)),
  );
}

const ELLIPSIS = '...';

function lettersOf(build: GraphBuilder, side: string, value: Value): Letters {
  const rank = build.rank(value);
  const [before, after, ...others] = side.split(ELLIPSIS);
  const hidden = after === undefined ? 0 : rank - before.length - after.length;
  const letters = [...before, ...(hidden > 0 ? range(hidden - 1, -1, -1).map(String) : []), ...(after ?? '')];
  const isPlain = (text: string) => /^[a-zA-Z]*$/.test(text);
  if (letters.length !== rank || rank > HIGHEST_RANK || others.length > 0 || !isPlain(before + (after ?? ''))) {
    throw build.error('MALFORMED', `${quote(side)} of an equation does not match the ${rank} axes of its operand`);
  }
  if (new Set(letters).size !== letters.length) {
    throw build.error('UNSUPPORTED_OP', `${quote(side)} of an equation takes a diagonal, which is not supported`);
  }
  return letters;
}

/** Without a right side: the letters that occur once, in alphabetical order, after those of an ellipsis. */
function resultLetters(build: GraphBuilder, operands: readonly Operand[], result: string | undefined): Letters {
  const all = operands.flatMap(({ letters }) => letters);
  const distinct = [...new Set(all)];
  const hidden = distinct.filter((letter) => /\d/.test(letter)).sort((a, b) => Number(b) - Number(a));
  if (result === undefined) {
    const once = distinct.filter((letter) => !/\d/.test(letter) && all.indexOf(letter) === all.lastIndexOf(letter));
    return [...hidden, ...once.sort()];
  }
  const [before, after] = result.split(ELLIPSIS);
  const letters = [...before, ...(after === undefined ? [] : [...hidden, ...after])];
  if (letters.every((letter) => distinct.includes(letter)) && new Set(letters).size === letters.length) return letters;
  throw build.error('MALFORMED', `${quote(result)}, the result of an equation, names axes that no operand has`);
}

/** Sums over the axes that nothing else uses. */
function summed(build: GraphBuilder, { value, letters }: Operand, wanted: ReadonlySet<string>): Operand {
  const lost = letters.filter((letter) => !wanted.has(letter));
  if (lost.length === 0) return { value, letters };
  const axes = lost.map((letter) => letters.indexOf(letter));
  return { value: build.reduce(value, 'sum', axes, false), letters: letters.filter((letter) => wanted.has(letter)) };
}

/** The product of two operands, summed over axes that are no longer wanted. */
function contract(build: GraphBuilder, given: readonly [Operand, Operand], wanted: ReadonlySet<string>): Operand {
  const isTurned = given[0].value.kind === 'constant' && given[1].value.kind === 'row';
  const [first, second] = isTurned ? given.toReversed() : given;
  const a = summed(build, first, new Set([...wanted, ...second.letters]));
  const b = summed(build, second, new Set([...wanted, ...a.letters]));
  const batch = new Set([a, b].flatMap(({ value, letters }) => letters[batchAxisOf(value) ?? letters.length] ?? []));
  if (batch.size > 1) throw build.crossing('the batch is multiplied with another axis');
  const [inA, inB] = [new Set(a.letters), new Set(b.letters)];
  const common = a.letters.filter((letter) => inB.has(letter) && wanted.has(letter) && !batch.has(letter));
  const over = a.letters.filter((letter) => inB.has(letter) && !wanted.has(letter));
  if (over.some((letter) => batch.has(letter))) throw build.crossing('the batch is summed over');
  const left = a.letters.filter((letter) => !inB.has(letter) && !batch.has(letter));
  const right = b.letters.filter((letter) => !inA.has(letter) && !batch.has(letter));
  const front = [...batch, ...common];
  const isLayer = b.value.kind === 'constant' && common.length === 0 && over.length > 0;
  if (isLayer && !b.letters.some((letter) => batch.has(letter))) {
    const moved = build.transpose(
      a.value,
      [...front, ...left, ...over].map((letter) => a.letters.indexOf(letter)),
    );
    const outer = moved.shape.slice(0, moved.shape.length - over.length);
    const x = build.reshaped(moved, [...outer, elementCount(moved.shape.slice(outer.length))]);
    const product = build.dense(x, arranged(build, b, [[], over, right], new Set()) as Constant, 'in-out');
    const made = right.map((letter) => b.value.shape[b.letters.indexOf(letter)]);
    return { value: build.reshaped(product, [...outer, ...made]), letters: [...front, ...left, ...right] };
  }

  const [x, y] = [arranged(build, a, [front, left, over], batch), arranged(build, b, [front, over, right], batch)];
  const sizes = new Map([...sizesOf(a), ...sizesOf(b)]);
  for (const [letter, size] of sizesOf(a)) if (size !== 1) sizes.set(letter, size);
  const product =
    over.length > 0
      ? multiply(build, x, y)
      : // Nothing is summed: an elementwise product, whatever the sign of a zero.
        build.binary('mul', x, y);
  const letters = [...front, ...left, ...right];
  const own = letters.filter((letter) => !batch.has(letter)).map((letter) => sizes.get(letter) ?? 1);
  const shape = product.kind === 'constant' && batch.size > 0 ? [1, ...own] : own;
  return { value: build.reshaped(product, shape), letters };
}

/**
 * Permutes the axes into the order of the lists, and merges the axes in each of the last two lists, to an axis of size
 * 1 if it has none.
 */
function arranged(
  build: GraphBuilder,
  { value, letters }: Operand,
  [front, rows, columns]: readonly Letters[],
  batch: ReadonlySet<string>,
): Value {
  const there = front.filter((letter) => letters.includes(letter));
  const moved = build.transpose(
    value,
    [...there, ...rows, ...columns].map((letter) => letters.indexOf(letter)),
  );
  const sizes = moved.shape;
  const outer = there.length - (batchAxisOf(moved) === undefined ? 0 : 1);
  const inner = sizes.slice(outer);
  const [m, n] = [elementCount(inner.slice(0, rows.length)), elementCount(inner.slice(rows.length))];
  const isWithout = batch.size > 0 && moved.kind === 'constant' && !letters.includes([...batch][0]);
  return build.reshaped(moved, [...(isWithout ? [1] : []), ...sizes.slice(0, outer), m, n]);
}

/** By letter, without the batch. */
function sizesOf({ value, letters }: Operand): [letter: string, size: number][] {
  const batchAxis = batchAxisOf(value);
  return letters.filter((_, axis) => axis !== batchAxis).map((letter, axis) => [letter, value.shape[axis]]);
}
