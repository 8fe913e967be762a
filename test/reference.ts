/**
 * The oracle: the forward pass of a graph as its definition reads, one row after another, in float64, by coordinates.
 * It shares nothing with what it judges, and is as slow as it is plain.
 */
import type { BinaryName, MetricName, Node, Operand, ReduceName, Tensor, UnaryName } from '../lib/graph/graph.ts';

interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface ReferenceGraph {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly { readonly name: string; readonly value: Operand }[];
}

/** The outputs by name, rows one after another, for inputs of `rows` rows each. */
export function reference(
  graph: ReferenceGraph,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  rows: number,
): Record<string, Float64Array> {
  const results = graph.outputs.map((): number[] => []);
  for (let row = 0; row < rows; row++) {
    const known = new Map<string, Value>();
    for (const { name, shape } of graph.inputs) {
      const width = size(shape);
      known.set(name, { shape, data: Array.from({ length: width }, (_, at) => inputs[name][row * width + at]) });
    }
    const evaluate = (operand: Operand): Value => {
      if (typeof operand !== 'string') return constant(operand);
      let value = known.get(operand);
      if (value === undefined) {
        const node = graph.nodes.find(({ output }) => output === operand) as Node;
        value = forward(node, node.inputs.map(evaluate));
        known.set(operand, value);
      }
      return value;
    };
    for (const [at, { value }] of graph.outputs.entries()) results[at].push(...evaluate(value).data);
  }
  return Object.fromEntries(graph.outputs.map(({ name }, at) => [name, Float64Array.from(results[at])]));
}

function constant({ shape, data }: Tensor): Value {
  return { shape, data: Array.from(data) };
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

type Coordinates = readonly number[];

function coordinates(shape: readonly number[], flat: number): Coordinates {
  const result: number[] = [];
  for (const length of shape.toReversed()) {
    result.unshift(flat % length);
    flat = Math.floor(flat / length);
  }
  return result;
}

/** The element at the coordinates, which may be of a shape that the value broadcasts to. */
function at(value: Value, place: Coordinates): number {
  const own = value.shape.length === 0 ? [] : place.slice(-value.shape.length);
  let flat = 0;
  for (const [axis, length] of value.shape.entries()) flat = flat * length + (length === 1 ? 0 : own[axis]);
  return value.data[flat];
}

function build(shape: readonly number[], element: (place: Coordinates) => number): Value {
  return { shape, data: Array.from({ length: size(shape) }, (_, flat) => element(coordinates(shape, flat))) };
}

function common(values: readonly Value[]): number[] {
  const rank = Math.max(...values.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...values.map(({ shape }) => shape[shape.length - rank + axis] ?? 1)),
  );
}

