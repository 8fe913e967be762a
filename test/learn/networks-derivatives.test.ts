/**
 * One step of SGD at rate 1 moves each parameter by its derivative: compared with differences of a plainly computed loss, for
 * every activation, norm and loss, and shapes on both sides of whole vectors; and bit by bit on every instruction set.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Architecture } from '../../lib/graph/architecture.ts';
import type { LossName } from '../../lib/learn/network/loss.ts';
import { type LearnOptions, learn } from '../../lib/learn.ts';
import { forward, lossOf, type ReferenceLayer } from './networks-reference.ts';

const erf = (x: number) => {
  // Of Abramowitz and Stegun 7.1.6: a series that converges everywhere.
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const ACTIVATIONS: Readonly<Record<string, { readonly as: unknown; readonly f: (x: number) => number }>> = {
  relu: { as: 'relu', f: (x) => Math.max(x, 0) },
  'leaky relu': { as: { name: 'leaky_relu', alpha: 0.1 }, f: (x) => (x < 0 ? 0.1 * x : x) },
  elu: { as: { name: 'elu', alpha: 0.7 }, f: (x) => (x < 0 ? 0.7 * Math.expm1(x) : x) },
  selu: { as: 'selu', f: (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x) },
  relu6: { as: 'relu6', f: (x) => Math.min(Math.max(x, 0), 6) },
  'hard sigmoid': {
    as: { name: 'hard_sigmoid', alpha: 0.2, beta: 0.5 },
    f: (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1),
  },
  'hard swish': { as: 'hard_swish', f: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6 },
  sigmoid: { as: 'sigmoid', f: sigmoid },
  tanh: { as: 'tanh', f: Math.tanh },
  silu: { as: 'silu', f: (x) => x * sigmoid(x) },
  softplus: { as: 'softplus', f: (x) => Math.log1p(Math.exp(x)) },
  gelu: { as: 'gelu', f: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)) },
  'gelu by tanh': {
    as: 'gelu_tanh',
    f: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  },
};

interface Case {
  readonly widths: readonly number[];
  readonly rows: number;
  readonly activation: string;
  readonly loss: LossName;
  readonly norm?: 'layer' | 'batch';
  readonly weighted?: boolean;
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Layers as `define` takes them and as the reference does, which share their numbers; rows and targets. */
function build({ widths, rows, activation, loss, norm, weighted }: Case) {
  const random = randomOf(widths.length * 7 + rows);
  const vector = (length: number, scale = 1) => Array.from({ length }, () => random() * scale);
  const own: ReferenceLayer[] = [];
  const layers: Architecture['layers'][number][] = [];
  for (let i = 0; i + 1 < widths.length; i++) {
    const [width, out] = [widths[i], widths[i + 1]];
    const weight = Array.from({ length: out }, () => vector(width, 1.5 / Math.sqrt(width)));
    const bias = vector(out, 0.5);
    const isLast = i + 2 === widths.length;
    own.push({ weight, bias });
    layers.push({ name: `dense${i}`, weight, bias });
    if (!isLast && norm === 'layer') {
      const [scale, shift] = [vector(out).map((value) => 1 + value / 2), vector(out)];
      own.push({ norm: { scale, shift, epsilon: 1e-5 } });
      layers.push({ type: 'layer_norm', name: `norm${i}`, weight: scale, bias: shift, epsilon: 1e-5 });
    }
    if (!isLast && norm === 'batch') {
      const [scale, shift, mean] = [vector(out).map((value) => 1 + value / 2), vector(out), vector(out)];
      const variance = vector(out).map((value) => 1.1 + value);
      own.push({ moments: { mean, variance, scale, shift, epsilon: 1e-3 } });
      layers.push({ type: 'batch_norm', name: `norm${i}`, mean, variance, weight: scale, bias: shift, epsilon: 1e-3 });
    }
    if (!isLast) {
      own.push({ activation: ACTIVATIONS[activation].f });
      layers.push({ type: 'activation', name: `act${i}`, activation: ACTIVATIONS[activation].as as never });
    }
  }
  const out = widths[widths.length - 1];
  const x = Array.from({ length: rows }, () => vector(widths[0], 2));
  const targets = x.map(() =>
    loss === 'crossEntropy'
      ? [Math.floor(((random() + 1) / 2) * out)]
      : vector(out).map((value) => (loss === 'binaryCrossEntropy' ? Number(value > 0) : value)),
  );
  return { own, layers, x, targets, weights: x.map((_, i) => (weighted ? (i % 3) + 0.5 : 1)) };
}

const DELTA = 0.6;

async function learner(layers: Architecture['layers'], loss: LossName, precision: 'f64' | 'f32') {
  const architecture = precision === 'f64' ? { layers } : { layers: single(layers) };
  const options: LearnOptions = {
    loss: { name: loss, delta: DELTA },
    optimizer: { name: 'sgd', learningRate: 1, style: 'torch' },
  };
  return learn(architecture as Architecture, options);
}

