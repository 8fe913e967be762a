/** Integer and half-precision weights of any size load, each made into floats once; again and again is refused. */
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.ts';
import { type Fields, floats, int, modelBytes, node, rawTensor, read, value } from './write-onnx.ts';

const LIMIT = expect.objectContaining({ code: 'LIMIT' });
const [FLOAT, UINT8, INT8, FLOAT16, BFLOAT16] = [1, 2, 3, 10, 16];
/** More than a budget of 32 MiB and twice the file would let become floats at eight bytes each. */
const [ROWS, COLUMNS] = [1600, 2000];
const SOME = [0, 1, 777, COLUMNS - 1];
const ROW = 1234;

const bytes = (count: number) => new Uint8Array(count).map((_, i) => (i * 89 + (i >> 7)) % 251);
const WEIGHTS = bytes(ROWS * COLUMNS);
const signed = (at: number) => new Int8Array(WEIGHTS.buffer)[at];
const uint8s = (name: string, dims: readonly number[], values: ArrayLike<number>) =>
  rawTensor(name, dims, UINT8, Uint8Array.from(values));
const int8s = (name: string, dims: readonly number[], values: ArrayLike<number>) =>
  rawTensor(name, dims, INT8, new Uint8Array(Int8Array.from(values).buffer));
const each = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const SCALES = each(COLUMNS, (i) => (1 + (i % 7)) / 64);

/** Of a product with a weight `w`, what row `ROW` of the weight is in the model. */
async function rowOf(nodes: readonly Fields[], initializers: readonly Fields[], inputs = ROWS): Promise<Float32Array> {
  const file = modelBytes({
    opset: 21,
    nodes: [...nodes, node('MatMul', ['x', 'w'], ['y'])],
    initializers,
    inputs: [value('x', ['batch', inputs])],
    outputs: [value('y', [])],
  });
  using model = await load(file);
  return model.run(new Float32Array(inputs).fill(1, ROW, ROW + 1)) as Float32Array;
}

describe('a large weight', () => {
  const whole = rawTensor('q', [ROWS, COLUMNS], UINT8, WEIGHTS);

  it('of uint8 with one scale and zero point', async () => {
    const row = await rowOf(
      [node('DequantizeLinear', ['q', 's', 'z'], ['w'])],
      [whole, floats('s', [], [0.25]), uint8s('z', [], [100])],
    );
    for (const at of SOME) expect(row[at]).toBe((WEIGHTS[ROW * COLUMNS + at] - 100) * 0.25);
  });

  it('of int8 with a scale and zero point for each output', async () => {
    const row = await rowOf(
      [node('DequantizeLinear', ['q', 's', 'z'], ['w'], { axis: int(1) })],
      [
        rawTensor('q', [ROWS, COLUMNS], INT8, WEIGHTS),
        floats('s', [COLUMNS], SCALES),
        int8s(
          'z',
          [COLUMNS],
          each(COLUMNS, (i) => i % 5),
        ),
      ],
    );
    for (const at of SOME) expect(row[at]).toBe((signed(ROW * COLUMNS + at) - (at % 5)) * SCALES[at]);
  });

  it('of uint8 with a scale and zero point for each block', async () => {
    const blocks = ROWS / 32;
    const scales = each(blocks * COLUMNS, (i) => (1 + (i % 3)) / 32);
    const zeros = each(blocks * COLUMNS, (i) => 120 + (i % 4));
    const row = await rowOf(
      [node('DequantizeLinear', ['q', 's', 'z'], ['w'], { axis: int(0), block_size: int(32) })],
      [whole, floats('s', [blocks, COLUMNS], scales), uint8s('z', [blocks, COLUMNS], zeros)],
    );
    for (const at of SOME) {
      const of = Math.floor(ROW / 32) * COLUMNS + at;
      expect(row[at]).toBe((WEIGHTS[ROW * COLUMNS + at] - zeros[of]) * scales[of]);
    }
  });

  it.each([
    ['float16', FLOAT16, 0x3c00],
    ['bfloat16', BFLOAT16, 0x3f80],
  ])('of %s that is cast and transposed', async (_, type, one) => {
    const halves = new Uint16Array(ROWS * COLUMNS);
    for (let i = 0; i < COLUMNS; i += 2) halves[i * ROWS + ROW] = one;
    const row = await rowOf(
      [node('Cast', ['h'], ['f'], { to: int(FLOAT) }), node('Transpose', ['f'], ['w'])],
      [rawTensor('h', [COLUMNS, ROWS], type, new Uint8Array(halves.buffer))],
    );
    for (const at of SOME) expect(row[at]).toBe(1 - (at % 2));
  });

  it('of four bits in blocks', async () => {
    const [inputs, outputs, block] = [4096, 1600, 32];
    const packed = bytes((inputs * outputs) / 2);
    const scales = each((inputs / block) * outputs, (i) => (1 + (i % 5)) / 16);
    const attributes = { K: int(inputs), N: int(outputs), bits: int(4), block_size: int(block) };
    const file = modelBytes({
      nodes: [node('MatMulNBits', ['x', 'b', 's'], ['y'], attributes, { domain: 'com.microsoft' })],
      initializers: [
        rawTensor('b', [outputs, inputs / block, block / 2], UINT8, packed),
        floats('s', [scales.length], scales),
      ],
      inputs: [value('x', ['batch', inputs])],
      outputs: [value('y', [])],
    });
    using model = await load(file);
    const row = model.run(new Float32Array(inputs).fill(1, ROW, ROW + 1)) as Float32Array;
    for (const at of [0, 1, 777, outputs - 1]) {
      const field = packed[(at * inputs + ROW) >> 1] & 15;
      expect(row[at]).toBe((field - 8) * scales[at * (inputs / block) + Math.floor(ROW / block)]);
    }
  });

  it('of words of uint8, a table of 400,000', async () => {
    const table = bytes(400_000 * 8);
    const file = modelBytes({
      nodes: [node('DequantizeLinear', ['t', 's', 'z'], ['w']), node('Gather', ['w', 'x'], ['y'])],
      initializers: [rawTensor('t', [400_000, 8], UINT8, table), floats('s', [], [0.5]), uint8s('z', [], [128])],
      inputs: [value('x', ['batch'], 7)],
      outputs: [value('y', [])],
    });
    using model = await load(file);
    const row = model.run(Float64Array.of(345_678)) as Float32Array;
    expect(Array.from(row)).toEqual(each(8, (i) => (table[345_678 * 8 + i] - 128) * 0.5));
  });
});

