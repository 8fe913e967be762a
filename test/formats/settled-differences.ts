/** Where a framework's own result is not taken, and why: docs/special-values.md. */

export interface Settled {
  readonly framework: RegExp;
  readonly functions: readonly string[];
  readonly why: string;
  /** Of zero either sign is taken; or for which of the input's rows any result is. */
  readonly what: 'the sign of zero' | ((row: readonly number[]) => boolean);
}

const hasNan = (row: readonly number[]) => row.some(Number.isNaN);
const isHuge = (row: readonly number[]) => row.some((value) => Number.isFinite(value) && Math.abs(value) > 2 ** 62);
const isTensorFlow = /^(keras|tensorflow|tflite)$/;

export const SETTLED: readonly Settled[] = [
  {
    framework: /./,
    functions: ['max', 'min', 'amax', 'amin', 'reduce_max', 'reduce_min', 'ReduceMax', 'ReduceMin'],
    why: 'of 0 and −0 which is found depends on the order in which elements are compared',
    what: 'the sign of zero',
  },
  {
    framework: /^(onnx|tflite)$/,
    functions: [
      ...['ReduceSum', 'ReduceMean', 'reduce_sum', 'reduce_mean', 'CumSum', 'LpNormalization', 'LpNormalization 1'],
    ],
    why: 'a sum of nothing but −0 is 0, as elsewhere, and what is divided by a norm of 0 keeps its sign',
    what: 'the sign of zero',
  },
  {
    framework: isTensorFlow,
    functions: [
      ...['relu', 'relu6', 'layer relu', 'layer relu6', 'ReLU 1 6', 'ReLU slope 6', 'PReLU', 'prelu', '1 / relu'],
      ...['leaky_relu -1', 'round', 'rint'],
    ],
    why: 'rectifiers are one function in all formats, and leave −0 as it is, as those of torch and onnxruntime do',
    what: 'the sign of zero',
  },
  {
    framework: /^torch/,
    functions: ['leaky_relu -1'],
    why: 'of a negative slope 0 has a sign that is not kept',
    what: 'the sign of zero',
  },
  {
    framework: /^(onnx|tflite)$/,
    functions: ['ReduceMax', 'ReduceMin', 'reduce_max', 'reduce_min', 'Hardmax', 'argmax', 'argmin'],
    why: 'these runtimes lose NaN, or what is beside it, by its place among the vectors; here NaN stays',
    what: hasNan,
  },
  {
    framework: isTensorFlow,
    functions: ['softmax', 'Softmax', 'sparsemax'],
    why: 'beside NaN and ∞ the other elements are NaN or 0 by their place among the vectors; here NaN',
    what: (row) => hasNan(row) || row.includes(Infinity),
  },
  {
    framework: /./,
    functions: ['std', 'var', 'gelu', 'remainder', 'fmod', 'sparsemax'],
    why: 'at the end of the range intermediate results overflow here or there',
    what: isHuge,
  },
  {
    framework: /^keras$/,
    functions: ['argmax', 'argmin'],
    why: 'keras.ops takes −0 as less than 0 where TensorFlow does not',
    what: (row) => row.every((value) => value === 0),
  },
  {
    framework: /^tflite$/,
    functions: ['cast int32 int8', 'cast int32 uint8', 'int mod'],
    why: 'what float32 cannot hold is 2^31 − 1, and 2^31 here',
    what: ([value]) => !(Math.fround(value) < 2 ** 31),
  },
  {
    framework: isTensorFlow,
    functions: ['cast uint32'],
    why: 'what is beyond int64 too depends on the place in the tensor',
    what: ([value]) => !(Math.abs(value) < 2 ** 63),
  },
  {
    framework: isTensorFlow,
    functions: ['floordiv', 'floor_divide'],
    why: 'TensorFlow takes a subnormal quotient as 0, whose floor is not −1',
    what: ([a, b = 2.5]) => Math.abs(a / b) < 2 ** -126,
  },
];
