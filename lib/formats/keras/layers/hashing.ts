/** Hashing and HashedCrossing: map words, integers and combinations of values to indices by their hash. */

import { crossed, USUAL_KEY } from '../../tensors/crossing.ts';
import { lookUpWords } from '../../tensors/lookup.ts';
import { constant, literal } from '../../tensors/value.ts';
import { placesOf } from '../../tensors/word-places.ts';
import type { KerasTensor, LayerCall, LayerKind } from '../layer.ts';
import { asValue, rowOf } from '../traced.ts';
import { saltOf } from './lookup.ts';
import { encode } from './preprocessing.ts';

const MODES = ['int', 'one_hot', 'multi_hot', 'count', 'binary'] as const;

/** With a mask value, index 0 is reserved for it, and the other indices are for the rest. */
const hashing: LayerKind = {
  build(layer) {
    const { config, build, input } = layer;
    const mode = config.choice('output_mode', MODES, 'int');
    if (config.flag('sparse', false)) throw layer.unsupported('gives sparse tensors; expected dense ones');
    const depth = config.whole('num_bins');
    layer.checkCount(depth, 'num_bins');
    const x = rowOf(input);
    const isMasked = config.has('mask_value') && depth > 1;
    if (input.dtype !== 'string') {
      const key = saltOf(layer);
      const mask = isMasked ? { mask: config.whole('mask_value') } : {};
      const made = hashedNumber(layer, { count: depth, ...mask, ...(key && { key }) });
      return mode === 'int'
        ? made
        : { ...encode(layer, made, depth, mode === 'binary' ? 'multi_hot' : mode), dtype: layer.dtype };
    }
    let places = placesOf(build, x, isMasked ? depth - 1 : depth, saltOf(layer));
    if (isMasked) {
      const isMask = lookUpWords(build, x, [config.text('mask_value')], constant('bool', [1], Float32Array.of(1)), 0);
      const [zero, one] = [literal('int64', [0]), literal('int64', [1])];
      places = build.select(isMask, zero, build.binary('add', places, one));
    }
    const ids = asValue(build, places);
    if (mode === 'int') return ids;
    return { ...encode(layer, ids, depth, mode === 'binary' ? 'multi_hot' : mode), dtype: layer.dtype };
  },
};

/** The index of an integer that is an input of the model, hashed as TensorFlow formats it. */
function hashedNumber(layer: LayerCall, step: Parameters<LayerCall['build']['texts']['place']>[2]): KerasTensor {
  const { build, input } = layer;
  const place = build.texts.place(build, [rowOf(input)], step);
  if (place !== undefined) return asValue(build, build.reshaped(place, [...input.shape]));
  const what = `hashes ${input.dtype}, which is only supported directly on an input of the model, with one integer per row`;
  throw layer.unsupported(what);
}

const crossing: LayerKind = {
  build(layer) {
    const { config, build, inputs } = layer;
    const mode = config.choice('output_mode', ['int', 'one_hot'], 'int');
    if (config.flag('sparse', false)) throw layer.unsupported('gives sparse tensors; expected dense ones');
    const depth = config.whole('num_bins');
    layer.checkCount(depth, 'num_bins');
    if (inputs.length < 2) throw layer.error('MALFORMED', `expected two tensors or more, found ${inputs.length}`);
    const wide = inputs.find(({ shape }) => shape.length > 1 || (shape[0] ?? 1) !== 1);
    if (wide !== undefined) throw layer.error('SHAPE', 'expected rows of one element');
    const rows = inputs.map(rowOf);
    const raw = build.texts.place(build, rows, { count: depth, start: USUAL_KEY });
    const ids = asValue(build, raw ?? crossed(build, rows, depth));
    return mode === 'int' ? ids : { ...encode(layer, ids, depth, mode), dtype: layer.dtype };
  },
};

export const hashingLayers: Readonly<Record<string, LayerKind>> = { Hashing: hashing, HashedCrossing: crossing };
