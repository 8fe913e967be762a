/**
 * Finds integers that the arithmetic of a model cannot represent: which values are integers, how large they may be, and
 * whether that affects a result. See docs/numerics.md.
 *
 * A float represents every integer up to the magnitude {@link EXACT} and rounds those beyond it. Rounding keeps the
 * order, so some results stay correct: an id beyond the magnitude is not in a small table, and not equal to a small
 * number. `trust` is the limit: below it, a value computed in floats is the integer itself; if the value is not below
 * it, neither is the integer. An operation that needs more is a risk.
 */
import {
  type BinaryName,
  type DType,
  type GraphInput,
  type Integers,
  type Node,
  type Op,
  type Operand,
  type Tensor,
  TRUTHS,
  type UnaryName,
} from './graph.ts';
import { POSITIONS } from './operations/rowwise.ts';
import { elementCount, type Shape } from './shapes.ts';
import {
  constantSpan,
  EXACT,
  FLOATS,
  greatestInteger,
  isDistinct,
  leastMagnitude,
  magnitude,
  type Span,
  union,
} from './spans.ts';

/** The computation of a run, in order. */
export interface Computation {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly { readonly value: Operand; readonly dtype: DType }[];
  readonly shapes: ReadonlyMap<string, Shape>;
}

const TRUTH: Span = { integer: false, low: 0, high: 1, trust: Infinity };

const RANGES: ReadonlyMap<DType, readonly [low: number, high: number]> = new Map([
  ['bool', [0, 1]],
  ['int8', [-(2 ** 7), 2 ** 7]],
  ['uint8', [0, 2 ** 8]],
  ['int16', [-(2 ** 15), 2 ** 15]],
  ['uint16', [0, 2 ** 16]],
  ['int32', [-(2 ** 31), 2 ** 31]],
  ['uint32', [0, 2 ** 32]],
  ['int64', [-(2 ** 63), 2 ** 63]],
  ['uint64', [0, 2 ** 64]],
]);

export const COMPARISONS: ReadonlySet<BinaryName | UnaryName> = new Set<BinaryName | UnaryName>([...TRUTHS, 'sign']);

/** Operations whose result consists of elements of their operands. */
export const MOVES: ReadonlySet<Op> = new Set<Op>([
  'concat',
  'gather',
  'transpose',
  'reshape',
  'expand',
  'require_finite',
]);

/**
 * The error of a float of an integer whose last digits were lost is two units in the last place; this fraction of the
 * exact range is trusted.
 */
const EXACT_ENOUGH = 1 / 4;

/** The spans of all row tensors, and whether a run in floats of the precision may take one integer for another. */
export function integersOf(
  graph: Computation,
  precision: 'f32' | 'f64',
): { readonly spans: ReadonlyMap<string, Span>; readonly isRisk: boolean } {
  const spans = new Spans(graph, precision);
  return { spans: spans.byName, isRisk: spans.isRisk };
}

/** What a graph requires; undefined if float32 is enough, as nearly always. */
export function integersAsked(graph: Computation, precision: 'f32' | 'f64'): Integers | undefined {
  if (!integersOf(graph, 'f32').isRisk) return undefined;
  return { wide: precision === 'f32', checked: integersOf(graph, 'f64').isRisk };
}

class Spans {
  readonly byName = new Map<string, Span>();
  isRisk = false;
  readonly #exact: number;
  readonly #constants = new Map<Tensor['data'], Span>();

  constructor(
    readonly graph: Computation,
    readonly precision: 'f32' | 'f64',
  ) {
    this.#exact = EXACT[precision];
    for (const input of graph.inputs) this.byName.set(input.name, this.#input(input));
    for (const node of graph.nodes) this.byName.set(node.output, this.#result(node));
    for (const { value, dtype } of graph.outputs) {
      const span = this.#of(value);
      if (RANGES.has(dtype) && span.integer) this.#demand(span, Infinity);
    }
  }

  #input({ dtype, categories }: GraphInput): Span {
    const range = categories === undefined ? RANGES.get(dtype) : undefined;
    if (range !== undefined) return this.#held({ integer: true, low: range[0], high: range[1], trust: this.#exact });
    // Its numbers are looked up unchanged.
    return dtype === 'float64' && categories === undefined ? { ...FLOATS, trust: this.#exactOf('f64') } : FLOATS;
  }

  /** Infinity if the precision represents everything that the other does. */
  #exactOf(held: 'f64'): number {
    return this.precision === held ? Infinity : this.#exact;
  }

  /** Values in the exact range that were computed from exact values are exact. */
  #held(span: Span, operands: readonly Span[] = []): Span {
    const isExact = operands.every(({ trust }) => trust === Infinity);
    const isSmall = Math.max(-span.low, span.high) <= this.#exact;
    return isSmall && isExact ? { ...span, trust: Infinity } : span;
  }

