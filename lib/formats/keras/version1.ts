/**
 * Converts descriptions of Keras 1 to Keras 2: settings have other names, Merge is one layer in place of several, and a
 * Sequential model may begin with a Merge of others, which makes it functional.
 */
import { ForwardpassError } from '../../errors.ts';
import { describe, quote } from '../../messages.ts';
import { isObject } from './config.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Settings by their old names, with the new ones. */
const RENAMED: Readonly<Record<string, string>> = {
  output_dim: 'units',
  bias: 'use_bias',
  p: 'rate',
  sigma: 'stddev',
  input_dtype: 'dtype',
};

/** Classes whose `output_dim` is not a number of units. */
const KEEPS_OUTPUT_DIM = new Set(['Embedding']);

const CLASSES: Readonly<Record<string, string>> = { TimeDistributedDense: 'Dense' };

const MODES: Readonly<Record<string, string>> = {
  sum: 'Add',
  mul: 'Multiply',
  ave: 'Average',
  max: 'Maximum',
  concat: 'Concatenate',
  dot: 'Dot',
};

const MODELS = new Set(['Sequential', 'Model']);

/** Whether a description is from Keras 1, if the file has no version. */
export function looksLikeVersion1(text: string): boolean {
  return text.includes('"W_regularizer"') || text.includes('"bias": true') || text.includes('"mode_type"');
}

/** `depth` is the maximum nesting of models. */
export function fromVersion1(description: unknown, depth: number): unknown {
  return isObject(description) ? modelOf(description, depth) : description;
}

function modelOf(model: Fields, depth: number): Fields {
  checkDepth(depth);
  const { config } = model;
  const given = Array.isArray(config) ? config : isObject(config) ? config.layers : undefined;
  if (!Array.isArray(given)) return model;
  const layers = given.map((layer) => (isObject(layer) ? layerOf(layer, depth) : layer));
  const [first] = given;
  if (isObject(first) && first.class_name === 'Merge' && isObject(first.config) && Array.isArray(first.config.layers)) {
    return branched(first.config, layers, depth);
  }
  return { ...model, config: { ...(isObject(config) && config), layers } };
}

function checkDepth(depth: number): void {
  if (depth < 0) throw new ForwardpassError('LIMIT', 'models and layers are nested too deep', 'the description');
}

function layerOf(layer: Fields, depth: number): Fields {
  checkDepth(depth);
  const className = layer.class_name;
  // Anything but text is refused where layers are read.
  if (typeof className !== 'string') return layer;
  if (MODELS.has(className)) return modelOf(layer, depth - 1);
  if (className === 'Merge') return { ...layer, ...mergeOf(layer) };
  if (!isObject(layer.config)) return layer;
  if (className === 'BatchNormalization') checkMode(layer.config);
  const config = renamed(layer.config, className);
  const inner = isObject(config.layer) ? { layer: layerOf(config.layer, depth - 1) } : {};
  return { ...layer, class_name: CLASSES[className] ?? className, config: { ...config, ...inner } };
}

function renamed(config: Fields, className: string): Fields {
  const entries = Object.entries(config).map(([field, value]) => {
    const isKept = field === 'output_dim' && KEEPS_OUTPUT_DIM.has(className);
    return [isKept ? field : Object.hasOwn(RENAMED, field) ? RENAMED[field] : field, value];
  });
  return Object.fromEntries(entries);
}

function placeOf(name: unknown, className: string): string {
  return typeof name === 'string' ? `layer ${name} (${className})` : `a layer without a name (${className})`;
}

/** In other modes each row is normalised separately, or by the statistics of its batch. */
function checkMode({ mode = 0, name }: Fields): void {
  if (mode === 0) return;
  const message = `normalises in mode ${String(mode)}, which is not supported; expected 0`;
  throw new ForwardpassError('UNSUPPORTED_OP', message, placeOf(name, 'BatchNormalization'));
}

