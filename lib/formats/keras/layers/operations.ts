/** Functions of keras.ops that Keras 3 writes into functional models, such as `x * 2` or `ops.mean(x, axis=1)`. */
import type { Activation } from '../../../graph/architecture.ts';
import type { BinaryName, DType, ReduceName, SoftmaxName, UnaryName } from '../../../graph/graph.ts';
import { broadcastShapes } from '../../../graph/shapes.ts';
import { describe } from '../../../words.ts';
import { applyActivation, applyNamed, celu, hardShrink, softShrink, squareplus, whereAbove } from '../activation.ts';
import { computeDType } from '../dtype.ts';
import { type LayerCall, type LayerKind, scalar, type Value, valuesIn } from '../layer.ts';
import { asFloating, asSum, isFloating, resultType } from '../result-type.ts';
import { Serialized } from '../spec.ts';
import { softmaxOver } from './activations.ts';
import { concat } from './merging.ts';
import { operand } from './preprocessing.ts';
import { reshapeTo } from './reshaping.ts';

const unary = (fn: UnaryName): LayerKind => ({ build: (layer) => layer.unary(fn, layer.input) });

/** One that makes floats of integers. */
const curve = (fn: UnaryName): LayerKind => ({
  build: (layer) => ({ ...layer.unary(fn, layer.input), dtype: asFloating(layer.input.dtype) }),
});

const activation = (name: string, ...settings: readonly string[]): LayerKind => ({
  build(layer) {
    const given = settings.filter((setting) => layer.config.has(setting));
    const values = given.map((setting) => [setting, layer.config.raw(setting) as number | boolean]);
    return applyActivation(layer, layer.input, { name, ...Object.fromEntries(values) } as Activation);
  },
});

const binary = (fn: BinaryName, finish = (_: LayerCall, value: Value) => value): LayerKind => ({
  build(layer) {
    const given = [layer.argument(0, 'x1'), layer.argument(1, 'x2')];
    const [a, b] = given.map((argument) => operand(layer, argument));
    return finish(layer, { ...layer.binary(fn, a, b), dtype: resultType(...given) });
  },
});

const ofFloats = (_: LayerCall, value: Value): Value => ({ ...value, dtype: asFloating(value.dtype) });

const quotient = binary('div', ofFloats);

/** As Keras has it, the natural logarithm divided by the base's. */
const logarithm = (base: number): LayerKind => ({
  build: (layer) => ofFloats(layer, layer.binary('div', layer.unary('log', layer.input), scalar(Math.log(base)))),
});

const comparison = (fn: BinaryName): LayerKind => binary(fn, (_, value) => ({ ...value, dtype: 'bool' }));

const truth = (fn: UnaryName, alpha?: number, beta?: number): LayerKind => ({
  build: (layer) => ({ ...layer.unary(fn, layer.input, alpha, beta), dtype: 'bool' }),
});

const finite: LayerKind = {
  build(layer) {
    const [isNan, isInfinite] = [layer.unary('is_nan', layer.input), layer.unary('is_inf', layer.input, 1, 1)];
    return { ...layer.unary('not', layer.binary('or', isNan, isInfinite)), dtype: 'bool' };
  },
};

const notEqual = binary('equal', (layer, value) => ({ ...layer.unary('not', value), dtype: 'bool' }));

function reducedType(fn: ReduceName, dtype: DType): DType {
  if (fn === 'max' || fn === 'min') return dtype;
  return fn === 'sum' || fn === 'prod' ? asSum(dtype) : asFloating(dtype);
}

/** Without an axis, over the whole row and the batch: that crosses rows. */
const reduction = (fn: ReduceName): LayerKind => ({
  build(layer) {
    if (!layer.config.has('axis'))
      throw layer.unsupported('goes over all axes, the batch among them: this crosses rows');
    const axes = layer.axes(layer.config.wholes('axis'));
    const value = layer.reduce(fn, layer.input, axes, layer.config.flag('keepdims', false));
    if (fn.startsWith('arg_')) return { ...value, dtype: 'int32' };
    return { ...value, dtype: reducedType(fn, layer.input.dtype) };
  },
});

