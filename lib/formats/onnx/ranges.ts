/** The ranges of a graph's values for all inputs, as far as they follow from its operations. */
import type { Node, Operand, Tensor } from '../../graph/graph.ts';

/** A closed interval. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const ANY: Range = { low: -Infinity, high: Infinity };
const UNIT: Range = { low: 0, high: 1 };
/** A sum of rounded parts may exceed the exact sum by this much. */
const ROUNDING = 1e-6;

/** Larger tables are not examined. */
const MOST_LOOKED_AT = 2 ** 16;

const WITHIN_UNIT: ReadonlySet<string> = new Set([
  ...['sigmoid', 'hard_sigmoid', 'not', 'to_bool', 'is_nan', 'is_inf'],
  ...['equal', 'less', 'less_equal', 'greater', 'greater_equal', 'and', 'or', 'xor'],
]);
const GROWING: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  relu: (x) => Math.max(x, 0),
  trunc: Math.trunc,
  to_integer: Math.trunc,
  narrow: (x) => x,
  tanh: Math.tanh,
};
const SUMS: ReadonlySet<string> = new Set(['sum', 'l1']);

function rangeOf(data: Tensor['data']): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) {
    if (Number.isNaN(value)) return ANY;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high };
}

/** Nodes are in the order of computation. */
export class Ranges {
  readonly #ranges = new Map<string, Range>();
  readonly #producers = new Map<string, Node>();
  /** Thousands of nodes may share a constant. */
  readonly #constants = new Map<Tensor['data'], Range>();

  /** `units` are values known to be within [0, 1]. */
  constructor(nodes: readonly Node[], units: ReadonlySet<string>) {
    for (const node of nodes) {
      this.#producers.set(node.output, node);
      this.#ranges.set(node.output, units.has(node.output) ? UNIT : this.#after(node));
    }
  }

  /** Whether the values are within [0, 1], as probabilities are. */
  isUnit(operand: Operand): boolean {
    const { low, high } = this.#of(operand);
    return low >= 0 && high <= 1 + ROUNDING;
  }

  #of(operand: Operand): Range {
    if (typeof operand === 'string') return this.#ranges.get(operand) ?? ANY;
    const range = this.#constants.get(operand.data) ?? rangeOf(operand.data);
    this.#constants.set(operand.data, range);
    return range;
  }

  #after(node: Node): Range {
    const { op, inputs } = node;
    switch (op) {
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
      case 'affine':
        return plus(times(this.#of(inputs[0]), this.#of(inputs[1])), this.#of(inputs[2]));
      case 'softmax':
        return node.attributes.fn === 'log_softmax' ? { low: -Infinity, high: 0 } : UNIT;
      case 'couple':
        return UNIT;
      case 'normalize':
        return node.attributes.norm === 'l1' && this.#of(inputs[0]).low >= 0 ? UNIT : ANY;
      case 'reduce':
        return this.#reduce(node);
      case 'one_hot':
        return {
          low: Math.min(node.attributes.on, node.attributes.off),
          high: Math.max(node.attributes.on, node.attributes.off),
        };
      case 'embedding':
        return typeof inputs[1] !== 'string' && inputs[1].data.length <= MOST_LOOKED_AT ? this.#of(inputs[1]) : ANY;
      case 'trees':
        return this.#of(inputs[2]).low >= 0 ? { low: 0, high: Infinity } : ANY;
      case 'select':
        return all(inputs.slice(1).map((part) => this.#of(part)));
      case 'concat':
        return all(inputs.map((part) => this.#of(part)));
      case 'gather':
      case 'reshape':
      case 'transpose':
      case 'expand':
      case 'require_finite':
      case 'retype':
        return this.#of(inputs[0]);
      default:
        return ANY;
    }
  }

  #unary({ inputs: [operand], attributes: { fn, alpha = 0, beta = 0 } }: Node<'unary'>): Range {
    const { low, high } = this.#of(operand);
    if (WITHIN_UNIT.has(fn)) return UNIT;
    const grow = GROWING[fn];
    if (grow !== undefined) return { low: grow(low), high: grow(high) };
    if (fn === 'clip')
      return { low: Math.min(Math.max(low, alpha), beta), high: Math.min(Math.max(high, alpha), beta) };
    if (fn === 'reciprocal') return low > 0 ? { low: 1 / high, high: 1 / low } : ANY;
    if (fn === 'neg') return { low: -high, high: -low };
    if (fn === 'abs') return { low: Math.max(0, low, -high), high: Math.max(high, -low) };
    return ANY;
  }

  #binary({ inputs: [a, b], attributes: { fn } }: Node<'binary'>): Range {
    if (WITHIN_UNIT.has(fn)) return UNIT;
    const [x, y] = [this.#of(a), this.#of(b)];
    switch (fn) {
      case 'add':
        return plus(x, y);
      case 'sub':
        return this.#isLogSum(b, a) ? { low: -Infinity, high: 0 } : plus(x, { low: -y.high, high: -y.low });
      case 'mul':
        return times(x, y);
      case 'div':
        if (x.low >= 0 && this.#isSum(b)) return UNIT;
        return y.low > 0 ? times(x, { low: 1 / y.high, high: 1 / y.low }) : ANY;
      case 'min':
        return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
      case 'max':
        return { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
      default:
        return ANY;
    }
  }

  #reduce({ inputs: [operand], attributes: { fn } }: Node<'reduce'>): Range {
    const range = this.#of(operand);
    if (fn === 'mean' || fn === 'max' || fn === 'min') return range;
    return SUMS.has(fn) && range.low >= 0 ? { low: 0, high: Infinity } : ANY;
  }

  /** Whether the operand is a sum over the row, or such a sum with 0 replaced by another value. */
  #isSum(operand: Operand, guards = 1): boolean {
    const node = this.#beforeMoves(operand);
    if (node?.op === 'reduce') return SUMS.has(node.attributes.fn);
    const isGuard = node?.op === 'select' || (node?.op === 'binary' && ['add', 'max'].includes(node.attributes.fn));
    return isGuard && guards > 0 && node.inputs.some((part) => this.#isSum(part, guards - 1));
  }

  /** Whether it is log Σeˣ of the operand. */
  #isLogSum(sum: Operand, of: Operand): boolean {
    const node = this.#beforeMoves(sum);
    return node?.op === 'reduce' && node.attributes.fn === 'log_sum_exp' && node.inputs[0] === of;
  }

  #beforeMoves(operand: Operand): Node | undefined {
    let node = typeof operand === 'string' ? this.#producers.get(operand) : undefined;
    while (node?.op === 'reshape') node = this.#producers.get(node.inputs[0] as string);
    return node;
  }
}

function plus(a: Range, b: Range): Range {
  return known(a.low + b.low, a.high + b.high);
}

function times(a: Range, b: Range): Range {
  const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  return known(Math.min(...products), Math.max(...products));
}

function all(ranges: readonly Range[]): Range {
  return ranges.reduce((a, b) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }));
}

/** 0·∞ and ∞ − ∞ may be anything. */
function known(low: number, high: number): Range {
  return Number.isNaN(low) || Number.isNaN(high) ? ANY : { low, high };
}
