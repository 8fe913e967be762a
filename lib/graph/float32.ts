/** Finds the floats next to doubles. */

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/**
 * The greatest float32 that is not above a number. A float32 is at most the number if and only if it is at most this
 * one.
 */
export function floorFloat(value: number): number {
  float[0] = value;
  if (!(float[0] > value)) return float[0];
  if (float[0] === 0) return -(2 ** -149);
  bits[0] += float[0] > 0 ? -1 : 1;
  return float[0];
}
