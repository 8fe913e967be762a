/** Functions of keras.ops along axes: reductions, norms, cumulative sums. */
import type { DType, ReduceName } from '../../../../graph/graph.ts';
import type { GraphBuilder } from '../../../tensors/builder.ts';
import { type Cumulative, cumulative } from '../../../tensors/cumulative.ts';
import { literal, type Row } from '../../../tensors/value.ts';
import type { KerasTensor, LayerCall, LayerKind } from '../../layer.ts';
import { asFloating, asSum, isFloating } from '../../result-type.ts';
import { asValue, ofRow, operandOf, rowOf, type Traced } from '../../traced.ts';

const ALL = 'reduces all axes, including the batch: the result would depend on other rows';

function axesOf(layer: LayerCall): readonly number[] {
  if (!layer.config.has('axis')) throw layer.unsupported(ALL);
  return layer.config.wholes('axis');
}

function keepDims(layer: LayerCall): boolean {
  return layer.config.flag('keepdims', false);
}

function reducedType(fn: ReduceName, dtype: DType): DType {
  if (fn === 'max' || fn === 'min') return dtype;
  return fn === 'sum' || fn === 'prod' ? asSum(dtype) : asFloating(dtype);
}

/** Without an axis, it would reduce the whole batch, which is refused. */
const reduction = (fn: ReduceName): LayerKind => ({
  build(layer) {
    const axes = layer.axes(axesOf(layer));
    const value = layer.reduce(fn, layer.input, axes, keepDims(layer));
    if (fn.startsWith('arg_')) return { ...value, dtype: 'int32' };
    return { ...value, dtype: reducedType(fn, layer.input.dtype) };
  },
});

/** The maximum or minimum, including `initial`. */
const extreme = (fn: 'max' | 'min'): LayerKind => ({
  build(layer) {
    const { build } = layer;
    const reduced = build.reduce(rowOf(layer.input), fn, axesOf(layer), keepDims(layer));
    if (!layer.config.has('initial')) return asValue(build, reduced);
    return asValue(build, build.binary(fn, reduced, build.scalar(reduced, layer.config.number('initial'))));
  },
});

/** Whether any or all elements are nonzero. */
const anyOrAll = (fn: 'max' | 'min'): LayerKind => ({
  build(layer) {
    const truths = layer.cast(layer.input, 'bool');
    return { ...layer.reduce(fn, truths, layer.axes(axesOf(layer)), keepDims(layer)), dtype: 'bool' };
  },
});

/** The mean of the squared distances from the mean. */
const variance = (finish = (_: LayerCall, value: KerasTensor) => value): LayerKind => ({
  build(layer) {
    const axes = layer.axes(axesOf(layer));
    const centred = layer.binary('sub', layer.input, layer.reduce('mean', layer.input, axes, true));
    const result = finish(layer, layer.reduce('mean', layer.unary('square', centred), axes, keepDims(layer)));
    return { ...result, dtype: asFloating(layer.input.dtype) };
  },
});

const moments: LayerKind = {
  build(layer) {
    const { build } = layer;
    const x = rowOf(layer.input);
    const axes = layer.config.wholes('axes');
    const [kept, keep] = [build.reduce(x, 'mean', axes, true), keepDims(layer)];
    const squares = build.unary(build.binary('sub', x, kept), 'square');
    const mean = keep ? kept : build.reduce(x, 'mean', axes, false);
    return [mean, build.reduce(squares, 'mean', axes, keep)].map((one) => asValue(build, one));
  },
};

