/** Functions of keras.ops that move, pick, join and repeat elements. */
import { formatShape } from '../../../../graph/shapes.ts';
import { describe } from '../../../../messages.ts';
import { unpacked } from '../../../tensors/axes.ts';
import type { GraphBuilder } from '../../../tensors/builder.ts';
import { flipped, mirrored, paddedBy, parted, repeated, rolled, tiled } from '../../../tensors/moves.ts';
import { picked } from '../../../tensors/picking.ts';
import { type Row, range } from '../../../tensors/value.ts';
import { isValue, type KerasTensor, type LayerCall, type LayerKind, valuesIn } from '../../layer.ts';
import { resultType } from '../../result-type.ts';
import { type Argument, Serialized } from '../../spec.ts';
import { asValue, constantOf, ofRow, operandOf, rowOf, type Traced } from '../../traced.ts';
import { reshapeTo } from '../reshaping.ts';

const CROSSES = 'the result would depend on other rows, but forwardpass runs each row independently';

/** The axis that an operation runs along. */
function axisOf(layer: LayerCall, otherwise?: number): number {
  const axis = layer.config.has('axis') ? layer.config.whole('axis') : otherwise;
  if (axis !== undefined) return axis;
  throw layer.unsupported(`flattens a tensor, including the batch: ${CROSSES}`);
}

const reshape: LayerKind = {
  build(layer) {
    const [batch, ...shape] = layer.config.wholes('newshape');
    if (batch !== -1) throw layer.unsupported('fixes the batch; expected -1 in its place');
    return reshapeTo(layer, layer.input, shape);
  },
};

/** Axes are those of the result. */
const expandDims: LayerKind = {
  build(layer) {
    const { shape } = layer.input;
    const given = layer.config.wholes('axis');
    const result = [...shape, ...given.map(() => 1)];
    const axes = layer.axes(given, result);
    if (axes.length !== given.length) throw layer.error('SHAPE', `adds an axis twice: ${formatShape(given)}`);
    const sizes = [...shape];
    return layer.reshape(
      layer.input,
      result.map((_, axis) => (axes.includes(axis) ? 1 : (sizes.shift() as number))),
    );
  },
};

const squeeze: LayerKind = {
  build(layer) {
    const { shape } = layer.input;
    const axes = layer.config.has('axis')
      ? layer.axes(layer.config.wholes('axis'))
      : [...shape.keys()].filter((axis) => shape[axis] === 1);
    return reshapeTo(
      layer,
      layer.input,
      shape.filter((_, axis) => !axes.includes(axis)),
    );
  },
};

/** Without axes, reverses all of them, including the batch. */
const transpose = ofRow((build, x, layer) => {
  const rank = build.rank(x);
  const axes = layer.config.has('axes') ? layer.config.wholes('axes') : range(rank - 1, -1, -1);
  return build.transpose(x, axes);
});

const swapAxes = ofRow((build, x, layer) => {
  const axes = range(0, build.rank(x), 1);
  const [a, b] = ['axis1', 'axis2'].map((field) => build.axis(layer.config.whole(field), axes.length));
  return build.transpose(x, axes.with(a, b).with(b, a));
});

const moveAxis = ofRow((build, x, layer) => {
  const rank = build.rank(x);
  const [from, to] = ['source', 'destination'].map((field) =>
    layer.config.wholes(field).map((axis) => build.axis(axis, rank)),
  );
  const others = range(0, rank, 1).filter((axis) => !from.includes(axis));
  return build.transpose(
    x,
    range(0, rank, 1).map((axis) => (to.includes(axis) ? from[to.indexOf(axis)] : (others.shift() ?? -1))),
  );
});

/** Tensors and arrays, cast to one type; arrays are the same for every row. */
function parts(layer: LayerCall): Traced[] {
  const [given] = layer.options.args;
  const list = Array.isArray(given) ? (given as readonly Argument<KerasTensor>[]) : [given];
  const type = resultType(list);
  if (!list.some(isValue)) throw layer.error('MALFORMED', 'expected tensors to be called on, found none');
  return list.map((one) => layer.build.cast(operandOf(layer, one, type), type));
}

