/** Losses: the one that the caller asks for, or the one that a Keras model was compiled with. */
import { ForwardpassError } from '../../errors.ts';
import { describe, didYouMean, listNames } from '../../messages.ts';
import { LOSSES, type LossName } from './program.ts';
import type { Link } from './stack.ts';

export type { LossName } from './program.ts';

/** A loss with settings. */
export interface LossOptions {
  /** The name of the loss. */
  readonly name: LossName;
  /** For Huber: where it changes from squares to absolute values. Default: 1. */
  readonly delta?: number;
}

/** The loss of a network, and the kind of its targets. */
export interface Loss {
  readonly name: LossName;
  readonly delta: number;
}

export function checkLoss(given: unknown): Loss | undefined {
  if (given === undefined) return undefined;
  const { name, delta = 1 } = (typeof given === 'string' ? { name: given } : (given ?? {})) as Partial<LossOptions>;
  const known = LOSSES.find((loss) => loss === name);
  if (known === undefined) {
    const hint = typeof name === 'string' ? didYouMean(name, LOSSES) : '';
    throw new ForwardpassError(
      'OPTION',
      `expected one of ${listNames(LOSSES)}, found ${describe(name)}${hint}`,
      'loss',
    );
  }
  if (typeof delta !== 'number' || !(delta > 0) || !Number.isFinite(delta)) {
    throw new ForwardpassError('OPTION', `expected a finite number above 0, found ${describe(delta)}`, 'loss.delta');
  }
  return { name: known, delta };
}

/** Losses by their names in Keras, of classes and functions. */
const KERAS: Readonly<Record<string, LossName>> = {
  mse: 'meanSquared',
  meansquarederror: 'meanSquared',
  huber: 'huber',
  binarycrossentropy: 'binaryCrossEntropy',
  categoricalcrossentropy: 'crossEntropy',
  sparsecategoricalcrossentropy: 'crossEntropy',
};

/** The loss passed to `compile`, if it is one of these without other settings; otherwise undefined. */
export function kerasLoss(compiled: unknown, link: Link): Loss | undefined {
  const isName = typeof compiled === 'string';
  const { class_name, config } = (isName ? { class_name: compiled, config: {} } : (compiled ?? {})) as {
    class_name?: unknown;
    config?: Record<string, unknown>;
  };
  if (typeof class_name !== 'string' || typeof config !== 'object' || config === null) return undefined;
  const key = class_name.toLowerCase().replaceAll('_', '');
  const name = Object.hasOwn(KERAS, key) ? KERAS[key] : undefined;
  if (name === undefined || (config.label_smoothing ?? 0) !== 0) return undefined;
  const reduction = config.reduction ?? 'sum_over_batch_size';
  if (reduction !== 'sum_over_batch_size' && reduction !== 'auto') return undefined;
  // Keras may write that the loss is Huber without its delta.
  if (name === 'huber' && !isName && typeof config.delta !== 'number') return undefined;
  // Whether the model returns logits, or the loss expects them.
  const isCross = name === 'binaryCrossEntropy' || name === 'crossEntropy';
  if (isCross && (config.from_logits === true) !== (link === 'none')) return undefined;
  return { name, delta: typeof config.delta === 'number' ? config.delta : 1 };
}

/** @throws {ForwardpassError} OPTION for a loss that does not fit the last layer of the network */
export function checkEnd({ name }: Loss, link: Link, outputs: number): void {
  const fits: Record<LossName, readonly Link[]> = {
    meanSquared: ['none', 'sigmoid'],
    huber: ['none', 'sigmoid'],
    binaryCrossEntropy: ['none', 'sigmoid'],
    crossEntropy: ['none', 'softmax'],
  };
  if (!fits[name].includes(link)) {
    throw new ForwardpassError('OPTION', `${name} does not fit a network that ends with ${link}`, 'loss');
  }
  if (name === 'crossEntropy' && outputs < 2) {
    const message = 'crossEntropy needs at least two outputs; use binaryCrossEntropy for one output';
    throw new ForwardpassError('OPTION', message, 'loss');
  }
}
