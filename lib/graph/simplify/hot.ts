/** Rows whose elements are mostly 0, because each is 1 if a value is a certain number: one-hot categories. */
import type { Node, Op, OpAttributes, Operand, Tensor } from '../graph.ts';
import { denseLayout } from '../ops/dense.ts';
import { elementCount } from '../shapes.ts';
import { areAllFinite } from '../spans.ts';
import { endingOfDense } from './ending.ts';
import { type Rewriter, rule } from './rewriter.ts';

/** With fewer, comparing and multiplying all takes about as long as looking one up. */
const FEWEST = 512;
/**
 * The range of numbers may be at most this many times the number of elements, so that the table is hardly larger than
 * the weight.
 */
const MOST_SPARSE = 2;
/** The ids of larger tables are not exact in float32. */
const MOST_ROWS = 2 ** 24;

/** Element i is 1 where the source's element `columns[i]` is `numbers[i]`, else 0. */
export interface Hot {
  /** A row with one axis. */
  readonly source: Operand;
  readonly columns: ArrayLike<number>;
  readonly numbers: ArrayLike<number>;
}

/** Undefined if the operand is not such a row, or a short one. */
export function hotOf(operand: Operand, graph: Rewriter): Hot | undefined {
  const [length, ...others] = graph.shape(operand);
  if (others.length > 0 || !(length >= FEWEST)) return undefined;
  return comparedOf(operand, graph) ?? chosenOf(operand, graph);
}

/** Columns of a row, possibly repeated, that are compared with numbers. */
function comparedOf(operand: Operand, graph: Rewriter): Hot | undefined {
  const equal = graph.definition(operand);
  if (equal?.op !== 'binary' || equal.attributes.fn !== 'equal') return undefined;
  const [row, numbers] = typeof equal.inputs[0] === 'string' ? equal.inputs : equal.inputs.toReversed();
  const [length] = graph.shape(operand);
  if (typeof row !== 'string' || typeof numbers === 'string' || elementCount(numbers.shape) !== length)
    return undefined;
  const gather = graph.definition(row);
  if (
    gather?.op === 'gather' &&
    graph.shape(gather.inputs[0]).length === 1 &&
    gather.attributes.indices.length === length
  )
    return { source: gather.inputs[0], columns: gather.attributes.indices, numbers: numbers.data };
  if (graph.shape(row).length > 1 || elementCount(graph.shape(row)) !== 1) return undefined;
  return { source: row, columns: new Int32Array(length), numbers: numbers.data };
}

/**
 * One-hot ids, one after another, perhaps without some of the elements. They are ids of a table: an id that is not an
 * integer stops the run.
 */
function chosenOf(operand: Operand, graph: Rewriter): Hot | undefined {
  let node = graph.definition(operand);
  let chosen: Int32Array | undefined;
  if (node?.op === 'gather' && node.attributes.axis === 0) {
    chosen = node.attributes.indices;
    node = graph.definition(node.inputs[0]);
  }
  if (node?.op === 'reshape') node = graph.definition(node.inputs[0]);
  if (node?.op !== 'one_hot') return undefined;
  const [ids] = node.inputs;
  const { depth, on, off, axis, wrap } = node.attributes;
  const isPlain = on === 1 && off === 0 && !wrap && axis === 1 && graph.shape(ids).length === 1;
  if (!isPlain || !areIds(ids, depth, graph)) return undefined;
  const places = chosen ?? Int32Array.from({ length: graph.shape(ids)[0] * depth }, (_, at) => at);
  if (places.length !== graph.shape(operand)[0]) return undefined;
  return {
    source: ids,
    columns: places.map((place) => Math.floor(place / depth)),
    numbers: places.map((place) => place % depth),
  };
}

/** Whether the operand is a one-hot table and nothing else. */
function areIds(operand: Operand, depth: number, graph: Rewriter): boolean {
  let node = graph.definition(operand);
  if (node?.op === 'reshape') node = graph.definition(node.inputs[0]);
  if (node?.op !== 'embedding') return false;
  return (node.inputs[1] as Tensor).data.every((id) => Number.isInteger(id) && id >= 0 && id < depth);
}

/**
 * x·W + b of such a row is the sum of a row of W for each column, or of zeros for unknown numbers. This only holds if W
 * is finite, because 0 times infinity is NaN.
 */
export const denseOfHot = rule({
  name: 'dense of one-hot',
  keeps: 'precision',
  ops: ['dense'],
  apply(node, graph) {
    const [x, weight, bias] = node.inputs as readonly [Operand, Tensor, Tensor?];
    const hot = hotOf(x, graph);
    if (hot === undefined || !areAllFinite(weight.data)) return undefined;
    const { n, kStep, nStep } = denseLayout(node.attributes.layout, weight.shape);
    const looked = lookedUp(node, graph, hot, n, (i, j) => weight.data[i * kStep + j * nStep]);
    if (looked === undefined) return undefined;
    const { nodes, found } = looked;
    if (bias === undefined) return [...nodes, ...endingOfDense(node, graph, 'reduce', [found], SUM)];
    const total = graph.add(node, 'reduce', [found], SUM);
    return [...nodes, total, ...endingOfDense(node, graph, 'binary', [total.output, bias], { fn: 'add' })];
  },
});

