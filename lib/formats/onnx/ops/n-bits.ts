/** com.microsoft's MatMulNBits: a dense layer whose weights have a few bits and a scale for each block of inputs. */

import { constant, type Numbers, type Value } from '../../tracing/value.ts';
import type { Call } from '../call.ts';

/** Weights are [outputs, blocks, bytes of a block], from the low bits of a byte up. */
export function matMulNBits(call: Call): Value {
  const { build } = call;
  const [inputs, outputs, bits, block] = ['K', 'N', 'bits', 'block_size'].map((name) => call.integer(name, 0));
  const blocks = Math.ceil(inputs / block);
  const packed = call.constant(1).data;
  const isKnown = [2, 4, 8].includes(bits) && block >= 16 && inputs >= 1 && outputs >= 1;
  if (!isKnown || packed.length !== (outputs * blocks * block * bits) / 8) {
    const found = `${packed.length} bytes for ${outputs} × ${inputs} weights of ${bits} bits in blocks of ${block}`;
    throw call.error('SHAPE', `expected bytes of weights of 2, 4 or 8 bits, found ${found}`);
  }
  if (call.has(4)) throw call.error('UNSUPPORTED_OP', 'g_idx, an order of the inputs, is not read');
  const scales = call.constant(2).data;
  const zeroPoints = zeroPointsOf(call, outputs, blocks, bits);
  if (scales.length !== outputs * blocks || zeroPoints.length !== scales.length) {
    throw call.error('SHAPE', `expected ${outputs * blocks} scales and zero points, found ${scales.length}`);
  }
  build.spend(outputs * blocks * block);
  const stored = unpackRows(packed, outputs, blocks * block, bits);
  const weights = new Float32Array(outputs * inputs);
  for (let i = 0; i < weights.length; i++) {
    const [row, column] = [Math.floor(i / inputs), i % inputs];
    const at = row * blocks + Math.floor(column / block);
    weights[i] = (stored[row * blocks * block + column] - zeroPoints[at]) * scales[at];
  }
  const product = build.dense(call.input(0), constant('float32', [outputs, inputs], weights), 'out-in');
  return call.has(5) ? build.binary('add', product, call.input(5)) : product;
}

/** One for each block: the middle of the range unless given, packed as the weights are or as floats. */
function zeroPointsOf(call: Call, outputs: number, blocks: number, bits: number): Numbers {
  if (!call.has(3)) return new Float32Array(outputs * blocks).fill(2 ** (bits - 1));
  const { type, data } = call.constant(3);
  return type === 'uint8' ? unpackRows(data, outputs, blocks, bits) : data;
}

/** Rows of `count` fields each, every row from a byte of its own. */
function unpackRows(bytes: Numbers, rows: number, count: number, bits: number): Float32Array {
  const rowBytes = Math.ceil((count * bits) / 8);
  return Float32Array.from({ length: bytes.length === rows * rowBytes ? rows * count : 0 }, (_, i) => {
    const bit = (i % count) * bits;
    return (bytes[Math.floor(i / count) * rowBytes + Math.floor(bit / 8)] >> (bit % 8)) & (2 ** bits - 1);
  });
}
