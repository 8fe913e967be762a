/** Elementwise functions of keras.ops. */
import type { BinaryName, UnaryName } from '../../../../graph/graph.ts';
import type { GraphBuilder } from '../../../tensors/builder.ts';
import { type Constant, constant, literal } from '../../../tensors/value.ts';
import { whereAbove } from '../../activation.ts';
import { computeDType } from '../../dtype.ts';
import { type KerasTensor, type LayerKind, scalar } from '../../layer.ts';
import { asFloating, isFloating, resultType } from '../../result-type.ts';
import { asValue, constantOf, ofRow, ofTwo, operandOf, operandsOf, rowOf, type Traced } from '../../traced.ts';

export const unary = (fn: UnaryName): LayerKind => ({ build: (layer) => layer.unary(fn, layer.input) });

/** A function that casts integers to floats. */
export const curve = (fn: UnaryName): LayerKind => ({
  build: (layer) => ({ ...layer.unary(fn, layer.input), dtype: asFloating(layer.input.dtype) }),
});

const binary = (fn: BinaryName): LayerKind => ofTwo((build, a, b) => build.binary(fn, a, b));

const ofFloats = (value: KerasTensor): KerasTensor => ({ ...value, dtype: asFloating(value.dtype) });

const truth = (fn: UnaryName, alpha?: number, beta?: number): LayerKind => ({
  build: (layer) => ({ ...layer.unary(fn, layer.input, alpha, beta), dtype: 'bool' }),
});

const finite: LayerKind = {
  build(layer) {
    const [isNan, isInfinite] = [layer.unary('is_nan', layer.input), layer.unary('is_inf', layer.input, 1, 1)];
    return { ...layer.unary('not', layer.binary('or', isNan, isInfinite)), dtype: 'bool' };
  },
};

const notEqual = ofTwo((build, a, b) => build.unary(build.binary('equal', a, b), 'not'));

/** As in Keras: the natural logarithm divided by that of the base. */
const logarithm = (base: number): LayerKind => ({
  build: (layer) => ofFloats(layer.binary('div', layer.unary('log', layer.input), scalar(Math.log(base)))),
});

/** As in Keras: the sign times the magnitude to the power of 1/3. */
const cubeRoot = ofRow((build, given) => {
  const x = floats(build, given);
  const root = build.binary('pow', build.unary(x, 'abs'), build.scalar(x, 1 / 3));
  return build.binary('mul', build.unary(x, 'sign'), root);
});

/** Casts integers to floats. */
function floats(build: GraphBuilder, x: Traced): Traced {
  return x.type.includes('float') ? x : build.cast(x, 'float32');
}

const floatsOfTwo = (make: (build: GraphBuilder, a: Traced, b: Traced) => Traced) =>
  ofTwo((build, a, b) => make(build, floats(build, a), floats(build, b)));

/** Multiplies by a number. */
const times = (factor: number) =>
  ofRow((build, given) => {
    const x = floats(build, given);
    return build.binary('mul', x, build.scalar(x, factor));
  });

const quotient = floatsOfTwo((build, a, b) => build.binary('div', a, b));

/** √(a² + b²), computed through their quotient; 0 if both are 0. */
const hypotenuse = floatsOfTwo((build, a, b) => {
  const [x, y] = [build.unary(a, 'abs'), build.unary(b, 'abs')];
  const most = build.binary('max', x, y);
  const ratio = dividedOrZero(build, build.binary('min', x, y), most);
  const root = build.unary(build.binary('add', build.unary(ratio, 'square'), build.scalar(ratio, 1)), 'sqrt');
  return build.binary('mul', most, root);
});

function dividedOrZero(build: GraphBuilder, a: Traced, b: Traced): Traced {
  return build.select(build.binary('equal', b, build.scalar(b, 0)), build.scalar(a, 0), build.binary('div', a, b));
}

/** log(e^a + e^b), or with base 2; for infinities their sum. */
const logOfSum = (base: number) =>
  floatsOfTwo((build, a, b) => {
    const delta = build.binary('sub', a, b);
    const log = build.scalar(delta, Math.log(base));
    const distance = build.unary(build.unary(delta, 'abs'), 'neg');
    const scaled = base === Math.E ? distance : build.binary('mul', distance, log);
    const rest = build.unary(build.unary(scaled, 'exp'), 'log1p');
    const last = base === Math.E ? rest : build.binary('div', rest, log);
    const sum = build.binary('add', build.binary('max', a, b), last);
    return build.select(build.unary(delta, 'is_nan'), build.binary('add', a, b), sum);
  });

/** If one is NaN, the other one. */
const numberOf = (fn: 'max' | 'min') =>
  ofTwo((build, a, b) => {
    const rest = build.select(build.unary(b, 'is_nan'), a, build.binary(fn, a, b));
    return build.select(build.unary(a, 'is_nan'), b, rest);
  });

