/**
 * Layers of integers that the engine multiplies as bytes: dense layers that are scaled, rounded down and clipped, as in
 * 8-bit TensorFlow Lite models. Such a layer is exact in float64 and also in bytes; the arithmetic after the sum is the
 * same. See docs/numerics.md.
 */
import type { GraphInput, Node, Operand, Tensor } from './graph.ts';
import { type Computation, MOVES } from './integers.ts';
import { denseLayout } from './ops/dense.ts';
import type { PlanBuilder, View } from './plan-builder.ts';
import { MOST_INT8_INPUTS, OPCODES } from './plan-format.ts';
import { elementCount, type Shape } from './shapes.ts';
import { areAllIntegers, constantSpan, EXACT } from './spans.ts';

/** The range of integers, over all elements of a value. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/** The nodes of a byte layer, in order. */
interface Chain {
  readonly dense: Node<'dense'>;
  readonly factor: Tensor;
  readonly shift: number;
  readonly clip: readonly [low: number, high: number];
  /** Added at the end. */
  readonly zero: number;
  readonly last: Node;
}

/** A byte layer, with the center of its input range subtracted. */
interface ByteLayer extends Chain {
  readonly center: number;
  readonly bias: Float64Array;
}

/** With fewer products, the conversions take longer than they save, unless the row is in bytes already. */
const LEAST_PRODUCTS = 64;

/** Sums of bytes are exact in 32 bits, and passed on as float32, which is exact up to MOST_EXACT_SUM. */
const MOST_SUM = 2 ** 31 - 1;
const MOST_EXACT_SUM = 2 ** 24;
/** Keeps the scaled sums and the results far below integers that doubles cannot represent. */
const MOST_OFFSET = 2 ** 32;
const MOST_FACTOR = 2 ** 16;

const BYTE = { low: -128, high: 127 } as const;
const WHOLE: Range = { low: -Infinity, high: Infinity };

export class ByteLayers {
  readonly #makers = new Map<string, Node>();
  readonly #takers = new Map<string, Node[]>();
  readonly #ranges = new Map<string, Range | undefined>();
  readonly #ends = new Map<Node, ByteLayer>();
  /** Nodes inside a layer, which have no value of their own. */
  readonly #within = new Set<Node>();

  constructor(readonly graph: Computation) {
    // Few models round down, which every layer of bytes does.
    if (!graph.nodes.some(isFloor)) return;
    for (const node of graph.nodes) this.#makers.set(node.output, node);
    for (const node of graph.nodes) {
      for (const operand of node.inputs) {
        if (typeof operand !== 'string') continue;
        const known = this.#takers.get(operand);
        if (known === undefined) this.#takers.set(operand, [node]);
        else known.push(node);
      }
    }
    const shown = new Set(graph.outputs.map(({ value }) => value));
    for (const node of graph.nodes) {
      if (node.op !== 'dense') continue;
      const found = this.#layerOf(node, shown);
      if (found !== undefined) this.#ends.set(found.last, found);
    }
  }

  /** Whether the node is computed inside a layer, and nothing else needs its value. */
  isWithin(node: Node): boolean {
    return this.#within.has(node);
  }

  /** Lowers the layer that ends with the node; undefined if there is none. */
  lower(node: Node, shape: Shape, plan: PlanBuilder): View | undefined {
    const layer = this.#ends.get(node);
    if (layer === undefined) return undefined;
    const { dense, factor, shift, clip, zero, center, bias } = layer;
    const [x, weight] = dense.inputs as [Operand, Tensor];
    const { k, n } = denseLayout(dense.attributes.layout, weight.shape);
    const repeat = elementCount(shape) / n;
    return plan.instruction(OPCODES.byte_dense, shape, [
      plan.bytes(plan.row(plan.view(x)), repeat, k, center),
      repeat,
      k,
      n,
      dense.attributes.layout === 'in-out' ? 0 : 1,
      plan.parameter(weight.data),
      plan.parameter(bias),
      plan.expandedParameter(factor, [n]),
      plan.numbers([shift, ...clip, zero]),
    ]);
  }

