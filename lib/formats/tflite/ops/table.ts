/** Operator name → translation, depending on whether its tensors are quantised. */
import { isFloat, type Value } from '../../tensors/value.ts';
import type { TfliteCall, Translation, Translations } from '../call.ts';
import type { Quantization } from '../model.ts';
import { arithmetic, requantized } from '../quantized/arithmetic.ts';
import { dequantized, quantized } from '../quantized/convert.ts';
import { functions } from '../quantized/functions.ts';
import { byTable, throughFloats } from '../quantized/through-floats.ts';
import { elementType, isQuantized } from '../tensor.ts';
import { constants } from './constants.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { linear } from './linear.ts';
import { movement } from './movement.ts';
import { reduction } from './reduction.ts';
import { sorting } from './sorting.ts';

function dequantize(call: TfliteCall): Value {
  const [x, info] = [call.input(0), call.tensor(0)];
  return isFloat(elementType(info)) ? call.build.cast(x, call.resultType) : dequantized(call, x, info);
}

function quantize(call: TfliteCall): Value {
  return isQuantized(call.tensor(0)) ? requantized(call) : quantized(call, call.input(0), call.result());
}

const OPERATORS: Translations = {
  ...elementwise,
  ...linear,
  ...movement,
  ...indexing,
  ...reduction,
  ...sorting,
  ...constants,
  QUANTIZE: quantize,
  DEQUANTIZE: dequantize,
};

/** Operators that use the scales of their tensors themselves, or that treat integers as plain integers. */
const KNOWS_SCALES = new Set([...Object.keys(linear), ...Object.keys(constants), 'QUANTIZE', 'DEQUANTIZE', 'CAST']);

/** Operators that move or compare elements: the same for integers, as long as all tensors have the same scale. */
const KEEPS_SCALES = new Set([
  ...Object.keys(movement),
  ...Object.keys(indexing),
  ...['MAXIMUM', 'MINIMUM', 'REDUCE_MAX', 'REDUCE_MIN', 'ARG_MAX', 'ARG_MIN', 'TOPK_V2', 'SELECT', 'SELECT_V2'],
]);

/** Elementwise operators of one input that the reference computes in real numbers. */
const FUNCTIONS = new Set([
  ...['ELU', 'GELU', 'LOGISTIC', 'TANH', 'NEG', 'ABS', 'EXP', 'LOG', 'RSQRT', 'SQUARE', 'SIGN'],
  ...['FLOOR', 'CEIL', 'ROUND'],
]);

const INTEGERS: Translations = { ...arithmetic, ...functions };

const LAST_AXIS = ['RESHAPE', 'FULLY_CONNECTED', 'SOFTMAX', 'LOG_SOFTMAX', 'QUANTIZE', 'DEQUANTIZE'];

/** Whether the operator gives the same result if the batch is merged with the first axis of a row. */
export function takesMerged(name: string): boolean {
  return FUNCTIONS.has(name) || Object.hasOwn(INTEGERS, name) || LAST_AXIS.includes(name);
}

function quantizedTranslation(name: string, translation: Translation): Translation {
  if (KNOWS_SCALES.has(name)) return translation;
  if (KEEPS_SCALES.has(name)) {
    const otherwise = throughFloats(translation);
    return (call) => (haveOneScale(call) ? translation : otherwise)(call);
  }
  if (FUNCTIONS.has(name)) return byTable(translation, name === 'RSQRT');
  return Object.hasOwn(INTEGERS, name) ? INTEGERS[name] : throughFloats(translation);
}

const TRANSLATIONS: ReadonlyMap<string, Translation> = new Map(
  Object.entries(OPERATORS).map(([name, translation]): [string, Translation] => {
    const forIntegers = quantizedTranslation(name, translation);
    return [name, (call) => (usesScales(call) ? forIntegers : translation)(call)];
  }),
);

function usesScales({ tensors }: TfliteCall): boolean {
  return [...tensors.inputs, ...tensors.outputs].some(isQuantized);
}

function haveOneScale({ tensors }: TfliteCall): boolean {
  const known = [...tensors.inputs, ...tensors.outputs].flatMap((info) =>
    isQuantized(info) ? info?.quantization : [],
  );
  const one = (values: (quantization: Quantization) => readonly number[]) => {
    return new Set(known.flatMap((quantization) => (quantization ? values(quantization) : []))).size <= 1;
  };
  return one(({ scales }) => scales) && one(({ zeroPoints }) => zeroPoints);
}

export function translationOf(name: string): Translation | undefined {
  return TRANSLATIONS.get(name);
}
