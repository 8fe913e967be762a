/**
 * Activations by the names that ONNX, Keras, torch and scikit-learn give them. If their defaults differ, torch's is
 * used; docs/define.md lists the differences.
 */
import { ForwardpassError } from '../errors.ts';
import { describe, didYouMean, listNames, quote } from '../messages.ts';
import type { Activation } from './architecture.ts';
import type { BinaryName, SoftmaxName } from './graph.ts';
import { UNARY, UNARY_NAMES, type UnaryName } from './operations/unary.ts';

/** What an activation does to a row, one step after another. A negative axis counts from the row's end. */
export type ActivationStep =
  | { readonly op: 'unary'; readonly fn: UnaryName; readonly alpha?: number; readonly beta?: number }
  /** A binary function with the same number for every element. */
  | { readonly op: 'binary'; readonly fn: BinaryName; readonly value: number }
  | { readonly op: 'softmax'; readonly fn: SoftmaxName; readonly axis: number }
  /** 1 at the first of the greatest elements, 0 elsewhere. */
  | { readonly op: 'hardmax'; readonly axis: number }
  /** The first half along the axis times the sigmoid of the second. */
  | { readonly op: 'glu'; readonly axis: number }
  /** The steps `above` for an element x with scale·x > threshold, `below` for others. */
  | {
      readonly op: 'branch';
      readonly scale: number;
      readonly threshold: number;
      readonly above: readonly ActivationStep[];
      readonly below: readonly ActivationStep[];
    };

/** A setting with all of its names, in lower case without underscores. Without a default, it is required. */
interface Setting {
  readonly names: readonly string[];
  readonly value?: number;
}

interface Entry {
  readonly settings: readonly Setting[];
  /** The steps for the settings' values, in order. */
  steps(...values: number[]): readonly ActivationStep[];
}

const setting = (value: number | undefined, ...names: string[]): Setting =>
  value === undefined ? { names } : { names, value };

const unary = (fn: UnaryName, alpha?: number, beta?: number): ActivationStep => ({
  op: 'unary',
  fn,
  ...(alpha !== undefined && { alpha }),
  ...(beta !== undefined && { beta }),
});

/** A function of the graph; its first setting is `alpha`, its second `beta`. */
const plain = (fn: UnaryName, ...settings: Setting[]): Entry => ({
  settings,
  steps: (alpha, beta) => [unary(fn, alpha, beta)],
});

const alongAxis = (steps: (axis: number) => readonly ActivationStep[]): Entry => ({
  settings: [setting(-1, 'axis', 'dim')],
  steps,
});
const softmax = (fn: SoftmaxName, ...before: ActivationStep[]): Entry =>
  alongAxis((axis) => [...before, { op: 'softmax', fn, axis }]);

/** The activations with settings or several steps. All other UNARY_NAMES are activations themselves. */
function makeEntries(): Readonly<Record<string, Entry>> {
  const slope = setting(0.01, 'alpha', 'negativeslope', 'slope');
  const lambda = setting(0.5, 'lambda', 'lambd', 'threshold', 'alpha');
  const silu: Entry = {
    settings: [setting(1, 'alpha', 'beta')],
    steps: (alpha) => [alpha === 1 ? unary('silu') : unary('quick_gelu', alpha)],
  };
  const identity: Entry = { settings: [], steps: () => [] };
  return {
    linear: identity,
    identity,
    none: identity,
    relu: {
      settings: [
        setting(0, 'negativeslope', 'alpha', 'slope'),
        setting(Infinity, 'maxvalue', 'max'),
        setting(0, 'threshold'),
      ],
      steps: relu,
    },
    relu6: { settings: [], steps: () => [unary('clip', 0, 6)] },
    leakyrelu: plain('leaky_relu', slope),
    prelu: plain('leaky_relu', setting(undefined, 'weight', 'alpha', 'slope')),
    // Uses the mean of its random slopes, as torch does at inference.
    rrelu: {
      settings: [setting(1 / 8, 'lower'), setting(1 / 3, 'upper')],
      steps: (lower, upper) => [unary('leaky_relu', (lower + upper) / 2)],
    },
    thresholdedrelu: plain('thresholded_relu', setting(1, 'alpha', 'theta')),
    threshold: plain(
      'threshold',
      setting(undefined, 'threshold', 'alpha'),
      setting(undefined, 'value', 'defaultvalue', 'beta'),
    ),
    elu: plain('elu', setting(1, 'alpha')),
    selu: plain('selu', setting(1.6732632423543772, 'alpha'), setting(1.0507009873554805, 'gamma', 'scale', 'beta')),
    celu: plain('celu', setting(1, 'alpha')),
    gelutanh: plain('gelu_tanh'),
    gelunew: plain('gelu_tanh'),
    gelufast: plain('gelu_tanh'),
    gelupytorchtanh: plain('gelu_tanh'),
    quickgelu: plain('quick_gelu', setting(1.702, 'alpha')),
    silu,
    swish: silu,
    logistic: plain('sigmoid'),
    hardsigmoid: plain('hard_sigmoid', setting(1 / 6, 'alpha', 'slope'), setting(0.5, 'beta', 'offset')),
    sparsesigmoid: { settings: [], steps: () => [unary('hard_sigmoid', 0.5, 0.5)] },
    hardsilu: plain('hard_swish'),
    hardtanh: plain('clip', setting(-1, 'minval', 'min', 'alpha'), setting(1, 'maxval', 'max', 'beta')),
    clip: plain('clip', setting(-Infinity, 'min', 'minval', 'alpha'), setting(Infinity, 'max', 'maxval', 'beta')),
    hardshrink: plain('hard_shrink', lambda),
    softshrink: { settings: [lambda], steps: (value) => [unary('soft_shrink', value, value)] },
    shrink: plain('soft_shrink', setting(0.5, 'lambd', 'lambda', 'alpha'), setting(0, 'bias', 'beta')),
    softplus: { settings: [setting(1, 'beta', 'alpha'), setting(Infinity, 'threshold')], steps: softplus },
    squareplus: plain('squareplus', setting(4, 'b', 'alpha')),
    exponential: plain('exp'),
    isinf: { settings: [], steps: () => [unary('is_inf', 1, 1)] },
    softmax: softmax('softmax'),
    softmin: softmax('softmax', unary('neg')),
    logsoftmax: softmax('log_softmax'),
    sparsemax: softmax('sparsemax'),
    hardmax: alongAxis((axis) => [{ op: 'hardmax', axis }]),
    glu: alongAxis((axis) => [{ op: 'glu', axis }]),
  };
}

