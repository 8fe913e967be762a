/** Half-precision floats, widened to single precision. Each of their values is a float32, so nothing is lost. */

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits. */
export function widenFloat16(bits: Uint16Array): Float32Array {
  const floats = new Float32Array(bits.length);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i];
    const sign = (half & 0x8000) << 16;
    const magnitude = (half & 0x7fff) << 13;
    if (half & 0x7c00 && (half & 0x7c00) !== 0x7c00) {
      words[i] = sign | (magnitude + (112 << 23)); // the exponent's bias is 127 instead of 15
    } else if (half & 0x7c00) {
      words[i] = sign | 0x7f800000 | magnitude; // infinity, NaN
    } else {
      floats[i] = (half & 0x8000 ? -1 : 1) * (half & 0x3ff) * 2 ** -24; // zero, subnormal
    }
  }
  return floats;
}

/** bfloat16: the upper half of a float32. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}