/** A way to ask for the elements that share the coordinates off the axes, in order. */
function along(x: Value, axes: readonly number[]): (place: Coordinates) => readonly number[] {
  const key = (place: Coordinates) => place.filter((_, axis) => !axes.includes(axis)).join();
  const groups = new Map<string, number[]>();
  for (const [flat, value] of x.data.entries()) {
    const name = key(coordinates(x.shape, flat));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return (place) => groups.get(key(place)) as number[];
}

function forward(node: Node, operands: readonly Value[]): Value {
  const [x] = operands;
  switch (node.op) {
    case 'bag':
    case 'scatter':
      throw new Error('rows of pairs are computed in test/engine/ragged.test.ts');
    case 'dense': {
      const [, weight, bias] = operands;
      const isInOut = node.attributes.layout === 'in-out';
      const [low, high] = node.attributes.clamp ?? [-Infinity, Infinity];
      const [k, n] = isInOut ? weight.shape : weight.shape.toReversed();
      const shape = [...x.shape.slice(0, -1), n];
      const data = Array.from({ length: size(shape) }, (_, flat) => {
        const [row, column] = [Math.floor(flat / n), flat % n];
        let sum = bias === undefined ? 0 : bias.data[column];
        for (let i = 0; i < k; i++) sum += x.data[row * k + i] * weight.data[isInOut ? i * n + column : column * k + i];
        return clip(sum, low, high);
      });
      return { shape, data };
    }
    case 'matmul': {
      const b = operands[1];
      const isInOut = node.attributes.layout === 'in-out';
      const [m, k] = x.shape.slice(-2);
      const n = b.shape[b.shape.length - (isInOut ? 1 : 2)];
      const matrices = [x, b].map(({ shape }) => ({ shape: shape.slice(0, -2), data: [] }));
      return build([...common(matrices), m, n], (place) => {
        const [row, column] = place.slice(-2);
        const others = place.slice(0, -2);
        let sum = 0;
        for (let i = 0; i < k; i++) {
          sum += at(x, [...others, row, i]) * at(b, [...others, ...(isInOut ? [i, column] : [column, i])]);
        }
        return sum;
      });
    }
    case 'sort': {
      const { axis, count, descending, result } = node.attributes;
      const elements = along(x, [axis]);
      return build(x.shape.with(axis, count), (place) => {
        const values = elements(place);
        if (node.attributes.ties === 'heap') {
          const kept = heapOf(values, count).sort((i, j) => values[i] - values[j] || i - j);
          const found = kept[place[axis]];
          return result === 'places' ? (found ?? 0) : found === undefined ? Infinity : values[found];
        }
        // Whatever the order, a stable sort: by what the values are, with NaN as more than infinity.
        const rank = (i: number) => (Number.isNaN(values[i]) ? [1, 0] : [0, values[i]]);
        const places = values
          .map((_, i) => i)
          .sort((i, j) => {
            const [a, b] = [rank(i), rank(j)];
            const difference = a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0);
            return descending ? -difference : difference;
          });
        return result === 'places' ? places[place[axis]] : values[places[place[axis]]];
      });
    }
    case 'distances': {
      const [, points, weights] = operands;
      const { metric, exponent = 1 } = node.attributes;
      return build([points.shape[0]], ([n]) => {
        const features = x.data.map((value, k) => [value, at(points, [n, k]), weights ? at(weights, [k]) : 1]);
        return distanceOf[metric](features, exponent);
      });
    }
    case 'affine':
      return build(x.shape, (place) => at(x, place) * at(operands[1], place) + at(operands[2], place));
    case 'unary': {
      const { fn, alpha = 0, beta = 0 } = node.attributes;
      return build(x.shape, (place) => unaryOf[fn](at(x, place), alpha, beta));
    }
    case 'binary': {
      const fn = binaryOf[node.attributes.fn];
      return build(common(operands), (place) => fn(at(x, place), at(operands[1], place)));
    }
    case 'select':
      return build(common(operands), (place) => at(operands[at(x, place) !== 0 ? 1 : 2], place));
    case 'softmax': {
      const { axis, fn } = node.attributes;
      const elements = along(x, [axis]);
      if (fn === 'sparsemax') return build(x.shape, (place) => Math.max(at(x, place) - threshold(elements(place)), 0));
      return build(x.shape, (place) => {
        const values = elements(place);
        const top = Math.max(...values);
        const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0);
        return fn === 'log_softmax' ? at(x, place) - top - Math.log(total) : Math.exp(at(x, place) - top) / total;
      });
    }
    case 'layer_norm':
    case 'rms_norm': {
      const { axis, epsilon } = node.attributes;
      const elements = along(x, x.shape.map((_, index) => index).slice(axis));
      return build(x.shape, (place) => {
        const values = elements(place);
        const mean = node.op === 'layer_norm' ? values.reduce((a, b) => a + b, 0) / values.length : 0;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
        const scale = operands[1] === undefined ? 1 : at(operands[1], place);
        const shift = operands[2] === undefined ? 0 : at(operands[2], place);
        return ((at(x, place) - mean) / Math.sqrt(variance + epsilon)) * scale + shift;
      });
    }
    case 'normalize': {
      const { axis, norm, epsilon, floor } = node.attributes;
      const elements = along(x, [axis]);
      return build(x.shape, (place) => {
        const magnitudes = elements(place).map(Math.abs);
        const sum = magnitudes.reduce((a, b) => a + (norm === 'l2' ? b * b : b), 0);
        const length = norm === 'max' ? Math.max(...magnitudes) : norm === 'l2' ? Math.sqrt(sum) : sum;
        return at(x, place) / (length <= epsilon ? floor : length);
      });
    }
    case 'reduce': {
      const { fn, axes, keepDims } = node.attributes;
      const elements = along(x, axes);
      const kept = build(
        x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length)),
        (place) => reduceOf[fn](elements(place)),
      );
      return keepDims ? kept : { shape: x.shape.filter((_, axis) => !axes.includes(axis)), data: kept.data };
    }
    case 'concat': {
      const { axis } = node.attributes;
      const total = operands.reduce((sum, { shape }) => sum + shape[axis], 0);
      return build(x.shape.with(axis, total), (place) => {
        let step = place[axis];
        for (const operand of operands) {
          if (step < operand.shape[axis]) return at(operand, place.with(axis, step));
          step -= operand.shape[axis];
        }
        return Number.NaN;
      });
    }
    case 'gather': {
      const { axis, indices } = node.attributes;
      return build(x.shape.with(axis, indices.length), (place) => at(x, place.with(axis, indices[place[axis]])));
    }
    case 'transpose': {
      const { permutation } = node.attributes;
      return build(
        permutation.map((axis) => x.shape[axis]),
        (place) =>
          at(
            x,
            x.shape.map((_, axis) => place[permutation.indexOf(axis)]),
          ),
      );
    }
    case 'reshape':
      return { shape: node.attributes.shape, data: x.data };
    case 'expand':
      return build(node.attributes.shape, (place) => at(x, place));
    case 'embedding': {
      const table = operands[1];
      return build([...x.shape, ...table.shape.slice(1)], (place) => {
        const id = at(x, place.slice(0, x.shape.length));
        const row = node.attributes.wrap && id < 0 ? id + table.shape[0] : id;
        return at(table, [row, ...place.slice(x.shape.length)]);
      });
    }
    case 'require_finite':
    case 'retype':
      return x;
    case 'couple': {
      const count = (1 + Math.sqrt(1 + 8 * x.shape[0])) / 2;
      return build([count], ([place]) => coupled(Array.from(x.data), count)[place]);
    }
    case 'trees': {
      const [, nodes, leaves, sets] = operands;
      const { sum, outputs, targets, divisor } = node.attributes;
      const given = leavesReached(x.data, nodes.data, sets?.data ?? []).map((leaf) => row(leaves, leaf));
      if (sum === 'none') return { shape: [given.length, leaves.shape[1]], data: given.flat() };
      const totals = Array.from({ length: outputs }, () => 0);
      for (const [tree, values] of given.entries()) {
        for (const [k, value] of values.entries()) {
          const total = totals[targets[tree] + k] + value;
          totals[targets[tree] + k] = sum === 'float32' ? Math.fround(total) : total;
        }
      }
      return { shape: [outputs], data: totals.map((total) => total / divisor) };
    }
    case 'one_hot': {
      const { depth, on, off, axis, wrap } = node.attributes;
      return build(x.shape.toSpliced(axis, 0, depth), (place) => {
        const id = at(x, place.toSpliced(axis, 1));
        return place[axis] === (wrap && id < 0 ? id + depth : id) ? on : off;
      });
    }
  }
}

