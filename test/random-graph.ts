/** Seeded random graphs, tame enough that results of different precision can be compared. */
import {
  BINARY_NAMES,
  type BinaryName,
  type Graph,
  type Node,
  type Op,
  type OpAttributes,
  type Operand,
  REDUCE_NAMES,
  type ReduceName,
  SOFTMAX_NAMES,
  SORT_RESULTS,
  type Tensor,
  UNARY_NAMES,
  type UnaryName,
} from '../lib/graph/graph.ts';
import { definitionOf } from '../lib/graph/ops.ts';

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** Normally distributed, rounded to float32. */
  normal(): number {
    return Math.fround(Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit()));
  }

  values(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.normal());
  }

  tensor(shape: readonly number[], factor = 1): Tensor {
    const data = this.values(shape.reduce((a, b) => a * b, 1)).map((value) => value * factor);
    return { shape, data };
  }

  /** A shuffled list of 0 to below `count`. */
  permutation(count: number): number[] {
    const keys = Array.from({ length: count }, () => this.unit());
    return keys.map((_, at) => at).sort((a, b) => keys[a] - keys[b]);
  }
}

/** Sums rounded to float32 differ by more than results of different precision may. */
const REDUCIBLE = REDUCE_NAMES.filter((fn) => fn !== 'sum_float32');

/** alpha and beta of those for which not all will do. */
const CASTS: Partial<Record<UnaryName, readonly [number, number]>> = {
  to_integer: [2 ** 31, 0],
  wrap: [-2, 2],
  narrow: [128, 3e38],
};

/** What keeps operands where a function is defined, and its errors small, for functions that need it. */
type Taming = 'positive' | 'bounded' | 'off zero';
const TAMING: Partial<Record<UnaryName | BinaryName | ReduceName, Taming>> = {
  log: 'off zero',
  log_sum: 'off zero',
  reciprocal: 'off zero',
  sqrt: 'positive',
  log1p: 'positive',
  exp: 'bounded',
  expm1: 'bounded',
  square: 'bounded',
  sum_square: 'bounded',
  prod: 'bounded',
  log2: 'off zero',
  log10: 'off zero',
  cbrt: 'off zero',
  tan: 'bounded',
  sinh: 'bounded',
  cosh: 'bounded',
};

/**
 * A graph of float inputs `x`, `z` and an input `ids` of integers below {@link ID_COUNT}, of all operations and
 * functions.
 */
export function randomGraph(seed: number, steps = 12): Graph {
  return new Builder(new Random(seed)).build(steps);
}

export const ID_COUNT = 5;

/** Rows for a graph of {@link randomGraph}. */
export function randomInputs(graph: Graph, seed: number, rows: number): Record<string, Float32Array> {
  const random = new Random(seed);
  return Object.fromEntries(
    graph.inputs.map(({ name, shape, dtype }) => {
      const count = rows * shape.reduce((a, b) => a * b, 1);
      const ids = () => Float32Array.from({ length: count }, () => random.below(ID_COUNT));
      // Integers and halves are where functions jump.
      const near = (value: number) => (random.below(3) === 0 ? Math.round(2 * value) / 2 : value);
      return [name, dtype === 'int64' ? ids() : random.values(count).map(near)];
    }),
  );
}

function number(value: number): Tensor {
  return { shape: [], data: Float32Array.of(value) };
}

class Builder {
  readonly #nodes: Node[] = [];
  readonly #shapes = new Map<string, readonly number[]>();

  constructor(private readonly random: Random) {}

