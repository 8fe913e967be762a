/** What each instruction of a plan does to the values of a row, for the reference engine. */
import { evaluate } from '../../lib/graph/evaluate.ts';
import type { Node, Op, OpAttributes, Tensor } from '../../lib/graph/graph.ts';
import { BINARY } from '../../lib/graph/operations/binary.ts';
import { BAG, METRIC, NORM, SORT, TREE_SUM } from '../../lib/graph/operations/choices.ts';
import { OPCODE } from '../../lib/graph/operations/opcodes.ts';
import { REDUCE, SOFTMAX } from '../../lib/graph/operations/rowwise.ts';
import { UNARY } from '../../lib/graph/operations/unary.ts';
import { quantizedWidth, WEIGHTS } from '../../lib/graph/plan-format.ts';
import { type Floats, type Instruction, nameOf, type Values } from './plan-reader.ts';

/** Why a run ends. */
export interface Stop {
  readonly code: 'badId' | 'notFinite' | 'notExact';
  readonly value: number;
  readonly element: number;
  readonly limit?: number;
}

type Run = (fields: readonly number[], values: Values, isWide: boolean) => Stop | undefined;

/** For tests that are to run each of them. */
export const opcodesRun = new Set<Instruction['op']>();

export function runInstruction({ op, fields }: Instruction, values: Values): Stop | undefined {
  opcodesRun.add(op);
  return RUNS[op](fields, values, false);
}

function tensor(shape: readonly number[], data: Floats): Tensor {
  return { shape, data };
}

/** What the definition of an operation gives for constants. */
function result<O extends Op>(op: O, attributes: OpAttributes[O], operands: readonly Tensor[]): Floats {
  return evaluate({ op, name: op, inputs: operands, output: 'y', attributes } as unknown as Node, operands).data;
}

/** An instruction that is one operation: y is what `compute` gives of the fields after it. */
function operation(compute: (fields: readonly number[], read: Reading) => Floats): Run {
  return ([y, ...fields], values, isWide) => {
    values.numbers(y, isWide).set(compute(fields, new Reading(values, isWide)));
    return undefined;
  };
}

class Reading {
  constructor(
    readonly values: Values,
    readonly isWide: boolean,
  ) {}

  row(operand: number): Tensor {
    const data = this.values.operand(operand, this.isWide);
    return tensor([data.length], data);
  }

  matrix(operand: number, repeat: number, k: number): Tensor {
    return tensor([repeat, k], this.values.operand(operand, this.isWide));
  }

  parameter(index: number): Tensor {
    const data = this.values.parameter(index, this.isWide);
    return tensor([data.length], data);
  }

  /** Nothing for −1. */
  optional(index: number): readonly Tensor[] {
    return index < 0 ? [] : [this.parameter(index)];
  }

  numbers(index: number): readonly number[] {
    return index < 0 ? [] : Array.from(this.parameter(index).data);
  }
}

/** Rows as int8 weights take them: here the numbers themselves, at the beginning of the room that each row has. */
const quantize = operation(([x, repeat, k], read) => {
  const rows = new Float64Array(repeat * quantizedWidth(k));
  const { data } = read.row(x);
  for (let row = 0; row < repeat; row++) rows.set(data.subarray(row * k, (row + 1) * k), row * quantizedWidth(k));
  return rows;
});

function unquantized({ data }: Tensor, repeat: number, k: number): Tensor {
  const rows = new Float64Array(repeat * k);
  for (let row = 0; row < repeat; row++) {
    rows.set(data.subarray(row * quantizedWidth(k), row * quantizedWidth(k) + k), row * k);
  }
  return tensor([repeat, k], rows);
}

const dense = operation(([x, repeat, k, n, layout, weight, bias, clamp, weights], read) => {
  const rows = weights === WEIGHTS.int8 ? unquantized(read.row(x), repeat, k) : read.matrix(x, repeat, k);
  return denseOf(rows, [k, n, layout, weight, bias, clamp], read);
});