/** Of features [x, y, weight]. */
const distanceOf: Record<MetricName, (features: readonly (readonly number[])[], exponent: number) => number> = {
  sum_square: (features) => total(features.map(([x, y]) => (x - y) ** 2)),
  l1: (features) => total(features.map(([x, y]) => Math.abs(x - y))),
  max: (features) => Math.max(...features.map(([x, y]) => Math.abs(x - y))),
  power: (features, exponent) => total(features.map(([x, y, weight]) => weight * Math.abs(x - y) ** exponent)),
  different: (features) => features.filter(([x, y]) => x !== y).length,
  canberra: (features) =>
    total(features.map(([x, y]) => (x === 0 && y === 0 ? 0 : Math.abs(x - y) / (Math.abs(x) + Math.abs(y))))),
  known_sum_square: (features) =>
    total(features.filter(([x, y]) => !Number.isNaN(x - y)).map(([x, y]) => (x - y) ** 2)),
};

/** What is left in a heap, of which the root goes when something less comes; of two equal children the left one rises. */
function heapOf(values: readonly number[], count: number): number[] {
  const heap: (number | undefined)[] = new Array(count).fill(undefined);
  const valueAt = (slot: number) => {
    const place = heap[slot];
    return place === undefined ? Infinity : values[place];
  };
  for (const [place, value] of values.entries()) {
    if (!(value < valueAt(0))) continue;
    let slot = 0;
    heap[0] = place;
    for (;;) {
      const children = [2 * slot + 1, 2 * slot + 2].filter((child) => child < count);
      const greatest = children.toSorted((a, b) => valueAt(b) - valueAt(a) || a - b)[0];
      if (greatest === undefined || !(value < valueAt(greatest))) break;
      [heap[slot], heap[greatest]] = [heap[greatest], heap[slot]];
      slot = greatest;
    }
  }
  return heap.filter((place) => place !== undefined);
}

