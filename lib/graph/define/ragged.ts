/** Layers that take a ragged input: rows of any number of pairs of an id and a weight. */
import { BAG_MODES } from '../graph.ts';
import { elementCount } from '../shapes.ts';
import type { LayerKind } from './layer.ts';

export const bag: LayerKind = {
  tensors: { weight: ['weight', 'embeddings'], bias: ['bias'] },
  options: ['mode'],

  build(layer) {
    const { shape, data } = layer.required(layer.values('weight'), "a 'weight' [ids, width]");
    if (shape === undefined || shape.length < 2) {
      throw layer.mismatch('expected [ids, width], found an array without that shape', 'weight');
    }
    const row = shape.slice(1);
    const given = layer.values('bias');
    const bias = given === undefined ? [] : [{ shape: row, data: layer.vector(given, elementCount(row)).data }];
    const mode = layer.choice('mode', BAG_MODES, 'sum');
    return layer.emit('bag', [layer.input.name, { shape, data }, ...bias], { mode }, row);
  },
};

export const scatter: LayerKind = {
  build: (layer) => layer.emit('scatter', [layer.input.name], {}, layer.input.shape),
};
