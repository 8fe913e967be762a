/**
 * Where values come from: for each element, the element of the inputs that determines it, if there is only one. So a
 * message about an id or a NaN inside a model can name the feature that contains it.
 */
import { type GraphInput, NODE_FIELDS, type Node, type Op, type Tensor } from './graph.ts';
import { BINARY } from './operations/binary.ts';
import { UNARY } from './operations/unary.ts';
import { treesOf } from './ops/trees.ts';
import { definitionOf } from './ops.ts';
import type { Origins } from './plan-builder.ts';
import { broadcastColumns, elementCount, type Shape, sameShape, takeColumns } from './shapes.ts';

const NO_ORIGIN = -1;

/** The most elements to look at, over all nodes. After that the analysis stops. */
const MOST_WALKED = 2 ** 21;

/** Operations at which a run may stop. */
const FAULTY: ReadonlySet<Op> = new Set<Op>(['require_finite', 'embedding', 'one_hot']);
const MOVEMENTS: ReadonlySet<Op> = new Set<Op>(['gather', 'transpose', 'expand', 'concat']);
const ELEMENTWISE: ReadonlySet<Op> = new Set<Op>(['unary', 'binary', 'affine', 'select', 'require_finite']);

export interface Computation {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly Node[];
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** The origins of the first operand of each node of these operations. Default: those at which a run may stop. */
export function originsOf(
  { inputs, nodes, shapes }: Computation,
  ops: ReadonlySet<Op> = FAULTY,
): ReadonlyMap<Node, Origins> {
  const wanted = wantedOf(nodes, ops);
  const known = new Map<string, Origins>();
  let first = 0;
  for (const { name, shape } of inputs) {
    known.set(name, { first });
    first += elementCount(shape);
  }
  const found = new Map<Node, Origins>();
  let left = MOST_WALKED;
  for (const node of nodes) {
    const isWanted = wanted.has(node.output);
    if (!isWanted && !ops.has(node.op)) continue;
    const operands = node.inputs.map((operand): Operand => {
      if (typeof operand !== 'string') return { shape: operand.shape };
      return { shape: shapes.get(operand) as Shape, origins: known.get(operand) };
    });
    const [{ origins }] = operands;
    if (ops.has(node.op) && origins !== undefined) found.set(node, origins);
    if (!isWanted) continue;
    const shape = shapes.get(node.output) as Shape;
    const stays = staysInPlace(node, operands, shape);
    if (stays === undefined) left -= elementCount(shape) + operands.reduce((sum, x) => sum + elementCount(x.shape), 0);
    if (left < 0) break;
    known.set(node.output, stays ?? propagate(node, operands, shape));
  }
  return found;
}

/** The values whose origins are needed for that. */
function wantedOf(nodes: readonly Node[], ops: ReadonlySet<Op>): ReadonlySet<unknown> {
  const wanted = new Set<unknown>();
  for (const { op, inputs, output } of nodes.toReversed()) {
    if (wanted.has(output)) for (const operand of inputs) wanted.add(operand);
    else if (ops.has(op)) wanted.add(inputs[0]);
  }
  return wanted;
}

interface Operand {
  readonly shape: Shape;
  /** Absent for a constant. */
  readonly origins?: Origins;
}

/** The origins of the only operand that is not constant, if each of its elements stays in place. */
function staysInPlace({ op }: Node, operands: readonly Operand[], shape: Shape): Origins | undefined {
  const [first, ...others] = operands.filter(({ origins }) => origins !== undefined);
  if (others.length > 0) return undefined;
  if (op === 'reshape' || op === 'retype') return first.origins;
  return (ELEMENTWISE.has(op) || op === 'embedding') && sameShape(first.shape, shape) ? first.origins : undefined;
}

function propagate(node: Node, operands: readonly Operand[], shape: Shape): Int32Array {
  if (MOVEMENTS.has(node.op)) {
    // The origins are moved like elements.
    const tensors = operands.map((operand) => ({
      shape: operand.shape,
      data: Float64Array.from(whole(operand)),
    }));
    return Int32Array.from(definitionOf(node.op).evaluate(node, tensors, shape));
  }
  const rows = operands.filter(({ origins }) => origins !== undefined);
  if (ELEMENTWISE.has(node.op)) {
    const [origins, ...others] = rows.map((row) =>
      sameShape(row.shape, shape) ? whole(row) : takeColumns(whole(row), broadcastColumns(row.shape, shape)),
    );
    return origins.map((origin, at) => (others.every((other) => other[at] === origin) ? origin : NO_ORIGIN));
  }
  if (node.op === 'bag' || node.op === 'scatter') return new Int32Array(elementCount(shape)).fill(NO_ORIGIN);
  if (node.op === 'trees') return propagateTrees(node, whole(rows[0]), shape);
  const [origin] = whole(rows[0]);
  const isOne = rows.every((row) => whole(row).every((each) => each === origin));
  return new Int32Array(elementCount(shape)).fill(isOne ? origin : NO_ORIGIN);
}

/** The result of a tree is determined by the features that it splits by. */
function propagateTrees(node: Node<'trees'>, origins: Int32Array, shape: Shape): Int32Array {
  const { sum, targets } = node.attributes;
  const { roots } = treesOf(node);
  const [, nodes, leaves] = node.inputs as readonly Tensor[];
  const width = leaves.shape[1];
  const all: (number | undefined)[] = new Array(elementCount(shape)).fill(undefined);
  for (let tree = 0; tree + 1 < roots.length; tree++) {
    const first = sum === 'none' ? tree * width : targets[tree];
    for (let at = roots[tree]; at < roots[tree + 1]; at++) {
      const feature = nodes.data[NODE_FIELDS * at];
      if (feature < 0) continue;
      for (let k = first; k < first + width; k++) {
        all[k] = all[k] === undefined || all[k] === origins[feature] ? origins[feature] : NO_ORIGIN;
      }
    }
  }
  return Int32Array.from(all, (origin) => origin ?? NO_ORIGIN);
}

function whole({ shape, origins }: Operand): Int32Array {
  if (origins instanceof Int32Array) return origins;
  const all = new Int32Array(elementCount(shape)).fill(NO_ORIGIN);
  return origins === undefined ? all : all.map((_, at) => origins.first + at);
}

/** For each node at which a run may stop, the last such function before it, for messages. */
export function makersOf(nodes: readonly Node[]): ReadonlyMap<Node, string> {
  const makers = new Map<unknown, string>();
  const found = new Map<Node, string>();
  for (const node of nodes) {
    const maker = isPartial(node)
      ? node.attributes.fn
      : node.inputs.map((operand) => makers.get(operand)).find(Boolean);
    if (maker === undefined) continue;
    makers.set(node.output, maker);
    if (FAULTY.has(node.op)) found.set(node, maker);
  }
  return found;
}

function isPartial(node: Node): node is Node<'unary' | 'binary'> {
  if (node.op === 'unary') return UNARY[node.attributes.fn].partial === true;
  return node.op === 'binary' && BINARY[node.attributes.fn].partial === true;
}