  build(steps: number): Graph {
    const { random } = this;
    const width = 1 + random.below(7);
    const inputs: Graph['inputs'] = [
      { name: 'x', shape: [width], dtype: 'float32' },
      { name: 'z', shape: [1 + random.below(3), width], dtype: 'float32' },
      { name: 'ids', shape: random.pick([[], [2]]), dtype: 'int64' },
    ];
    for (const { name, shape } of inputs) this.#shapes.set(name, shape);
    while (this.#nodes.length < steps) this.#step();
    const names = [...this.#shapes.keys()];
    const values = [names.at(-1) as string, random.pick(names), random.pick(names)];
    const outputs = values.map((value, at) => ({ name: `y${at}`, value, dtype: 'float32' as const }));
    return {
      format: 'random',
      precision: 'f32',
      inputs,
      outputs,
      nodes: random.permutation(this.#nodes.length).map((at) => this.#nodes[at]),
    };
  }

  #add<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): string {
    const output = `v${this.#nodes.length}`;
    const node = { op, name: `node_${output}`, inputs, output, attributes } as Node;
    const shapes = inputs.map((operand) => (typeof operand === 'string' ? this.#shape(operand) : operand.shape));
    this.#shapes.set(output, definitionOf(op).infer(node, shapes));
    this.#nodes.push(node);
    return output;
  }

  #shape(name: string): readonly number[] {
    return this.#shapes.get(name) as readonly number[];
  }

  #step(): string {
    const { random } = this;
    const names = [...this.#shapes.keys()];
    // Recent results more often than others: graphs are to be deep.
    const x = random.pick(random.below(3) === 0 ? names : names.slice(-2));
    const shape = this.#shape(x);
    const rank = shape.length;
    if (x === 'ids') return this.#lookup(x);
    if (rank === 0 || random.below(3) === 0) return this.#elementwise(x);
    const axis = random.below(rank);
    switch (random.below(14)) {
      case 12:
        return this.#product(x);
      case 13: {
        const result = random.pick(SORT_RESULTS);
        const count = 1 + random.below(shape[axis]);
        const descending = random.pick([true, false]);
        const ties = !descending && count % 2 === 0 ? ({ ties: 'heap' } as const) : {};
        return this.#add('sort', [x], { axis, count, descending, result, ...ties });
      }
      case 0:
      case 1:
        return this.#dense(x);
      case 2:
        return this.#add('softmax', [x], { axis, fn: random.pick(SOFTMAX_NAMES) });
      case 3: {
        const scale = this.#constant(shape.slice(axis));
        return random.pick([
          () => this.#add('layer_norm', [x, scale, this.#constant(shape.slice(axis))], { axis, epsilon: 0.5 }),
          () => this.#add('rms_norm', [x, scale], { axis, epsilon: 0.5 }),
        ])();
      }
      case 4: {
        const norm = random.pick(['l1', 'l2', 'max'] as const);
        return this.#add('normalize', [x], { axis, norm, epsilon: 0.125, floor: random.pick([0.125, 1]) });
      }
      case 5: {
        const axes = random.permutation(rank).slice(0, 1 + random.below(rank));
        const fn = random.pick(REDUCIBLE);
        const along = fn.startsWith('arg_') ? axes.slice(0, 1) : axes;
        return this.#add('reduce', [this.#tame(fn, x)], { fn, axes: along, keepDims: random.pick([true, false]) });
      }
      case 6:
        return this.#add('concat', [x, random.pick([x, random.tensor(shape)])], { axis });
      case 7: {
        const indices = Int32Array.from({ length: 1 + random.below(4) }, () => random.below(shape[axis]));
        return this.#add('gather', [x], { axis, indices });
      }
      case 8:
        return this.#add('transpose', [x], { permutation: random.permutation(rank) });
      case 9:
        return this.#add('reshape', [x], {
          shape: random.pick([[1, ...shape], [...shape, 1], [shape.reduce((a, b) => a * b)]]),
        });
      case 10:
        return this.#lookup(this.#ids(x));
      default:
        return this.#add('expand', [x], { shape: shape.map((size) => (size === 1 ? 1 + random.below(3) : size)) });
    }
  }

  /** With itself, or with a constant. */
  #product(x: string): string {
    const { random } = this;
    const shape = this.#shape(x);
    const matrix = shape.length > 1 ? x : this.#add('reshape', [x], { shape: [1, ...shape] });
    const k = shape[shape.length - 1];
    const layout = random.pick(['in-out', 'out-in'] as const);
    const n = 1 + random.below(4);
    const constant = random.tensor(layout === 'in-out' ? [k, n] : [n, k]);
    const tame = this.#add('unary', [matrix], { fn: 'clip', alpha: -3, beta: 3 });
    const isOfItself = layout === 'out-in' && random.pick([true, false]);
    return this.#add('matmul', [tame, isOfItself ? tame : constant], { layout });
  }

