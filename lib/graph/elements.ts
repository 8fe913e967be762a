/**
 * What a graph does with single elements of its inputs, by walking it once: whether NaN in one is refused, goes through
 * as NaN, or is looked for and replaced; and which are ids, of how many.
 */
import { type GraphInput, type Node, type Operand, type Tensor, TRUTHS } from './graph.ts';
import { UNARY } from './operations/unary.ts';
import { definitionOf } from './ops.ts';
import { broadcastColumns, elementCount, type Shape, sameShape, takeColumns } from './shapes.ts';

/** Of an element that may be missing. */
export interface Fill {
  /** Whether the model looks whether it is, and does something about it. */
  readonly known: boolean;
  /** What it puts there, in the element's own units (of words, the index), where that is one number. */
  readonly value?: number;
}

/** Of an input, by the element's position. */
export interface Elements {
  /** Of those that may be missing. */
  readonly fills?: ReadonlyMap<number, Fill>;
  /** Of those that are ids from 0 on: how many there are. */
  readonly ids?: ReadonlyMap<number, number>;
}

/** By element, the element of the inputs, counted through all, of which a NaN makes it NaN; one number for all. */
type Origins = Int32Array | number;
const NONE = -1;
/** Several: those of the value's `mixed`. */
const MIXED = -2;

/** Elements of the inputs; a set that grows too large is taken for all of them. */
type Mixed = ReadonlySet<number> | 'all';
const MOST_MIXED = 4096;

/** Of all inputs together. Rows beyond it come from files that declare more than they hold, and from no person. */
const MOST_ELEMENTS = 2 ** 18;

/** Elements that a walk looks at one by one, of all values together; past them nothing more is found out. */
const MOST_WALKED = 2 ** 23;
/** An element that moves takes as long as so many that stay. */
const COST_OF_MOVING = 8;

interface KnownElements {
  readonly origins: Origins;
  readonly mixed: Mixed;
  /** Whether elements with an origin are its own number still. */
  readonly isExact: boolean;
  /** By element, the element of the inputs that it is 1 for when that is missing, and 0 otherwise. */
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
 * Of each input; of none where they have more than {@link MOST_ELEMENTS}, or all values more than {@link MOST_WALKED}.
 * Nodes stand in the order of computation.
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
  /** By element of the inputs, 1 or 0; sets of them would take twenty times as much. */
  readonly #refused: Uint8Array;
  #isAllRefused = false;
  readonly #known: Uint8Array;
  readonly #isFilled: Uint8Array;
  /** NaN where it is not one number. */
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

  /** One object for all that are the same, as those of a whole row mostly are. */
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

  /** Ids that several tables look up are those of the smallest. */
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

  /** Where the condition says that the very element is missing, what is there instead is not its NaN. */
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

  /** Element by element: NaN if one of them is. `first` is the position of the first of the operands. */
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

  /** Whether so many elements more may be looked at. */
  #walk(count: number): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }

  /** Those that are not alike, where there are not too many. */
  #walked(origins: Origins): Iterable<number> {
    return typeof origins !== 'number' && this.#walk(origins.length) ? origins : [];
  }
}

const EMPTY: Mixed = new Set<number>();

/** A value that no missing element makes NaN. */
const NOTHING: KnownElements = { origins: NONE, mixed: EMPTY, isExact: true };

function hasMixed(origins: Origins): boolean {
  return typeof origins === 'number' ? origins === MIXED : origins.includes(MIXED);
}

function whole(origins: Origins, count: number): Int32Array {
  return typeof origins === 'number' ? new Int32Array(count).fill(origins) : origins;
}

/** Of a value whose every element comes of all. */
function spread(operands: readonly KnownElements[]): KnownElements {
  const mixed = union(operands);
  const isNothing = mixed !== 'all' && mixed.size === 0;
  return { origins: isNothing ? NONE : MIXED, mixed, isExact: false };
}

/** Where one operand has all that the others have, its own set. */
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