  #layerOf(node: Node<'dense'>, shown: ReadonlySet<Operand>): ByteLayer | undefined {
    const [x, weight, bias] = node.inputs as [string, Tensor, Tensor | undefined];
    const { layout, clamp, weights } = node.attributes;
    const { k, n, kStep, nStep } = denseLayout(layout, weight.shape);
    if (k > MOST_INT8_INPUTS || clamp !== undefined || weights !== undefined) return undefined;
    if (k * n < LEAST_PRODUCTS && !this.#ends.has(this.#makers.get(x) as Node)) return undefined;
    const chain = this.#chainOf(node, n, shown);
    if (chain === undefined || !isOfBytes(weight) || !areAllIntegers(bias?.data ?? new Float64Array(0)))
      return undefined;
    this.#findRanges();
    const range = this.#rangeOf(x);
    if (range === undefined || range.high - range.low > BYTE.high - BYTE.low) return undefined;
    const isByte = range.low >= BYTE.low && range.high <= BYTE.high;
    const center = isByte ? 0 : range.low - BYTE.low;
    const most = Math.max(center - range.low, range.high - center);
    const offsets = new Float64Array(n);
    for (let column = 0; column < n; column++) {
      let [sum, magnitude] = [0, 0];
      for (let i = 0; i < k; i++) {
        const w = weight.data[i * kStep + column * nStep];
        sum += w;
        magnitude += Math.abs(w);
      }
      offsets[column] = (bias?.data[column] ?? 0) + center * sum;
      if (most * magnitude > MOST_SUM || !(Math.abs(offsets[column]) <= MOST_OFFSET)) return undefined;
      if (most * magnitude > MOST_EXACT_SUM && !isClipped(chain, column, offsets[column])) return undefined;
    }
    for (const member of this.#membersOf(chain)) if (member !== chain.last) this.#within.add(member);
    return { ...chain, center, bias: offsets };
  }

  /** dense, affine, floor, clip and perhaps another affine, each used only by the next. */
  #chainOf(dense: Node<'dense'>, n: number, shown: ReadonlySet<Operand>): Chain | undefined {
    const next = (node: Node | undefined): Node | undefined => {
      const takers = node === undefined || shown.has(node.output) ? [] : (this.#takers.get(node.output) ?? []);
      return takers.length === 1 && takers[0].inputs[0] === node?.output ? takers[0] : undefined;
    };
    const scaled = next(dense);
    const floor = next(scaled);
    const clip = next(floor);
    if (scaled?.op !== 'affine' || floor === undefined || !isFloor(floor)) return undefined;
    if (clip?.op !== 'unary' || clip.attributes.fn !== 'clip') return undefined;
    const [, factor, shift] = scaled.inputs as [string, Tensor, Tensor];
    const isForColumns = factor.data.length === 1 || (factor.data.length === n && factor.shape.at(-1) === n);
    const { alpha = 0, beta = 0 } = clip.attributes;
    if (!isForColumns || shift.data.length !== 1 || !(alpha <= beta)) return undefined;
    if (!factor.data.every((value) => Math.abs(value) <= MOST_FACTOR)) return undefined;
    const chain = { dense, factor, shift: shift.data[0], clip: [alpha, beta] as const };
    const added = next(clip);
    const zero = added?.op === 'affine' ? shiftOf(added as Node<'affine'>) : undefined;
    return zero === undefined ? { ...chain, zero: 0, last: clip } : { ...chain, zero, last: added as Node };
  }

  #membersOf({ dense, last }: Chain): readonly Node[] {
    const members: Node[] = [last];
    for (let node = last; node !== dense; members.push(node)) node = this.#makers.get(node.inputs[0] as string) as Node;
    return members;
  }

