/** Writes a net as a TFLite file, in memory, for contenders that read no ONNX. ReLU and no activation only. */
import { Builder } from 'flatbuffers';

/** @typedef {import('./nets.js').Net} Net */

const FULLY_CONNECTED = 9; // BuiltinOperator
const FULLY_CONNECTED_OPTIONS = 8; // the union BuiltinOptions
const [NO_ACTIVATION, RELU] = [0, 1];
const SCHEMA_VERSION = 3;

/**
 * Tensor 0 is the input; layer i has its weight, bias and output at 1 + 3·i. Buffer 0 is empty by convention, the
 * others hold weights and biases.
 *
 * @param {Net} net @param {number} batch rows of each call: TFLite's shapes are fixed
 * @returns {Uint8Array}
 */
export function writeTflite(net, batch) {
  const builder = new Builder(4 * net.parameterCount + 4096);
  const buffers = [table(builder, 1, () => {})];
  const tensors = [tensor(builder, 'features', [batch, net.widths[0]], 0)];
  const operators = net.layers.map(({ inputs, outputs, weight, bias, activation }, i) => {
    for (const [name, shape, values] of /** @type {const} */ ([
      ['weight', [outputs, inputs], weight],
      ['bias', [outputs], bias],
    ])) {
      tensors.push(tensor(builder, `${name}_${i}`, shape, buffers.length));
      buffers.push(buffer(builder, values));
    }
    tensors.push(tensor(builder, `output_${i}`, [batch, outputs], 0));
    return operator(builder, [3 * i, 1 + 3 * i, 2 + 3 * i], 3 + 3 * i, activation === 'relu' ? RELU : NO_ACTIVATION);
  });

  const [tensorList, operatorList] = [offsets(builder, tensors), offsets(builder, operators)];
  const [inputList, outputList] = [integers(builder, [0]), integers(builder, [3 * net.layers.length])];
  const subgraph = table(builder, 4, () => {
    builder.addFieldOffset(0, tensorList, 0);
    builder.addFieldOffset(1, inputList, 0);
    builder.addFieldOffset(2, outputList, 0);
    builder.addFieldOffset(3, operatorList, 0);
  });
  const code = table(builder, 4, () => {
    builder.addFieldInt8(0, FULLY_CONNECTED, 0); // deprecated_builtin_code, which old readers want
    builder.addFieldInt32(3, FULLY_CONNECTED, 0);
  });
  const lists = [[code], [subgraph], buffers].map((list) => offsets(builder, list));
  const model = table(builder, 5, () => {
    builder.addFieldInt32(0, SCHEMA_VERSION, 0);
    builder.addFieldOffset(1, lists[0], 0);
    builder.addFieldOffset(2, lists[1], 0);
    builder.addFieldOffset(4, lists[2], 0);
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array();
}

/** @param {Builder} builder @param {number} fields @param {() => void} fill */
function table(builder, fields, fill) {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

/** @param {Builder} builder @param {string} name @param {readonly number[]} shape @param {number} buffer */
function tensor(builder, name, shape, buffer) {
  const [shapeList, nameText] = [integers(builder, shape), builder.createString(name)];
  return table(builder, 4, () => {
    builder.addFieldOffset(0, shapeList, 0); // its type stays at the default, FLOAT32
    builder.addFieldInt32(2, buffer, 0);
    builder.addFieldOffset(3, nameText, 0);
  });
}

/** Aligned to 16 bytes, as the schema wants. @param {Builder} builder @param {Float32Array} values */
function buffer(builder, values) {
  builder.startVector(1, values.byteLength, 16);
  for (let i = values.length - 1; i >= 0; i--) builder.writeFloat32(values[i]);
  const data = builder.endVector();
  return table(builder, 1, () => builder.addFieldOffset(0, data, 0));
}

/** @param {Builder} builder @param {readonly number[]} inputs @param {number} output @param {number} activation */
function operator(builder, inputs, output, activation) {
  const [inputList, outputList] = [integers(builder, inputs), integers(builder, [output])];
  const options = table(builder, 1, () => builder.addFieldInt8(0, activation, 0));
  return table(builder, 5, () => {
    builder.addFieldOffset(1, inputList, 0);
    builder.addFieldOffset(2, outputList, 0);
    builder.addFieldInt8(3, FULLY_CONNECTED_OPTIONS, 0);
    builder.addFieldOffset(4, options, 0);
  });
}

/** @param {Builder} builder @param {readonly number[]} values */
function integers(builder, values) {
  builder.startVector(4, values.length, 4);
  for (const value of [...values].reverse()) builder.addInt32(value);
  return builder.endVector();
}

/** @param {Builder} builder @param {readonly number[]} list */
function offsets(builder, list) {
  builder.startVector(4, list.length, 4);
  for (const offset of [...list].reverse()) builder.addOffset(offset);
  return builder.endVector();
}
