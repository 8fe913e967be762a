/** Writes a net as an ONNX file, in memory: the bytes that forwardpass and its peers load. */
import { PbfWriter } from 'pbf';

/** @typedef {import('./nets.js').Net} Net */
/** @typedef {{ op: string, inputs: string[], output: string, attributes?: Record<string, number | string> }} Node */

const FLOAT = 1;
const IR_VERSION = 9;
const OPSET = 20;

/**
 * What an activation of `net.layers` is in ONNX: nodes from `x` to `y`.
 *
 * @type {Record<string, (x: string, y: string) => Node[]>}
 */
export const ACTIVATIONS = {
  none: (x, y) => [{ op: 'Identity', inputs: [x], output: y }],
  relu: unary('Relu'),
  leaky_relu: unary('LeakyRelu', { alpha: 0.01 }),
  elu: unary('Elu'),
  selu: unary('Selu'),
  celu: unary('Celu'),
  sigmoid: unary('Sigmoid'),
  hard_sigmoid: unary('HardSigmoid'),
  tanh: unary('Tanh'),
  softplus: unary('Softplus'),
  softsign: unary('Softsign'),
  hard_swish: unary('HardSwish'),
  mish: unary('Mish'),
  gelu: unary('Gelu'),
  gelu_tanh: unary('Gelu', { approximate: 'tanh' }),
  silu: (x, y) => [
    { op: 'Sigmoid', inputs: [x], output: `${y}_gate` },
    { op: 'Mul', inputs: [x, `${y}_gate`], output: y },
  ],
  softmax: unary('Softmax', { axis: -1 }),
};

/** @param {string} op @param {Record<string, number | string>} [attributes] */
function unary(op, attributes) {
  return (/** @type {string} */ x, /** @type {string} */ y) => [{ op, inputs: [x], output: y, attributes }];
}

/** @param {Net} net @returns {Uint8Array} */
export function writeOnnx(net) {
  const writer = new PbfWriter();
  writer.writeVarintField(1, IR_VERSION);
  writer.writeStringField(2, 'forwardpass-bench');
  writer.writeMessage(7, writeGraph, net);
  writer.writeMessage(8, (opset, out) => out.writeVarintField(2, opset), OPSET);
  return writer.finish();
}

/** @param {Net} net @param {PbfWriter} out */
function writeGraph(net, out) {
  let x = 'features';
  net.layers.forEach(({ activation }, i) => {
    const [sum, y] = [`sum_${i}`, i === net.layers.length - 1 ? 'scores' : `hidden_${i}`];
    const gemm = { op: 'Gemm', inputs: [x, `weight_${i}`, `bias_${i}`], output: sum, attributes: { transB: 1 } };
    for (const node of [gemm, ...ACTIVATIONS[activation](sum, y)]) out.writeMessage(1, writeNode, node);
    x = y;
  });
  out.writeStringField(2, net.name);
  net.layers.forEach(({ inputs, outputs, weight, bias }, i) => {
    out.writeMessage(5, writeTensor, { name: `weight_${i}`, dims: [outputs, inputs], values: weight });
    out.writeMessage(5, writeTensor, { name: `bias_${i}`, dims: [outputs], values: bias });
  });
  out.writeMessage(11, writeRows, { name: 'features', width: net.widths[0] });
  out.writeMessage(12, writeRows, { name: 'scores', width: net.widths[net.widths.length - 1] });
}

/** @param {Node} node @param {PbfWriter} out */
function writeNode({ op, inputs, output, attributes = {} }, out) {
  for (const input of inputs) out.writeStringField(1, input);
  out.writeStringField(2, output);
  out.writeStringField(3, `${op}_${output}`);
  out.writeStringField(4, op);
  for (const attribute of Object.entries(attributes)) out.writeMessage(5, writeAttribute, attribute);
}

/** @param {[string, number | string]} attribute @param {PbfWriter} out */
function writeAttribute([name, value], out) {
  const [FLOAT_TYPE, INT_TYPE, STRING_TYPE] = [1, 2, 3];
  out.writeStringField(1, name);
  if (typeof value === 'string') {
    out.writeStringField(4, value);
    out.writeVarintField(20, STRING_TYPE);
  } else if (Number.isInteger(value)) {
    out.writeVarintField(3, value);
    out.writeVarintField(20, INT_TYPE);
  } else {
    out.writeFloatField(2, value);
    out.writeVarintField(20, FLOAT_TYPE);
  }
}

/** @param {{ name: string, dims: number[], values: Float32Array }} tensor @param {PbfWriter} out */
function writeTensor({ name, dims, values }, out) {
  for (const dim of dims) out.writeVarintField(1, dim);
  out.writeVarintField(2, FLOAT);
  out.writeStringField(8, name);
  out.writeBytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** A float tensor of [rows, width]. @param {{ name: string, width: number }} info @param {PbfWriter} out */
function writeRows({ name, width }, out) {
  out.writeStringField(1, name);
  out.writeMessage(2, writeTensorType, width);
}

/** TypeProto of one field, tensor_type. @param {number} width @param {PbfWriter} out */
function writeTensorType(width, out) {
  out.writeMessage(1, writeElementsAndShape, width);
}

/** @param {number} width @param {PbfWriter} out */
function writeElementsAndShape(width, out) {
  out.writeVarintField(1, FLOAT);
  out.writeMessage(2, writeShape, width);
}

/** [rows, width] @param {number} width @param {PbfWriter} out */
function writeShape(width, out) {
  out.writeMessage(1, (param, dim) => dim.writeStringField(2, param), 'rows');
  out.writeMessage(1, (size, dim) => dim.writeVarintField(1, size), width);
}