describe('one weight', () => {
  const file = (nodes: readonly Fields[], initializers: readonly Fields[], terms: readonly string[]) =>
    read({
      opset: 21,
      nodes: [...nodes, node('Sum', terms, ['y'])],
      initializers: [rawTensor('q', [400, 400], UINT8, bytes(160_000)), ...initializers],
      inputs: [value('x', ['batch', 400])],
      outputs: [value('y', [])],
    });
  const count = 200;
  const products = each(count, (i) => node('MatMul', ['x', `w${i}`], [`y${i}`]));
  const terms = each(count, (i) => `y${i}`);
  const zeros = each(count, (i) => uint8s(`z${i}`, [], [1 + i]));
  const scale = floats('s', [], [0.5]);

  it('is one array however often it is dequantised alike', async () => {
    const nodes = each(count, (i) => node('DequantizeLinear', ['q', 's', 'z0'], [`w${i}`]));
    const graph = await file([...nodes, ...products], [scale, ...zeros], terms);
    const weights = graph.nodes.filter(({ op }) => op === 'dense').map(({ inputs }) => inputs[1]);
    expect(weights).toHaveLength(count);
    expect(new Set(weights.map((weight) => typeof weight !== 'string' && weight.data)).size).toBe(1);
  });

  it('is refused where it is dequantised in hundreds of ways', async () => {
    const nodes = each(count, (i) => node('DequantizeLinear', ['q', 's', `z${i}`], [`w${i}`]));
    await expect(file([...nodes, ...products], [scale, ...zeros], terms)).rejects.toThrow(LIMIT);
  });

  it('is refused where hundreds of products of integers centre it', async () => {
    const nodes = each(count, (i) => node('MatMulInteger', ['xq', 'q', '', `z${i}`], [`i${i}`]));
    const quantized = node('QuantizeLinear', ['x', 's'], ['xq']);
    const cast = each(count, (i) => node('Cast', [`i${i}`], [`y${i}`], { to: int(FLOAT) }));
    await expect(file([quantized, ...nodes, ...cast], [scale, ...zeros], terms)).rejects.toThrow(LIMIT);
  });

  it('is refused where hundreds of layers have scales of their own for its bits', async () => {
    const attributes = { K: int(400), N: int(400), bits: int(8), block_size: int(16) };
    const nodes = each(count, (i) =>
      node('MatMulNBits', ['x', 'q', `s${i}`], [`y${i}`], attributes, { domain: 'com.microsoft' }),
    );
    const scales = each(count, (i) => floats(`s${i}`, [10_000], new Array(10_000).fill(1 + i)));
    // Large scales pay for a few.
    await expect(file(nodes, scales.slice(0, 1), terms.slice(0, 1))).resolves.toBeDefined();
    const shared = each(count, (i) => node('Mul', ['s0', `f${i}`], [`s${i + 1}`]));
    const factors = each(count, (i) => floats(`f${i}`, [], [2 + i]));
    const chained = each(count, (i) =>
      node('MatMulNBits', ['x', 'q', `s${i + 1}`], [`y${i}`], attributes, { domain: 'com.microsoft' }),
    );
    await expect(file([...shared, ...chained], [scales[0], ...factors], terms)).rejects.toThrow(LIMIT);
  });

  it('is refused where it goes through hundreds of steps', async () => {
    const steps = each(count, (i) => node('Add', [i === 0 ? 'w' : `a${i - 1}`, 's'], [`a${i}`]));
    const nodes = [node('Cast', ['q'], ['w'], { to: int(FLOAT) }), ...steps];
    const product = node('MatMul', ['x', `a${count - 1}`], ['p']);
    await expect(file([...nodes, product], [scale], ['p', 'p'])).rejects.toThrow(LIMIT);
  });
});
