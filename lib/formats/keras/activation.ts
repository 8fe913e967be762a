/** Keras activations: by name, or as a layer. */

import { resolveActivation } from '../../graph/activations.ts';
import type { Activation } from '../../graph/architecture.ts';
import { activate } from '../../graph/define/activate.ts';
import { LayerContext } from '../../graph/define/layer.ts';
import type { Tensor } from '../../graph/graph.ts';
import { didYouMean, quote } from '../../messages.ts';
import { isObject } from './config.ts';
import { type KerasTensor, type LayerCall, scalar } from './layer.ts';
import { EXPORT } from './refusals.ts';

/** Activations that take only x, with Keras' defaults where they differ from those of activations.ts. */
const NAMES: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ...[
    ...['linear', 'relu', 'relu6', 'elu', 'selu', 'gelu', 'silu', 'swish', 'mish', 'tanh', 'sigmoid'],
    ...['softmax', 'log_softmax', 'softplus', 'softsign', 'exponential', 'glu', 'log_sigmoid'],
    ...['hard_silu', 'hard_swish', 'hard_tanh', 'tanh_shrink', 'sparse_plus', 'sparse_sigmoid', 'hard_sigmoid'],
  ].map((name) => [name, name] as const),
  ['leaky_relu', { name: 'leaky_relu', alpha: 0.2 }],
  ['softmax_v2', 'softmax'],
  ['log_softmax_v2', 'log_softmax'],
]);

/** Layers that Keras 2 accepts as an activation by class name, with their default settings. */
const CLASSES_2: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['ReLU', 'relu'],
  ['LeakyReLU', { name: 'leaky_relu', alpha: 0.3 }],
  ['ELU', 'elu'],
  ['ThresholdedReLU', { name: 'thresholded_relu', alpha: 1 }],
  ['Softmax', 'softmax'],
]);

/** Keras 2's version is steeper. */
const HARD_SIGMOID_2: Activation = { name: 'hard_sigmoid', alpha: 0.2, beta: 0.5 };

/** The name of the function in a layer's `activation`; undefined if there is none, or if it is a layer. */
export function functionName(layer: LayerCall): string | undefined {
  const field = layer.config.raw('activation');
  if (field === undefined || typeof field === 'string') return field;
  if (!isObject(field)) throw layer.config.wrong('activation', 'a name or an object');
  // Some versions write a plain function as its name.
  return typeof field.config === 'string' ? field.config : undefined;
}

export function applyNamed(layer: LayerCall, x: KerasTensor, name: string): KerasTensor {
  if (Object.hasOwn(PIECES, name)) return PIECES[name](layer, x);
  if (name === 'hard_sigmoid' && layer.version < 3) return applyActivation(layer, x, HARD_SIGMOID_2);
  const activation = NAMES.get(name) ?? (layer.version < 3 ? CLASSES_2.get(name) : undefined);
  if (activation !== undefined) return applyActivation(layer, x, activation);
  if (CLASSES_2.has(name) || name === 'PReLU') {
    const hint = `put a ${name} layer after this one, without an activation in it`;
    throw layer.unsupported(`${quote(name)} is a layer of Keras, not an activation function; ${hint}`);
  }
  const message = `${quote(name)} is not a built-in activation of Keras; its code is not in the file`;
  throw layer.unsupported(
    `${message}${didYouMean(name, [...NAMES.keys(), ...Object.keys(PIECES)])}; use one that has a name in Keras; ${EXPORT}`,
  );
}

/** Activations that Keras itself computes in several steps, so that NaN, infinities and cancellation agree. */
const PIECES: Readonly<Record<string, (layer: LayerCall, x: KerasTensor) => KerasTensor>> = {
  sparsemax,
  hard_shrink: hardShrink,
  soft_shrink: softShrink,
  squareplus,
  celu,
};

/** NaN is not above the threshold, so it becomes 0. */
export function hardShrink(layer: LayerCall, x: KerasTensor, threshold = 0.5): KerasTensor {
  return whereAbove(layer, layer.unary('abs', x), threshold, x, scalar(0));
}

