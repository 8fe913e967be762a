/**
 * The part of lowering that keeps integers exact: as doubles in an f32 plan, and checked where even doubles would
 * round.
 */
import { ForwardpassError } from '../errors.ts';
import type { GraphInput, Integers, Node, Op, Operand, Tensor } from './graph.ts';
import { COMPARISONS, type Computation, integersOf, MOVES } from './integers.ts';
import { BINARY } from './operations/binary.ts';
import { POSITIONS, REDUCE } from './operations/rowwise.ts';
import { UNARY } from './operations/unary.ts';
import { denseLayout } from './ops/dense.ts';
import { definitionOf } from './ops.ts';
import type { PlanBuilder, View } from './plan-builder.ts';
import { OPCODES } from './plan-format.ts';
import { broadcastColumns, elementCount, type Shape } from './shapes.ts';
import { EXACT, hasUnheld, magnitude, type Span } from './spans.ts';

/** Operations that the engine can compute in doubles in an f32 plan. */
const WIDE: ReadonlySet<Op> = new Set<Op>(['unary', 'binary', 'affine', 'select', 'reduce', 'sort']);

/**
 * The most products of dense layers that are computed one by one, per row, over all layers. Each takes about 80 bytes
 * of the plan.
 */
const MOST_PRODUCTS = 2 ** 22;

export class ExactIntegers {
  #products = 0;
  readonly #spans: ReadonlyMap<string, Span>;

  constructor(
    readonly graph: Computation,
    readonly asked: Integers,
    readonly plan: PlanBuilder,
  ) {
    this.#spans = integersOf(graph, plan.precision).spans;
  }

  isWideInput({ name, dtype, categories }: GraphInput): boolean {
    return this.asked.wide && categories === undefined && (dtype === 'float64' || this.isLarge(name));
  }

  /** Checks the caller's values before everything else. */
  checkInputs(): void {
    if (!this.asked.checked) return;
    let first = 0;
    for (const { name, shape } of this.graph.inputs) {
      const start = first;
      first += elementCount(shape);
      if (!this.isLarge(name)) continue;
      this.plan.place = { name, origins: { first: start } };
      this.plan.requireExact(this.plan.defined(name));
    }
  }

  /** Undefined if the operation is lowered as usual. */
  lower(node: Node, shape: Shape): View | undefined {
    const { plan } = this;
    const result = this.#spans.get(node.output);
    const isWide = this.asked.wide && this.#isComputedWide(node);
    plan.isWide = isWide;
    let view =
      node.op === 'dense' && isWide ? this.#sumOfProducts(node, shape) : definitionOf(node.op).lower(node, shape, plan);
    plan.isWide = false;
    const staysWide = MOVES.has(node.op) || (node.op === 'retype' ? node.attributes.to === 'integer' : result?.integer);
    if (isWide && !staysWide) view = plan.narrowed(view);
    const isChecked = this.asked.checked && result?.integer && grows(node) && magnitude(result) >= EXACT.f64;
    if (isChecked && (isWide || plan.precision === 'f64')) plan.requireExact(view);
    return view;
  }

  /** Whether the value has integers that float32 cannot represent. */
  isLarge(name: string): boolean {
    const span = this.#spans.get(name);
    return span?.integer === true && magnitude(span) > EXACT.f32;
  }

  #isComputedWide(node: Node): boolean {
    const hasDoubles = node.inputs.some((x) => typeof x === 'string' && this.plan.holdsDoubles(this.plan.defined(x)));
    if (MOVES.has(node.op) || node.op === 'retype') return hasDoubles;
    const { integer, trust } = this.#spans.get(node.output) as Span;
    if (node.op === 'embedding') return integer && trust < Infinity;
    if (integer && (WIDE.has(node.op) || node.op === 'dense')) return hasDoubles || this.isLarge(node.output);
    return isComparison(node) && (hasDoubles || node.inputs.some(isNotHeld));
  }

  /** A sum of products in doubles, because the engine has no dense layers of doubles in an f32 plan. */
  #sumOfProducts({ name, inputs, attributes }: Node<'dense'>, shape: Shape): View {
    const { plan } = this;
    const [x, weight, bias] = inputs as readonly [Operand, Tensor, Tensor | undefined];
    const { k, n, kStep, nStep } = denseLayout(attributes.layout, weight.shape);
    const from = plan.view(x);
    const all = [...from.shape.slice(0, -1), n, k];
    this.#products += elementCount(all);
    if (this.#products > MOST_PRODUCTS) {
      const message = `its integers may be too large for float32, and its ${elementCount(all)} products per row are more than an f32 model computes in doubles; load the model with the option precision 'f64'`;
      throw new ForwardpassError('LIMIT', message, `node ${name}`);
    }
    const transposed = Float64Array.from({ length: k * n }, (_, at) => {
      return weight.data[(at % k) * kStep + Math.floor(at / k) * nStep];
    });
    const spread = plan.row(plan.move(from, all, () => broadcastColumns([...from.shape.slice(0, -1), 1, k], all)));
    const factors = -1 - plan.expandedParameter({ shape: [n, k], data: transposed }, all);
    const products = plan.instruction(OPCODES.binary, all, [spread, factors, plan.number(BINARY.mul)]);
    const count = elementCount(shape);
    let sum = plan.instruction(OPCODES.reduce, shape, [products.value, count, k, plan.number(REDUCE.sum)]);
    if (bias !== undefined) {
      const terms = -1 - plan.expandedParameter(bias, shape);
      sum = plan.instruction(OPCODES.binary, shape, [sum.value, terms, plan.number(BINARY.add)]);
    }
    if (attributes.clamp === undefined) return sum;
    const clip = [plan.number(UNARY.clip), plan.numbers(attributes.clamp)];
    return plan.instruction(OPCODES.unary, shape, [sum.value, ...clip]);
  }
}

/** Whether the result may have more digits than all operands. */
function grows(node: Node): boolean {
  if (node.op === 'unary') return node.attributes.fn === 'square';
  if (node.op === 'binary') return BINARY[node.attributes.fn].grows === true;
  if (node.op === 'reduce') return !['max', 'min'].includes(node.attributes.fn);
  return node.op === 'affine' || node.op === 'dense';
}

function isComparison(node: Node): boolean {
  if (node.op === 'unary' || node.op === 'binary') return COMPARISONS.has(node.attributes.fn);
  if (node.op === 'sort') return node.attributes.result === 'places';
  return node.op === 'reduce' && POSITIONS.has(node.attributes.fn);
}

/** Whether it is a constant with an integer that float32 cannot represent. */
function isNotHeld(operand: Operand): boolean {
  return typeof operand !== 'string' && hasUnheld(operand.data);
}