function denseOf(rows: Tensor, [k, n, layout, weight, bias, clamp]: readonly number[], read: Reading): Floats {
  const matrix = tensor(layout === 0 ? [k, n] : [n, k], read.parameter(weight).data);
  const [low, high] = read.numbers(clamp);
  const attributes = { layout: layout === 0 ? 'in-out' : 'out-in', ...(clamp >= 0 && { clamp: [low, high] }) } as const;
  return result('dense', attributes as OpAttributes['dense'], [rows, matrix, ...read.optional(bias)]);
}

/** Rows of integers of one scale: the scale, then two integers in each element, both 128 more than they are. */
function staticRows(x: Floats, repeat: number, k: number, [scale, zero]: readonly number[]): Float64Array {
  const rows = new Float64Array(repeat * quantizedWidth(k)).fill(128 * 257);
  const factor = Math.fround(1 / scale);
  for (let row = 0; row < repeat; row++) {
    const given = x.subarray(row * k, (row + 1) * k);
    const to = rows.subarray(row * quantizedWidth(k), (row + 1) * quantizedWidth(k));
    to[0] = given.every(Number.isFinite) ? scale : Number.NaN;
    for (const [i, value] of given.entries()) {
      const integer = Math.min(Math.max(roundHalfEven(value * factor + zero), -128), 127);
      to[1 + Math.floor(i / 2)] += i % 2 === 0 ? 256 * integer : integer;
    }
  }
  return rows;
}

/** The numbers that they stand for. */
function numbersOf({ data }: Tensor, repeat: number, k: number, [, zero]: readonly number[]): Tensor {
  const numbers = Float64Array.from({ length: repeat * k }, (_, at) => {
    const start = Math.floor(at / k) * quantizedWidth(k);
    const pair = data[start + 1 + Math.floor((at % k) / 2)];
    return ((at % k) % 2 === 0 ? Math.floor(pair / 256) - 128 - zero : (pair % 256) - 128 - zero) * data[start];
  });
  return tensor([repeat, k], numbers);
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}

const staticQuantize = operation(([x, repeat, k, scale], read) =>
  staticRows(read.row(x).data, repeat, k, read.numbers(scale)),
);

const staticDense = operation(([x, repeat, k, n, layout, weight, bias, clamp, scale, result], read) => {
  const rows = numbersOf(read.row(x), repeat, k, read.numbers(scale));
  const y = denseOf(rows, [k, n, layout, weight, bias, clamp], read);
  return result < 0 ? y : staticRows(y, repeat, n, read.numbers(result));
});

/** A row of bytes as a value of doubles holds it: behind its scale. */
function rowOfBytes({ buffer, byteOffset }: Floats, row: number, k: number) {
  const at = byteOffset + Float32Array.BYTES_PER_ELEMENT * row * quantizedWidth(k);
  return { scale: new Float32Array(buffer, at, 1), bytes: new Int8Array(buffer, at + 4, k) };
}

const bytes = operation(([x, repeat, k, center], read) => {
  const [middle] = read.numbers(center);
  const rows = new Float64Array(Math.ceil((repeat * quantizedWidth(k)) / 2));
  for (let row = 0; row < repeat; row++) {
    const given = read.row(x).data.subarray(row * k, (row + 1) * k);
    const to = rowOfBytes(rows, row, k);
    to.scale[0] = given.some(Number.isNaN) ? Number.NaN : 1;
    to.bytes.set(Array.from(given, (value) => Math.min(Math.max(Math.trunc(value) - middle, -128), 127)));
  }
  return rows;
});

const byteDense = operation(([x, repeat, k, n, layout, weight, bias, factor, settings], read) => {
  const matrix = read.parameter(weight).data;
  const [biases, factors] = [read.numbers(bias), read.numbers(factor)];
  const [shift, low, high, zero] = read.numbers(settings);
  return Float64Array.from({ length: repeat * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    const { scale, bytes: given } = rowOfBytes(read.row(x).data, row, k);
    let sum = biases[column];
    for (let i = 0; i < k; i++) sum += scale[0] * given[i] * matrix[layout === 0 ? i * n + column : column * k + i];
    return Math.min(Math.max(Math.floor(sum * factors[column] + shift), low), high) + zero;
  });
});

