/**
 * Finds out what a graph does with single elements of its inputs, in one pass: whether NaN is rejected, passes through
 * as NaN, or is detected and replaced; and which elements are ids, and of how many.
 */
import { type GraphInput, type Node, type Operand, type Tensor, TRUTHS } from './graph.ts';
import { UNARY } from './operations/unary.ts';
import { definitionOf } from './ops.ts';
import { broadcastColumns, elementCount, type Shape, sameShape, takeColumns } from './shapes.ts';

/** What happens to an element that may be missing. */
export interface Fill {
  /** Whether the model detects and handles a missing value. */
  readonly known: boolean;
  /** The number that replaces it, if there is only one, in the element's own units (for strings, the index). */
  readonly value?: number;
}

/** What is known of an input's elements, by position. */
export interface Elements {
  /** Elements that may be missing. */
  readonly fills?: ReadonlyMap<number, Fill>;
  /** Elements that are ids, and how many ids there are, from 0. */
  readonly ids?: ReadonlyMap<number, number>;
}

/**
 * For each element, the element of the inputs (numbered across all of them) whose NaN makes it NaN; or one number for
 * all elements.
 */
type Origins = Int32Array | number;
const NONE = -1;
/** Several elements: those in the value's `mixed`. */
const MIXED = -2;

/** Elements of the inputs. A set that grows too large is replaced by all of them. */
type Mixed = ReadonlySet<number> | 'all';
const MOST_MIXED = 4096;

/**
 * The most elements of all inputs together. Only damaged files that declare more than they contain have larger rows.
 */
const MOST_ELEMENTS = 2 ** 18;

/** The most elements to look at one by one, over all values. After that the analysis stops. */
const MOST_WALKED = 2 ** 23;
/** Moving an element takes as long as visiting this many that stay in place. */
const COST_OF_MOVING = 8;

interface KnownElements {
  readonly origins: Origins;
  readonly mixed: Mixed;
  /** Whether elements with an origin still are that element's number. */
  readonly isExact: boolean;
  /** For each element, the element of the inputs whose absence it indicates: 1 if that is missing, otherwise 0. */
  readonly tells?: Origins;
}

const MOVEMENTS: ReadonlySet<string> = new Set(['gather', 'transpose', 'reshape', 'expand', 'concat', 'retype']);
const NEVER_NAN: ReadonlySet<string> = new Set<string>([
  ...TRUTHS,
  ...['arg_max', 'arg_min', 'arg_max_last', 'arg_min_last'],
]);

interface Computation {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly Node[];
  readonly shapes: ReadonlyMap<string, Shape>;
}

/**
 * The elements of each input. The result is empty if the inputs have more than {@link MOST_ELEMENTS} elements, or all
 * values more than {@link MOST_WALKED}. Nodes must be in the order of computation.
 */
export function elementsOf({ inputs, nodes, shapes }: Computation): Elements[] {
  const tells = nodes.some(
    ({ op, attributes }) => op === 'embedding' || ('fn' in attributes && attributes.fn === 'is_nan'),
  );
  const isAsked = tells || inputs.some(({ missing }) => missing);
  if (!isAsked || isTooLarge(inputs)) return inputs.map(() => ({}));
  return new Walk(inputs, shapes).through(nodes);
}

function isTooLarge(inputs: readonly GraphInput[]): boolean {
  return inputs.reduce((count, { shape }) => count + elementCount(shape), 0) > MOST_ELEMENTS;
}

class Walk {
  readonly #values = new Map<string, KnownElements>();
  /** By element of the inputs, 1 or 0. Sets would take twenty times as much memory. */
  readonly #refused: Uint8Array;
  #isAllRefused = false;
  readonly #known: Uint8Array;
  readonly #isFilled: Uint8Array;
  /** NaN if it is not a single number. */
  readonly #fills: Float64Array;
  readonly #ids = new Map<number, number>();
  #left = MOST_WALKED;
  #lastFill: Fill | undefined;

  constructor(
    readonly inputs: readonly GraphInput[],
    readonly shapes: ReadonlyMap<string, Shape>,
  ) {
    let first = 0;
    for (const { name, shape, ragged } of inputs) {
      const start = first;
      first += elementCount(shape);
      const origins = ragged ? NONE : new Int32Array(first - start).map((_, at) => start + at);
      this.#values.set(name, { origins, mixed: EMPTY, isExact: true });
    }
    this.#refused = new Uint8Array(first);
    this.#known = new Uint8Array(first);
    this.#isFilled = new Uint8Array(first);
    this.#fills = new Float64Array(first);
  }