/** 0 below 0, 1 above it, and the second argument at 0. */
const heaviside = floatsOfTwo((build, a, b) => {
  const [zero, one] = [build.scalar(a, 0), build.scalar(a, 1)];
  const above = build.select(build.binary('greater', a, zero), one, b);
  return build.select(build.binary('less', a, zero), zero, above);
});

const isClose: LayerKind = {
  build(layer) {
    const { build } = layer;
    const [a, b] = operandsOf(layer, [layer.argument(0, 'x1'), layer.argument(1, 'x2')]);
    if (!a.type.includes('float')) return asValue(build, build.binary('equal', a, b));
    const tolerance = (at: number, name: string, otherwise: number) =>
      operandOf(layer, layer.argument(at, name) ?? otherwise, 'float32');
    const [relative, absolute] = [tolerance(2, 'rtol', 1e-5), tolerance(3, 'atol', 1e-8)];
    const limit = build.binary('add', absolute, build.binary('mul', relative, build.unary(b, 'abs')));
    const near = build.binary('less_equal', build.unary(build.binary('sub', a, b), 'abs'), limit);
    if (!layer.config.flag('equal_nan', false)) return asValue(build, near);
    const both = build.binary('and', build.unary(a, 'is_nan'), build.unary(b, 'is_nan'));
    return asValue(build, build.binary('or', near, both));
  },
};

/** Whether each element is one of a constant list. */
const isIn: LayerKind = {
  build(layer) {
    const { build } = layer;
    const [x, list] = operandsOf(layer, [layer.argument(0, 'x1'), layer.argument(1, 'x2')]);
    if (x.kind === 'constant' || list.kind === 'row')
      throw layer.unsupported('searches in a tensor that the model computes; expected a constant');
    const spread = build.reshaped(x, [...x.shape, 1]);
    const found = build.reduce(build.binary('equal', spread, flat(list)), 'max', [-1], false);
    const isThere = { ...found, type: 'bool' } as Traced;
    return asValue(build, layer.config.flag('invert', false) ? build.unary(isThere, 'not') : isThere);
  },
};

function flat({ type, data }: Constant): Constant {
  return constant(type, [data.length], data);
}

/** How many boundaries the value is at or above; NaN is at or above all of them. */
const digitize: LayerKind = {
  build(layer) {
    const { build } = layer;
    const x = floats(build, rowOf(layer.options.args[0] as KerasTensor));
    const { data } = constantOf(layer, layer.argument(1, 'bins'), 'float32');
    const bounds = literal('float32', Array.from(data), [data.length]);
    const isBelow = build.binary('less', build.reshaped(x, [...x.shape, 1]), bounds);
    const reached = build.cast(build.unary(isBelow, 'not'), 'int32');
    return asValue(build, build.reduce(reached, 'sum', [-1], false));
  },
};

/** A number for every element, of the requested type or else the tensor's own. */
const filled = (number?: number): LayerKind => ({
  build(layer) {
    const { build } = layer;
    const x = layer.options.args[0] as KerasTensor;
    const given = number ?? layer.argument(1, 'fill_value');
    const dtype = layer.config.has('dtype') ? computeDType(layer.config) : x.dtype;
    const value = build.cast(operandOf(layer, given, dtype), dtype);
    const block = build.expanded(value.kind === 'constant' ? build.everyRow(value, 0) : value, x.shape);
    return asValue(build, block);
  },
});

/** With decimals, the value is scaled, rounded, and scaled back. */
const round = ofRow((build, x, layer) => {
  const decimals = layer.config.whole('decimals', 0);
  if (decimals === 0) return build.unary(x, 'round');
  if (!isFloating(layer.input.dtype)) throw layer.unsupported('rounds integers to decimals');
  const factor = build.scalar(x, 10 ** decimals);
  return build.binary('div', build.unary(build.binary('mul', x, factor), 'round'), factor);
});

const where: LayerKind = {
  build(layer) {
    const { build } = layer;
    const [a, b] = operandsOf(layer, [layer.argument(1, 'x1'), layer.argument(2, 'x2')]);
    const condition = operandOf(layer, layer.argument(0, 'condition'), 'bool');
    return asValue(build, build.select(condition, a, b));
  },
};

/** The choice of the first condition that is true. */
const select: LayerKind = {
  build(layer) {
    const { build } = layer;
    const [conditions, choices] = [layer.argument(0, 'condlist'), layer.argument(1, 'choicelist')];
    const otherwise = layer.argument(2, 'default') ?? 0;
    if (!Array.isArray(conditions) || !Array.isArray(choices) || conditions.length !== choices.length) {
      throw layer.error('MALFORMED', 'expected as many conditions as choices');
    }
    const [last, ...values] = operandsOf(layer, [otherwise, ...choices]);
    return asValue(
      build,
      values.reduceRight((rest, value, i) => build.select(operandOf(layer, conditions[i], 'bool'), value, rest), last),
    );
  },
};

