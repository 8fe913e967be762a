/**
 * Constants that are computed while a model loads have the same bits that a run would give: see docs/numerics.md.
 * JavaScript may compute functions that are rounded only once in any implementation; the engine computes all others, as
 * a plan of one node.
 */
import type { Budget } from './budget.ts';
import { combine } from './combine.ts';
import { evaluate } from './evaluate.ts';
import type { Fold } from './fold.ts';
import type { Integers, Node, Op, OpAttributes, Tensor } from './graph.ts';
import { BINARY } from './operations/binary.ts';
import { UNARY } from './operations/unary.ts';
import { definitionOf } from './ops.ts';
import { type Compile, Programs } from './programs.ts';
import { elementCount, type Shape, sameShape, takeBroadcast } from './shapes.ts';
import { constantSpan, EXACT } from './spans.ts';

/** Operations that only move numbers. */
const MOVES: ReadonlySet<Op> = new Set<Op>([
  ...(['concat', 'gather', 'transpose', 'reshape', 'expand', 'retype', 'require_finite'] as const),
  ...(['embedding', 'one_hot'] as const),
]);

/** Up to this many elements, JavaScript is as fast as the engine. */
const FEW = 512;

/** The steps for making and running a plan of one node: about 50 microseconds. */
const ENGINE_STEPS = 50;
/** The elements, or products, that the engine computes in one step. */
const WORK_PER_STEP = 2 ** 8;

export interface FoldingOptions {
  /** The precision that the caller asked for, or else that of the graph. */
  readonly precision: 'f32' | 'f64' | undefined;
  readonly compile: Compile;
  readonly budget: Budget;
  readonly integers?: Integers;
}

export class Folding implements Fold {
  #precision: 'f32' | 'f64';
  readonly #isAsked: boolean;
  readonly #programs: Programs;
  readonly #budget: Budget;
  readonly #tellsIntegers: boolean;
  /** The precisions in which something was folded. */
  readonly #used = new Set<'f32' | 'f64'>();

  constructor(options: FoldingOptions) {
    this.#precision = options.precision ?? 'f32';
    this.#isAsked = options.precision !== undefined;
    this.#programs = new Programs(options.compile, options.budget);
    this.#budget = options.budget;
    this.#tellsIntegers = options.integers?.wide === true;
  }

  get precision(): 'f32' | 'f64' {
    return this.#precision;
  }

  suppose(precision: 'f32' | 'f64'): void {
    if (!this.#isAsked) this.#precision = precision;
  }

  /** Whether everything that was folded is correct for a model of the precision. */
  fits(precision: 'f32' | 'f64'): boolean {
    return [...this.#used].every((used) => used === precision);
  }

  node(node: Node, operands: readonly Tensor[]): Tensor {
    this.#used.add(this.#precision);
    const held = operands.map((operand) => this.#held(operand));
    const shape = definitionOf(node.op).infer(
      node,
      held.map((operand) => operand.shape),
    );
    if (this.#isSpread(node, held, shape)) return this.#combined(node, held, shape);
    return this.#held(
      this.#isPlain(node, held, elementCount(shape))
        ? evaluate(this.#rounded(node), held)
        : this.#run(node, held, shape),
    );
  }

  /** Whether JavaScript gives the same bits as the engine, as quickly. */
  #isPlain(node: Node, operands: readonly Tensor[], count: number): boolean {
    if (MOVES.has(node.op)) return true;
    // The engine does not support rows without elements.
    if (count === 0 || operands.some(({ data }) => data.length === 0)) return true;
    return count <= FEW && isRoundedOnce(node) && !operands.some((operand) => this.#isWide(operand));
  }

  /** Whether one of two operands is repeated over many elements. */
  #isSpread({ op }: Node, operands: readonly Tensor[], shape: Shape): boolean {
    return (
      op === 'binary' && elementCount(shape) > FEW && !operands.every((operand) => sameShape(operand.shape, shape))
    );
  }

  /**
   * Computes with a repeated operand, without the copy that the engine would need, if JavaScript gives the same bits.
   */
  #combined(node: Node, operands: readonly Tensor[], shape: Shape): Tensor {
    if (!isRoundedOnce(node) || operands.some((operand) => this.#isWide(operand))) {
      const whole = operands.map((operand) => ({ shape, data: takeBroadcast(operand.data, operand.shape, shape) }));
      return this.#held(this.#run(node, whole, shape));
    }
    const count = elementCount(shape);
    this.#budget.step(Math.ceil(count / WORK_PER_STEP), `node ${node.name}`);
    const result = new (this.#precision === 'f64' ? Float64Array : Float32Array)(count);
    const { fn } = node.attributes as OpAttributes['binary'];
    return { shape, data: combine(fn, operands, shape, result) };
  }

  /** The tensor as a run holds it: rounded to the precision, except for integers that are computed in doubles. */
  #held(tensor: Tensor): Tensor {
    const { shape, data } = tensor;
    if (this.#precision === 'f64' || data instanceof Float32Array || this.#isWide(tensor)) return tensor;
    return { shape, data: Float32Array.from(data) };
  }

  /** Whether all elements are integers, in a model that keeps integers in doubles. */
  #isWide({ data }: Tensor): boolean {
    return this.#tellsIntegers && constantSpan(data, EXACT.f32).integer;
  }

  /** The node with its parameters as a plan holds them. */
  #rounded(node: Node): Node {
    if (node.op !== 'unary' || this.#precision === 'f64') return node;
    const { fn, alpha = 0, beta = 0 } = node.attributes;
    return { ...node, attributes: { fn, alpha: Math.fround(alpha), beta: Math.fround(beta) } };
  }

  #run(node: Node, operands: readonly Tensor[], shape: Shape): Tensor {
    this.#budget.step(ENGINE_STEPS + Math.ceil(workOf(node, operands, shape) / WORK_PER_STEP), `node ${node.name}`);
    const wide = operands.map((operand) => this.#isWide(operand));
    return { shape, data: this.#programs.run(node, this.#precision, { operands, wide, shape }) };
  }

  /** Releases the engine's programs. */
  dispose(): void {
    this.#programs.dispose();
  }
}

/** Sorting an element takes at most as long as moving this many. */
const SORTED = 32;

/** The work of a node, in elements. Its operands may be constants that many nodes share. */
function workOf({ op }: Node, operands: readonly Tensor[], shape: Shape): number {
  const [x, weight] = operands;
  if (op === 'dense') return (x.data.length / (x.shape.at(-1) as number)) * weight.data.length;
  if (op === 'matmul') return elementCount(shape) * (x.shape.at(-1) as number);
  if (op === 'distances') return weight.data.length;
  if (op === 'sort') return SORTED * x.data.length;
  if (op === 'couple') return Math.max(100, shape[0]) * shape[0] ** 2;
  return elementCount(shape) + operands.reduce((sum, { data }) => sum + data.length, 0);
}

function isRoundedOnce({ op, attributes }: Node): boolean {
  if (op === 'unary') return UNARY[attributes.fn].roundedOnce === true;
  if (op === 'binary') return BINARY[attributes.fn].roundedOnce === true;
  return op === 'select';
}