const norm = operation(([x, repeat, k, kind, epsilon, scale, shift], read) => {
  const attributes = { axis: 1, epsilon: read.numbers(epsilon)[0] };
  const ones = tensor([k], new Float64Array(k).fill(1));
  const scales = scale < 0 ? ones : read.parameter(scale);
  const operands = [read.matrix(x, repeat, k), scales, ...read.optional(shift)];
  return kind === 0 ? result('layer_norm', attributes, operands) : result('rms_norm', attributes, operands);
});

const concat = operation(([outer, , ...parts], read) => {
  const all = parts.map((part) => read.row(part).data);
  return Float64Array.from(
    Array.from({ length: outer }, (_, i) => all.map((part) => chunk(part, i, part.length / outer))).flat(2),
  );
});

function chunk(data: Floats, index: number, length: number): number[] {
  return Array.from(data.subarray(index * length, (index + 1) * length));
}

const embedding: Run = ([y, ids, table, count, width, wrap], values, isWide) => {
  const rows = values.parameter(table, isWide);
  const from = values.operand(ids, isWide);
  const to = values.numbers(y, isWide);
  for (const [element, value] of from.entries()) {
    const id = wrap === 1 && value < 0 ? value + count : value;
    if (!(Number.isInteger(id) && id >= 0 && id < count)) return { code: 'badId', value, element, limit: count };
    to.set(rows.subarray(id * width, (id + 1) * width), element * width);
  }
  return undefined;
};

const trees = operation(([x, width, sum, nodes, leaves, sets, divisor, ...targets], read) => {
  const [nodeData, leafData] = [read.parameter(nodes).data, read.parameter(leaves).data];
  const name = nameOf(TREE_SUM, sum);
  const attributes = {
    sum: name,
    outputs: name === 'none' ? 0 : Math.max(...targets) + width,
    targets: Int32Array.from(targets),
    divisor: read.numbers(divisor)[0] ?? 1,
  };
  const constants = [tensor([nodeData.length / 3, 3], nodeData), tensor([leafData.length / width, width], leafData)];
  return result('trees', attributes, [read.row(x), ...constants, ...read.optional(sets)]);
});

const nearest = operation(([x, repeat, k, count], read) => {
  const sorted = (['values', 'places'] as const).map((kind) =>
    result('sort', { axis: 1, count, descending: false, result: kind, ties: 'heap' }, [read.matrix(x, repeat, k)]),
  );
  return Float64Array.from(
    Array.from({ length: repeat }, (_, row) => sorted.map((data) => chunk(data, row, count))).flat(2),
  );
});

const bag: Run = ([y, x, table, bias, mode], values) => {
  const [to, pairs] = [values.numbers(y), values.pairs.get(x) ?? []];
  const rows = values.parameter(table);
  const kind = nameOf(BAG, mode);
  for (let column = 0; column < to.length; column++) {
    const products = pairs.map(([id, weight]) => weight * rows[id * to.length + column]);
    const sum = products.reduce((total, product) => total + product, 0);
    const found = kind === 'max' ? Math.max(...products) : kind === 'mean' ? sum / products.length : sum;
    to[column] = (products.length === 0 ? 0 : found) + (bias < 0 ? 0 : values.parameter(bias)[column]);
  }
  return undefined;
};