  /** The range of a value that is always integers or NaN; undefined if that is not known. */
  #rangeOf(operand: Operand): Range | undefined {
    if (typeof operand !== 'string') return rangeOfConstant(operand);
    return this.#ranges.get(operand);
  }

  /** Finds the ranges of all values, once a layer asks for one. */
  #findRanges(): void {
    if (this.#ranges.size > 0) return;
    for (const input of this.graph.inputs) this.#ranges.set(input.name, rangeOfInput(input));
    for (const node of this.graph.nodes) this.#ranges.set(node.output, this.#find(node));
  }

  #find(node: Node): Range | undefined {
    if (MOVES.has(node.op)) return union(node.inputs.map((operand) => this.#rangeOf(operand)));
    const [x, second, third] = node.inputs;
    switch (node.op) {
      case 'embedding':
        return this.#rangeOf(second);
      case 'unary': {
        const { fn, alpha = 0, beta = 0 } = node.attributes;
        if (fn === 'floor' || fn === 'trunc' || fn === 'round' || fn === 'ceil') return this.#rangeOf(x) ?? WHOLE;
        const range = this.#rangeOf(x);
        if (fn !== 'clip' || range === undefined || !Number.isInteger(alpha) || !Number.isInteger(beta))
          return undefined;
        const clamp = (value: number) => Math.min(Math.max(value, alpha), beta);
        return { low: clamp(range.low), high: clamp(range.high) };
      }
      case 'affine': {
        const [range, shift] = [this.#rangeOf(x), shiftOf(node)];
        return range && shift !== undefined ? { low: range.low + shift, high: range.high + shift } : undefined;
      }
      case 'binary': {
        const [a, b] = [this.#rangeOf(x), this.#rangeOf(second)];
        if (node.attributes.fn !== 'max' && node.attributes.fn !== 'min') return undefined;
        return union([a, b]);
      }
      case 'select':
        return union([this.#rangeOf(second), this.#rangeOf(third)]);
      default:
        return undefined;
    }
  }
}

/** Whether all sums that are not exact in float32 are clipped, so that their rounding does not matter. */
function isClipped({ factor, shift, clip: [low, high] }: Chain, column: number, offset: number): boolean {
  const scale = factor.data[factor.data.length === 1 ? 0 : column];
  const [a, b] = [-MOST_EXACT_SUM, MOST_EXACT_SUM].map((sum) => Math.floor((sum + offset) * scale + shift));
  return Math.min(a, b) < low && Math.max(a, b) > high;
}

/** The integer that an affine adds to all elements if its scale is 1. */
function shiftOf({ inputs: [, scale, shift] }: Node<'affine'>): number | undefined {
  const [{ data: factors }, { data: terms }] = [scale as Tensor, shift as Tensor];
  const isShift = factors.length === 1 && factors[0] === 1 && terms.length === 1 && Number.isInteger(terms[0]);
  return isShift ? terms[0] : undefined;
}

function rangeOfInput({ dtype }: GraphInput): Range | undefined {
  if (dtype === 'int8') return BYTE;
  return dtype === 'uint8' ? { low: 0, high: 255 } : undefined;
}

function rangeOfConstant({ data }: Tensor): Range | undefined {
  const { integer, low, high } = constantSpan(data, EXACT.f64);
  return integer ? { low, high } : undefined;
}

function union(ranges: readonly (Range | undefined)[]): Range | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const range of ranges) {
    if (range === undefined) return undefined;
    low = Math.min(low, range.low);
    high = Math.max(high, range.high);
  }
  return { low, high };
}

function isOfBytes({ data }: Tensor): boolean {
  return data.every((value) => Number.isInteger(value) && value >= BYTE.low && value <= BYTE.high);
}

function isFloor({ op, attributes }: Node): boolean {
  return op === 'unary' && attributes.fn === 'floor';
}