/** With weights for each element, or for each position along one axis. */
const average: LayerKind = {
  build(layer) {
    const { build } = layer;
    const axes = axesOf(layer);
    const x = floats(build, rowOf(layer.options.args[0] as KerasTensor));
    const given = layer.argument(1, 'weights');
    if (given === undefined) return asValue(build, build.reduce(x, 'mean', axes, false));
    const weights = floats(build, operandOf(layer, given, 'float32'));
    const isVector = weights.kind === 'constant' && weights.shape.length === 1 && axes.length === 1;
    const own = isVector ? build.ownAxis(x, axes[0]) : 0;
    const after = isVector ? new Array<number>((x as Row).shape.length - 1 - own).fill(1) : [];
    const spread = isVector ? build.reshaped(weights, [...weights.shape, ...after]) : weights;
    const sum = build.reduce(build.binary('mul', x, spread), 'sum', axes, false);
    const total = isVector ? build.reduce(weights, 'sum', [0], false) : build.reduce(weights, 'sum', axes, false);
    return asValue(build, build.binary('div', sum, total));
  },
};

function floats(build: GraphBuilder, x: Traced): Traced {
  return isFloating(x.type as DType) ? x : build.cast(x, 'float32');
}

const countNonzero = ofRow((build, x, layer) => {
  const truths = build.cast(build.cast(x, 'bool'), 'int32');
  return build.reduce(truths, 'sum', axesOf(layer), false);
});

/** The maximum minus the minimum. */
const range = ofRow((build, x, layer) => {
  const [axes, keep] = [axesOf(layer), keepDims(layer)];
  return build.binary('sub', build.reduce(x, 'max', axes, keep), build.reduce(x, 'min', axes, keep));
});

/** Replaces NaN by `otherwise`. */
function withoutNan(build: GraphBuilder, x: Row, otherwise: number): Traced {
  return build.select(build.unary(x, 'is_nan'), build.scalar(x, otherwise), x);
}

const nanReduction = (fn: 'sum' | 'prod') =>
  ofRow((build, x, layer) =>
    build.reduce(withoutNan(build, x, fn === 'sum' ? 0 : 1), fn, axesOf(layer), keepDims(layer)),
  );

/** NaN only if all elements are NaN. */
const nanExtreme = (fn: 'max' | 'min') =>
  ofRow((build, x, layer) => {
    const [axes, keep] = [axesOf(layer), keepDims(layer)];
    const found = build.reduce(withoutNan(build, x, fn === 'max' ? -Infinity : Infinity), fn, axes, keep);
    const isNothing = build.reduce(build.unary(x, 'is_nan'), 'min', axes, keep);
    return build.select(isNothing, build.scalar(x, Number.NaN), found);
  });

function nanMean(build: GraphBuilder, x: Row, values: Traced, axes: readonly number[], keep: boolean): Traced {
  const isNumber = build.cast(build.unary(build.unary(x, 'is_nan'), 'not'), x.type);
  const sum = build.reduce(values, 'sum', axes, keep);
  return build.binary('div', sum, build.reduce(isNumber, 'sum', axes, keep));
}

const nanMeanOf = ofRow((build, x, layer) =>
  nanMean(build, x, withoutNan(build, x, 0), axesOf(layer), keepDims(layer)),
);

const nanVariance = (isRoot: boolean) =>
  ofRow((build, x, layer) => {
    const axes = axesOf(layer);
    const mean = nanMean(build, x, withoutNan(build, x, 0), axes, true);
    const isMissing = build.unary(x, 'is_nan');
    const centred = build.select(isMissing, build.scalar(x, 0), build.binary('sub', x, mean));
    const result = nanMean(build, x, build.unary(centred, 'square'), axes, keepDims(layer));
    return isRoot ? build.unary(result, 'sqrt') : result;
  });

/** Norms of vectors along one axis, or of all elements along two. */
const norm = ofRow((build, given, layer) => {
  const [axes, keep] = [axesOf(layer), keepDims(layer)];
  const x = floats(build, given);
  const ord = orderOf(layer);
  if (axes.length > 2 || (axes.length === 2 && ord !== 2)) {
    throw layer.unsupported('takes a norm of matrices other than the Frobenius norm');
  }
  const sizes = build.unary(x, 'abs');
  if (ord === 2) return build.reduce(x, 'l2', axes, keep);
  if (ord === 1) return build.reduce(x, 'l1', axes, keep);
  if (Math.abs(ord) === Infinity) return build.reduce(sizes, ord > 0 ? 'max' : 'min', axes, keep);
  if (ord === 0) return build.reduce(build.cast(build.unary(x, 'to_bool'), x.type), 'sum', axes, keep);
  const sum = build.reduce(build.binary('pow', sizes, build.scalar(sizes, ord)), 'sum', axes, keep);
  return build.binary('pow', sum, build.scalar(sum, 1 / ord));
});