/** Whether any or all are not 0. */
const anyOrAll = (fn: 'max' | 'min'): LayerKind => ({
  build(layer) {
    if (!layer.config.has('axis'))
      throw layer.unsupported('goes over all axes, the batch among them: this crosses rows');
    const axes = layer.axes(layer.config.wholes('axis'));
    const truths = layer.cast(layer.input, 'bool');
    return { ...layer.reduce(fn, truths, axes, layer.config.flag('keepdims', false)), dtype: 'bool' };
  },
});

const softmax = (fn: SoftmaxName): LayerKind => ({
  build: (layer) => softmaxOver(layer, layer.input, layer.axes(layer.config.wholes('axis', -1)), fn),
});

const reshape: LayerKind = {
  build(layer) {
    const [batch, ...shape] = layer.config.wholes('newshape');
    if (batch !== -1) throw layer.unsupported('fixes the batch; expected -1 in its place');
    return reshapeTo(layer, layer.input, shape);
  },
};

const expandDims: LayerKind = {
  build(layer) {
    const { shape } = layer.input;
    const given = layer.config.whole('axis');
    // One more axis than the input has.
    const axis = layer.axis(given, [...shape, 1]);
    return layer.reshape(layer.input, shape.toSpliced(axis, 0, 1));
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

const transpose: LayerKind = {
  build(layer) {
    const { shape } = layer.input;
    const [batch, ...axes] = layer.config.wholes('axes');
    const isPermutation = axes.length === shape.length && shape.every((_, axis) => axes.includes(axis + 1));
    if (batch === 0 && isPermutation)
      return layer.transpose(
        layer.input,
        axes.map((axis) => axis - 1),
      );
    throw layer.unsupported('moves the batch: this crosses rows, and forwardpass runs each row by itself');
  },
};

/** Two axes in one another's place. */
const swapAxes: LayerKind = {
  build(layer) {
    const axes = layer.input.shape.map((_, axis) => axis);
    const [a, b] = ['axis1', 'axis2'].map((field) => layer.axis(layer.config.whole(field), layer.input.shape, field));
    return layer.transpose(layer.input, axes.with(a, b).with(b, a));
  },
};

const stack: LayerKind = {
  build(layer) {
    const given = layer.config.whole('axis', 0);
    const rows = layer.inputs.map((x) => {
      const axis = layer.axis(given, [...x.shape, 1]);
      return layer.reshape(x, x.shape.toSpliced(axis, 0, 1));
    });
    if (rows.length === 0) throw layer.error('MALFORMED', 'expected tensors to be called on, found none');
    return concat(layer, rows, given);
  },
};

const round: LayerKind = {
  build(layer) {
    const decimals = layer.config.whole('decimals', 0);
    if (decimals !== 0) throw layer.unsupported(`rounds to ${decimals} decimals; expected 0`);
    return layer.unary('round', layer.input);
  },
};

/** The mean of the squared distances from the mean. */
const variance = (finish = (_: LayerCall, value: Value) => value): LayerKind => ({
  build(layer) {
    if (!layer.config.has('axis'))
      throw layer.unsupported('goes over all axes, the batch among them: this crosses rows');
    const axes = layer.axes(layer.config.wholes('axis'));
    const centred = layer.binary('sub', layer.input, layer.reduce('mean', layer.input, axes, true));
    const keepDims = layer.config.flag('keepdims', false);
    const result = finish(layer, layer.reduce('mean', layer.unary('square', centred), axes, keepDims));
    return { ...result, dtype: asFloating(layer.input.dtype) };
  },
});

const getItem: LayerKind = {
  build(layer) {
    const key = layer.argument(1, 'key');
    const items = Array.isArray(key) ? [...key] : [key];
    const dots = items.findIndex((item) => item instanceof Serialized && item.className === '__ellipsis__');
    const [x] = valuesIn(layer.options.args[0]);
    const rank = x.shape.length + 1;
    const all = new Serialized('__slice__', layer.config);
    if (dots >= 0) items.splice(dots, 1, ...Array.from({ length: Math.max(0, rank - items.length + 1) }, () => all));
    const [batch, ...own] = items;
    if (!isWhole(batch, layer)) throw layer.unsupported('picks rows of the batch: this crosses rows');
    return own.reduceRight<Value>((value, item, axis) => pick(layer, value, axis, item), x);
  },
};

function isWhole(item: unknown, layer: LayerCall): boolean {
  if (!(item instanceof Serialized) || item.className !== '__slice__') return false;
  return item.config === layer.config || !['start', 'stop', 'step'].some((field) => item.config.has(field));
}

function pick(layer: LayerCall, x: Value, axis: number, item: unknown): Value {
  const size = x.shape[axis];
  if (size === undefined) throw layer.error('SHAPE', 'picks along an axis that there is not');
  if (isWhole(item, layer)) return x;
  if (Number.isSafeInteger(item)) {
    const index = (item as number) < 0 ? (item as number) + size : (item as number);
    if (index < 0 || index >= size) throw layer.error('SHAPE', `picks ${item} of an axis of ${size}`);
    return layer.reshape(layer.gather(x, axis, [index]), x.shape.toSpliced(axis, 1));
  }
  if (!(item instanceof Serialized) || item.className !== '__slice__') {
    throw layer.unsupported(`picks by ${describe(item)}; expected whole numbers and slices`);
  }
  const step = item.config.whole('step', 1);
  if (step < 1) throw layer.unsupported(`picks in steps of ${step}; expected 1 or more`);
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  const [start, stop] = [clamp(item.config.whole('start', 0)), clamp(item.config.whole('stop', size))];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count === 0) throw layer.error('SHAPE', 'picks nothing of the row');
  layer.spend(count);
  const positions = Array.from({ length: count }, (_, i) => start + i * step);
  return layer.gather(x, axis, positions);
}

const where: LayerKind = {
  build(layer) {
    const given = [0, 1, 2].map((at) => layer.argument(at, ['condition', 'x1', 'x2'][at]));
    const [condition, a, b] = given.map((argument) => operand(layer, argument));
    const shape = broadcastShapes(condition.shape, a.shape, b.shape);
    if (shape === undefined) throw layer.error('SHAPE', 'the condition and what it chooses from do not broadcast');
    return { ...layer.emit('select', [condition, a, b], {}, shape), dtype: resultType(...given.slice(1)) };
  },
};

const clip: LayerKind = {
  build(layer) {
    const [low, high] = [layer.config.number('x_min'), layer.config.number('x_max')];
    return { ...layer.unary('clip', layer.input, low, high), dtype: resultType(layer.input, low, high) };
  },
};

/** Along the last axis alone. */
const sparsemax: LayerKind = {
  build(layer) {
    const axis = layer.axis(layer.config.whole('axis', -1));
    if (axis !== layer.input.shape.length - 1) throw layer.unsupported('runs along another axis than the last');
    return applyNamed(layer, layer.input, 'sparsemax');
  },
};

const threshold: LayerKind = {
  build(layer) {
    const [least, otherwise] = [layer.config.number('threshold'), layer.config.number('default_value')];
    return whereAbove(layer, layer.input, least, layer.input, scalar(otherwise));
  },
};

const floorDivide: LayerKind = binary('div', (layer, value) => ({
  ...layer.unary('floor', value),
  dtype: value.dtype,
}));

/** With the divisor's sign. */
const remainder: LayerKind = {
  build(layer) {
    const given = [layer.argument(0, 'x1'), layer.argument(1, 'x2')];
    const [a, b] = given.map((argument) => operand(layer, argument));
    const dtype = resultType(...given);
    const signed = layer.binary('fmod', a, b);
    // Integers have no −0.
    const rest = isFloating(dtype) ? signed : layer.binary('add', signed, scalar(0));
    const [isRestBelow, isBelow] = [layer.binary('less', rest, scalar(0)), layer.binary('less', b, scalar(0))];
    const isOff = layer.binary('and', rest, layer.binary('xor', isRestBelow, isBelow));
    const value = layer.emit('select', [isOff, layer.binary('add', rest, b), rest], {}, rest.shape);
    return { ...value, dtype: dtype === 'bool' ? 'int32' : dtype };
  },
};

const cast: LayerKind = {
  build: (layer) => layer.cast(layer.input, computeDType(layer.config)),
};

const identity: LayerKind = { build: (layer) => layer.input };

const concatenate: LayerKind = { build: (layer) => concat(layer, layer.inputs, layer.config.whole('axis', -1)) };

const rsqrt: LayerKind = {
  build: (layer) => layer.binary('div', scalar(1), layer.unary('sqrt', layer.input)),
};

export const operations: Readonly<Record<string, LayerKind>> = {
  Add: binary('add'),
  Subtract: binary('sub'),
  Multiply: binary('mul'),
  Divide: quotient,
  TrueDivide: quotient,
  FloorDivide: floorDivide,
  Mod: remainder,
  Power: binary('pow'),
  Arctan2: binary('atan2', ofFloats),
  Maximum: binary('max'),
  Minimum: binary('min'),
  Equal: comparison('equal'),
  NotEqual: notEqual,
  Less: comparison('less'),
  LessEqual: comparison('less_equal'),
  Greater: comparison('greater'),
  GreaterEqual: comparison('greater_equal'),
  LogicalNot: truth('not'),
  Isnan: truth('is_nan'),
  Isinf: truth('is_inf', 1, 1),
  Isfinite: finite,
  LogicalXor: comparison('xor'),
  LogicalAnd: comparison('and'),
  LogicalOr: comparison('or'),
  Negative: unary('neg'),
  Absolute: unary('abs'),
  Abs: unary('abs'),
  Exp: curve('exp'),
  Expm1: curve('expm1'),
  Log: curve('log'),
  Log1p: curve('log1p'),
  Log2: logarithm(2),
  Log10: logarithm(10),
  Exp2: { build: (layer) => ofFloats(layer, layer.binary('pow', scalar(2), layer.input)) },
  Sin: curve('sin'),
  Cos: curve('cos'),
  Tan: curve('tan'),
  Arcsin: curve('asin'),
  Arccos: curve('acos'),
  Arctan: curve('atan'),
  Sinh: curve('sinh'),
  Cosh: curve('cosh'),
  Arcsinh: curve('asinh'),
  Arccosh: curve('acosh'),
  Arctanh: curve('atanh'),
  Sqrt: curve('sqrt'),
  Rsqrt: rsqrt,
  Square: unary('square'),
  Reciprocal: curve('reciprocal'),
  Sign: unary('sign'),
  Floor: curve('floor'),
  Ceil: curve('ceil'),
  Trunc: unary('trunc'),
  Round: round,
  Erf: unary('erf'),
  Tanh: curve('tanh'),
  Sigmoid: unary('sigmoid'),
  Relu: unary('relu'),
  Relu6: activation('relu6'),
  Silu: unary('silu'),
  Softplus: activation('softplus'),
  Softsign: unary('softsign'),
  Selu: activation('selu'),
  Elu: activation('elu', 'alpha'),
  Celu: { build: (layer) => celu(layer, layer.input, layer.config.number('alpha', 1)) },
  Gelu: activation('gelu', 'approximate'),
  LeakyRelu: activation('leaky_relu', 'negative_slope'),
  HardSigmoid: activation('hard_sigmoid'),
  HardSilu: activation('hard_silu'),
  HardTanh: activation('hard_tanh'),
  HardShrink: { build: (layer) => hardShrink(layer, layer.input, layer.config.number('threshold', 0.5)) },
  SoftShrink: { build: (layer) => softShrink(layer, layer.input, layer.config.number('threshold', 0.5)) },
  TanhShrink: activation('tanh_shrink'),
  Squareplus: { build: (layer) => squareplus(layer, layer.input, layer.config.number('b', 4)) },
  SparsePlus: activation('sparse_plus'),
  SparseSigmoid: activation('sparse_sigmoid'),
  Sparsemax: sparsemax,
  Threshold: threshold,
  LogSigmoid: unary('log_sigmoid'),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('log_softmax'),
  Clip: clip,
  Where: where,
  Concatenate: concatenate,
  Reshape: reshape,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Transpose: transpose,
  Swapaxes: swapAxes,
  Stack: stack,
  GetItem: getItem,
  Cast: cast,
  StopGradient: identity,
  Identity: identity,
  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Max: reduction('max'),
  Amax: reduction('max'),
  Min: reduction('min'),
  Amin: reduction('min'),
  Prod: reduction('prod'),
  Var: variance(),
  Std: variance((layer, value) => layer.unary('sqrt', value)),
  Logsumexp: reduction('log_sum_exp'),
  Any: anyOrAll('max'),
  All: anyOrAll('min'),
  Argmax: reduction('arg_max_number'),
  Argmin: reduction('arg_min_number'),
};
