/**
 * What a graph does with single elements of its inputs, by walking it once: whether NaN in one is refused, goes through
 * as NaN, or is looked for and replaced; and which are ids, of how many.
 */
import type { GraphInput, Node, Operand, Tensor } from './graph.ts';
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

/** By element, the element of the inputs, counted through all, of which a NaN makes it NaN. */
type Origins = Int32Array;
const NONE = -1;
/** Several: those of the value's `mixed`. */
const MIXED = -2;

/** Elements of the inputs; a set that grows too large is taken for all of them. */
type Mixed = ReadonlySet<number> | 'all';
const MOST_MIXED = 4096;

interface Value {
  readonly origins: Origins;
  readonly mixed: Mixed;
  /** Whether elements with an origin are its own number still. */
  readonly isExact: boolean;
  /** By element, the element of the inputs that it is 1 for when that is missing, and 0 otherwise. */
  readonly tells?: Origins;
}

const MOVEMENTS: ReadonlySet<string> = new Set(['gather', 'transpose', 'reshape', 'expand', 'concat', 'retype']);
const NEVER_NAN: ReadonlySet<string> = new Set([
  ...[
    'is_nan',
    'is_inf',
    'not',
    'to_bool',
    'equal',
    'less',
    'less_equal',
    'greater',
    'greater_equal',
    'and',
    'or',
    'xor',
  ],
  ...['arg_max', 'arg_min', 'arg_max_last', 'arg_min_last'],
]);

/** What leaves whole numbers, as ids are, as they are. */
const WHOLE: ReadonlySet<string> = new Set(['trunc', 'floor', 'ceil', 'round', 'to_integer']);

interface Computation {
  readonly inputs: readonly GraphInput[];
  readonly nodes: readonly Node[];
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** Of all values together. Rows beyond it come from files that declare more than they hold, and from no person. */
const MOST_ELEMENTS = 2 ** 22;

/** Of each input; of none where the values have more than {@link MOST_ELEMENTS}. Nodes stand in the order of computation. */
export function elementsOf({ inputs, nodes, shapes }: Computation): Elements[] {
  const tells = nodes.some(
    ({ op, attributes }) => op === 'embedding' || ('fn' in attributes && attributes.fn === 'is_nan'),
  );
  const isAsked = tells || inputs.some(({ missing }) => missing);
  if (!isAsked || isTooLarge(shapes)) return inputs.map(() => ({}));
  return new Walk(inputs, shapes).through(nodes);
}

function isTooLarge(shapes: ReadonlyMap<string, Shape>): boolean {
  let elements = 0;
  for (const shape of shapes.values()) elements += elementCount(shape);
  return elements > MOST_ELEMENTS;
}

class Walk {
  readonly #values = new Map<string, Value>();
  readonly #refused = new Set<number>();
  #isAllRefused = false;
  readonly #known = new Set<number>();
  /** NaN where it is not one number. */
  readonly #fills = new Map<number, number>();
  readonly #ids = new Map<number, number>();

  constructor(
    readonly inputs: readonly GraphInput[],
    readonly shapes: ReadonlyMap<string, Shape>,
  ) {
    let first = 0;
    for (const { name, shape } of inputs) {
      const start = first;
      first += elementCount(shape);
      const origins = Int32Array.from({ length: first - start }, (_, at) => start + at);
      this.#values.set(name, { origins, mixed: NOTHING, isExact: true });
    }
  }

  through(nodes: readonly Node[]): Elements[] {
    for (const node of nodes) this.#values.set(node.output, this.#after(node));
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
    const known = this.#known.has(element);
    if (this.#refused.has(element) || this.#isAllRefused || !(missing || known)) return undefined;
    const value = this.#fills.get(element);
    return { known, ...(value !== undefined && !Number.isNaN(value) && { value }) };
  }

  #after(node: Node): Value {
    const shape = this.shapes.get(node.output) as Shape;
    const operands = node.inputs.map((operand) => this.#valueOf(operand));
    const [x] = operands;
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
        return nothing(shape);
      case 'one_hot':
        this.#refuse(x);
        return nothing(shape);
      case 'unary':
        return this.#unary(node, x, shape);
      case 'select':
        return this.#select(node, operands, shape);
      case 'binary':
        if (NEVER_NAN.has(node.attributes.fn)) return nothing(shape);
        return this.#merged(node, operands, shape);
      case 'affine':
        return { ...x, isExact: false, tells: undefined };
      case 'reduce':
        return NEVER_NAN.has(node.attributes.fn) ? nothing(shape) : spread(operands, shape);
      default:
        return spread(operands, shape);
    }
  }

  #valueOf(operand: Operand): Value {
    return typeof operand === 'string' ? (this.#values.get(operand) as Value) : nothing(operand.shape);
  }

  /** Ids that several tables look up are those of the smallest. */
  #count({ origins, isExact }: Value, { inputs: [, table], attributes: { wrap } }: Node<'embedding'>): void {
    if (!isExact || wrap || typeof table === 'string') return;
    for (const origin of origins) {
      if (origin >= 0) this.#ids.set(origin, Math.min(this.#ids.get(origin) ?? Infinity, table.shape[0]));
    }
  }

