/** Functions of keras.ops that sort elements. NaN is greater than all numbers, as in NumPy. */
import { sorted } from '../../../tensors/sorting.ts';
import type { LayerCall, LayerKind } from '../../layer.ts';
import { ofRow } from '../../traced.ts';

/** Without an axis, Keras sorts the whole tensor, including the batch. */
function axisOf(layer: LayerCall): number {
  if (layer.config.raw('axis') !== null) return layer.config.whole('axis', -1);
  throw layer.unsupported('sorts over all axes, including the batch: the result would depend on other rows');
}

const all = (result: 'values' | 'places'): LayerKind =>
  ofRow((build, x, layer) => {
    const axis = axisOf(layer);
    const found = sorted(build, x, axis, x.shape[build.ownAxis(x, axis)], false);
    return result === 'values' ? found.values : build.cast(found.places, 'int32');
  });

const topK = ofRow((build, x, layer) => {
  if (!layer.config.flag('sorted', true)) {
    throw layer.unsupported('leaves the order of the results undefined (sorted=False); use sorted=True');
  }
  const { values, places } = sorted(build, x, -1, layer.config.whole('k'), true);
  return [values, build.cast(places, 'int32')];
});

export const sortingOperations: Readonly<Record<string, LayerKind>> = {
  Sort: all('values'),
  Argsort: all('places'),
  TopK: topK,
};