/** Inserts an axis, which is `given` in the result. */
function withOne(build: GraphBuilder, x: Row, given: number): Row {
  const own = build.ownAxis({ ...x, shape: [...x.shape, 1] }, given);
  return build.reshaped(x, x.shape.toSpliced(own, 0, 1));
}

const stack: LayerKind = {
  build(layer) {
    const { build } = layer;
    const axis = layer.config.whole('axis', 0);
    const rows = parts(layer).map((one) => withOne(build, build.asRow(one, 0), axis));
    return asValue(build, build.concat(rows, axis));
  },
};

/** Along a fixed axis, or the one in the field. */
const concatenate = (fixed?: number): LayerKind => ({
  build(layer) {
    const axis = fixed ?? layer.config.whole('axis', 0);
    return asValue(layer.build, layer.build.concat(parts(layer), axis));
  },
});

const append: LayerKind = {
  build(layer) {
    const given = [layer.argument(0, 'x1'), layer.argument(1, 'x2')];
    const axis = axisOf(layer);
    const type = resultType(given);
    const both = given.map((one) => layer.build.cast(operandOf(layer, one, type), type));
    return asValue(layer.build, layer.build.concat(both, axis));
  },
};

/** Into a number of equal parts, or at given positions. With `isLoose` the first parts may be longer by one. */
const split = (fixed?: number, isLoose = false) =>
  ofRow((build, x, layer) => {
    const axis = fixed ?? axisOf(layer, 0);
    const size = x.shape[build.ownAxis(x, axis)];
    const field = 'indices_or_sections';
    const given = layer.config.wholes(field);
    if (Array.isArray(layer.config.raw(field))) {
      const ends = [0, ...given.map((at) => Math.min(at < 0 ? at + size : at, size)), size];
      return parted(
        build,
        x,
        axis,
        ends.slice(1).map((end, i) => end - ends[i]),
      );
    }
    const [count] = given;
    if (!(count >= 1 && count <= size) || (size % count !== 0 && !isLoose)) {
      throw layer.error('SHAPE', `cannot split an axis of ${size} into ${count} equal parts`);
    }
    build.checkResults(count);
    const sizes = range(0, count, 1).map((i) => Math.floor(size / count) + (i < size % count ? 1 : 0));
    return parted(build, x, axis, sizes);
  });

const unstack = ofRow((build, x, layer) => unpacked(build, x, layer.config.whole('axis', 0)));

/** Takes constant positions along an axis of the row, or rows of a constant table by the row's ids. */
const take: LayerKind = {
  build(layer) {
    const { build } = layer;
    const [from, ids] = [layer.argument(0, 'x'), layer.argument(1, 'indices')];
    if (!isValue(ids)) {
      const x = operandOf(layer, from, 'float32') as Row;
      const places = constantOf(layer, ids, 'int32');
      return asValue(build, picked(build, x, axisOf(layer), places));
    }
    if (isValue(from)) throw layer.unsupported('takes computed positions of a constant tensor');
    const table = constantOf(layer, from, 'float32');
    const [axis, rank] = [axisOf(layer, 0), table.shape.length];
    if (build.axis(axis, rank) !== 0) throw layer.unsupported(`looks up along axis ${axis} of a table; expected 0`);
    return asValue(build, build.embedding(rowOf(layer.cast(ids, 'int64')), table));
  },
};

/** If there are fewer repeats than axes, they belong to the last axes. */
const tile = ofRow((build, x, layer) => {
  const given = layer.config.wholes('repeats');
  const rank = build.rank(x);
  if (given.length > rank) throw build.crossing('repeats the whole batch');
  const repeats = [...new Array<number>(rank - given.length).fill(1), ...given];
  return repeats.reduce<Traced>((part, count, axis) => tiled(build, part, axis, count), x);
});

