/**
 * Optimizers: the one that the caller asks for, or the one saved in a file. The formulas are those of torch.optim or
 * keras.optimizers; see native/learn/network_kernels.h.
 */
import { ForwardpassError } from '../../errors.ts';
import type { SavedGroup, SavedOptimizer, Tensor } from '../../graph/graph.ts';
import { formatShape } from '../../graph/shapes.ts';
import { describe, didYouMean, listNames, quote } from '../../messages.ts';
import type { Numbers, RateName, Rule } from './program.ts';
import type { Parameter } from './stack.ts';

const OPTIMIZER_NAMES = ['sgd', 'adam', 'adamw'] as const;
/** The name of an optimizer, of either framework. @useDeclaredType */
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** An optimizer with settings. Default: those of the file, otherwise the framework's defaults. */
export interface OptimizerOptions {
  /** Default: the one whose state is in the file, otherwise `adam`. */
  readonly name?: OptimizerName;
  /** Default: that of the file, otherwise 0.001, or 0.01 for Keras' SGD. */
  readonly learningRate?: number;
  /** For SGD. Default: 0. */
  readonly momentum?: number;
  /** For torch's SGD. Default: 0. */
  readonly dampening?: number;
  /** For SGD. */
  readonly nesterov?: boolean;
  /** Default: 0; for AdamW, 0.01 in torch and 0.004 in Keras. */
  readonly weightDecay?: number;
  /** For Adam. Default: 0.9, and 0.999 for `beta2`. */
  readonly beta1?: number;
  /** For Adam: see `beta1`. */
  readonly beta2?: number;
  /** For Adam. Default: 1e-8 in torch, 1e-7 in Keras. */
  readonly epsilon?: number;
  /** Whose formulas to use. Default: those of the model's framework, or torch's for others. */
  readonly style?: 'torch' | 'keras';
  /** Whether to continue from the state in the file. Default: true. */
  readonly resume?: boolean;
}

type Rates = Readonly<Record<RateName, number>>;

export interface Optimizer {
  readonly name: OptimizerName;
  readonly rule: Rule;
  /** The rates of each parameter. */
  readonly rates: readonly Rates[];
  /** The number of steps already made. */
  readonly steps: number;
  /**
   * The optimizer's state of each parameter, as in the file: both moments for Adam, the momentum for SGD; undefined for
   * zeros.
   */
  readonly moments: readonly (readonly (Numbers | undefined)[])[];
}

const NUMBERS = ['learningRate', 'momentum', 'dampening', 'weightDecay', 'beta1', 'beta2', 'epsilon'] as const;
const KNOWN = ['name', ...NUMBERS, 'nesterov', 'style', 'resume'];

export function checkOptimizer(given: unknown): OptimizerOptions {
  const options = typeof given === 'string' ? { name: given } : (given ?? {});
  if (typeof options !== 'object') {
    const message = `expected a name or { name, learningRate, … }, found ${describe(given)}`;
    throw new ForwardpassError('OPTION', message, 'optimizer');
  }
  const fields = options as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    if (KNOWN.includes(key)) continue;
    const hint = didYouMean(key, KNOWN) || `; it has ${listNames(KNOWN)}`;
    throw new ForwardpassError('OPTION', `an optimizer has no ${quote(key)}${hint}`, 'optimizer');
  }
  const { name, style } = fields;
  if (name !== undefined && !OPTIMIZER_NAMES.some((known) => known === name)) {
    const hint = typeof name === 'string' ? didYouMean(name, OPTIMIZER_NAMES) : '';
    const message = `expected one of ${listNames(OPTIMIZER_NAMES)}, found ${describe(name)}${hint}`;
    throw new ForwardpassError('OPTION', message, 'optimizer.name');
  }
  if (style !== undefined && style !== 'torch' && style !== 'keras') {
    throw new ForwardpassError('OPTION', `expected 'torch' or 'keras', found ${describe(style)}`, 'optimizer.style');
  }
  for (const key of NUMBERS) {
    const value = fields[key];
    const isGood =
      typeof value === 'number' && value >= 0 && Number.isFinite(value) && (!/^beta/.test(key) || value < 1);
    if (value === undefined || isGood) continue;
    const range = /^beta/.test(key) ? 'a number from 0 to 1, and less than 1' : 'a finite number of 0 or more';
    throw new ForwardpassError('OPTION', `expected ${range}, found ${describe(value)}`, `optimizer.${key}`);
  }
  for (const key of ['nesterov', 'resume']) {
    if (fields[key] === undefined || typeof fields[key] === 'boolean') continue;
    throw new ForwardpassError('OPTION', `expected true or false, found ${describe(fields[key])}`, `optimizer.${key}`);
  }
  return options as OptimizerOptions;
}