/** As libsvm has it: with the whole matrix of pairs, and the matrix Q that is made of it. */
function coupled(pairs: number[], count: number): number[] {
  const r = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      r[i][j] = pairs.shift() as number;
      r[j][i] = 1 - r[i][j];
    }
  }
  const q = r.map((row, t) =>
    row.map((_, j) =>
      j === t ? r.reduce((total, other, s) => (s === t ? total : total + other[t] ** 2), 0) : -r[j][t] * r[t][j],
    ),
  );
  let p = new Array<number>(count).fill(1 / count);
  for (let round = 0; round < Math.max(100, count); round++) {
    const qp = q.map((row) => row.reduce((total, value, j) => total + value * p[j], 0));
    let pqp = p.reduce((total, value, t) => total + value * qp[t], 0);
    if (Math.max(...qp.map((value) => Math.abs(value - pqp))) < 0.005 / count) return p;
    for (let t = 0; t < count; t++) {
      const step = (pqp - qp[t]) / q[t][t];
      p[t] += step;
      pqp = (pqp + step * (step * q[t][t] + 2 * qp[t])) / (1 + step) ** 2;
      p = p.map((value) => value / (1 + step));
      for (let j = 0; j < count; j++) qp[j] = (qp[j] + step * q[t][j]) / (1 + step);
    }
  }
  return p;
}

const clip = (x: number, low: number, high: number) => (x < low ? low : x > high ? high : x);
const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

/** Where the sum of max(value − threshold, 0) is 1, by halving the range that holds it. */
function threshold(values: readonly number[]): number {
  let high = Math.max(...values);
  let low = high - 1;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    const sum = values.reduce((total, value) => total + Math.max(value - middle, 0), 0);
    if (sum > 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** x − tanh(x) as (x·cosh(x) − sinh(x))/cosh(x), whose numerator has a series of one sign, where the difference cancels. */
function tanhShrink(x: number): number {
  if (!(Math.abs(x) < 1)) return x - Math.tanh(x);
  let power = x;
  let sum = 0;
  for (let n = 1; n < 12; n++) {
    power *= (x * x) / (2 * n * (2 * n + 1));
    sum += 2 * n * power;
  }
  return sum / Math.cosh(x);
}

/** erfc by the trapezoidal rule on its integral over the real line, which converges geometrically (Matta, Reichel). */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 0.5) return 1 - erf(x);
  if (x > 28) return 0;
  const step = 0.4;
  let sum = 1 / (x * x);
  for (let n = 1; n < 24; n++) sum += (2 * Math.exp(-((n * step) ** 2))) / ((n * step) ** 2 + x * x);
  const pole = x < Math.PI / step ? 2 / (1 - Math.exp((2 * Math.PI * x) / step)) : 0;
  return ((step * x) / Math.PI) * Math.exp(-x * x) * sum + pole;
}

function erf(x: number): number {
  if (Math.abs(x) >= 0.5) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 30; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (sum * 2) / Math.sqrt(Math.PI);
}

