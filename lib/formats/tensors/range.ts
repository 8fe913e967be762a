/** The least and greatest possible integers of a row tensor, derived from the operations that compute them. */
import { greatest, least } from '../../extremes.ts';
import { type Node, type Operand, TRUTHS } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';

/** A range of integers; infinite if unknown. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const ANY: Range = { low: -Infinity, high: Infinity };
const MOST_STEPS = 1000;
const NODES_PER_STEP = 16;

/** Derives ranges from the nodes so far. */
export class Ranges {
  readonly #makers: ReadonlyMap<string, Node>;
  readonly #known = new Map<string, Range>();
  #steps = 0;

  constructor(readonly build: GraphBuilder) {
    build.budget.step(build.nodes.length / NODES_PER_STEP, build.place);
    this.#makers = new Map(build.nodes.map((node) => [node.output, node]));
  }

  of(operand: Operand): Range {
    if (typeof operand !== 'string') {
      this.build.lookThrough(operand.data.length);
      return { low: least(operand.data), high: greatest(operand.data) };
    }
    const node = this.#makers.get(operand);
    if (node === undefined || this.#steps++ > MOST_STEPS) return ANY;
    const range = this.#known.get(operand) ?? this.#made(node);
    this.#known.set(operand, range);
    return range;
  }

  #made(node: Node): Range {
    const input = (at: number) => this.of(node.inputs[at]);
    switch (node.op) {
      case 'reshape':
      case 'transpose':
      case 'gather':
      case 'expand':
      case 'retype':
        return input(0);
      case 'embedding':
        return input(1);
      case 'scatter': {
        const count = this.build.texts.placesOf(node.inputs[0] as string);
        return count === undefined ? ANY : { low: 0, high: count - 1 };
      }
      case 'concat':
        return union(node.inputs.map((operand) => this.of(operand)));
      case 'select':
        return union([input(1), input(2)]);
      case 'unary':
        return ofUnary(node, input(0));
      case 'binary':
        return ofBinary(node, input(0), input(1));
      case 'dense':
        return this.#picked(node);
      case 'reduce': {
        const { fn, axes } = node.attributes;
        if (fn === 'max' || fn === 'min') return input(0);
        if (fn !== 'sum') return ANY;
        const [x] = node.inputs;
        const shape = typeof x === 'string' ? (this.build.shapes.get(x) ?? []) : x.shape;
        const count = elementCount(axes.map((axis) => shape[axis] ?? Infinity));
        return { low: count * input(0).low, high: count * input(0).high };
      }
      default:
        return ANY;
    }
  }

  /** The range of a column of weights selected by a key that equals a number, or none. */
  #picked({ inputs: [x, weight, bias], attributes }: Node<'dense'>): Range {
    let maker = typeof x === 'string' ? this.#makers.get(x) : undefined;
    if (maker?.op === 'retype' && typeof maker.inputs[0] === 'string') maker = this.#makers.get(maker.inputs[0]);
    if (maker?.op !== 'binary' || maker.attributes.fn !== 'equal' || bias !== undefined) return ANY;
    const keys = maker.inputs.find((operand) => typeof operand !== 'string');
    if (keys === undefined || typeof weight === 'string' || attributes.clamp !== undefined) return ANY;
    const isOfKeys = keys.shape.length === 1 && weight.data.length === keys.data.length;
    this.build.spend(keys.data.length);
    if (!isOfKeys || new Set(keys.data).size < keys.data.length) return ANY;
    return union([this.of(weight), { low: 0, high: 0 }]);
  }
}

function union(ranges: readonly Range[]): Range {
  return { low: least(ranges.map(({ low }) => low)), high: greatest(ranges.map(({ high }) => high)) };
}

function ofUnary({ attributes: { fn, alpha = 0, beta = 0 } }: Node<'unary'>, x: Range): Range {
  if (TRUTHS.has(fn)) return { low: 0, high: 1 };
  if (fn !== 'clip') return ANY;
  const clamp = (value: number) => Math.min(Math.max(value, alpha), beta);
  return { low: clamp(x.low), high: clamp(x.high) };
}

function ofBinary({ attributes: { fn } }: Node<'binary'>, a: Range, b: Range): Range {
  if (TRUTHS.has(fn)) return { low: 0, high: 1 };
  switch (fn) {
    case 'add':
      return { low: a.low + b.low, high: a.high + b.high };
    case 'sub':
      return { low: a.low - b.high, high: a.high - b.low };
    case 'mul': {
      const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
      return ends.some(Number.isNaN) ? ANY : { low: least(ends), high: greatest(ends) };
    }
    case 'fmod': {
      // Has the sign of the dividend.
      const most = Math.max(Math.abs(b.low), Math.abs(b.high)) - 1;
      return { low: a.low >= 0 ? 0 : Math.max(a.low, -most), high: a.high <= 0 ? 0 : Math.min(a.high, most) };
    }
    default:
      return ANY;
  }
}