const repeat = ofRow((build, x, layer) => repeated(build, x, axisOf(layer), layer.config.wholes('repeats')));

const flip = (fixed?: number) =>
  ofRow((build, x, layer) => {
    if (fixed === undefined && !layer.config.has('axis')) {
      throw layer.unsupported(`reverses all axes, including the batch: ${CROSSES}`);
    }
    const axes = fixed === undefined ? layer.config.wholes('axis') : [fixed];
    return flipped(build, x, axes);
  });

const roll = ofRow((build, x, layer) => {
  if (!layer.config.has('axis')) throw layer.unsupported(`rolls a whole tensor, including the batch: ${CROSSES}`);
  const [shifts, axes] = [layer.config.wholes('shift'), layer.config.wholes('axis')];
  return rolled(
    build,
    x,
    axes,
    axes.map((_, i) => shifts[i] ?? shifts[0]),
  );
});

/** One width for all, one pair for all, or one pair for each axis; that of the batch must be zero. */
const pad = ofRow((build, x, layer) => {
  const mode = layer.config.choice('mode', ['constant', 'reflect', 'symmetric'], 'constant');
  const widths = padWidths(layer, build.rank(x));
  const given = layer.argument(1, 'constant_values') ?? 0;
  if (typeof given !== 'number') throw layer.unsupported('pads with an array; expected one number');
  return mode === 'constant' ? paddedBy(build, x, widths, given) : mirrored(build, x, widths, mode);
});

function padWidths(layer: LayerCall, rank: number): (readonly [number, number])[] {
  const given = layer.config.raw('pad_width');
  const pairs = Array.isArray(given) && given.every(Array.isArray) ? given : [given];
  const widths = pairs.map((pair): readonly [number, number] => {
    const [before, after = before] = [pair].flat();
    if (!Number.isSafeInteger(before) || !Number.isSafeInteger(after)) {
      throw layer.config.wrong('pad_width', 'integers');
    }
    return [before as number, after as number];
  });
  if (widths.length === rank) return widths;
  if (widths.length === 1) return new Array<readonly [number, number]>(rank).fill(widths[0]);
  throw layer.error('SHAPE', `expected widths for ${rank} axes, found ${widths.length}`);
}

/** Differences of neighbours, repeated n times. */
const diff = ofRow((build, x, layer) => {
  const axis = layer.config.whole('axis', -1);
  const count = layer.config.whole('n', 1);
  let result: Traced = x;
  for (let i = 0; i < count; i++) {
    const size = result.shape[build.ownAxis(result, axis)];
    if (size < 2) throw layer.error('SHAPE', `takes differences along an axis of ${size}`);
    const [left, right] = [build.positions(0, size - 1), build.positions(1, size)];
    result = build.binary('sub', build.gather(result, axis, right), build.gather(result, axis, left));
  }
  return result;
});

/** A slice with constant starts, and a shape that includes the batch. */
const slice: LayerKind = {
  build(layer) {
    const { build } = layer;
    const starts = constantOf(layer, layer.argument(1, 'start_indices'), 'int32').data;
    const shape = layer.config.list('shape');
    const x = rowOf(layer.options.args[0] as KerasTensor);
    if (starts.length !== shape.length || starts.length !== build.rank(x)) {
      throw layer.error('SHAPE', `expected starts and sizes for ${build.rank(x)} axes, found ${starts.length}`);
    }
    if (starts[0] !== 0 || (shape[0] !== null && shape[0] !== -1)) {
      throw layer.unsupported(`picks rows of the batch: ${CROSSES}`);
    }
    const result = shape.slice(1).reduce<Traced>((part, size, own) => {
      const [start, all] = [starts[own + 1], part.shape[own]];
      const end = size === -1 ? all : start + Number(size);
      if (Number.isInteger(end) && start >= 0 && end <= all && end > start) {
        return build.gather(part, own + 1, build.positions(start, end));
      }
      throw layer.error('SHAPE', `the slice from ${start} to ${end} is outside an axis of ${all}`);
    }, x);
    return asValue(build, result);
  },
};

