/** Layers that preprocess numbers. */
import type { Tensor } from '../../../graph/graph.ts';
import { isObject } from '../config.ts';
import { isValue, type KerasTensor, type LayerCall, type LayerKind, scalar } from '../layer.ts';
import { isFloating } from '../result-type.ts';
import type { Argument } from '../spec.ts';
import { Serialized } from '../spec.ts';
import { flatNumbers } from './normalization.ts';

/** x·scale + offset, with numbers or arrays that broadcast to the row. */
const rescaling: LayerKind = {
  mask: 'keep',
  build(layer) {
    const constant = (field: string, fallback: number) => givenArray(layer, field, layer.config.raw(field) ?? fallback);
    const scaled = layer.binary('mul', layer.input, constant('scale', 1));
    return layer.binary('add', scaled, constant('offset', 0));
  },
};

/** A number, nested lists, or an array in the form that Keras 3 writes. */
function givenArray(layer: LayerCall, field: string, given: unknown): Tensor {
  const isArray = isObject(given) && isObject(given.config);
  const value = isArray ? (given.config as Readonly<Record<string, unknown>>).value : given;
  const data = flatNumbers(layer, field, value);
  return { shape: shapeOf(layer, field, value, data.length), data };
}

function shapeOf(layer: LayerCall, field: string, value: unknown, count: number): number[] {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  if (shape.reduce((product, size) => product * size, 1) === count) return shape;
  throw layer.config.wrong(field, 'lists of equal length');
}

/** Converts a plain number or array among the arguments of a call; returns a tensor as it is. */
export function operand(layer: LayerCall, argument: Argument<KerasTensor>): KerasTensor | Tensor {
  if (isValue(argument)) return argument;
  if (argument instanceof Serialized) {
    return givenArray(layer, 'value', argument.config.raw('value'));
  }
  if (typeof argument === 'boolean') return scalar(argument ? 1 : 0);
  return givenArray(layer, 'value', argument);
}

/** The number of boundaries that x is at or above. */
const discretization: LayerKind = {
  build(layer) {
    const boundaries = layer.config.list('bin_boundaries');
    const data = flatNumbers(layer, 'bin_boundaries', boundaries);
    const x = layer.input;
    const mode = layer.config.choice('output_mode', ['int', 'one_hot', 'multi_hot', 'count'], 'int');
    if (data.length === 0) throw layer.error('MALFORMED', 'expected boundaries of bins, found none');
    const spread = layer.reshape(layer.floats(x), [...x.shape, 1]);
    // NaN is below none of them.
    const isBelow = layer.binary('less', spread, { shape: [data.length], data: Float32Array.from(data) });
    const bins = layer.reduce('sum', layer.unary('not', isBelow), [x.shape.length], false);
    return mode === 'int' ? { ...bins, dtype: 'int32' } : encode(layer, bins, data.length + 1, mode);
  },
};

const categoryEncoding: LayerKind = {
  build(layer) {
    const count = layer.config.whole('num_tokens');
    layer.checkCount(count, 'num_tokens');
    const mode = layer.config.choice('output_mode', ['multi_hot', 'one_hot', 'count', 'binary'], 'multi_hot');
    const weights = layer.argument(1, 'count_weights');
    if (weights !== undefined && !isValue(weights))
      throw layer.unsupported('takes count_weights that are not a tensor');
    return encode(layer, layer.input, count, mode === 'binary' ? 'multi_hot' : mode, weights);
  },
};

export type EncodingMode = 'one_hot' | 'multi_hot' | 'count';

/** Encodes ids like Keras; ids out of range are left out. */
export function encode(
  layer: LayerCall,
  ids: KerasTensor,
  depth: number,
  mode: EncodingMode,
  weights?: KerasTensor,
): KerasTensor {
  // A last axis of size 1 is dropped for one_hot.
  const isColumn = mode === 'one_hot' && ids.shape.at(-1) === 1;
  const column = isColumn ? layer.reshape(ids, ids.shape.slice(0, -1)) : ids;
  const x = isFloating(ids.dtype) ? layer.cast(column, 'int64') : column;
  const axis = x.shape.length;
  const attributes = { depth, on: 1, off: 0, axis, wrap: false };
  const hot = layer.emit('one_hot', [x], attributes, [...x.shape, depth]);
  return gatherHits(layer, hot, mode, weights);
}

/** Converts one-hot vectors, one for each element, to the form of the mode. */
function gatherHits(layer: LayerCall, hot: KerasTensor, mode: EncodingMode, weights?: KerasTensor): KerasTensor {
  if (mode === 'one_hot') return hot;
  if (hot.shape.length < 2) {
    throw layer.unsupported(
      `counts over the batch for rows of one number, so that the result would depend on other rows; give rows an axis`,
    );
  }
  if (mode === 'multi_hot') return layer.reduce('max', hot, [0], false);
  const counted = weights ? layer.binary('mul', hot, layer.reshape(weights, [...weights.shape, 1])) : hot;
  return layer.reduce('sum', counted, [0], false);
}

export const preprocessingLayers: Readonly<Record<string, LayerKind>> = {
  Rescaling: rescaling,
  Discretization: discretization,
  CategoryEncoding: categoryEncoding,
};
