/**
 * Reads a description: layers, their calls, and models used as layers. Keras 2 and 3 write calls differently; both give
 * the same result here. The module names in the file are never resolved.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe, quote } from '../../messages.ts';
import type { GivenFunctions } from '../format.ts';
import { Config, isObject } from './config.ts';
import { isLayer } from './layers/table.ts';
import { builtFor, hintOf, ownName } from './own.ts';
import { fromVersion2, fromVersion3 } from './own-calls.ts';
import { EXPORT, refuseForeign } from './refusals.ts';
import {
  type Argument,
  type CallArguments,
  type LayerSpec,
  type ModelSpec,
  type PlainValue,
  Ref,
  Serialized,
} from './spec.ts';

export interface TopologyOptions {
  /** Keras' major version: 2 or 3. */
  readonly version: number;
  readonly budget: Budget;
  readonly functions?: GivenFunctions;
}

/** Characters of a layer's name, including the names of the models around it. */
const LONGEST_NAME = 1000;
/** The memory of a layer besides its names, including its description. */
const LAYER_BYTES = 2048;
/** The memory of an input or output of a model before it is resolved. */
const REFERENCE_BYTES = 512;

const MODEL_CLASSES = new Set(['Sequential', 'Functional', 'Model']);

/** The model that a description `{ class_name, config }` describes. */
export function readTopology(description: unknown, place: string, options: TopologyOptions): ModelSpec {
  const outer = new Config(description, place);
  const className = outer.text('class_name');
  refuseForeign(outer, className, `model (${className})`);
  if (!MODEL_CLASSES.has(className)) {
    if (className === 'FeatureSpace') {
      const message =
        'is a FeatureSpace without a model: save keras.Model(space.get_inputs(), space.get_encoded_features())';
      throw new ForwardpassError('UNSUPPORTED_OP', message, place);
    }
    const message = 'a user-defined model class, whose forward pass is not in the file';
    throw new ForwardpassError('UNSUPPORTED_OP', `${quote(className)} is ${message}; ${EXPORT}`, place);
  }
  return new TopologyReader(options).model(className, modelConfig(outer), [], '');
}

/** Early Sequential models have the list of layers as their config. */
function modelConfig(outer: Config): Config {
  const config = outer.raw('config');
  return new Config(Array.isArray(config) ? { layers: config } : config, `${outer.place} config`);
}

/** Reads a model and the models inside it; counts layers and depth. */
class TopologyReader {
  private count = 0;
  /**
   * Layers that several models share are described in each of them with the same number; their weights are stored once.
   */
  private readonly shared = new Map<number, LayerSpec>();

  constructor(private readonly options: TopologyOptions) {}

  private get depth(): number {
    return this.options.budget.limits.depth;
  }

  model(className: string, config: Config, trail: readonly string[], path: string): ModelSpec {
    if (trail.length > this.depth) {
      throw config.error('LIMIT', `models are nested more than ${this.depth} deep`);
    }
    const name = config.text('name', className.toLowerCase());
    const paths = new PathCounter(path === '' ? 'layers' : `${path}/layers`);
    const layers = config.list('layers').map((item) => this.layer(item, trail, paths, className !== 'Sequential'));
    if (className === 'Sequential') return chain(name, layers, config);
    const model = { name, layers, ...this.ends(config) };
    return this.options.version >= 3 ? fromVersion3(model) : fromVersion2(model);
  }