export function softShrink(layer: LayerCall, x: KerasTensor, threshold = 0.5): KerasTensor {
  const isBelow = layer.binary('less', x, scalar(-threshold));
  const raised = layer.binary('add', x, scalar(threshold));
  const rest = layer.emit('select', [isBelow, raised, scalar(0)], {}, x.shape);
  return whereAbove(layer, x, threshold, layer.binary('sub', x, scalar(threshold)), rest);
}

/** (x + √(x² + b))/2; for large negative x the result is 0. */
export function squareplus(layer: LayerCall, x: KerasTensor, b = 4): KerasTensor {
  const root = layer.unary('sqrt', layer.binary('add', layer.unary('square', x), scalar(b)));
  return layer.binary('div', layer.binary('add', x, root), scalar(2));
}

/** The sum of the positive and negative parts; −0 gives 0. */
export function celu(layer: LayerCall, x: KerasTensor, alpha = 1): KerasTensor {
  return layer.binary('add', layer.unary('celu', x, alpha), scalar(0));
}

/** `a` where the value exceeds the threshold, `b` elsewhere. */
export function whereAbove(
  layer: LayerCall,
  value: KerasTensor,
  threshold: number,
  a: KerasTensor | Tensor,
  b: KerasTensor | Tensor,
): KerasTensor {
  return layer.emit('select', [layer.binary('greater', value, scalar(threshold)), a, b], {}, value.shape);
}

/** Each element is compared with every other. */
const LONGEST_SPARSEMAX = 256;

/**
 * max(x − τ, 0) with Keras' own τ, which differs from that of sparsemax: instead of the last of the sums of the
 * greatest 1, 2, … elements in the support, it uses the sum of these sums.
 */
function sparsemax(layer: LayerCall, x: KerasTensor): KerasTensor {
  const count = x.shape.at(-1) ?? 0;
  const rank = x.shape.length;
  if (count < 1 || count > LONGEST_SPARSEMAX) {
    throw layer.unsupported(`sparsemax is supported along axes of 1 to ${LONGEST_SPARSEMAX}, found ${count}`);
  }
  const isUpTo = new Float64Array(count * count).map((_, at) => (at % count <= Math.floor(at / count) ? 1 : 0));
  const own = layer.reshape(x, [...x.shape, 1]);
  const others = layer.reshape(x, [...x.shape.slice(0, -1), 1, count]);
  const isTie = layer.binary('mul', layer.binary('equal', others, own), { shape: [count, count], data: isUpTo });
  const isBefore = layer.binary('add', layer.binary('greater', others, own), isTie);
  const place = layer.reduce('sum', isBefore, [rank], false);
  const sum = layer.reduce('sum', whereTrue(layer, isBefore, others), [rank], false);
  const mean = layer.binary('div', layer.binary('sub', sum, scalar(1)), place);
  const inSupport = layer.binary('greater', layer.binary('sub', x, mean), scalar(0));
  const sums = layer.reduce('sum', whereTrue(layer, inSupport, sum), [rank - 1], true);
  const size = layer.reduce('sum', inSupport, [rank - 1], true);
  const threshold = layer.binary('div', layer.binary('sub', sums, scalar(1)), size);
  return layer.unary('relu', layer.binary('sub', x, threshold));
}

/** The value, or 0 where the condition is false, broadcast to a common shape; also for infinite values. */
function whereTrue(layer: LayerCall, condition: KerasTensor, value: KerasTensor): KerasTensor {
  return layer.emit('select', [condition, value, scalar(0)], {}, condition.shape);
}

export function applyActivation(layer: LayerCall, x: KerasTensor, activation: Activation): KerasTensor {
  const context = new LayerContext({ activation }, layer.place, layer.spec.trail.join('/'), [x], {
    emit: (op, _, inputs, attributes, shape) => layer.emitNode(op, inputs, attributes, shape),
    readValues: () => {
      throw layer.error('MALFORMED', 'an activation has no parameters');
    },
  });
  // A row of shape [] has no axis for an activation that runs along one.
  const steps = resolveActivation(activation, layer.place);
  if (x.shape.length === 0 && steps.some(({ op }) => op === 'softmax' || op === 'glu')) {
    throw layer.error('SHAPE', `${layer.spec.className} runs along an axis of the row, but the row is a single number`);
  }
  const { name, shape } = activate(context, x);
  return { name, shape, dtype: layer.dtype, ...(x.mask !== undefined && { mask: x.mask }) };
}
