/** One pickled torch.nn module: a class, settings, parameters and buffers by name, and inner modules. */
import { ForwardpassError } from '../../../errors.ts';
import { quote } from '../../../messages.ts';
import { labelOf } from '../../containers/pickle/parts.ts';
import {
  PickleDict,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from '../../containers/pickle/values.ts';
import { isTorchTensor } from '../../containers/torch-tensors.ts';

/** torch.compile wraps a module, and today pickles as a call with the module and the compiler's own objects. */
export function withoutCompiler(object: PickleObject): PickleObject {
  const [module] = object.args;
  const isWrapped = String(object.callable) === COMPILED && object.state === undefined;
  return isWrapped && module instanceof PickleObject ? module : object;
}

/** More sizes than a row has axes. */
const MOST_SIZES = 64;
/** The longest dotted path of nested modules. */
const LONGEST_PATH = 2000;

export const COMPILED = 'torch._dynamo.eval_frame.OptimizedModule';

/** torch's own hooks that compute a parameter from others before each forward pass. */
const COMPUTING = /^torch\.nn\.utils\.(weight_norm\.WeightNorm|spectral_norm\.SpectralNorm|prune\.\w+)$/;
/** How the names of those other parameters end: see reparametrized.ts. */
const PARTS = [
  ['_v', '_g'],
  ['_orig', '_u', '_v'],
  ['_orig', '_mask'],
];

export class TorchModule {
  readonly object: PickleObject;

  constructor(
    object: PickleObject,
    /** The path that torch uses, from the outermost module: `2.0`; empty for the outermost module itself. */
    readonly path: string,
  ) {
    this.object = withoutCompiler(object);
    const { state } = this.object;
    if (!(state instanceof PickleDict))
      throw this.malformed(`expected a dict as its state, found ${pickleKind(state)}`);
  }

  /** The class, including its package. */
  get className(): string {
    return String(this.object.callable);
  }

  /** For messages. */
  get place(): string {
    const name = this.object.callable.name;
    return this.path === '' ? `the model (${name})` : `module ${quote(this.path).slice(1, -1)} (${name})`;
  }

  /** The value of an attribute; undefined if an older torch did not have it. */
  attribute(name: string): PickleValue | undefined {
    return this.object.attribute(name);
  }

  has(name: string): boolean {
    return (this.attribute(name) ?? null) !== null;
  }

  number(name: string, fallback?: number): number {
    const value = this.attribute(name) ?? fallback;
    if (typeof value === 'number') return value;
    throw this.malformed(`expected a number for ${quote(name)}, found ${pickleKind(value)}`);
  }

  size(name: string): number {
    const value = this.number(name);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw this.malformed(`expected a positive integer for ${quote(name)}, found ${value}`);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.attribute(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.malformed(`expected True or False for ${quote(name)}, found ${pickleKind(value)}`);
  }

  text(name: string, fallback: string): string {
    const value = this.attribute(name) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.malformed(`expected text for ${quote(name)}, found ${pickleKind(value)}`);
  }

  /** A tuple, a list, a torch.Size or a single number. */
  sizes(name: string): number[] {
    const value = this.attribute(name);
    const held = value instanceof PickleObject && value.callable.name === 'Size' ? value.args[0] : value;
    const items = held instanceof PickleTuple || held instanceof PickleList ? held.items : [held];
    if (items.length > MOST_SIZES) throw this.malformed(`has ${items.length} sizes for ${quote(name)}`);
    if (items.every((item) => typeof item === 'number' && Number.isSafeInteger(item))) return items as number[];
    throw this.malformed(`expected integers for ${quote(name)}, found ${pickleKind(value)}`);
  }

  /** A parameter or buffer; undefined if there is none, as with `bias=False` or `affine=False`. */
  tensor(name: string): PickleObject | undefined {
    const value = this.named('_parameters').get(name) ?? this.named('_buffers').get(name) ?? null;
    if (value === null) return this.parts(name)?.values().next().value;
    if (isTorchTensor(value)) return value;
    throw this.malformed(`expected a tensor for ${quote(name)}, found ${pickleKind(value)}`);
  }

  /**
   * The tensors from which a hook of weight_norm, spectral_norm or pruning computes a parameter, by their names in a
   * state_dict; the first has the parameter's shape.
   */
  parts(name: string): ReadonlyMap<string, PickleObject> | undefined {
    const [parameters, buffers] = [this.named('_parameters'), this.named('_buffers')];
    for (const suffixes of PARTS) {
      const found = new Map<string, PickleObject>();
      for (const suffix of suffixes) {
        const part = `${name}${suffix}`;
        const value = parameters.get(part) ?? buffers.get(part);
        if (!isTorchTensor(value)) break;
        found.set(this.tensorName(part), value);
      }
      if (found.size === suffixes.length) return found;
    }
    return undefined;
  }

  /** The name of a parameter or buffer in the state_dict. */
  tensorName(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** The inner modules, in order. */
  children(): TorchModule[] {
    return this.named('_modules').entries.flatMap(([name, value]) => {
      if (value === null) return [];
      const label = labelOf(name);
      const path = this.path === '' ? label : `${this.path}.${label}`;
      if (path.length > LONGEST_PATH) throw this.malformed('has an inner module with a name that is too long');
      if (value instanceof PickleObject) return [new TorchModule(value, path)];
      throw this.malformed(`expected a module for ${quote(label)}, found ${pickleKind(value)}`);
    });
  }

  /** The names of its own parameters and buffers. */
  tensorNames(): string[] {
    return ['_parameters', '_buffers'].flatMap((kind) => this.named(kind).entries.map(([name]) => labelOf(name)));
  }

  /** All attributes, including torch's own. */
  attributes(): [string, PickleValue][] {
    const { state } = this.object;
    return state instanceof PickleDict ? state.entries.map(([name, value]) => [labelOf(name), value]) : [];
  }

  /** The inner module with the name. */
  child(name: string): TorchModule {
    const path = this.path === '' ? name : `${this.path}.${name}`;
    const found = this.children().find((child) => child.path === path);
    if (found === undefined) throw this.malformed(`has no inner module ${quote(name)}`);
    return found;
  }

  /** A function that Python would call before or after the forward pass, except those that compute a parameter. */
  hook(): string | undefined {
    for (const kind of ['_forward_pre_hooks', '_forward_hooks']) {
      const hooks = this.attribute(kind);
      if (!(hooks instanceof PickleDict)) continue;
      for (const [, hook] of hooks.entries) {
        const name = hook instanceof PickleObject ? String(hook.callable) : pickleKind(hook);
        if (kind !== '_forward_pre_hooks' || !this.computesParameter(hook)) return name;
      }
    }
    return undefined;
  }

  private computesParameter(hook: PickleValue): boolean {
    if (!(hook instanceof PickleObject) || !COMPUTING.test(String(hook.callable))) return false;
    const name = hook.attribute('name') ?? hook.attribute('_tensor_name');
    return typeof name === 'string' && this.parts(name) !== undefined;
  }

  malformed(message: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', message, this.place);
  }

  unsupported(message: string): ForwardpassError {
    return new ForwardpassError('UNSUPPORTED_OP', message, this.place);
  }

  private named(kind: string): PickleDict {
    const value = this.attribute(kind);
    if (value instanceof PickleDict) return value;
    if (value === undefined) return new PickleDict();
    throw this.malformed(`expected a dict for ${quote(kind)}, found ${pickleKind(value)}`);
  }
}
