/** 8-bit floats, widened to single precision. Each of their values is a float32, so nothing is lost. */

/** The number of exponent and fraction bits, the exponent's bias, and which patterns are NaN or infinite. */
interface Float8 {
  readonly fraction: number;
  readonly bias: number;
  /** `ieee`: the greatest exponent is infinity and NaN. `fn`: only all ones is NaN. `fnuz`: only −0 is NaN. */
  readonly special: 'ieee' | 'fn' | 'fnuz';
}

const KINDS = {
  F8_E4M3: { fraction: 3, bias: 7, special: 'fn' },
  F8_E5M2: { fraction: 2, bias: 15, special: 'ieee' },
  F8_E4M3FNUZ: { fraction: 3, bias: 8, special: 'fnuz' },
  F8_E5M2FNUZ: { fraction: 2, bias: 16, special: 'fnuz' },
} as const satisfies Record<string, Float8>;
export type Float8Name = keyof typeof KINDS | 'F8_E8M0';

const tables = new Map<Float8Name, Float32Array>();

/** Converts the elements with a table of all 256 values. */
export function widenFloat8(bits: Uint8Array, name: Float8Name): Float32Array {
  let table = tables.get(name);
  if (table === undefined) {
    // A scale: a power of two, or NaN.
    const value =
      name === 'F8_E8M0' ? (byte: number) => (byte === 255 ? Number.NaN : 2 ** (byte - 127)) : of(KINDS[name]);
    table = Float32Array.from({ length: 256 }, (_, byte) => value(byte));
    tables.set(name, table);
  }
  const values = table;
  return Float32Array.from(bits, (byte) => values[byte]);
}

function of({ fraction, bias, special }: Float8): (byte: number) => number {
  const steps = 2 ** fraction;
  return (byte) => {
    const [sign, magnitude] = [byte < 128 ? 1 : -1, byte & 127];
    const [exponent, part] = [Math.floor(magnitude / steps), magnitude % steps];
    if (special === 'fnuz' && byte === 128) return Number.NaN;
    if (special === 'fn' && magnitude === 127) return Number.NaN;
    if (special === 'ieee' && exponent === 128 / steps - 1) return part === 0 ? sign * Infinity : Number.NaN;
    if (exponent === 0) return sign * (part / steps) * 2 ** (1 - bias);
    return sign * (1 + part / steps) * 2 ** (exponent - bias);
  };
}