interface Situation {
  readonly given: OptimizerOptions;
  readonly saved: SavedOptimizer | undefined;
  /** The format of the model. */
  readonly format: string;
  /** The parameters in the order of the stack. */
  readonly parameters: readonly Parameter[];
  /** Their names in the order of the file, if it has one. */
  readonly order: readonly string[] | undefined;
}

export function chooseOptimizer(situation: Situation): Optimizer {
  const { given, saved, format, parameters } = situation;
  const name = given.resume === false || saved === undefined ? undefined : resumable(saved, given);
  if (name !== undefined && saved !== undefined) {
    return saved.framework === 'torch' ? fromTorch(name, saved, situation) : fromKeras(name, saved, situation);
  }
  const style = given.style ?? (format === 'keras' ? 'keras' : 'torch');
  const own = given.name ?? 'adam';
  const rates = withGiven(defaultsOf(own, style), own, given);
  return {
    name: own,
    rule: `${own === 'sgd' ? 'sgd' : 'adam'}-${style}`,
    rates: parameters.map(() => rates),
    steps: 0,
    moments: parameters.map(() => []),
  };
}

function defaultsOf(name: OptimizerName, style: 'torch' | 'keras'): Rates {
  const isTorch = style === 'torch';
  return {
    rate: name === 'sgd' && !isTorch ? 0.01 : 0.001,
    decay: name === 'adamw' ? (isTorch ? 0.01 : 0.004) : 0,
    momentum: 0,
    dampening: 0,
    nesterov: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: isTorch ? 1e-8 : 1e-7,
    // Keras' weight_decay is always of this kind.
    decoupled: name === 'adamw' || !isTorch ? 1 : 0,
    first: 1,
  };
}

function withGiven(rates: Rates, name: OptimizerName, given: OptimizerOptions): Rates {
  const isSgd = name === 'sgd';
  const strange = NUMBERS.find((key) => given[key] !== undefined && (isSgd ? /^(beta|eps)/ : /^(mom|damp)/).test(key));
  if (strange !== undefined || (!isSgd && given.nesterov)) {
    throw new ForwardpassError('OPTION', `${name} does not have this setting`, `optimizer.${strange ?? 'nesterov'}`);
  }
  const all = {
    ...rates,
    rate: given.learningRate ?? rates.rate,
    decay: given.weightDecay ?? rates.decay,
    momentum: given.momentum ?? rates.momentum,
    dampening: given.dampening ?? rates.dampening,
    nesterov: given.nesterov === undefined ? rates.nesterov : Number(given.nesterov),
    beta1: given.beta1 ?? rates.beta1,
    beta2: given.beta2 ?? rates.beta2,
    epsilon: given.epsilon ?? rates.epsilon,
  };
  if (all.nesterov !== 0 && (all.momentum === 0 || all.dampening !== 0)) {
    const message = 'needs a momentum and no dampening';
    throw new ForwardpassError('OPTION', message, 'optimizer.nesterov');
  }
  return all;
}