  through(nodes: readonly Node[]): Elements[] {
    const lastUses = new Map<string, Node>();
    for (const node of nodes) {
      for (const operand of node.inputs) if (typeof operand === 'string') lastUses.set(operand, node);
    }
    for (const node of nodes) {
      this.#values.set(node.output, this.#after(node));
      if (this.#left < 0) return this.inputs.map(() => ({}));
      for (const operand of node.inputs) {
        if (typeof operand === 'string' && lastUses.get(operand) === node) this.#values.delete(operand);
      }
    }
    let first = 0;
    return this.inputs.map(({ shape, missing }) => {
      const fills = new Map<number, Fill>();
      const ids = new Map<number, number>();
      const start = first;
      first += elementCount(shape);
      for (let element = start; element < first; element++) {
        const fill = this.#fillOf(element, missing === true);
        if (fill !== undefined) fills.set(element - start, fill);
        const count = this.#ids.get(element);
        if (count !== undefined) ids.set(element - start, count);
      }
      return { ...(fills.size > 0 && { fills }), ...(ids.size > 0 && { ids }) };
    });
  }

  #fillOf(element: number, missing: boolean): Fill | undefined {
    const known = this.#known[element] === 1;
    if (this.#refused[element] === 1 || this.#isAllRefused || !(missing || known)) return undefined;
    const value = this.#fills[element];
    return this.#oneFill(known, this.#isFilled[element] === 0 || Number.isNaN(value) ? undefined : value);
  }

  /** Shares one object between equal fills, because those of a row are mostly equal. */
  #oneFill(known: boolean, value: number | undefined): Fill {
    if (this.#lastFill?.known === known && Object.is(this.#lastFill.value, value)) return this.#lastFill;
    this.#lastFill = { known, ...(value !== undefined && { value }) };
    return this.#lastFill;
  }

  #after(node: Node): KnownElements {
    const shape = this.shapes.get(node.output) as Shape;
    const operands = node.inputs.map((operand) => this.#valueOf(operand));
    const [x] = operands;
    if (operands.every((operand) => operand === NOTHING)) return NOTHING;
    if (MOVEMENTS.has(node.op)) return this.#moved(node, operands, shape);
    switch (node.op) {
      case 'require_finite':
        if (!node.attributes.nan) this.#refuse(x);
        return x;
      case 'retype':
        return x;
      case 'embedding':
        this.#count(x, node);
        this.#refuse(x);
        return NOTHING;
      case 'one_hot':
        this.#refuse(x);
        return NOTHING;
      case 'trees':
      case 'bag':
      case 'scatter':
        return NOTHING;
      case 'unary':
        return this.#unary(node, x);
      case 'select':
        return this.#select(node, operands, shape);
      case 'binary':
        if (NEVER_NAN.has(node.attributes.fn)) return NOTHING;
        return this.#merged(node, operands, shape);
      case 'affine':
        return { ...x, isExact: false, tells: undefined };
      case 'sort':
        return node.attributes.result === 'places' ? NOTHING : spread(operands);
      case 'reduce':
        return NEVER_NAN.has(node.attributes.fn) ? NOTHING : spread(operands);
      default:
        return spread(operands);
    }
  }

  #valueOf(operand: Operand): KnownElements {
    return typeof operand === 'string' ? (this.#values.get(operand) as KnownElements) : NOTHING;
  }

  /** If several tables look up an id, the smallest one determines the number of ids. */
  #count({ origins, isExact }: KnownElements, { inputs: [, table], attributes: { wrap } }: Node<'embedding'>): void {
    if (!isExact || wrap || typeof table === 'string') return;
    for (const origin of this.#walked(origins)) {
      if (origin >= 0) this.#ids.set(origin, Math.min(this.#ids.get(origin) ?? Infinity, table.shape[0]));
    }
  }

  #refuse({ origins, mixed }: KnownElements): void {
    for (const origin of this.#walked(origins)) if (origin >= 0) this.#refused[origin] = 1;
    if (!hasMixed(origins)) return;
    if (mixed === 'all') this.#isAllRefused = true;
    else for (const origin of mixed) this.#refused[origin] = 1;
  }

  #unary(node: Node<'unary'>, x: KnownElements): KnownElements {
    const { fn } = node.attributes;
    if (fn !== 'is_nan') {
      return NEVER_NAN.has(fn)
        ? NOTHING
        : { ...x, isExact: x.isExact && UNARY[fn].keepsWhole === true, tells: undefined };
    }
    for (const origin of this.#walked(x.origins)) if (origin >= 0) this.#known[origin] = 1;
    return { ...NOTHING, tells: x.origins };
  }

