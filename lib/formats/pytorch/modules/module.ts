/** One module of torch.nn as its pickle has it: a class, settings, parameters and buffers by name, modules inside. */
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

/** torch.compile wraps a module, and today pickles as a call on it and on what belongs to the compiler. */
export function withoutCompiler(object: PickleObject): PickleObject {
  const [module] = object.args;
  const isWrapped = String(object.callable) === COMPILED && object.state === undefined;
  return isWrapped && module instanceof PickleObject ? module : object;
}

/** Axes of a row, and more. */
const MOST_SIZES = 64;
/** Names of modules inside one another, with dots between. */
const LONGEST_PATH = 2000;

export const COMPILED = 'torch._dynamo.eval_frame.OptimizedModule';

/** Hooks of torch itself that compute a parameter from others before each forward pass. */
const COMPUTING = /^torch\.nn\.utils\.(weight_norm\.WeightNorm|spectral_norm\.SpectralNorm|prune\.\w+)$/;
/** What the names of those others end in: see reparametrized.ts. */
const PARTS = [
  ['_v', '_g'],
  ['_orig', '_u', '_v'],
  ['_orig', '_mask'],
];

export class TorchModule {
  readonly object: PickleObject;

  constructor(
    object: PickleObject,
    /** As torch names it from the outermost one on: `2.0`; empty for that one itself. */
    readonly path: string,
  ) {
    this.object = withoutCompiler(object);
    const { state } = this.object;
    if (!(state instanceof PickleDict)) throw this.malformed(`has ${pickleKind(state)} for a state`);
  }

  /** The class with its package. */
  get className(): string {
    return String(this.object.callable);
  }

  /** For messages. */
  get place(): string {
    const name = this.object.callable.name;
    return this.path === '' ? `the model (${name})` : `module ${quote(this.path).slice(1, -1)} (${name})`;
  }

  /** What an attribute holds; undefined where an older torch did not have it. */
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
    throw this.malformed(`expected an integer above 0 for ${quote(name)}, found ${value}`);
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

  /** A parameter or buffer, undefined if there is none: `bias=False`, `affine=False`. */
  tensor(name: string): PickleObject | undefined {
    const value = this.named('_parameters').get(name) ?? this.named('_buffers').get(name) ?? null;
    if (value === null) return this.parts(name)?.values().next().value;
    if (isTorchTensor(value)) return value;
    throw this.malformed(`expected a tensor for ${quote(name)}, found ${pickleKind(value)}`);
  }

  /**
   * What a hook of weight_norm, spectral_norm or pruning computes a parameter from, by the names in a state_dict; the
   * first has the parameter's shape.
   */
  parts(name: string): ReadonlyMap<string, PickleObject> | undefined {
    for (const suffixes of PARTS) {
      const found = suffixes.flatMap((suffix): [string, PickleObject][] => {
        const part = `${name}${suffix}`;
        const value = this.named('_parameters').get(part) ?? this.named('_buffers').get(part);
        return isTorchTensor(value) ? [[this.tensorName(part), value]] : [];
      });
      if (found.length === suffixes.length) return new Map(found);
    }
    return undefined;
  }

  /** What a parameter or buffer is called in the file, as in its state_dict. */
  tensorName(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** The modules inside, in their order. */
  children(): TorchModule[] {
    return this.named('_modules').entries.flatMap(([name, value]) => {
      if (value === null) return [];
      const label = labelOf(name);
      const path = this.path === '' ? label : `${this.path}.${label}`;
      if (path.length > LONGEST_PATH) throw this.malformed('has a module within whose name has no end');
      if (value instanceof PickleObject) return [new TorchModule(value, path)];
      throw this.malformed(`expected a module for ${quote(label)}, found ${pickleKind(value)}`);
    });
  }

  /** Of parameters and buffers of its own. */
  tensorNames(): string[] {
    return ['_parameters', '_buffers'].flatMap((kind) => this.named(kind).entries.map(([name]) => labelOf(name)));
  }

  /** All of them, with what torch keeps for itself. */
  attributes(): [string, PickleValue][] {
    const { state } = this.object;
    return state instanceof PickleDict ? state.entries.map(([name, value]) => [labelOf(name), value]) : [];
  }

  /** The module inside that has the name. */
  child(name: string): TorchModule {
    const path = this.path === '' ? name : `${this.path}.${name}`;
    const found = this.children().find((child) => child.path === path);
    if (found === undefined) throw this.malformed(`has no module ${quote(name)} within`);
    return found;
  }

  /** A function that Python would call before or after the forward pass, but for those that put a parameter together. */
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