/** 2 for a vector, and for what Keras calls the Frobenius norm. */
function orderOf({ config }: LayerCall): number {
  const given = config.raw('ord') ?? 2;
  if (given === 'fro') return 2;
  if (given === 'inf' || given === '-inf') return Number(`${given}inity`.replace('inf', 'Inf'));
  return config.has('ord') ? config.number('ord') : 2;
}

/** x/max(norm, epsilon); for order 2 x·min(1/norm, 1/epsilon). */
const normalize = ofRow((build, x, layer) => {
  const axes = layer.config.wholes('axis', -1);
  const order = layer.config.whole('order', 2);
  const epsilon = layer.config.number('epsilon', 1e-7);
  if (order === 2) {
    const inverse = build.unary(build.unary(build.reduce(x, 'sum_square', axes, true), 'sqrt'), 'reciprocal');
    return build.binary('mul', x, build.binary('min', inverse, build.scalar(x, 1 / epsilon)));
  }
  if (order < 1) throw layer.config.wrong('order', '1 or more');
  const sizes = build.unary(x, 'abs');
  const power = order === 1 ? sizes : build.binary('pow', sizes, build.scalar(x, order));
  const sum = build.reduce(power, 'sum', axes, true);
  const length = order === 1 ? sum : build.binary('pow', sum, build.scalar(x, 1 / order));
  return build.binary('div', x, build.binary('max', length, build.scalar(x, epsilon)));
});

/** The same as the layers of these names, with constants that broadcast to the row. */
const rmsNorm: LayerKind = {
  build(layer) {
    const { build } = layer;
    const x = rowOf(layer.options.args[0] as KerasTensor);
    const squares = build.reduce(build.unary(x, 'square'), 'mean', layer.config.wholes('axis', -1), true);
    const scaled = build.binary('mul', x, inverseRoot(build, squares, layer.config.number('epsilon', 1e-7)));
    const scale = layer.argument(1, 'scale');
    return asValue(
      build,
      scale === undefined ? scaled : build.binary('mul', scaled, operandOf(layer, scale, 'float32')),
    );
  },
};

function inverseRoot(build: GraphBuilder, x: Traced, epsilon: number): Traced {
  return build.unary(build.unary(build.binary('add', x, build.scalar(x, epsilon)), 'sqrt'), 'reciprocal');
}

/** Scale and offset run along the axes, in their order. */
const layerNorm: LayerKind = {
  build(layer) {
    const { build } = layer;
    const x = rowOf(layer.options.args[0] as KerasTensor);
    const axes = layer.axes(layer.config.wholes('axis', -1), x.shape);
    const along = (name: string, at: number) => {
      const given = layer.argument(at, name);
      if (given === undefined) return undefined;
      const vector = operandOf(layer, given, 'float32');
      return build.reshaped(
        vector,
        x.shape.map((size, axis) => (axes.includes(axis) ? size : 1)),
      );
    };
    const [gamma, beta] = [along('gamma', 1), along('beta', 2)];
    const given = axes.map((axis) => axis + 1);
    const mean = build.reduce(x, 'mean', given, true);
    const centred = build.binary('sub', x, mean);
    const deviation = build.reduce(build.unary(centred, 'square'), 'mean', given, true);
    const inverse = inverseRoot(build, deviation, layer.config.number('epsilon', 1e-7));
    const isRms = layer.config.flag('rms_scaling', false);
    const normal = build.binary('mul', isRms ? x : centred, inverse);
    const scaled = gamma === undefined ? normal : build.binary('mul', normal, gamma);
    return asValue(build, beta === undefined || isRms ? scaled : build.binary('add', scaled, beta));
  },
};

