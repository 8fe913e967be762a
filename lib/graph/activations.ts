/**
 * Activations by the names that ONNX, Keras, torch and scikit-learn give them. Where their defaults differ, torch's
 * is taken; docs/define.md lists the differences.
 */
import { ForwardpassError } from '../errors.ts';
import { describe, didYouMean, listNames, quote } from '../words.ts';
import type { Activation } from './architecture.ts';
import { UNARY_NAMES, type UnaryName } from './graph.ts';

export type ResolvedActivation =
  | { readonly kind: 'identity' }
  | { readonly kind: 'unary'; readonly fn: UnaryName; readonly alpha?: number; readonly beta?: number }
  /** Of −x if `negated`. A negative axis counts from the row's end. */
  | { readonly kind: 'softmax'; readonly log: boolean; readonly negated: boolean; readonly axis: number };

/** A setting under any of its names, spelt in lower case without underscores; without a default it must be given. */
interface Setting {
  readonly names: readonly string[];
  readonly value?: number;
}

interface Entry {
  readonly fn: UnaryName;
  readonly alpha?: Setting;
  readonly beta?: Setting;
}

const setting = (value: number | undefined, ...names: string[]): Setting =>
  value === undefined ? { names } : { names, value };
const constant = (value: number): Setting => ({ names: [], value });

const slope = (value: number) => setting(value, 'alpha', 'negativeslope', 'slope');
const lambda = setting(0.5, 'lambda', 'lambd', 'threshold', 'alpha');

/** Those with settings or with a value of their own; the other UNARY_NAMES stand for themselves. */
const ENTRIES: Readonly<Record<string, Entry>> = {
  ...Object.fromEntries(UNARY_NAMES.map((fn) => [spell(fn), { fn }])),
  relu6: { fn: 'clip', alpha: constant(0), beta: constant(6) },
  leakyrelu: { fn: 'leaky_relu', alpha: slope(0.01) },
  // The mean of its random slopes, as torch runs it outside of training.
  rrelu: { fn: 'leaky_relu', alpha: constant((1 / 8 + 1 / 3) / 2) },
  thresholdedrelu: { fn: 'thresholded_relu', alpha: setting(1, 'alpha', 'theta') },
  threshold: {
    fn: 'threshold',
    alpha: setting(undefined, 'threshold', 'alpha'),
    beta: setting(undefined, 'value', 'beta'),
  },
  elu: { fn: 'elu', alpha: setting(1, 'alpha') },
  selu: {
    fn: 'selu',
    alpha: setting(1.6732632423543772, 'alpha'),
    beta: setting(1.0507009873554805, 'gamma', 'scale', 'beta'),
  },
  celu: { fn: 'celu', alpha: setting(1, 'alpha') },
  gelutanh: { fn: 'gelu_tanh' },
  gelunew: { fn: 'gelu_tanh' },
  gelufast: { fn: 'gelu_tanh' },
  gelupytorchtanh: { fn: 'gelu_tanh' },
  quickgelu: { fn: 'quick_gelu', alpha: setting(1.702, 'alpha') },
  swish: { fn: 'silu' },
  logistic: { fn: 'sigmoid' },
  hardsigmoid: { fn: 'hard_sigmoid', alpha: setting(1 / 6, 'alpha', 'slope'), beta: setting(0.5, 'beta', 'offset') },
  sparsesigmoid: { fn: 'hard_sigmoid', alpha: constant(0.5), beta: constant(0.5) },
  hardsilu: { fn: 'hard_swish' },
  hardtanh: { fn: 'clip', alpha: setting(-1, 'minval', 'min', 'alpha'), beta: setting(1, 'maxval', 'max', 'beta') },
  clip: {
    fn: 'clip',
    alpha: setting(Number.NEGATIVE_INFINITY, 'min', 'minval', 'alpha'),
    beta: setting(Number.POSITIVE_INFINITY, 'max', 'maxval', 'beta'),
  },
  hardshrink: { fn: 'hard_shrink', alpha: lambda },
  softshrink: { fn: 'soft_shrink', alpha: lambda, beta: lambda },
  softplus: { fn: 'softplus', alpha: setting(1, 'beta', 'alpha') },
  squareplus: { fn: 'squareplus', alpha: setting(4, 'b', 'alpha') },
  exponential: { fn: 'exp' },
  isinf: { fn: 'is_inf', alpha: constant(1), beta: constant(1) },
};