const RUNS: Readonly<Record<Instruction['op'], Run>> = {
  dense,
  unary: operation(([x, fn, parameter], read) => {
    const [alpha, beta] = read.numbers(parameter);
    return result('unary', { fn: nameOf(UNARY, fn), ...(parameter >= 0 && { alpha, beta }) }, [read.row(x)]);
  }),
  binary: operation(([a, b, fn], read) => result('binary', { fn: nameOf(BINARY, fn) }, [read.row(a), read.row(b)])),
  affine: operation(([x, scale, shift], read) =>
    result('affine', {}, [read.row(x), read.parameter(scale), read.parameter(shift)]),
  ),
  select: operation((operands, read) =>
    result(
      'select',
      {},
      operands.map((operand) => read.row(operand)),
    ),
  ),
  softmax: operation(([x, repeat, k, kind], read) =>
    result('softmax', { axis: 1, fn: nameOf(SOFTMAX, kind) }, [read.matrix(x, repeat, k)]),
  ),
  norm,
  normalize: operation(([x, repeat, k, kind, parameter], read) => {
    const [epsilon, floor] = read.numbers(parameter);
    return result('normalize', { axis: 1, norm: nameOf(NORM, kind), epsilon, floor }, [read.matrix(x, repeat, k)]);
  }),
  reduce: operation(([x, repeat, k, fn], read) =>
    result('reduce', { fn: nameOf(REDUCE, fn), axes: [1], keepDims: false }, [read.matrix(x, repeat, k)]),
  ),
  gather: operation(([x, ...columns], read) => {
    const { data } = read.row(x);
    return Float64Array.from(columns, (column) => data[column]);
  }),
  concat,
  embedding,
  one_hot: operation(([ids, depth, parameter, wrap], read) => {
    const [on, off] = read.numbers(parameter);
    return result('one_hot', { depth, on, off, axis: 1, wrap: wrap === 1 }, [read.row(ids)]);
  }),
  quantize,
  bytes,
  byte_dense: byteDense,
  static_quantize: staticQuantize,
  static_dense: staticDense,
  require_finite([x, nan], values) {
    const data = values.numbers(x);
    const element = data.findIndex((value) => !Number.isFinite(value) && !(nan === 1 && Number.isNaN(value)));
    return element < 0 ? undefined : { code: 'notFinite', value: data[element], element };
  },
  couple: operation(([x], read) => result('couple', {}, [read.row(x)])),
  wide([y, opcode, ...fields], values) {
    return RUNS[nameOf(OPCODE, opcode)]([y, ...fields], values, true);
  },
  widen([y, x], values) {
    values.numbers(y, true).set(values.numbers(x));
    return undefined;
  },
  narrow([y, x], values) {
    values.numbers(y).set(values.numbers(x, true));
    return undefined;
  },
  require_exact([x], values) {
    const data = values.numbers(x, true);
    const element = data.findIndex((value) => Math.abs(value) >= 2 ** 53);
    return element < 0 ? undefined : { code: 'notExact', value: data[element], element };
  },
  trees,
  matmul: operation(([a, b, repeat, m, k, n, layout], read) => {
    const right = layout === 0 ? [repeat, k, n] : [repeat, n, k];
    return result('matmul', { layout: layout === 0 ? 'in-out' : 'out-in' }, [
      tensor([repeat, m, k], read.row(a).data),
      tensor(right, read.row(b).data),
    ]);
  }),
  sort: operation(([x, repeat, k, count, descending, kind], read) =>
    result('sort', { axis: 1, count, descending: descending === 1, result: nameOf(SORT, kind) }, [
      read.matrix(x, repeat, k),
    ]),
  ),
  distances: operation(([x, k, metric, points, settings], read) => {
    const { data } = read.parameter(points);
    const numbers = read.numbers(settings);
    const weights = numbers.length === 0 ? [] : [tensor([k], Float64Array.from(numbers.slice(0, k)))];
    const attributes = { metric: nameOf(METRIC, metric), ...(numbers.length > 0 && { exponent: numbers[k] }) };
    return result('distances', attributes, [read.row(x), tensor([data.length / k, k], data), ...weights]);
  }),
  nearest,
  bag,
  scatter([y, x], values) {
    const to = values.numbers(y).fill(0);
    for (const [id, weight] of values.pairs.get(x) ?? []) to[id] += weight;
    return undefined;
  },
};