/** The same numbers in float32. */
function single(layers: Architecture['layers']): Architecture['layers'] {
  const convert = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    if (Array.isArray(value[0]))
      return { shape: [value.length, value[0].length], data: Float32Array.from(value.flat()) };
    return Float32Array.from(value);
  };
  return layers.map((layer) =>
    Object.fromEntries(Object.entries(layer).map(([key, value]) => [key, convert(value)])),
  ) as never;
}

const give = (targets: readonly number[][], loss: LossName) => {
  const isOne = loss === 'crossEntropy' || targets[0].length === 1;
  return isOne ? targets.map(([target]) => target) : targets.map((row) => [...row]);
};

const CASES: Case[] = [
  ...Object.keys(ACTIVATIONS).map(
    (activation): Case => ({ widths: [5, 7, 3], rows: 9, activation, loss: 'meanSquared' }),
  ),
  { widths: [1, 1], rows: 1, activation: 'tanh', loss: 'huber' },
  { widths: [16, 17, 1], rows: 16, activation: 'tanh', loss: 'binaryCrossEntropy' },
  { widths: [15, 33, 4], rows: 17, activation: 'silu', loss: 'crossEntropy', weighted: true },
  { widths: [3, 16, 5], rows: 33, activation: 'gelu', loss: 'huber', weighted: true },
  { widths: [6, 13, 2], rows: 15, activation: 'tanh', loss: 'binaryCrossEntropy', norm: 'layer' },
  { widths: [6, 9, 8, 3], rows: 5, activation: 'softplus', loss: 'crossEntropy', norm: 'layer', weighted: true },
  { widths: [3, 5, 2], rows: 300, activation: 'tanh', loss: 'crossEntropy', norm: 'layer', weighted: true },
  { widths: [4, 10, 6, 3], rows: 12, activation: 'tanh', loss: 'meanSquared', norm: 'batch' },
];

describe('a step', () => {
  it.each(CASES)(
    'moves each parameter by its derivative: $activation, $loss, $widths, $rows rows, $norm',
    async (each) => {
      const { own, layers, x, targets, weights } = build(each);
      const learns = await learner(layers, each.loss, 'f64');
      const before = learns.state() as Record<string, Float64Array>;
      learns.partialFit(x, give(targets, each.loss), { sampleWeight: weights });
      const after = learns.state() as Record<string, Float64Array>;
      const loss = () =>
        lossOf(
          each.loss,
          DELTA,
          x.map((row) => forward(own, row)),
          targets,
          weights,
        );

      // The parameters of the reference, in the order and by the names of the state.
      const names = Object.keys(before).filter((name) => name !== 'optimizer');
      const places: { name: string; at: number; array: number[]; index: number }[] = [];
      let next = 0;
      for (const layer of own) {
        const parts = layer.norm ?? layer.moments;
        const arrays = layer.weight ? [layer.weight, layer.bias as number[]] : parts ? [parts.scale, parts.shift] : [];
        for (const array of arrays) {
          const rows = Array.isArray(array[0]) ? (array as number[][]) : [array as number[]];
          let at = 0;
          for (const row of rows)
            for (const index of row.keys()) places.push({ name: names[next], at: at++, array: row, index });
          next++;
        }
      }
      expect(next).toBe(names.length);
      for (const { name, at, array, index } of places) {
        const value = array[index];
        const step = 1e-5;
        array[index] = value + step;
        const above = loss();
        array[index] = value - step;
        const below = loss();
        array[index] = value;
        const slope = (above - below) / (2 * step);
        expect(Math.abs(before[name][at] - after[name][at] - slope), `${name}[${at}]`).toBeLessThan(2e-8);
      }
    },
  );
});

describe('every instruction set', () => {
  afterEach(() => {
    delete process.env.FORWARDPASS_ISA;
  });

  it.each(CASES)('gives the same bits: $activation, $loss, $widths, $rows rows, $norm', async (each) => {
    const { layers, x, targets, weights } = build(each);
    for (const precision of ['f64', 'f32'] as const) {
      for (const name of ['sgd', 'adamw'] as const) {
        for (const style of ['torch', 'keras'] as const) {
          const states: unknown[] = [];
          for (const isa of ['scalar', 'avx2', undefined]) {
            if (isa === undefined) delete process.env.FORWARDPASS_ISA;
            else process.env.FORWARDPASS_ISA = isa;
            const given = precision === 'f64' ? layers : single(layers);
            const momentum = name === 'sgd' ? { momentum: 0.9, weightDecay: 0.01 } : {};
            const learns = await learn({ layers: given } as Architecture, {
              loss: each.loss,
              optimizer: { name, style, learningRate: 0.01, ...momentum },
            });
            for (let step = 0; step < 3; step++) {
              learns.partialFit(x, give(targets, each.loss), { sampleWeight: weights });
            }
            states.push(learns.state());
          }
          expect(states[1]).toEqual(states[0]);
          expect(states[2]).toEqual(states[0]);
        }
      }
    }
  });
});