  #of(operand: Operand): Span {
    return typeof operand === 'string' ? (this.byName.get(operand) ?? FLOATS) : this.#constant(operand);
  }

  #constant({ data }: Tensor): Span {
    let span = this.#constants.get(data);
    if (span === undefined) {
      span = constantSpan(data, this.#exact);
      this.#constants.set(data, span);
    }
    return span;
  }

  #demand({ integer, trust }: Span, bound: number): void {
    if (integer && !(trust >= bound)) this.isRisk = true;
  }

  /** Trusts that a float of it is correct except for its last digits. */
  #asFloats(spans: readonly Span[]): Span {
    for (const span of spans) this.#demand(span, this.#exact * EXACT_ENOUGH);
    return FLOATS;
  }

  #result(node: Node): Span {
    const operands = node.inputs.map((operand) => this.#of(operand));
    const [x] = operands;
    if (MOVES.has(node.op)) return { ...union(operands), exclusive: x.exclusive && this.#keepsLastAxis(node) };
    switch (node.op) {
      case 'retype':
        if (node.attributes.to === 'float') return this.#asFloats(operands);
        return { ...x, integer: true };
      case 'unary':
        return this.#unary(node, x);
      case 'binary':
        return this.#binary(node, operands);
      case 'select': {
        const [, a, b] = operands;
        this.#demand(x, 1);
        return a.integer || b.integer ? this.#ofIntegers(node, [a, b], union([a, b])) : FLOATS;
      }
      case 'affine': {
        const [, scale, shift] = operands;
        const product = this.#product(x, scale);
        return this.#ofIntegers(node, operands, this.#sum(this.#held(product, [x]), shift));
      }
      case 'dense':
        return this.#dense(node, operands);
      case 'reduce':
        return this.#reduce(node, x);
      case 'sort':
        if (node.attributes.result === 'values') return this.#ofIntegers(node, [x], x);
        this.#demand(x, Infinity);
        return FLOATS;
      case 'embedding': {
        const [, table] = operands;
        const [, { shape }] = node.inputs as [Operand, Tensor];
        this.#demand(x, shape[0] + 1);
        if (table.integer && table.trust < Infinity) this.isRisk = true;
        return { ...table, integer: table.integer && table.trust < Infinity };
      }
      case 'one_hot': {
        this.#demand(x, node.attributes.depth + 1);
        const isLast = node.attributes.axis === this.#shape(node.output).length - 1;
        return { ...FLOATS, exclusive: isLast && node.attributes.off === 0 };
      }
      default:
        return this.#asFloats(operands);
    }
  }

  /** A result that is integers if all operands are, and otherwise floats of them. */
  #ofIntegers(node: Node, operands: readonly Span[], span: Span): Span {
    const isInteger =
      operands.every(({ integer }) => integer) && node.inputs.some((x) => typeof x === 'string' && this.#of(x).integer);
    return isInteger ? this.#held({ ...span, integer: true, exclusive: false }, operands) : this.#asFloats(operands);
  }

  #unary(node: Node<'unary'>, x: Span): Span {
    const { fn, alpha = 0, beta = 0 } = node.attributes;
    if (COMPARISONS.has(fn)) {
      this.#demand(x, 1);
      return { ...TRUTH, low: fn === 'sign' ? -1 : 0 };
    }
    const greatest = Math.max(-x.low, x.high);
    switch (fn) {
      case 'neg':
        return this.#ofIntegers(node, [x], { ...x, low: -x.high, high: -x.low });
      case 'abs':
        return this.#ofIntegers(node, [x], { ...x, low: 0, high: greatest });
      case 'floor':
      case 'ceil':
      case 'round':
      case 'trunc':
        return x.integer ? x : FLOATS;
      case 'relu':
        return this.#ofIntegers(node, [x], { ...x, low: Math.max(x.low, 0), high: Math.max(x.high, 0) });
      case 'clip': {
        const clamp = (value: number) => Math.min(Math.max(value, alpha), beta);
        const bounds = [alpha, beta].filter(Number.isFinite);
        if (!bounds.every(Number.isInteger)) return this.#asFloats([x]);
        const isWithin = bounds.length === 2 && bounds.every((bound) => Math.abs(bound) < x.trust);
        const isBelow = bounds.every((bound) => Math.abs(bound) <= x.trust);
        const trust = isWithin ? Infinity : isBelow ? x.trust : 0;
        return this.#ofIntegers(node, [x], { ...x, low: clamp(x.low), high: clamp(x.high), trust });
      }
      case 'wrap': {
        const [low, high] = [alpha, beta - 1];
        const isWithin = x.low >= low && x.high <= high;
        return this.#ofIntegers(
          node,
          [x],
          isWithin ? x : { ...x, low, high, trust: x.trust < Infinity ? 0 : Infinity },
        );
      }
      case 'square':
        return this.#ofIntegers(node, [x], this.#product(x, x));
      default:
        return this.#asFloats([x]);
    }
  }

  #binary(node: Node<'binary'>, operands: readonly Span[]): Span {
    const { fn } = node.attributes;
    const [a, b] = operands;
    if (COMPARISONS.has(fn)) return this.#comparison(node, operands);
    switch (fn) {
      case 'add':
        return this.#ofIntegers(node, operands, this.#sum(a, b));
      case 'sub':
        return this.#ofIntegers(node, operands, this.#sum(a, { ...b, low: -b.high, high: -b.low }));
      case 'mul':
        return this.#ofIntegers(node, operands, this.#product(a, b));
      case 'div':
        return this.#ofIntegers(node, operands, this.#quotient(a, b, node.inputs[1]));
      case 'min':
      case 'max':
        return this.#ofIntegers(node, operands, union(operands));
      case 'fmod': {
        // The remainder of exact values is exact; that of rounded values is unknown.
        const bound = Math.min(magnitude(a), magnitude(b));
        const trust = a.trust === Infinity && b.trust === Infinity ? Infinity : 0;
        return this.#ofIntegers(node, operands, { integer: true, low: -bound, high: bound, trust });
      }
      case 'pow':
        return this.#ofIntegers(node, operands, { ...FLOATS, trust: 0 });
      default:
        return this.#asFloats(operands);
    }
  }

  #comparison(node: Node<'binary'>, operands: readonly Span[]): Span {
    const isLogic = ['and', 'or', 'xor'].includes(node.attributes.fn);
    for (const [at, operand] of operands.entries()) {
      const other = operands[1 - at];
      const given = node.inputs[at];
      if (isLogic) this.#demand(operand, 1);
      else if (typeof given !== 'string') this.#compareWith(given, other);
      else if (typeof node.inputs[1 - at] === 'string' && other.integer) this.#demand(operand, Infinity);
    }
    return { ...TRUTH, exclusive: node.attributes.fn === 'equal' && this.#isOneOfMany(node) };
  }

  /** Integers in a constant must be distinguished from their neighbours. */
  #compareWith({ data }: Tensor, other: Span): void {
    const { integer, low, high, trust } = this.#constant({ data, shape: [] });
    const greatest = integer ? Math.max(-low, high) : greatestInteger(data);
    if (greatest >= other.trust || (integer && trust < Infinity)) this.isRisk = true;
  }

  /** Whether one number is compared with a list of distinct ones. */
  #isOneOfMany(node: Node<'binary'>): boolean {
    const at = node.inputs.findIndex((operand) => typeof operand !== 'string');
    const list = node.inputs[at];
    if (list === undefined || typeof list === 'string') return false;
    const single = node.inputs[1 - at];
    const isSingle = typeof single === 'string' && (this.#shape(single).at(-1) ?? 1) === 1;
    return isSingle && list.shape.at(-1) === list.data.length && isDistinct(list.data);
  }

  #sum(a: Span, b: Span): Span {
    const shift = Math.min(magnitude(a), magnitude(b));
    const trust = Math.min(a.trust, b.trust, this.#exact) - shift;
    return { integer: true, low: a.low + b.low, high: a.high + b.high, trust: Math.max(trust, 0) || 0 };
  }

  #product(a: Span, b: Span): Span {
    const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high].map((end) => end || 0);
    const trust = Math.min(a.trust, b.trust, this.#exact);
    return { integer: true, low: Math.min(...ends), high: Math.max(...ends), trust };
  }

  #quotient(a: Span, b: Span, divisor: Operand): Span {
    const greatest = typeof divisor === 'string' ? Infinity : magnitude(b);
    const least = typeof divisor === 'string' ? 0 : leastMagnitude(divisor.data);
    const most = least >= 1 ? magnitude(a) : Infinity;
    const trust = least >= 1 ? Math.min(a.trust, this.#exact) / greatest : 0;
    return { integer: true, low: -most, high: most, trust };
  }

  #dense(node: Node<'dense'>, operands: readonly Span[]): Span {
    const [x, weight, bias = { ...TRUTH, integer: true, high: 0 }] = operands;
    const shape = this.#shape(node.inputs[0]);
    const terms = x.exclusive ? 1 : (shape.at(-1) ?? 1);
    const bound = terms * (magnitude(this.#product(x, weight)) || 0) + magnitude(bias);
    return this.#ofIntegers(node, operands, { integer: true, low: -bound, high: bound, trust: 0 });
  }

  #reduce(node: Node<'reduce'>, x: Span): Span {
    const { fn, axes } = node.attributes;
    const count = elementCount(axes.map((axis) => this.#shape(node.inputs[0])[axis]));
    switch (fn) {
      case 'max':
      case 'min':
        return this.#ofIntegers(node, [x], x);
      case 'sum':
        return this.#ofIntegers(node, [x], { integer: true, low: count * x.low, high: count * x.high, trust: 0 });
      case 'prod':
      case 'l1':
      case 'sum_square':
        return this.#ofIntegers(node, [x], { ...FLOATS, trust: 0 });
      default:
        if (POSITIONS.has(fn)) {
          this.#demand(x, Infinity);
          return FLOATS;
        }
        return this.#asFloats([x]);
    }
  }

  #shape(operand: Operand): Shape {
    return typeof operand === 'string' ? (this.graph.shapes.get(operand) ?? []) : operand.shape;
  }

  #keepsLastAxis(node: Node): boolean {
    const [before, after] = [this.#shape(node.inputs[0]), this.#shape(node.output)];
    return node.op === 'reshape' && before.at(-1) === after.at(-1);
  }
}