  /** If the condition is that this very element is missing, its replacement is not its NaN. */
  #select(node: Node, [condition, then, otherwise]: readonly KnownElements[], shape: Shape): KnownElements {
    const merged = this.#merged(node, [then, otherwise], shape, 1);
    if (condition.tells === undefined) return merged;
    const count = elementCount(shape);
    const tells = whole(this.#spread(condition.tells, node.inputs[0], shape), count);
    const own = whole(this.#spread(otherwise.origins, node.inputs[2], shape), count);
    const other = whole(this.#spread(then.origins, node.inputs[1], shape), count);
    const constant = typeof node.inputs[1] === 'string' ? undefined : node.inputs[1];
    const fills = constant && takeColumns(constant.data, broadcastColumns(constant.shape, shape));
    const origins = whole(merged.origins, count).map((origin, i) => {
      if (tells[i] < 0 || own[i] !== tells[i]) return origin;
      if (fills !== undefined && Number.isNaN(fills[i])) return origin;
      if (otherwise.isExact) this.#fill(own[i], fills?.[i] ?? Number.NaN);
      return other[i];
    });
    return { origins, mixed: merged.mixed, isExact: false };
  }

  #fill(element: number, value: number): void {
    const isSame = this.#isFilled[element] === 0 || this.#fills[element] === value;
    this.#isFilled[element] = 1;
    this.#fills[element] = isSame ? value : Number.NaN;
  }

  #moved(node: Node, operands: readonly KnownElements[], shape: Shape): KnownElements {
    const move = (numbersOf: (value: KnownElements) => Origins | undefined): Origins => {
      const [first, ...others] = operands.map((value) => numbersOf(value) ?? NONE);
      if (typeof first === 'number' && others.every((other) => other === first)) return first;
      if (!this.#walk(COST_OF_MOVING * elementCount(shape))) return MIXED;
      const tensors = node.inputs.map((operand, i): Tensor => {
        const from = typeof operand === 'string' ? (this.shapes.get(operand) as Shape) : operand.shape;
        return { shape: from, data: new Float64Array(whole(numbersOf(operands[i]) ?? NONE, elementCount(from))) };
      });
      return new Int32Array(definitionOf(node.op).evaluate(node, tensors, shape));
    };
    return {
      origins: move(({ origins }) => origins),
      mixed: union(operands),
      isExact: operands.every(({ isExact }) => isExact),
      ...(operands.some(({ tells }) => tells) && { tells: move(({ tells }) => tells) }),
    };
  }

  /**
   * Merges operands element by element: the result is NaN if one of them is. `first` is the position of the first
   * operand.
   */
  #merged(node: Node, operands: readonly KnownElements[], shape: Shape, first = 0): KnownElements {
    let merged: Origins = NONE;
    for (const [at, operand] of operands.entries()) {
      const own = this.#spread(operand.origins, node.inputs[first + at], shape);
      if (merged === NONE) merged = own;
      else if (own === MIXED) merged = MIXED;
      else if (typeof own !== 'number' && typeof merged !== 'number' && own !== merged)
        merged = this.#both(merged, own);
    }
    return { origins: merged, mixed: hasMixed(merged) ? union(operands) : EMPTY, isExact: false };
  }

  #both(a: Int32Array, b: Int32Array): Origins {
    if (!this.#walk(a.length)) return MIXED;
    return a.map((origin, i) => {
      if (b[i] === NONE || b[i] === origin) return origin;
      return origin === NONE ? b[i] : MIXED;
    });
  }

  #spread(origins: Origins, operand: Operand, shape: Shape): Origins {
    const from = typeof operand === 'string' ? (this.shapes.get(operand) as Shape) : operand.shape;
    if (typeof origins === 'number' || sameShape(from, shape)) return origins;
    return this.#walk(elementCount(shape)) ? takeColumns(origins, broadcastColumns(from, shape)) : MIXED;
  }

  /** Whether this many more elements may be looked at. */
  #walk(count: number): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }

  /** The distinct origins, if there are not too many. */
  #walked(origins: Origins): Iterable<number> {
    return typeof origins !== 'number' && this.#walk(origins.length) ? origins : [];
  }
}

const EMPTY: Mixed = new Set<number>();

/** A value that no missing element can make NaN. */
const NOTHING: KnownElements = { origins: NONE, mixed: EMPTY, isExact: true };

function hasMixed(origins: Origins): boolean {
  return typeof origins === 'number' ? origins === MIXED : origins.includes(MIXED);
}

function whole(origins: Origins, count: number): Int32Array {
  return typeof origins === 'number' ? new Int32Array(count).fill(origins) : origins;
}

/** A value whose elements each depend on all elements of the operands. */
function spread(operands: readonly KnownElements[]): KnownElements {
  const mixed = union(operands);
  const isNothing = mixed !== 'all' && mixed.size === 0;
  return { origins: isNothing ? NONE : MIXED, mixed, isExact: false };
}

/** The union of the operands' sets; an operand's own set if it includes the others. */
function union(operands: readonly KnownElements[]): Mixed {
  const [first, ...others] = operands.filter((operand) => operand.origins !== NONE);
  if (first?.origins === MIXED && others.every((other) => other.origins === MIXED && other.mixed === first.mixed)) {
    return first.mixed;
  }
  const all = new Set<number>();
  for (const { origins, mixed } of operands) {
    if (typeof origins !== 'number') {
      for (const origin of origins) {
        if (origin >= 0) all.add(origin);
        if (all.size > MOST_MIXED) return 'all';
      }
    }
    if (!hasMixed(origins)) continue;
    if (mixed === 'all') return mixed;
    for (const origin of mixed) all.add(origin);
  }
  return all.size > MOST_MIXED ? 'all' : all;
}
