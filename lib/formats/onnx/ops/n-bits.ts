/** com.microsoft's MatMulNBits: a dense layer with weights of a few bits and a scale for each block of inputs. */

import { constant, type Numbers, type Value } from '../../tensors/value.ts';
import type { OnnxCall } from '../call.ts';

/** Weights are [outputs, blocks, bytes of a block], starting at the low bits of each byte. */
export function matMulNBits(call: OnnxCall): Value {
  const { build } = call;
  const [inputs, outputs, bits, block] = ['K', 'N', 'bits', 'block_size'].map((name) => call.integer(name, 0));
  const blocks = Math.ceil(inputs / block);
  const stored = call.constant(1);
  const packed = stored.data;
  const isKnown = [2, 4, 8].includes(bits) && block >= 16 && inputs >= 1 && outputs >= 1;
  if (!isKnown || packed.length !== (outputs * blocks * block * bits) / 8) {
    const found = `${packed.length} bytes for ${outputs} × ${inputs} weights of ${bits} bits in blocks of ${block}`;
    throw call.error('SHAPE', `expected bytes of weights of 2, 4 or 8 bits, found ${found}`);
  }
  if (call.has(4)) throw call.error('UNSUPPORTED_OP', 'g_idx, an order of the inputs, is not supported');
  const scales = call.constant(2).data;
  const zeroPoints = zeroPointsOf(call, outputs, blocks, bits);
  if (scales.length !== outputs * blocks || zeroPoints.length !== scales.length) {
    throw call.error('SHAPE', `expected ${outputs * blocks} scales and zero points, found ${scales.length}`);
  }
  const given = call.has(3) ? [stored, call.constant(2), call.constant(3)] : [stored, call.constant(2)];
  const matrix = build.derive(`${bits} bits of ${outputs} ${inputs} ${block}`, given, outputs * inputs, () => {
    const weights = dequantized({ packed, scales, zeroPoints, outputs, inputs, bits, block });
    return constant('float32', [outputs, inputs], weights);
  });
  const product = build.dense(call.input(0), matrix, 'out-in');
  return call.has(5) ? build.binary('add', product, call.input(5)) : product;
}

interface Blocks {
  readonly packed: Numbers;
  readonly scales: Numbers;
  readonly zeroPoints: Numbers;
  readonly outputs: number;
  readonly inputs: number;
  readonly bits: number;
  readonly block: number;
}

/** Blocks begin at whole bytes, and rows at whole blocks. */
function dequantized({ packed, scales, zeroPoints, outputs, inputs, bits, block }: Blocks): Float32Array {
  const weights = new Float32Array(outputs * inputs);
  const [perByte, mask] = [8 / bits, 2 ** bits - 1];
  let [at, of] = [0, 0];
  for (let row = 0; row < outputs; row++) {
    for (let start = 0; start < inputs; start += block, of++) {
      const [zero, scale, first] = [zeroPoints[of], scales[of], (of * block) / perByte];
      for (let i = 0; i < Math.min(block, inputs - start); i++) {
        const field = (packed[first + Math.floor(i / perByte)] >> (bits * (i % perByte))) & mask;
        weights[at++] = (field - zero) * scale;
      }
    }
  }
  return weights;
}

/** One for each block: by default the middle of the range; otherwise packed like the weights, or as floats. */
function zeroPointsOf(call: OnnxCall, outputs: number, blocks: number, bits: number): Numbers {
  if (!call.has(3)) return new Float32Array(outputs * blocks).fill(2 ** (bits - 1));
  const { type, data } = call.constant(3);
  return type === 'uint8' ? unpackRows(data, outputs, blocks, bits) : data;
}

/** Rows of `count` fields; each row begins at a new byte. */
function unpackRows(bytes: Numbers, rows: number, count: number, bits: number): Float32Array {
  const rowBytes = Math.ceil((count * bits) / 8);
  return Float32Array.from({ length: bytes.length === rows * rowBytes ? rows * count : 0 }, (_, i) => {
    const bit = (i % count) * bits;
    return (bytes[Math.floor(i / count) * rowBytes + Math.floor(bit / 8)] >> (bit % 8)) & (2 ** bits - 1);
  });
}