  #elementwise(x: string): string {
    const { random } = this;
    const shape = this.#shape(x);
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2: {
        const fn = random.pick(UNARY_NAMES);
        const [alpha, beta] = CASTS[fn] ?? [0.25, 0.5];
        return this.#add('unary', [this.#tame(fn, x)], { fn, alpha, beta });
      }
      case 3:
      case 4:
        return this.#binary(x);
      case 5:
        return this.#add('select', [x, random.pick([x, this.#constant(shape)]), this.#constant(shape)], {});
      case 6: {
        const tame = this.#add('unary', [x], { fn: 'clip', alpha: -100, beta: 100 });
        return this.#add('require_finite', [tame], { nan: random.pick([true, false]) });
      }
      default:
        return this.#add('affine', [x, this.#constant(shape), this.#constant(shape)], {});
    }
  }

  #tame(fn: UnaryName | BinaryName | ReduceName, x: string): string {
    const taming = TAMING[fn];
    if (taming === undefined) return x;
    if (taming === 'bounded') return this.#add('unary', [x], { fn: 'clip', alpha: -3, beta: 3 });
    const positive = this.#add('unary', [x], { fn: 'abs' });
    return taming === 'positive' ? positive : this.#add('affine', [positive, number(1), number(0.5)], {});
  }

  /** Integers below {@link ID_COUNT}. */
  #ids(x: string): string {
    const fn = this.random.pick(['floor', 'round', 'ceil', 'trunc'] as const);
    const whole = this.#add('unary', [x], { fn });
    return this.#add('unary', [whole], { fn: 'clip', alpha: 0, beta: ID_COUNT - 1 });
  }

  /** A constant that broadcasts to the shape: of any numbers, or of one that rules have an eye on. */
  #constant(shape: readonly number[]): Tensor {
    const { random } = this;
    const own = shape.slice(random.below(shape.length + 1)).map((size) => (random.below(4) === 0 ? 1 : size));
    const tensor = random.tensor(own);
    if (random.below(3) > 0) return tensor;
    return { shape: own, data: tensor.data.fill(random.pick([0, -0, 1, -1, 2, 0.5, -0.5, 3, 49, 1 / 49])) };
  }

  #binary(x: string): string {
    const shape = this.#shape(x);
    const others = [...this.#shapes].filter(([name, own]) => name !== 'ids' && own.join() === shape.join());
    const other = this.random.pick([this.#constant(shape), this.random.pick(others)[0]]);
    const operands = this.random.pick([
      [x, other],
      [other, x],
    ]);
    const fn = this.random.pick(BINARY_NAMES);
    if (fn === 'div') return this.#add('binary', [operands[0], this.#divisor(operands[1])], { fn });
    if (fn === 'pow') return this.#power(x);
    if (fn === 'atan2') return this.#add('binary', [operands[0], this.#divisor(operands[1])], { fn });
    return this.#add('binary', operands, { fn });
  }

  #divisor(operand: Operand): Operand {
    if (typeof operand === 'string') return this.#tame('reciprocal', operand);
    return { ...operand, data: operand.data.map((value) => Math.max(Math.abs(value), 0.5)) };
  }

  #power(x: string): string {
    const exponent = this.random.pick([number(this.random.pick([1, 2, 3, 0.5, -0.5, -1, 1.5])), x]);
    const bounded = typeof exponent === 'string' ? this.#tame('exp', exponent) : exponent;
    return this.#add('binary', [this.#tame('log', this.#tame('exp', x)), bounded], { fn: 'pow' });
  }

  #dense(x: string): string {
    const k = this.#shape(x).at(-1) as number;
    const n = 1 + this.random.below(6);
    const layout = this.random.pick(['in-out', 'out-in'] as const);
    const some = this.random.tensor(layout === 'in-out' ? [k, n] : [n, k], 1 / Math.sqrt(k));
    const isWhole = this.random.below(3) === 0;
    const weight = isWhole ? { ...some, data: some.data.map((value) => Math.round(2 * value)) } : some;
    return this.#add(
      'dense',
      this.random.pick([
        [x, weight],
        [x, weight, this.random.tensor([n])],
      ]),
      { layout },
    );
  }

  #lookup(ids: string): string {
    const { random } = this;
    if (random.below(2) === 0) {
      const table = random.tensor(random.pick([[ID_COUNT], [ID_COUNT, 3]]));
      return this.#add('embedding', [ids, table], { wrap: random.pick([true, false]) });
    }
    const axis = random.below(this.#shape(ids).length + 1);
    return this.#add('one_hot', [ids], { depth: ID_COUNT - 1, on: 1.5, off: -0.5, axis, wrap: false });
  }
}