const unaryOf: Record<UnaryName, (x: number, alpha: number, beta: number) => number> = {
  relu: (x) => (x < 0 ? 0 : x),
  leaky_relu: (x, alpha) => (x < 0 ? alpha * x : x),
  thresholded_relu: (x, alpha) => (x <= alpha ? 0 : x),
  threshold: (x, alpha, beta) => (x <= alpha ? beta : x),
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  selu: (x, alpha, beta) => beta * (x < 0 ? alpha * Math.expm1(x) : x),
  celu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x / alpha) : x),
  gelu: (x) => (x * erfc(-x / Math.SQRT2)) / 2,
  gelu_tanh: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)),
  quick_gelu: (x, alpha) => x * sigmoid(alpha * x),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  sigmoid,
  log_sigmoid: (x) => -softplus(-x),
  hard_sigmoid: (x, alpha, beta) => clip(alpha * x + beta, 0, 1),
  hard_swish: (x) => x * clip(x / 6 + 1 / 2, 0, 1),
  clip: (x, alpha, beta) => Math.min(Math.max(x, alpha), beta),
  tanh: Math.tanh,
  tanh_shrink: tanhShrink,
  hard_shrink: (x, alpha) => (Math.abs(x) <= alpha ? 0 : x),
  soft_shrink: (x, alpha, beta) => (x > alpha ? x - beta : x < -alpha ? x + beta : Number.isNaN(x) ? x : 0),
  softplus: (x, alpha) => softplus(alpha * x) / alpha,
  softsign: (x) => x / (1 + Math.abs(x)),
  squareplus: (x, alpha) => (x > 0 ? x + Math.sqrt(x * x + alpha) : alpha / (Math.sqrt(x * x + alpha) - x)) / 2,
  sparse_plus: (x) => (x <= -1 ? 0 : x >= 1 ? x : ((x + 1) * (x + 1)) / 4),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  erf,
  erfc,
  abs: Math.abs,
  neg: (x) => -x,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  floor: Math.floor,
  ceil: Math.ceil,
  // Beyond 2⁵² every number is whole; below it, adding and taking it away rounds as IEEE 754 does: ties to even.
  round: (x) => (Math.abs(x) < 2 ** 52 ? Math.sign(x) * (Math.abs(x) + 2 ** 52 - 2 ** 52) : x),
  trunc: Math.trunc,
  sign: Math.sign,
  not: (x) => (x === 0 ? 1 : 0),
  to_bool: (x) => (x === 0 ? 0 : 1),
  is_nan: (x) => (Number.isNaN(x) ? 1 : 0),
  is_inf: (x, alpha, beta) => ((x === Infinity && alpha !== 0) || (x === -Infinity && beta !== 0) ? 1 : 0),
  to_integer(x, alpha) {
    const whole = x < 0 ? -Math.floor(-x) : Math.floor(x);
    return whole < -alpha || whole >= alpha || Number.isNaN(x) ? -alpha : whole === 0 ? 0 : whole;
  },
  wrap(x, alpha, beta) {
    if (!Number.isFinite(x)) return 0;
    const [least, modulus] = [BigInt(alpha), BigInt(beta) - BigInt(alpha)];
    const rest = (BigInt(Math.trunc(x)) - least) % modulus;
    return Number(least + (rest < 0n ? rest + modulus : rest));
  },
  narrow(x, alpha, beta) {
    if (!Number.isFinite(x) || x === 0) return x;
    // The steps between the powers of two around it, the least of which is 4/beta.
    let step = 2 ** -1074;
    while (step * alpha * 2 <= Math.abs(x) || step * alpha < 2 ** (1 - Math.floor(Math.log2(beta)))) step *= 2;
    const [below, part] = [Math.floor(Math.abs(x) / step), (Math.abs(x) / step) % 1];
    const rounded = (part > 0.5 || (part === 0.5 && below % 2 === 1) ? below + 1 : below) * step;
    return Math.sign(x) * (rounded > beta ? Infinity : rounded);
  },
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  log2: Math.log2,
  log10: Math.log10,
  cbrt: Math.cbrt,
};