const IDENTITIES = ['linear', 'identity', 'none'];
const SOFTMAXES = ['softmax', 'logsoftmax', 'softmin'];
const NAMES = [...UNARY_NAMES, 'relu6', 'swish', 'hard_tanh', 'linear', 'softmax', 'log_softmax', 'softmin'];

/** Throws `OPTION`, at `place`, for a name or a setting that is not known. */
export function resolveActivation(activation: Activation, place: string): ResolvedActivation {
  const { name, settings } = takeApart(activation, place);
  const spelt = spell(name);
  if (IDENTITIES.includes(spelt)) {
    refuseOthers(settings, [], name, place);
    return { kind: 'identity' };
  }
  if (SOFTMAXES.includes(spelt)) {
    refuseOthers(settings, ['axis', 'dim'], name, place);
    const axis = numberOf(settings, setting(-1, 'axis', 'dim'), name, place);
    return { kind: 'softmax', log: spelt === 'logsoftmax', negated: spelt === 'softmin', axis };
  }
  if (spelt === 'gelu' && settings.has('approximate')) return approximateGelu(settings, name, place);
  const entry = Object.hasOwn(ENTRIES, spelt) ? ENTRIES[spelt] : undefined;
  if (entry === undefined) {
    const guess = didYouMean(name, NAMES) || `; known are ${listNames(NAMES, NAMES.length)}`;
    throw new ForwardpassError('OPTION', `${quote(name)} is not a known activation${guess}`, place);
  }
  refuseOthers(settings, [...(entry.alpha?.names ?? []), ...(entry.beta?.names ?? [])], name, place);
  return {
    kind: 'unary',
    fn: entry.fn,
    ...(entry.alpha && { alpha: numberOf(settings, entry.alpha, name, place) }),
    ...(entry.beta && { beta: numberOf(settings, entry.beta, name, place) }),
  };
}

/** `LeakyReLU`, `leaky_relu` and `leaky-relu` are one name. */
function spell(name: string): string {
  return name.toLowerCase().replace(/[_\-\s]/g, '');
}

function takeApart(activation: Activation, place: string): { name: string; settings: Map<string, unknown> } {
  if (typeof activation === 'string') return { name: activation, settings: new Map() };
  if (typeof activation !== 'object' || activation === null || typeof activation.name !== 'string') {
    const expected = "expected an activation's name or { name, …settings }";
    throw new ForwardpassError('OPTION', `${expected}, found ${describe(activation)}`, place);
  }
  const { name, ...settings } = activation;
  return { name, settings: new Map(Object.entries(settings).map(([key, value]) => [spell(key), value])) };
}

function approximateGelu(settings: Map<string, unknown>, name: string, place: string): ResolvedActivation {
  refuseOthers(settings, ['approximate'], name, place);
  const approximate = settings.get('approximate');
  if (approximate === 'tanh' || approximate === true) return { kind: 'unary', fn: 'gelu_tanh' };
  if (approximate === 'none' || approximate === false) return { kind: 'unary', fn: 'gelu' };
  throw new ForwardpassError(
    'OPTION',
    `expected approximate to be 'tanh' or 'none', found ${describe(approximate)}`,
    place,
  );
}

function refuseOthers(settings: Map<string, unknown>, known: readonly string[], name: string, place: string): void {
  for (const key of settings.keys()) {
    if (known.includes(key)) continue;
    const takes = known.length === 0 ? 'takes no settings' : `takes ${listNames([...new Set(known)])}`;
    throw new ForwardpassError('OPTION', `the activation ${quote(name)} ${takes}, found ${quote(key)}`, place);
  }
}

function numberOf(settings: Map<string, unknown>, wanted: Setting, name: string, place: string): number {
  const key = wanted.names.find((candidate) => settings.has(candidate));
  const value = key === undefined ? wanted.value : settings.get(key);
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  const label = key ?? wanted.names[0];
  throw new ForwardpassError(
    'OPTION',
    `the activation ${quote(name)} needs a number for ${quote(label)}, found ${describe(value)}`,
    place,
  );
}
