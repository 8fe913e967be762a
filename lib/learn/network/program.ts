/**
 * Encodes a stack for native/learn/network.cc: words, numbers, and the position of each parameter in the state. Lists
 * of names have the order of network_types.h.
 */
import type { Parameter, Stack } from './stack.ts';
import { LEARN_UNARY } from './stack.ts';

export const LOSSES = ['meanSquared', 'huber', 'binaryCrossEntropy', 'crossEntropy'] as const;
/**
 * The name of a loss; `crossEntropy` takes logits or probabilities, depending on the end of the network.
 * @useDeclaredType
 */
export type LossName = (typeof LOSSES)[number];

export const RULES = ['sgd-torch', 'adam-torch', 'sgd-keras', 'adam-keras'] as const;
export type Rule = (typeof RULES)[number];

/** The rates of each parameter, in this order. */
export const RATES = [
  'rate',
  'decay',
  'momentum',
  'dampening',
  'nesterov',
  'beta1',
  'beta2',
  'epsilon',
  'decoupled',
  'first',
] as const;
export type RateName = (typeof RATES)[number];

export const CONTROL = { active: 0, steps: 1, loss: 2, count: 3 } as const;
export const WEIGHTED = 1;
export const ONLY_FORWARD = 2;

const LAYER_KINDS = ['dense', 'unary', 'scale', 'standardize'];
const PADDING = 16;

const padded = (count: number) => Math.ceil(count / PADDING) * PADDING;

export type Numbers = Float32Array | Float64Array;

/** The position of each parameter, and the total number of numbers. */
export interface Layout {
  readonly offsets: readonly number[];
  readonly size: number;
}

export function layOut(parameters: readonly Parameter[]): Layout {
  let size = 0;
  const offsets = parameters.map(({ rows, columns }) => {
    const at = size;
    size += padded(rows * padded(columns));
    return at;
  });
  return { offsets, size };
}

export function momentsOf(rule: Rule): number {
  return rule.startsWith('adam') ? 2 : 1;
}

export interface ProgramOptions {
  readonly precision: 'f32' | 'f64';
  readonly loss: LossName;
  readonly delta: number;
  readonly rule: Rule;
  /** Whether each parameter learns. */
  readonly learns: readonly boolean[];
}

export function programOf(stack: Stack, { offsets, size }: Layout, options: ProgramOptions) {
  const { layers, widths, parameters } = stack;
  const index = (parameter: Parameter | undefined) => (parameter === undefined ? -1 : parameters.indexOf(parameter));
  const words: number[] = [
    options.precision === 'f64' ? 1 : 0,
    widths[0],
    widths[widths.length - 1],
    LOSSES.indexOf(options.loss),
    RULES.indexOf(options.rule),
    size,
    parameters.length,
    layers.length,
  ];
  for (const [i, { rows, columns }] of parameters.entries()) {
    words.push(offsets[i], rows, columns, options.learns[i] ? 1 : 0);
  }
  const numbers: number[] = [];
  for (const [i, layer] of layers.entries()) {
    words.push(LAYER_KINDS.indexOf(layer.kind), widths[i], widths[i + 1]);
    if (layer.kind === 'dense') words.push(index(layer.weight), index(layer.bias));
    else if (layer.kind === 'scale') words.push(index(layer.scale), index(layer.shift));
    else words.push(layer.kind === 'unary' ? LEARN_UNARY.indexOf(layer.fn) : 0, 0);
    if (layer.kind === 'unary') numbers.push(layer.alpha, layer.beta);
    else numbers.push(layer.kind === 'standardize' ? layer.epsilon : 0, 0);
  }
  numbers.push(options.delta);
  return { integers: words, numbers };
}

/** Writes a parameter's elements, in the file's order, to its position in a state. */
export function writeParameter(parameter: Parameter, values: ArrayLike<number>, state: Numbers, at: number): void {
  const { rows, columns, isTurned } = parameter;
  const stride = padded(columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) state[at + r * stride + c] = values[isTurned ? c * rows + r : r * columns + c];
  }
}

/** Reads the same elements from a state. */
export function readParameter(parameter: Parameter, state: Numbers, at: number): Numbers {
  const { rows, columns, isTurned } = parameter;
  const stride = padded(columns);
  const values = state instanceof Float64Array ? new Float64Array(rows * columns) : new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) values[isTurned ? c * rows + r : r * columns + c] = state[at + r * stride + c];
  }
  return values;
}