  #refuse({ origins, mixed }: Value): void {
    for (const origin of origins) if (origin >= 0) this.#refused.add(origin);
    if (!origins.includes(MIXED)) return;
    if (mixed === 'all') this.#isAllRefused = true;
    else for (const origin of mixed) this.#refused.add(origin);
  }

  #unary(node: Node<'unary'>, x: Value, shape: Shape): Value {
    const { fn } = node.attributes;
    if (fn !== 'is_nan') {
      return NEVER_NAN.has(fn) ? nothing(shape) : { ...x, isExact: x.isExact && WHOLE.has(fn), tells: undefined };
    }
    for (const origin of x.origins) if (origin >= 0) this.#known.add(origin);
    return { ...nothing(shape), tells: x.origins };
  }

  /** Where the condition says that the very element is missing, what stands there instead is no NaN of its. */
  #select(node: Node, [condition, then, otherwise]: readonly Value[], shape: Shape): Value {
    const merged = this.#merged(node, [then, otherwise], shape, 1);
    const tells = condition.tells && this.#spread(condition.tells, node.inputs[0], shape);
    if (tells === undefined) return merged;
    const own = this.#spread(otherwise.origins, node.inputs[2], shape);
    const other = this.#spread(then.origins, node.inputs[1], shape);
    const constant = typeof node.inputs[1] === 'string' ? undefined : node.inputs[1];
    const fills = constant && takeColumns(constant.data, broadcastColumns(constant.shape, shape));
    const origins = merged.origins.map((origin, i) => {
      if (tells[i] < 0 || own[i] !== tells[i]) return origin;
      if (fills !== undefined && Number.isNaN(fills[i])) return origin;
      if (otherwise.isExact) this.#fill(own[i], fills?.[i] ?? Number.NaN);
      return other[i];
    });
    return { origins, mixed: merged.mixed, isExact: false };
  }

  #fill(element: number, value: number): void {
    const before = this.#fills.get(element);
    this.#fills.set(element, before === undefined || before === value ? value : Number.NaN);
  }

  #moved(node: Node, operands: readonly Value[], shape: Shape): Value {
    const move = (numbersOf: (value: Value) => Origins | undefined): Origins => {
      const tensors = node.inputs.map((operand, i): Tensor => {
        const from = typeof operand === 'string' ? (this.shapes.get(operand) as Shape) : operand.shape;
        const numbers = numbersOf(operands[i]) ?? new Int32Array(elementCount(from)).fill(NONE);
        return { shape: from, data: Float64Array.from(numbers) };
      });
      return Int32Array.from(definitionOf(node.op).evaluate(node, tensors, shape));
    };
    return {
      origins: move(({ origins }) => origins),
      mixed: union(operands),
      isExact: operands.every(({ isExact }) => isExact),
      ...(operands.some(({ tells }) => tells) && { tells: move(({ tells }) => tells) }),
    };
  }

  /** Element by element: NaN if one of them is. `first` is the position of the first of the operands. */
  #merged(node: Node, operands: readonly Value[], shape: Shape, first = 0): Value {
    const origins = new Int32Array(elementCount(shape)).fill(NONE);
    for (const [at, operand] of operands.entries()) {
      const own = this.#spread(operand.origins, node.inputs[first + at], shape);
      for (const [i, origin] of own.entries()) {
        if (origin === NONE || origin === origins[i]) continue;
        origins[i] = origins[i] === NONE ? origin : MIXED;
      }
    }
    return { origins, mixed: origins.includes(MIXED) ? union(operands) : NOTHING, isExact: false };
  }

  #spread(origins: Origins, operand: Operand, shape: Shape): Origins {
    const from = typeof operand === 'string' ? (this.shapes.get(operand) as Shape) : operand.shape;
    return sameShape(from, shape) ? origins : takeColumns(origins, broadcastColumns(from, shape));
  }
}

const NOTHING: Mixed = new Set<number>();

/** Of a value that no missing element makes NaN. */
function nothing(shape: Shape): Value {
  return { origins: new Int32Array(elementCount(shape)).fill(NONE), mixed: NOTHING, isExact: true };
}

/** Of a value whose every element comes of all. */
function spread(operands: readonly Value[], shape: Shape): Value {
  const mixed = union(operands);
  const isNothing = mixed !== 'all' && mixed.size === 0;
  return { origins: new Int32Array(elementCount(shape)).fill(isNothing ? NONE : MIXED), mixed, isExact: false };
}

function union(operands: readonly Value[]): Mixed {
  const all = new Set<number>();
  for (const { origins, mixed } of operands) {
    for (const origin of origins) if (origin >= 0) all.add(origin);
    if (!origins.includes(MIXED)) continue;
    if (mixed === 'all') return mixed;
    for (const origin of mixed) all.add(origin);
  }
  return all.size > MOST_MIXED ? 'all' : all;
}