/**
 * The sum of the elements of one column, each times its own number, is an entry of a table of categories. All other
 * terms are zeros, so no sum is rounded.
 */
export const sumOfHot = rule({
  name: 'sum of one-hot',
  keeps: 'numbers',
  ops: ['reduce'],
  apply(node, graph) {
    const scaled = graph.definition(node.inputs[0]);
    if (node.attributes.fn !== 'sum' || scaled?.op !== 'affine') return undefined;
    const [x, scale, shift] = scaled.inputs as readonly [Operand, Tensor?, Tensor?];
    const hot = hotOf(x, graph);
    const isPlain =
      scale !== undefined && areAllFinite(scale.data) && (shift?.data.every((each) => each === 0) ?? true);
    if (hot === undefined || !isPlain || !isOfOne(hot)) return undefined;
    const one = scale.data.length === 1;
    const looked = lookedUp(node, graph, hot, 1, (i) => scale.data[one ? 0 : i]);
    if (looked === undefined) return undefined;
    const total = graph.add(node, 'reduce', [looked.found], SUM);
    const shape = graph.shape(node.output);
    return [...looked.nodes, total, graph.replace(node, 'reshape', [total.output], { shape })];
  },
});

/** Whether at most one element is 1. */
function isOfOne({ columns, numbers }: Hot): boolean {
  return (
    Array.from(columns).every((column) => column === columns[0]) && new Set(Array.from(numbers)).size === numbers.length
  );
}

const SUM = { fn: 'sum', axes: [0], keepDims: false } as const;

/**
 * Nodes that look up the row [n] for the number in each column, and the name of the result. Undefined if that is not
 * worthwhile.
 */
function lookedUp(
  node: Node,
  graph: Rewriter,
  hot: Hot,
  n: number,
  weightOf: (i: number, j: number) => number,
): { readonly nodes: readonly Node[]; readonly found: string } | undefined {
  const tables = tablesOf(hot);
  if (tables === undefined || !graph.affords(1, [{ shape: [tables.rows, n] }])) return undefined;
  const { columns, firsts, sizes, rows, rowOf } = tables;
  const data = new Float64Array(rows * n);
  for (let i = 0; i < hot.numbers.length; i++) {
    const row = rowOf(i) * n;
    for (let j = 0; j < n; j++) data[row + j] += weightOf(i, j);
  }
  const constant = (values: readonly number[]): Tensor => ({ shape: [values.length], data: Float64Array.from(values) });
  const nodes: Node[] = [];
  const add = <O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]) => {
    nodes.push(graph.add(node, op, inputs, attributes));
    return nodes[nodes.length - 1].output;
  };
  const x = add('gather', [hot.source], { axis: 0, indices: Int32Array.from(columns) });
  // A value that is not an integer, or NaN, gets the row of zeros in the first table.
  const isWhole = add('binary', [x, add('unary', [x], { fn: 'trunc' })], { fn: 'equal' });
  const atMost = add('binary', [x, constant(sizes)], { fn: 'min' });
  const within = add('binary', [atMost, constant([-1])], { fn: 'max' });
  const place = add('binary', [within, constant(firsts.map((first) => first + 1))], { fn: 'add' });
  const ids = add('select', [isWhole, place, constant([0])], {});
  return { nodes, found: add('embedding', [ids, { shape: [rows, n], data }], { wrap: false }) };
}

/**
 * The rows of one table for all columns: for each column, a row of zeros for numbers below its range, its own rows, and
 * a row of zeros for numbers above.
 */
function tablesOf({ columns, numbers }: Hot) {
  const places = new Map<number, number>();
  const sizes: number[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    if (!(Number.isInteger(number) && number >= 0 && number < MOST_ROWS)) return undefined;
    const place = places.get(columns[i]) ?? places.size;
    places.set(columns[i], place);
    sizes[place] = Math.max(sizes[place] ?? 0, number + 1);
  }
  let rows = 0;
  const firsts = sizes.map((size) => {
    rows += size + 2;
    return rows - size - 2;
  });
  if (rows > Math.min(MOST_ROWS, MOST_SPARSE * numbers.length + FEWEST)) return undefined;
  const rowOf = (i: number) => firsts[places.get(columns[i]) as number] + 1 + numbers[i];
  return { columns: [...places.keys()], firsts, sizes, rows, rowOf };
}
