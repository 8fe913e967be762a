/** Pooling over all positions of a row. */
import { isValue, type KerasTensor, type LayerCall, type LayerKind } from '../layer.ts';

function globalPooling(rank: number, fn: 'mean' | 'max'): LayerKind {
  return {
    build(layer) {
      const x = layer.input;
      if (x.shape.length !== rank) {
        throw layer.error('SHAPE', `expected rows of ${rank} axes, found ${x.shape.length}`);
      }
      const format = layer.config.choice('data_format', ['channels_first', 'channels_last'], 'channels_last');
      const positions = x.shape.map((_, axis) => axis).slice(...(format === 'channels_first' ? [1] : [0, -1]));
      const keepDims = layer.config.flag('keepdims', false);
      const said = layer.argument(1, 'mask');
      const mask = fn === 'max' ? undefined : isValue(said) ? said : x.mask;
      if (mask === undefined) return layer.reduce(fn, x, positions, keepDims);
      if (mask === 'unclear' || format === 'channels_first')
        throw layer.unsupported('takes a mask that is not supported');
      return maskedMean(layer, x, mask, keepDims);
    },
  };
}

/** The mean over unmasked positions. */
function maskedMean(layer: LayerCall, x: KerasTensor, mask: KerasTensor, keepDims: boolean): KerasTensor {
  const weights = layer.reshape(mask, [...mask.shape, 1]);
  const sum = layer.reduce('sum', layer.binary('mul', x, weights), [0], keepDims);
  const count = layer.reduce('sum', weights, [0], keepDims);
  return layer.binary('div', sum, count);
}

export const poolingLayers: Readonly<Record<string, LayerKind>> = Object.fromEntries(
  [1, 2, 3].flatMap((axes) => [
    [`GlobalAveragePooling${axes}D`, globalPooling(axes + 1, 'mean')],
    [`GlobalMaxPooling${axes}D`, globalPooling(axes + 1, 'max')],
    [`GlobalAvgPool${axes}D`, globalPooling(axes + 1, 'mean')],
    [`GlobalMaxPool${axes}D`, globalPooling(axes + 1, 'max')],
  ]),
);