/** Indexing as in Python: `x[:, 1:, ..., None, -1]`. */
const getItem: LayerKind = {
  build(layer) {
    const key = layer.argument(1, 'key');
    const items = Array.isArray(key) ? [...key] : [key];
    const dots = items.findIndex((item) => item instanceof Serialized && item.className === '__ellipsis__');
    const [x] = valuesIn(layer.options.args[0]);
    const axes = items.filter((item) => item !== undefined).length - (dots >= 0 ? 1 : 0);
    const hidden = Math.max(0, x.shape.length + 1 - axes);
    const rest = new Array<Serialized>(dots >= 0 ? hidden : 0).fill(new Serialized('__slice__', layer.config));
    const [batch, ...own] = dots >= 0 ? [...items.slice(0, dots), ...rest, ...items.slice(dots + 1)] : items;
    if (!isWhole(batch, layer)) throw layer.unsupported(`picks rows of the batch: ${CROSSES}`);
    let [value, axis] = [x, 0];
    for (const item of own) {
      value = pick(layer, value, axis, item);
      if (!Number.isSafeInteger(item)) axis++;
    }
    return value;
  },
};

function isWhole(item: unknown, layer: LayerCall): boolean {
  if (!(item instanceof Serialized) || item.className !== '__slice__') return false;
  return item.config === layer.config || !['start', 'stop', 'step'].some((field) => item.config.has(field));
}

function pick(layer: LayerCall, x: KerasTensor, axis: number, item: unknown): KerasTensor {
  if (item === undefined) return layer.reshape(x, x.shape.toSpliced(axis, 0, 1));
  const size = x.shape[axis];
  if (size === undefined) throw layer.error('SHAPE', `indexes more axes than rows of ${formatShape(x.shape)} have`);
  if (isWhole(item, layer)) return x;
  if (Number.isSafeInteger(item)) {
    const index = (item as number) < 0 ? (item as number) + size : (item as number);
    if (index < 0 || index >= size) throw layer.error('SHAPE', `index ${item} is outside an axis of ${size}`);
    return layer.reshape(layer.gather(x, axis, [index]), x.shape.toSpliced(axis, 1));
  }
  if (!(item instanceof Serialized) || item.className !== '__slice__') {
    throw layer.unsupported(`indexes by ${describe(item)}; expected integers and slices`);
  }
  const positions = slicePositions(layer, item, size);
  if (positions.length === 0) throw layer.error('SHAPE', 'selects nothing of the row');
  return layer.gather(x, axis, positions);
}

/** Like Python's slice.indices. */
function slicePositions(layer: LayerCall, { config }: Serialized, size: number): number[] {
  const step = config.whole('step', 1);
  if (step === 0) throw layer.error('MALFORMED', 'slices in steps of 0');
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const bound = (field: string, otherwise: number) => {
    if (!config.has(field)) return otherwise;
    const at = config.whole(field);
    return Math.min(Math.max(at < 0 ? at + size : at, least), most);
  };
  const [start, stop] =
    step > 0 ? [bound('start', 0), bound('stop', size)] : [bound('start', size - 1), bound('stop', -1)];
  layer.spend(Math.max(0, Math.ceil((stop - start) / step)));
  return range(start, stop, step);
}

export const moves: Readonly<Record<string, LayerKind>> = {
  Reshape: reshape,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Transpose: transpose,
  Swapaxes: swapAxes,
  Moveaxis: moveAxis,
  Stack: stack,
  Concatenate: concatenate(),
  Hstack: concatenate(1),
  Dstack: concatenate(2),
  Append: append,
  Split: split(),
  ArraySplit: split(undefined, true),
  Hsplit: split(1),
  Dsplit: split(2),
  Unstack: unstack,
  Take: take,
  Tile: tile,
  Repeat: repeat,
  Flip: flip(),
  Fliplr: flip(1),
  Roll: roll,
  Pad: pad,
  Diff: diff,
  Slice: slice,
  GetItem: getItem,
};
