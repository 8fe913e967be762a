/**
 * Where values come from: of each element, the one element of the inputs that decides it, where there is but one. So
 * a message about an id or a NaN inside a model can name the feature that holds it.
 */
import type { GraphInput, Node, Op } from './graph.ts';
import { definitionOf } from './ops.ts';
import { broadcastColumns, elementCount, type Shape, sameShape, takeColumns } from './shapes.ts';

/** Counted through all inputs, one after another; none where several or no elements decide. */
type Origins = Int32Array;
const NO_ORIGIN = -1;

/** Operations at which a run may stop. */
const FAULTY: ReadonlySet<Op> = new Set<Op>(['require_finite', 'embedding', 'one_hot']);
const MOVEMENTS: ReadonlySet<Op> = new Set<Op>(['gather', 'transpose', 'reshape', 'expand', 'concat', 'retype']);
const ELEMENTWISE: ReadonlySet<Op> = new Set<Op>(['unary', 'binary', 'affine', 'select', 'require_finite']);

export interface Computation {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly Node[];
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** Of the first operand of each node at which a run may stop. */
export function originsOf({ inputs, nodes, shapes }: Computation): ReadonlyMap<Node, Origins> {
  const wanted = wantedOf(nodes);
  const known = new Map<string, Origins>();
  let first = 0;
  for (const { name, shape } of inputs) {
    const start = first;
    first += elementCount(shape);
    if (wanted.has(name))
      known.set(
        name,
        Int32Array.from({ length: first - start }, (_, at) => start + at),
      );
  }
  const found = new Map<Node, Origins>();
  for (const node of nodes) {
    const operands = node.inputs.map((operand): Operand => {
      if (typeof operand !== 'string') return { shape: operand.shape };
      return { shape: shapes.get(operand) as Shape, origins: known.get(operand) };
    });
    const [{ origins }] = operands;
    if (FAULTY.has(node.op) && origins !== undefined) found.set(node, origins);
    if (wanted.has(node.output)) known.set(node.output, propagate(node, operands, shapes.get(node.output) as Shape));
  }
  return found;
}

/** The values whose origins must be known for that. */
function wantedOf(nodes: readonly Node[]): ReadonlySet<unknown> {
  const wanted = new Set<unknown>();
  for (const { op, inputs, output } of nodes.toReversed()) {
    if (wanted.has(output)) for (const operand of inputs) wanted.add(operand);
    else if (FAULTY.has(op)) wanted.add(inputs[0]);
  }
  return wanted;
}

interface Operand {
  readonly shape: Shape;
  /** None of a constant. */
  readonly origins?: Origins;
}

function propagate(node: Node, operands: readonly Operand[], shape: Shape): Origins {
  if (MOVEMENTS.has(node.op)) {
    // The numbers move as the elements do.
    const tensors = operands.map((operand) => ({
      shape: operand.shape,
      data: Float64Array.from(operand.origins ?? new Int32Array(elementCount(operand.shape)).fill(NO_ORIGIN)),
    }));
    return Int32Array.from(definitionOf(node.op).evaluate(node, tensors, shape));
  }
  const rows = operands.filter((operand): operand is Required<Operand> => operand.origins !== undefined);
  if (ELEMENTWISE.has(node.op)) {
    const [origins, ...others] = rows.map((row) =>
      sameShape(row.shape, shape) ? row.origins : takeColumns(row.origins, broadcastColumns(row.shape, shape)),
    );
    return origins.map((origin, at) => (others.every((other) => other[at] === origin) ? origin : NO_ORIGIN));
  }
  const [origin] = rows[0].origins;
  const isOne = rows.every(({ origins }) => origins.every((each) => each === origin));
  return new Int32Array(elementCount(shape)).fill(isOne ? origin : NO_ORIGIN);
}

/** Functions of finite numbers that may be NaN or infinite: outside their domain, or too large. */
const PARTIAL: ReadonlySet<string> = new Set([
  'log',
  'log1p',
  'sqrt',
  'reciprocal',
  'exp',
  'expm1',
  'square',
  'div',
  'pow',
]);

/** Of each node at which a run may stop, the last such function before it, which a message can name. */
export function makersOf(nodes: readonly Node[]): ReadonlyMap<Node, string> {
  const makers = new Map<unknown, string>();
  const found = new Map<Node, string>();
  for (const node of nodes) {
    const own = node.op === 'unary' || node.op === 'binary' ? node.attributes.fn : '';
    const maker = PARTIAL.has(own) ? own : node.inputs.map((operand) => makers.get(operand)).find(Boolean);
    if (maker === undefined) continue;
    makers.set(node.output, maker);
    if (FAULTY.has(node.op)) found.set(node, maker);
  }
  return found;
}