/** Casts are not activations. */
const FUNCTIONS = UNARY_NAMES.filter((name) => !UNARY[name].cast);

/** Created on first use, because most models do not need it. */
let entries: ReturnType<typeof makeEntries> | undefined;

const NAMES = [
  ...FUNCTIONS,
  ...['relu6', 'rrelu', 'prelu', 'swish', 'shrink', 'hard_tanh', 'hard_silu', 'sparse_sigmoid', 'exponential'],
  ...['linear', 'softmax', 'log_softmax', 'softmin', 'sparsemax', 'hardmax', 'glu'],
];

/** Keras' relu: min(x, `max`) where x exceeds `threshold`; alpha·(x − threshold) elsewhere. */
function relu(alpha: number, max: number, threshold: number): ActivationStep[] {
  const clipped = max === Infinity ? [] : [unary('clip', threshold === 0 ? -Infinity : 0, max)];
  if (threshold === 0 && alpha === 0) return max === Infinity ? [unary('relu')] : [unary('clip', 0, max)];
  if (threshold === 0) return [unary('leaky_relu', alpha), ...clipped];
  if (alpha === 0) return [unary('thresholded_relu', threshold), ...clipped];
  const below: ActivationStep[] = [
    { op: 'binary', fn: 'sub', value: threshold },
    { op: 'binary', fn: 'mul', value: alpha },
  ];
  return [{ op: 'branch', scale: 1, threshold, above: clipped, below }];
}

/** torch's softplus is x itself above its threshold. In float64 this differs from the formula. */
function softplus(beta: number, threshold: number): ActivationStep[] {
  const formula = unary('softplus', beta);
  return threshold === Infinity ? [formula] : [{ op: 'branch', scale: beta, threshold, above: [], below: [formula] }];
}

/** Throws `OPTION`, at `place`, for an unknown name or setting. */
export function resolveActivation(activation: Activation, place: string): readonly ActivationStep[] {
  const { name, settings } = takeApart(activation, place);
  const spelt = spell(name);
  if (spelt === 'gelu') return [gelu(settings, name, place)];
  entries ??= makeEntries();
  const entry = Object.hasOwn(entries, spelt) ? entries[spelt] : functionNamed(spelt);
  if (entry === undefined) {
    const guess = didYouMean(name, NAMES) || `; expected one of ${listNames(NAMES, NAMES.length)}`;
    throw new ForwardpassError('OPTION', `${quote(name)} is not a known activation${guess}`, place);
  }
  const known = entry.settings.flatMap(({ names }) => names);
  refuseOthers(settings, known, name, place);
  return entry.steps(...entry.settings.map((wanted) => numberOf(settings, wanted, name, place)));
}

/** The function of the graph with that name. */
function functionNamed(spelt: string): Entry | undefined {
  const fn = FUNCTIONS.find((name) => spell(name) === spelt);
  return fn && plain(fn);
}

/** Normalizes a name: `LeakyReLU`, `leaky_relu` and `leaky-relu` are the same. */
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

function gelu(settings: Map<string, unknown>, name: string, place: string): ActivationStep {
  refuseOthers(settings, ['approximate'], name, place);
  const approximate = settings.get('approximate') ?? 'none';
  if (approximate === 'tanh' || approximate === true) return unary('gelu_tanh');
  if (approximate === 'none' || approximate === false) return unary('gelu');
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