const clip: LayerKind = {
  build(layer) {
    const [low, high] = [layer.config.raw('x_min'), layer.config.raw('x_max')];
    if (isNumber(low) && isNumber(high)) {
      const [least, most] = [low ?? -Infinity, high ?? Infinity] as const;
      return { ...layer.unary('clip', layer.input, least, most), dtype: resultType([layer.input, least, most]) };
    }
    throw layer.unsupported('clips by arrays; expected numbers');
  },
};

function isNumber(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number';
}

export const thresholded: LayerKind = {
  build(layer) {
    const [least, otherwise] = [layer.config.number('threshold'), layer.config.number('default_value')];
    return whereAbove(layer, layer.input, least, layer.input, scalar(otherwise));
  },
};

const floorDivide = ofTwo((build, a, b) => build.unary(build.binary('div', a, b), 'floor'));

/** With the sign of the divisor, or of the dividend. */
const remainder = (mode: 'floor' | 'trunc') =>
  ofTwo((build, a, b) => {
    const [x, y] = [a, b].map((one) => (one.type === 'bool' ? build.cast(one, 'int32') : one));
    return build.remainder(x, y, mode);
  });

const sinc = ofRow((build, given) => {
  const x = floats(build, given);
  const angle = build.binary('mul', x, build.scalar(x, Math.PI));
  const quotientOf = build.binary('div', build.unary(angle, 'sin'), angle);
  return build.select(build.unary(x, 'not'), build.scalar(x, 1), quotientOf);
});

const cast: LayerKind = {
  build: (layer) => layer.cast(layer.input, computeDType(layer.config)),
};

/** Clamps to the range of the type first. */
const saturateCast: LayerKind = {
  build(layer) {
    const dtype = computeDType(layer.config);
    const range = RANGES[dtype];
    const x = layer.input;
    const bounded = range === undefined ? x : layer.unary('clip', x, range[0], range[1]);
    return layer.cast({ ...bounded, dtype: x.dtype }, dtype);
  },
};

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

const identity: LayerKind = { build: (layer) => layer.input };

const rsqrt: LayerKind = {
  build: (layer) => layer.binary('div', scalar(1), layer.unary('sqrt', layer.input)),
};

export const arithmetic: Readonly<Record<string, LayerKind>> = {
  Add: binary('add'),
  Subtract: binary('sub'),
  Multiply: binary('mul'),
  Divide: quotient,
  TrueDivide: quotient,
  DivideNoNan: floatsOfTwo(dividedOrZero),
  FloorDivide: floorDivide,
  Mod: remainder('floor'),
  Fmod: remainder('trunc'),
  Power: binary('pow'),
  Arctan2: floatsOfTwo((build, a, b) => build.binary('atan2', a, b)),
  Hypot: hypotenuse,
  Logaddexp: logOfSum(Math.E),
  Logaddexp2: logOfSum(2),
  Maximum: binary('max'),
  Minimum: binary('min'),
  Fmax: numberOf('max'),
  Fmin: numberOf('min'),
  Heaviside: heaviside,
  Equal: binary('equal'),
  NotEqual: notEqual,
  Less: binary('less'),
  LessEqual: binary('less_equal'),
  Greater: binary('greater'),
  GreaterEqual: binary('greater_equal'),
  Isclose: isClose,
  IsIn: isIn,
  LogicalNot: truth('not'),
  Isnan: truth('is_nan'),
  Isinf: truth('is_inf', 1, 1),
  Isposinf: truth('is_inf', 1, 0),
  Isneginf: truth('is_inf', 0, 1),
  Isfinite: finite,
  LogicalXor: binary('xor'),
  LogicalAnd: binary('and'),
  LogicalOr: binary('or'),
  Negative: unary('neg'),
  Absolute: unary('abs'),
  Abs: unary('abs'),
  Fabs: unary('abs'),
  Exp: curve('exp'),
  Exp2: { build: (layer) => ofFloats(layer.binary('pow', scalar(2), layer.input)) },
  Expm1: curve('expm1'),
  Log: curve('log'),
  Log1p: curve('log1p'),
  Log2: logarithm(2),
  Log10: logarithm(10),
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
  Sinc: sinc,
  Deg2rad: times(Math.PI / 180),
  Rad2deg: times(180 / Math.PI),
  Sqrt: curve('sqrt'),
  Rsqrt: rsqrt,
  Cbrt: cubeRoot,
  Square: unary('square'),
  Reciprocal: curve('reciprocal'),
  Sign: unary('sign'),
  Signbit: ofRow((build, x) => build.hasSign(x)),
  Floor: curve('floor'),
  Ceil: curve('ceil'),
  Trunc: unary('trunc'),
  Round: round,
  Erf: unary('erf'),
  Erfc: unary('erfc'),
  Clip: clip,
  Where: where,
  Select: select,
  Digitize: digitize,
  ZerosLike: filled(0),
  OnesLike: filled(1),
  FullLike: filled(),
  Cast: cast,
  SaturateCast: saturateCast,
  StopGradient: identity,
  Identity: identity,
  Copy: identity,
  Conj: identity,
  Conjugate: identity,
  Real: identity,
};