function mergeOf({ config }: Fields): Fields {
  const { name, mode, concat_axis: concatAxis, dot_axes: dotAxes } = isObject(config) ? config : {};
  const className = typeof mode === 'string' && Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
  if (className === undefined) {
    const what = typeof mode === 'string' && mode.length < 20 ? `in the mode ${quote(mode)}` : 'by custom code';
    const message = `merges ${what}, which is not supported; expected one of ${Object.keys(MODES).join(', ')}`;
    throw new ForwardpassError('UNSUPPORTED_OP', message, placeOf(name, 'Merge'));
  }
  const own = className === 'Concatenate' ? { axis: concatAxis ?? -1 } : className === 'Dot' ? axesOf(dotAxes) : {};
  return { class_name: className, config: { name, trainable: true, ...own } };
}

/** One axis for both, one for each, or a list of one for each. */
function axesOf(given: unknown): Fields {
  const axes = Array.isArray(given) ? given.flat() : [given ?? -1];
  return { axes: axes.length === 1 ? axes[0] : axes };
}

/** Each branch is a model with its own input; the layers after the Merge follow in order. */
function branched(merge: Fields, layers: readonly unknown[], depth: number): Fields {
  const given = (merge.layers as readonly unknown[]).map((branch, i) => branchOf(branch, i, depth - 1));
  const after = layers.slice(1).map((layer) => {
    if (isObject(layer)) return layer;
    throw new ForwardpassError('MALFORMED', `expected a layer, found ${describe(layer)}`, 'a layer after a Merge');
  });
  const merged = layerOf({ class_name: 'Merge', config: { name: 'merge', ...merge } }, depth);
  let last = nameOf(merged);
  const chain = after.map((layer) => {
    const called = { ...layer, name: nameOf(layer), inbound_nodes: [[[last, 0, 0]]] };
    last = called.name;
    return called;
  });
  const branches = given.flatMap(({ input, model }) => [
    input,
    { ...model, name: nameOf(model), inbound_nodes: [[[nameOf(input), 0, 0]]] },
  ]);
  const inbound = [given.map(({ model }) => [nameOf(model), 0, 0])];
  return {
    class_name: 'Model',
    config: {
      name: 'sequential',
      layers: [...branches, { ...merged, name: nameOf(merged), inbound_nodes: inbound }, ...chain],
      input_layers: given.map(({ input }) => [nameOf(input), 0, 0]),
      output_layers: [[last, 0, 0]],
    },
  };
}

function branchOf(branch: unknown, index: number, depth: number): { input: Fields; model: Fields } {
  const place = `branch ${index} of a Merge`;
  if (!isObject(branch)) throw new ForwardpassError('MALFORMED', 'expected a layer', place);
  const model = MODELS.has(String(branch.class_name))
    ? modelOf(branch, depth)
    : modelOf({ class_name: 'Sequential', config: [branch] }, depth);
  const config = isObject(model.config) ? model.config : {};
  const [first] = Array.isArray(config.layers) ? config.layers : [];
  const own = isObject(first) && isObject(first.config) ? first.config : {};
  if (model.class_name !== 'Sequential' || !Array.isArray(own.batch_input_shape)) {
    throw new ForwardpassError(
      'UNSUPPORTED_OP',
      'is not a Sequential model of one input; nothing else is supported here',
      place,
    );
  }
  const name = `${nameOf(first as Fields)}_input`;
  const input = {
    class_name: 'InputLayer',
    name,
    config: { name, batch_input_shape: own.batch_input_shape, dtype: own.dtype ?? 'float32' },
    inbound_nodes: [],
  };
  return { input, model: { ...model, config: { ...config, name: `branch_${index}` } } };
}

function nameOf(layer: Fields): string {
  const name = isObject(layer.config) && layer.config.name !== undefined ? layer.config.name : layer.name;
  if (typeof name === 'string') return name;
  const place = typeof layer.class_name === 'string' ? `a layer ${layer.class_name}` : 'a layer';
  throw new ForwardpassError('MALFORMED', `expected a name, found ${describe(name)}`, place);
}
