/** Functions of keras.ops that put elements in their order. NaN is greater than all numbers, as NumPy has it. */
import type { SortResult } from '../../../graph/graph.ts';
import type { LayerCall, LayerKind, Value } from '../layer.ts';

function sorted(layer: LayerCall, axis: number, count: number, descending: boolean, result: SortResult): Value {
  const { shape, dtype } = layer.input;
  const size = shape[axis];
  if (!Number.isInteger(count) || count < 1 || count > size) {
    throw layer.error('SHAPE', `the first ${count} are asked for of an axis of ${size}`);
  }
  const value = layer.emit('sort', [layer.input], { axis, count, descending, result }, shape.with(axis, count));
  return { ...value, dtype: result === 'places' ? 'int32' : dtype };
}

/** Without an axis Keras sorts all of a tensor, the batch among it. */
const sort = (result: SortResult): LayerKind => ({
  build(layer) {
    if (layer.config.raw('axis') === null) {
      throw layer.unsupported('goes over all axes, the batch among them: this crosses rows');
    }
    const axis = layer.axis(layer.config.whole('axis', -1));
    return sorted(layer, axis, layer.input.shape[axis], false, result);
  },
});

const topK: LayerKind = {
  build(layer) {
    if (!layer.config.flag('sorted', true)) {
      throw layer.unsupported('leaves the order of its results open (sorted=False); use sorted=True');
    }
    const axis = layer.axis(-1);
    const count = layer.config.whole('k');
    return [sorted(layer, axis, count, true, 'values'), sorted(layer, axis, count, true, 'places')];
  },
};

export const sortingOperations: Readonly<Record<string, LayerKind>> = {
  Sort: sort('values'),
  Argsort: sort('places'),
  TopK: topK,
};