  private layer(item: unknown, trail: readonly string[], paths: PathCounter, isFunctional: boolean): LayerSpec {
    const { budget } = this.options;
    const { nodes } = budget.limits;
    if (++this.count > nodes) {
      throw new ForwardpassError('LIMIT', `the model has more layers than \`limits.nodes\` = ${nodes}`);
    }
    const outer = new Config(item, trail.length === 0 ? 'a layer' : `a layer of ${trail.join('/')}`);
    const className = outer.text('class_name');
    const given = outer.raw('config');
    const inner = isObject(given) && typeof given.name === 'string' ? given.name : className.toLowerCase();
    const name = outer.text('name', inner);
    if (name.length > LONGEST_NAME) {
      throw outer.error('LIMIT', `expected names of at most ${LONGEST_NAME} characters, found ${name.length}`);
    }
    const own = [...trail, name];
    const length = own.reduce((sum, { length }) => sum + length + 1, 0);
    budget.build(LAYER_BYTES + 2 * (length + className.length), outer.place);
    const place = `layer ${own.join('/')} (${className})`;
    const asOwn = ownName(outer, className, name) ?? this.nameless(className);
    const isOwn = asOwn !== undefined && this.options.functions?.has(asOwn) === true;
    if (!isOwn)
      refuseForeign(
        outer,
        className,
        place,
        asOwn && this.options.functions && hintOf(asOwn, outer, this.options.functions),
      );
    const isModel = MODEL_CLASSES.has(className);
    const config = isModel ? modelConfig(outer) : new Config(outer.raw('config'), place);
    const isOperation = !isOwn && isFunctional && isOperationConfig(outer, config);
    const path = isOperation ? '' : paths.next(className);
    const known = this.shared.get(sharedId(outer));
    const spec: LayerSpec = {
      name,
      className,
      config,
      place,
      isOperation,
      trail: known?.trail ?? own,
      path: known?.path ?? path,
      isTrainable: config.flag('trainable', true),
      ...(isOwn && { own: asOwn, ...(isObject(given) && { described: given }) }),
      takes: builtFor(outer),
      ...(this.options.functions && { isGivable: true }),
      ...(isModel && { model: known?.model ?? this.model(className, config, own, path) }),
      calls: isFunctional ? this.calls(outer, place, isModel) : [],
    };
    if (outer.has('shared_object_id') && known === undefined) this.shared.set(sharedId(outer), spec);
    return spec;
  }

  /**
   * Older files do not contain the module of a class: it is user-defined if the caller supplies a function of its name.
   */
  private nameless(className: string): string | undefined {
    const isOther = isLayer(className) || MODEL_CLASSES.has(className);
    return !isOther && this.options.functions?.has(className) ? className : undefined;
  }

  private calls(outer: Config, place: string, isModel: boolean): CallArguments[] {
    const nodes = outer.has('inbound_nodes') ? outer.list('inbound_nodes') : [];
    return nodes.map((node) => {
      if (Array.isArray(node)) return this.legacyCall(node, place, isModel);
      const call = new Config(node, place);
      const kwargs = call.has('kwargs') ? this.argument(call.raw('kwargs'), place, isModel) : {};
      if (!isObject(kwargs)) throw call.wrong('kwargs', 'an object');
      const args = call.list('args').map((arg) => this.argument(arg, place, isModel));
      return { args, kwargs: new Map(Object.entries(kwargs as Record<string, Argument<Ref>>)) };
    });
  }

  /** `[[layer, call, tensor, kwargs], …]`, or without the outer list for a single tensor. */
  private legacyCall(node: readonly unknown[], place: string, isModel: boolean): CallArguments {
    const items = typeof node[0] === 'string' ? [node] : node;
    const kwargs = new Map<string, Argument<Ref>>();
    const refs = items.map((item) => {
      if (!Array.isArray(item) || item.length < 3) {
        throw new ForwardpassError('MALFORMED', `expected [layer, call, tensor], found ${describe(item)}`, place);
      }
      for (const [key, value] of Object.entries(isObject(item[3]) ? item[3] : {})) {
        kwargs.set(key, this.argument(value, place, isModel));
      }
      return refOf(item.slice(0, 3), place);
    });
    return { args: [refs.length === 1 ? refs[0] : refs], kwargs };
  }

  private argument(value: unknown, place: string, isModel: boolean, depth = 0): Argument<Ref> {
    if (depth > this.depth) {
      throw new ForwardpassError('LIMIT', `arguments are nested more than ${this.depth} deep`, place);
    }
    if (Array.isArray(value)) return value.map((item) => this.argument(item, place, isModel, depth + 1));
    if (!isObject(value)) return (value ?? undefined) as PlainValue;
    const object = new Config(value, place);
    const className = object.raw('class_name');
    if (className === '__keras_tensor__') {
      const config = object.object('config');
      return refOf(config.raw('keras_history'), place, config.raw('shape'));
    }
    if (typeof className === 'string') return new Serialized(className, object.object('config'));
    const entries = Object.entries(value).map(([key, item]) => [key, this.argument(item, place, isModel, depth + 1)]);
    return Object.fromEntries(entries);
  }

  /** The inputs and outputs of a functional model. */
  private ends(config: Config): Pick<ModelSpec, 'inputs' | 'outputs'> {
    const read = (field: string) => this.references(config.raw(field), `${config.place} ${field}`);
    return { inputs: read('input_layers'), outputs: read('output_layers') };
  }

