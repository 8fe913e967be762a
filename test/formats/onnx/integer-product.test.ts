import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { FLOAT, modelBytes, node, rawTensor, value } from './write-onnx.ts';

const UINT8 = 2;
const INT8 = 3;

/** Σ x·w for one row of bytes, converted to float as ONNX converts an int32. */
async function product(x: readonly number[], w: readonly number[]): Promise<number> {
  const model = await load(
    modelBytes({
      nodes: [node('MatMulInteger', ['x', 'w'], ['y'])],
      inputs: [value('x', ['batch', x.length], UINT8)],
      outputs: [value('y', ['batch', 1], FLOAT)],
      initializers: [rawTensor('w', [x.length, 1], INT8, new Uint8Array(Int8Array.from(w).buffer))],
    }),
  );
  const [sum] = model.run(Float32Array.from(x));
  model.dispose();
  return sum;
}

const sumOf = (x: readonly number[], w: readonly number[]) => x.reduce((sum, value, i) => sum + value * w[i], 0);

describe('a product of integers', () => {
  it.each([10, 517, 519, 1000, 8000])('of %d inputs is the float nearest the exact sum', async (count) => {
    for (const greatest of [127, -128, 65]) {
      const w = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? greatest - Math.sign(greatest) : greatest));
      const x = Array.from({ length: count }, (_, i) => 255 - (i % 2));
      expect(await product(x, w), `weights of ${greatest}`).toBe(Math.fround(sumOf(x, w)));
    }
  });

  it('is exact where great sums cancel', async () => {
    const w = Array.from({ length: 6000 }, (_, i) => (i < 3000 ? 127 : -127));
    const x = Array.from({ length: 6000 }, (_, i) => (i < 3001 ? 255 : 254));
    expect(await product(x, w)).toBe(sumOf(x, w));
  });
});