const binaryOf: Record<BinaryName, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  prelu: (a, b) => (a < 0 ? a * b : a),
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  less_equal: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greater_equal: (a, b) => (a >= b ? 1 : 0),
  and: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  or: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  fmod: (a, b) => a % b,
  atan2: Math.atan2,
  xor: (a, b) => ((a !== 0) === (b !== 0) ? 0 : 1),
};

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

const reduceOf: Record<ReduceName, (values: readonly number[]) => number> = {
  sum: total,
  mean: (values) => total(values) / values.length,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  prod: (values) => values.reduce((a, b) => a * b, 1),
  l1: (values) => total(values.map(Math.abs)),
  l2: (values) => Math.sqrt(total(values.map((value) => value * value))),
  sum_square: (values) => total(values.map((value) => value * value)),
  log_sum: (values) => Math.log(total(values)),
  log_sum_exp: (values) => {
    const top = Math.max(...values);
    return top + Math.log(total(values.map((value) => Math.exp(value - top))));
  },
  arg_max: (values) => values.findIndex((value) => isNumber(value, Math.max(...values))),
  arg_min: (values) => values.findIndex((value) => isNumber(value, Math.min(...values))),
  arg_max_last: (values) => values.findLastIndex((value) => isNumber(value, Math.max(...values))),
  arg_min_last: (values) => values.findLastIndex((value) => isNumber(value, Math.min(...values))),
  arg_max_number: (values) => Math.max(values.indexOf(Math.max(...values.filter((value) => value > -Infinity))), 0),
  arg_min_number: (values) => Math.max(values.indexOf(Math.min(...values.filter((value) => value < Infinity))), 0),
  arg_max_scan: (values) => scanned(values, values.indexOf(Math.max(...values.filter(isNotNan)))),
  arg_min_scan: (values) => scanned(values, values.indexOf(Math.min(...values.filter(isNotNan)))),
  arg_max_last_scan: (values) => scanned(values, values.lastIndexOf(Math.max(...values.filter(isNotNan)))),
  arg_min_last_scan: (values) => scanned(values, values.lastIndexOf(Math.min(...values.filter(isNotNan)))),
  sum_in_order: (values) => values.reduce((a, b) => a + b),
  sum_float32: (values) => values.reduce((a, b) => Float32Array.of(a + b)[0]),
};

function isNotNan(value: number): boolean {
  return !Number.isNaN(value);
}

/** Equal, or NaN both. */
function isNumber(value: number, wanted: number): boolean {
  return value === wanted || (Number.isNaN(value) && Number.isNaN(wanted));
}

/** NaN in the first place stays. */
function scanned(values: readonly number[], found: number): number {
  return Number.isNaN(values[0]) ? 0 : found;
}

function row({ shape, data }: Value, at: number): number[] {
  return Array.from(data).slice(at * shape[1], (at + 1) * shape[1]);
}

/** A tree as people draw it: a leaf's number, or a test and what it leads to. */
type Drawn = number | { readonly test: readonly number[]; readonly left: Drawn; readonly right: Drawn };

function leavesReached(x: ArrayLike<number>, nodes: ArrayLike<number>, sets: ArrayLike<number>): number[] {
  let [at, leaves] = [0, 0];
  const draw = (): Drawn => {
    const test = [nodes[at], nodes[at + 1], nodes[at + 2]];
    at += 3;
    if (test[0] === -1) return leaves++;
    const left = draw();
    return { test, left, right: draw() };
  };
  const reached: number[] = [];
  while (at < nodes.length) {
    let place = draw();
    while (typeof place !== 'number') place = passes(x, place.test, sets) ? place.left : place.right;
    reached.push(place);
  }
  return reached;
}

function passes(x: ArrayLike<number>, [feature, threshold, kind]: readonly number[], sets: ArrayLike<number>): boolean {
  const value = x[feature];
  if (Number.isNaN(value)) return kind === 1 || kind === 3;
  if (kind < 2) return value <= threshold;
  const members: number[] = [];
  for (let bit = 0; bit < 16 * sets[threshold]; bit++) {
    if (Math.floor(sets[threshold + 1 + Math.floor(bit / 16)] / 2 ** (bit % 16)) % 2 === 1) members.push(bit);
  }
  return members.includes(Math.trunc(value) + 0);
}