  private references(value: unknown, place: string, depth = 0): Argument<Ref> {
    if (depth > this.depth) throw new ForwardpassError('LIMIT', 'is nested too deep', place);
    if (Array.isArray(value)) {
      const isLeaf = value.length === 3 && typeof value[0] === 'string';
      if (isLeaf) return refOf(value, place);
      this.options.budget.build(REFERENCE_BYTES * value.length, place);
      return value.map((item) => this.references(item, place, depth + 1));
    }
    if (!isObject(value)) throw new ForwardpassError('MALFORMED', `expected tensors, found ${describe(value)}`, place);
    const entries = Object.entries(value).map(([key, item]) => [key, this.references(item, place, depth + 1)]);
    return Object.fromEntries(entries);
  }
}

function sharedId(outer: Config): number {
  return outer.has('shared_object_id') ? outer.whole('shared_object_id') : Number.NaN;
}

function refOf(history: unknown, place: string, shape?: unknown): Ref {
  if (Array.isArray(history)) {
    const [layer, call, tensor] = history;
    if (typeof layer === 'string' && isIndex(call) && isIndex(tensor)) return new Ref(layer, call, tensor, shape);
  }
  throw new ForwardpassError('MALFORMED', `expected [layer, call, tensor], found ${describe(history)}`, place);
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Layers without a `trainable` field. */
const SILENT_LAYERS = new Set([
  ...['InputLayer', 'Sequential', 'Functional', 'Model'],
  ...['Discretization', 'SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D'],
]);

/** HDF5 files contain no module names: operations are recognised by having only a name and their own arguments. */
function isOperationConfig(outer: Config, config: Config): boolean {
  const module = outer.raw('module');
  if (typeof module === 'string') return /^keras\.(src\.)?(ops|activations)\b/.test(module);
  return !SILENT_LAYERS.has(outer.text('class_name')) && !config.has('trainable');
}

/**
 * Each layer takes the result of the previous one. The model's input is a layer, or the input shape of the first layer.
 */
function chain(name: string, given: readonly LayerSpec[], config: Config): ModelSpec {
  if (given.length === 0) throw config.error('MALFORMED', 'the model has no layers');
  const layers = given[0].className === 'InputLayer' ? given : [impliedInput(given[0], config), ...given];
  const called = layers.map((layer, i) => {
    const calls: CallArguments[] =
      i === 0 ? [] : [{ args: [new Ref(layers[i - 1].name, 0, 0, layer.takes)], kwargs: new Map() }];
    return { ...layer, calls };
  });
  const names = new Set(layers.map((layer) => layer.name));
  if (names.size < layers.length) throw config.error('DUPLICATE', 'two layers have the same name');
  return {
    name,
    layers: called,
    inputs: new Ref(layers[0].name, 0, 0),
    outputs: new Ref(layers[layers.length - 1].name, 0, 0),
  };
}

function impliedInput(first: LayerSpec, config: Config): LayerSpec {
  const inner = first.model?.layers.find(({ className }) => className === 'InputLayer')?.config;
  const said = first.config.has('batch_input_shape') ? first.config : inner;
  const shape = said?.raw('batch_input_shape') ?? said?.raw('batch_shape') ?? config.raw('build_input_shape');
  if (shape === undefined) {
    const hint = 'call the model on data, or add an Input, before saving it';
    throw config.error('SHAPE', `the model was saved before it was built, so that its input shape is unknown; ${hint}`);
  }
  const name = `${first.name}_input`;
  const dtype = typeof said?.raw('dtype') === 'string' ? said.text('dtype') : 'float32';
  const place = `layer ${name} (InputLayer)`;
  return {
    name,
    className: 'InputLayer',
    config: new Config({ batch_shape: shape, dtype }, place),
    place,
    isOperation: false,
    trail: [...first.trail.slice(0, -1), name],
    path: '',
    isTrainable: true,
    calls: [],
  };
}

/** The names of a model's layers in its weights: their classes with a counter. */
class PathCounter {
  private readonly counts = new Map<string, number>();

  constructor(private readonly prefix: string) {}

  next(className: string): string {
    const name = snakeCase(className);
    const count = this.counts.get(name) ?? 0;
    this.counts.set(name, count + 1);
    return `${this.prefix}/${count === 0 ? name : `${name}_${count}`}`;
  }
}

function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
