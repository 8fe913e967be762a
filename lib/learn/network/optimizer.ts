/**
 * Optimizers: what the caller asks for, or what a file keeps of the one that trained it. Formulas are those of torch.optim
 * or of keras.optimizers, as native/learn/network_kernels.h has them.
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

/** An optimizer with settings; those not given are the file's, else the framework's defaults. */
export interface OptimizerOptions {
  /** The one that the file keeps the state of, unless given; else `adam`. */
  readonly name?: OptimizerName;
  /** 0.001 unless given or kept; 0.01 of Keras' SGD. */
  readonly learningRate?: number;
  /** Of SGD: 0 unless given. */
  readonly momentum?: number;
  /** Of torch's SGD: 0 unless given. */
  readonly dampening?: number;
  /** Of SGD. */
  readonly nesterov?: boolean;
  /** 0 unless given; of AdamW torch's 0.01, Keras' 0.004. */
  readonly weightDecay?: number;
  /** Of Adam: 0.9 and 0.999 unless given. */
  readonly beta1?: number;
  /** Of Adam: see `beta1`. */
  readonly beta2?: number;
  /** Of Adam: torch's 1e-8, Keras' 1e-7 unless given. */
  readonly epsilon?: number;
  /** Whose formulas: those of the framework that the model comes from, torch's for others. */
  readonly style?: 'torch' | 'keras';
  /** Whether to go on from the state that the file keeps: true unless given. */
  readonly resume?: boolean;
}

type Rates = Readonly<Record<RateName, number>>;

export interface Optimizer {
  readonly name: OptimizerName;
  readonly rule: Rule;
  /** Of each parameter. */
  readonly rates: readonly Rates[];
  /** Steps that were made. */
  readonly steps: number;
  /** For each parameter what the optimizer keeps: of Adam both moments, of SGD the momentum. As the file has it; undefined for zeros. */
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
  /** In the order of the stack. */
  readonly parameters: readonly Parameter[];
  /** Names in the order of the file, where it has one. */
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
    throw new ForwardpassError('OPTION', `${name} has none`, `optimizer.${strange ?? 'nesterov'}`);
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
    const message = 'needs a momentum, and no dampening';
    throw new ForwardpassError('OPTION', message, 'optimizer.nesterov');
  }
  return all;
}

/** The optimizer that goes on with the state of the file; undefined where another was asked for. */
function resumable(saved: SavedOptimizer, given: OptimizerOptions): OptimizerName | undefined {
  if (given.style !== undefined && given.style !== saved.framework) return undefined;
  const [first] = saved.groups;
  const settings = first?.settings ?? {};
  if (saved.framework === 'keras') {
    const known: Record<string, OptimizerName> = { SGD: 'sgd', Adam: 'adam', AdamW: 'adamw' };
    const name = saved.name !== undefined && Object.hasOwn(known, saved.name) ? known[saved.name] : undefined;
    if (name === undefined) throw unreadable(`is ${saved.name ?? 'one without a name'}, which is not gone on with`);
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
  const message = `the optimizer of the file ${reason}; pass \`optimizer\` with resume: false to begin with another`;
  return new ForwardpassError('UNSUPPORTED_OP', message, 'optimizer');
}

// PyTorch

function fromTorch(name: OptimizerName, saved: SavedOptimizer, situation: Situation): Optimizer {
  const { parameters, order, given } = situation;
  // torch counts parameters in the order of the module's, which is that of the state_dict.
  if (order === undefined) throw unreadable("counts parameters in an order that a whole module's file does not tell");
  const position = new Map(order.map((key, i) => [key, i]));
  const ordered = parameters
    .filter(({ isFixed }) => !isFixed)
    .sort((a, b) => (position.get(a.name) ?? 0) - (position.get(b.name) ?? 0));
  const groupOf = new Map<number, SavedGroup>();
  for (const group of saved.groups) for (const index of group.parameters) groupOf.set(index, group);
  if (groupOf.size !== ordered.length || ordered.some((_, i) => !groupOf.has(i))) {
    throw unreadable(`is of ${groupOf.size} parameters, the network has ${ordered.length}`);
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
    if ('max_exp_avg_sq' in state) throw unreadable('is of amsgrad');
    const kept = momentNames.map((key) => momentOf(state[key], parameter, key));
    if (kept.some((values) => values === undefined) && kept.some((values) => values !== undefined)) {
      throw unreadable(`keeps a part of the moments of ${parameter.name}`);
    }
    if (stepOf !== undefined && kept[0] !== undefined) steps.add(numberIn(state[stepOf]));
    const isFirst = name === 'sgd' && kept[0] === undefined;
    const own = { ...torchRates(group.settings, name), first: isFirst ? 1 : 0 };
    rates.push(withGiven(own, name, given));
    moments.push(kept);
  }
  if (steps.size > 1) throw unreadable('has made other numbers of steps for some parameters than for others');
  const [made = 0] = steps;
  if (stepOf !== undefined && made > 0 && ordered.some((p) => moments[parameters.indexOf(p)][0] === undefined)) {
    throw unreadable('keeps moments of some parameters only');
  }
  return { name, rule: name === 'sgd' ? 'sgd-torch' : 'adam-torch', rates, steps: made, moments };
}

function torchRates(settings: Readonly<Record<string, unknown>>, name: OptimizerName): Rates {
  for (const flag of ['amsgrad', 'maximize']) if (settings[flag] === true) throw unreadable(`is of ${flag}`);
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
    throw unreadable('keeps no count of its steps');
  return number;
}

// Keras

/** What changes the arithmetic, with what leaves it as it is. */
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
  // An optimizer that was never built keeps nothing.
  if (values.length !== 0 && values.length !== expected) {
    throw unreadable(`keeps ${values.length} variables, of this network it has ${expected}`);
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