/** The optimizer that continues with the state in the file; undefined if another one was asked for. */
function resumable(saved: SavedOptimizer, given: OptimizerOptions): OptimizerName | undefined {
  if (given.style !== undefined && given.style !== saved.framework) return undefined;
  const [first] = saved.groups;
  const settings = first?.settings ?? {};
  if (saved.framework === 'keras') {
    const known: Record<string, OptimizerName> = { SGD: 'sgd', Adam: 'adam', AdamW: 'adamw' };
    const name = saved.name !== undefined && Object.hasOwn(known, saved.name) ? known[saved.name] : undefined;
    if (name === undefined) throw unreadable(`is ${saved.name ?? 'unnamed'}, which is not supported`);
    return given.name === undefined || given.name === name ? name : undefined;
  }
  if ('momentum' in settings && 'dampening' in settings) {
    return given.name === undefined || given.name === 'sgd' ? 'sgd' : undefined;
  }
  if (!('betas' in settings && 'amsgrad' in settings)) {
    throw unreadable(`has the settings ${listNames(Object.keys(settings))}, which are not those of SGD, Adam or AdamW`);
  }
  if (given.name === 'sgd') return undefined;
  const isDecoupled = settings.decoupled_weight_decay;
  const decays = saved.groups.some((group) => group.settings.weight_decay !== 0);
  if (typeof isDecoupled === 'boolean') {
    const own = isDecoupled ? 'adamw' : 'adam';
    return given.name === undefined || given.name === own || !decays ? own : undefined;
  }
  if (given.name === undefined && decays) {
    const message = "the file does not say whether it is Adam's or AdamW's; pass optimizer: 'adam' or 'adamw'";
    throw new ForwardpassError('ARCHITECTURE', message, 'optimizer');
  }
  return given.name ?? 'adam';
}

function unreadable(reason: string): ForwardpassError {
  const message = `the optimizer of the file ${reason}; pass \`optimizer\` with resume: false to start with another`;
  return new ForwardpassError('UNSUPPORTED_OP', message, 'optimizer');
}

// PyTorch

function fromTorch(name: OptimizerName, saved: SavedOptimizer, situation: Situation): Optimizer {
  const { parameters, order, given } = situation;
  // torch numbers parameters in the order of the module, which is that of the state_dict.
  if (order === undefined)
    throw unreadable('numbers parameters in an order that the file of a whole module does not contain');
  const position = new Map(order.map((key, i) => [key, i]));
  const ordered = parameters
    .filter(({ isFixed }) => !isFixed)
    .sort((a, b) => (position.get(a.name) ?? 0) - (position.get(b.name) ?? 0));
  const groupOf = new Map<number, SavedGroup>();
  for (const group of saved.groups) for (const index of group.parameters) groupOf.set(index, group);
  if (groupOf.size !== ordered.length || ordered.some((_, i) => !groupOf.has(i))) {
    throw unreadable(`has ${groupOf.size} parameters, but the network has ${ordered.length}`);
  }
  const [momentNames, stepOf] = name === 'sgd' ? [['momentum_buffer'], undefined] : [['exp_avg', 'exp_avg_sq'], 'step'];
  const steps = new Set<number>();
  const fallback = defaultsOf(name, 'torch');
  const rates: Rates[] = [];
  const moments: (Numbers | undefined)[][] = [];
  for (const parameter of parameters) {
    const index = ordered.indexOf(parameter);
    const group = groupOf.get(index);
    const state = saved.state.get(index) ?? {};
    if (group === undefined) {
      rates.push(fallback);
      moments.push([]);
      continue;
    }
    if ('max_exp_avg_sq' in state) throw unreadable('uses amsgrad');
    const kept = momentNames.map((key) => momentOf(state[key], parameter, key));
    if (kept.some((values) => values === undefined) && kept.some((values) => values !== undefined)) {
      throw unreadable(`has only some of the moments of ${parameter.name}`);
    }
    if (stepOf !== undefined && kept[0] !== undefined) steps.add(numberIn(state[stepOf]));
    const isFirst = name === 'sgd' && kept[0] === undefined;
    const own = { ...torchRates(group.settings, name), first: isFirst ? 1 : 0 };
    rates.push(withGiven(own, name, given));
    moments.push(kept);
  }
  if (steps.size > 1) throw unreadable('has made different numbers of steps for its parameters');
  const [made = 0] = steps;
  if (stepOf !== undefined && made > 0 && ordered.some((p) => moments[parameters.indexOf(p)][0] === undefined)) {
    throw unreadable('has moments for only some parameters');
  }
  return { name, rule: name === 'sgd' ? 'sgd-torch' : 'adam-torch', rates, steps: made, moments };
}