/** Normalises by constants along an axis. */
const batchNorm: LayerKind = {
  build(layer) {
    const { build } = layer;
    const x = rowOf(layer.options.args[0] as KerasTensor);
    const own = build.ownAxis(x, layer.config.whole('axis'));
    const along = (name: string, at: number) => {
      const given = layer.argument(at, name);
      if (given === undefined) return undefined;
      const vector = operandOf(layer, given, 'float32');
      return build.reshaped(
        vector,
        x.shape.map((size, axis) => (axis === own ? size : 1)),
      );
    };
    const [mean, variance] = [along('mean', 1), along('variance', 2)];
    if (mean === undefined || variance === undefined) throw layer.error('MALFORMED', 'has no mean or variance');
    const inverse = inverseRoot(build, variance, layer.config.number('epsilon', 1e-3));
    const scale = along('scale', 4);
    const factor = scale === undefined ? inverse : build.binary('mul', inverse, scale);
    const [scaled, offset] = [build.binary('mul', build.binary('sub', x, mean), factor), along('offset', 3)];
    return asValue(build, offset === undefined ? scaled : build.binary('add', scaled, offset));
  },
};

const running = (fn: Cumulative, isClean = false) =>
  ofRow((build, x, layer) => {
    if (!layer.config.has('axis'))
      throw layer.unsupported(
        'accumulates over a whole tensor, including the batch: the result would depend on other rows',
      );
    const typed = x.type === 'bool' ? build.cast(x, 'int32') : x;
    // Keras replaces NaN by 0, also in products, and infinities by the greatest number.
    const clean = isClean ? finite(build, typed as Row) : typed;
    return cumulative(build, clean, layer.config.whole('axis'), fn);
  });

function finite(build: GraphBuilder, x: Row): Traced {
  const numbers = withoutNan(build, x, 0);
  return build.unary(numbers, 'clip', -GREATEST, GREATEST);
}

const GREATEST = 3.4028234663852886e38;

const nanToNum = ofRow((build, x, layer) => {
  if (!isFloating(x.type as DType)) return x;
  const greatest = x.type === 'float64' ? Number.MAX_VALUE : GREATEST;
  const value = (field: string, otherwise: number) => literal(x.type, [layer.config.number(field, otherwise)]);
  const numbers = build.select(build.unary(x, 'is_nan'), value('nan', 0), x);
  const below = build.select(build.unary(numbers, 'is_inf', 1, 0), value('posinf', greatest), numbers);
  return build.select(build.unary(below, 'is_inf', 0, 1), value('neginf', -greatest), below);
});

export const reductions: Readonly<Record<string, LayerKind>> = {
  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Max: extreme('max'),
  Amax: reduction('max'),
  Min: extreme('min'),
  Amin: reduction('min'),
  Prod: reduction('prod'),
  Var: variance(),
  Std: variance((layer, value) => layer.unary('sqrt', value)),
  Moments: moments,
  Average: average,
  CountNonzero: countNonzero,
  Ptp: range,
  Logsumexp: reduction('log_sum_exp'),
  Any: anyOrAll('max'),
  All: anyOrAll('min'),
  Argmax: reduction('arg_max_number'),
  Argmin: reduction('arg_min_number'),
  Nansum: nanReduction('sum'),
  Nanprod: nanReduction('prod'),
  Nanmax: nanExtreme('max'),
  Nanmin: nanExtreme('min'),
  Nanmean: nanMeanOf,
  Nanvar: nanVariance(false),
  Nanstd: nanVariance(true),
  NanToNum: nanToNum,
  Norm: norm,
  Normalize: normalize,
  RMSNorm: rmsNorm,
  LayerNorm: layerNorm,
  BatchNorm: batchNorm,
  Cumsum: running('add'),
  Cumprod: running('mul'),
  Nancumsum: running('add', true),
  Nancumprod: running('mul', true),
};