function torchRates(settings: Readonly<Record<string, unknown>>, name: OptimizerName): Rates {
  for (const flag of ['amsgrad', 'maximize']) if (settings[flag] === true) throw unreadable(`uses ${flag}`);
  const number = (key: string, fallback: number) => {
    const value = settings[key] ?? fallback;
    return typeof value === 'number' && Number.isFinite(value) ? value : badSetting(key, value);
  };
  const [beta1, beta2] = Array.isArray(settings.betas) ? settings.betas : [0.9, 0.999];
  if (typeof beta1 !== 'number' || typeof beta2 !== 'number') badSetting('betas', settings.betas);
  return {
    rate: number('lr', Number.NaN),
    decay: number('weight_decay', 0),
    momentum: number('momentum', 0),
    dampening: number('dampening', 0),
    nesterov: settings.nesterov === true ? 1 : 0,
    beta1,
    beta2,
    epsilon: number('eps', 1e-8),
    decoupled: name === 'adamw' ? 1 : 0,
    first: 0,
  };
}

function badSetting(key: string, value: unknown): never {
  throw unreadable(`has for ${key} ${describe(value)}`);
}

function momentOf(value: Tensor | number | undefined, { shape, name }: Parameter, key: string): Numbers | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' || value.shape.join() !== shape.join()) {
    const found = typeof value === 'number' ? 'a number' : formatShape(value.shape);
    throw unreadable(`has for ${key} of ${name} ${found}, not ${formatShape(shape)}`);
  }
  return value.data;
}

function numberIn(value: Tensor | number | undefined): number {
  const number = typeof value === 'object' ? value.data[0] : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0)
    throw unreadable('has no count of its steps');
  return number;
}

// Keras

/** Settings that change the arithmetic, with the values that do not. */
const KERAS_EXTRAS: Readonly<Record<string, readonly unknown[]>> = {
  clipnorm: [null, undefined],
  global_clipnorm: [null, undefined],
  clipvalue: [null, undefined],
  use_ema: [false, undefined],
  loss_scale_factor: [null, undefined],
  gradient_accumulation_steps: [null, undefined],
  amsgrad: [false, undefined],
};

function fromKeras(name: OptimizerName, saved: SavedOptimizer, { parameters, given }: Situation): Optimizer {
  const { settings } = saved.groups[0];
  for (const [key, harmless] of Object.entries(KERAS_EXTRAS)) {
    if (!harmless.includes(settings[key])) throw unreadable(`has ${key}`);
  }
  const values: (Tensor | undefined)[] = [];
  for (const [i, { value }] of saved.state) values[i] = value as Tensor;
  const number = (key: string, fallback: number) => {
    const value = settings[key] ?? fallback;
    return typeof value === 'number' && Number.isFinite(value) ? value : badSetting(key, value);
  };
  const momentum = name === 'sgd' ? number('momentum', 0) : 0;
  const each = name === 'sgd' ? (momentum === 0 ? 0 : 1) : 2;
  const learned = parameters.filter(({ isFixed }) => !isFixed);
  const expected = 2 + each * learned.length;
  // An optimizer that was never built has no variables.
  if (values.length !== 0 && values.length !== expected) {
    throw unreadable(`has ${values.length} variables, expected ${expected} for this network`);
  }
  const keptRate = values[1]?.data[0];
  const rates = withGiven(
    {
      rate: keptRate ?? number('learning_rate', 0.001),
      decay: number('weight_decay', 0),
      momentum,
      dampening: 0,
      nesterov: settings.nesterov === true ? 1 : 0,
      beta1: number('beta_1', 0.9),
      beta2: number('beta_2', 0.999),
      epsilon: number('epsilon', 1e-7),
      decoupled: 1,
      first: 0,
    },
    name,
    given,
  );
  const moments = parameters.map((parameter) => {
    const at = learned.indexOf(parameter);
    if (at < 0 || values.length === 0) return [];
    return Array.from({ length: each }, (_, k) =>
      momentOf(values[2 + each * at + k], parameter, `variable ${2 + each * at + k}`),
    );
  });
  const steps = values[0] === undefined ? 0 : numberIn(values[0]);
  return {
    name,
    rule: name === 'sgd' ? 'sgd-keras' : 'adam-keras',
    rates: parameters.map(() => rates),
    steps,
    moments,
  };
}
