import { describe, expect, it } from 'vitest';
import { reference } from '../../reference.ts';
import { type Fields, float, floats, INT64, int, int64s, node, read, string, value } from './write-onnx.ts';

interface OneOp {
  readonly attributes?: Readonly<Record<string, Fields>>;
  readonly domain?: string;
  readonly opset?: number;
  /** Of x, with the batch. */
  readonly dims?: readonly (number | string)[];
  readonly type?: number;
}

/** What an operator makes of rows of `x`, and of the initialisers that follow it. */
async function run(opType: string, rows: number[][], weights: Readonly<Record<string, Fields>>, options: OneOp = {}) {
  const { attributes = {}, domain = '', opset = 17, type } = options;
  const graph = await read({
    opset,
    nodes: [node(opType, ['x', ...Object.keys(weights)], ['y'], attributes, { domain })],
    inputs: [value('x', options.dims ?? ['batch', rows[0].length], type)],
    outputs: [value('y', [])],
    initializers: Object.values(weights),
  });
  return Array.from(reference(graph, { x: rows.flat() }, rows.length).y);
}

const ROWS = [
  [1, 2],
  [-3, 4],
];

describe('operators of com.microsoft', () => {
  const domain = 'com.microsoft';

  it('reads FusedMatMul with its transposes and alpha', async () => {
    const weights = { w: floats('w', [3, 2], [1, 0, 0, 1, 1, 1]) };
    const attributes = { transB: int(1), alpha: float(2) };
    expect(await run('FusedMatMul', ROWS, weights, { domain, attributes })).toEqual([2, 4, 6, -6, 8, 2]);
  });

  it('reads the bias of FastGelu and BiasGelu', async () => {
    const bias = { b: floats('b', [2], [3, -4]) };
    const exact = await run('BiasGelu', ROWS, bias, { domain });
    const fast = await run('FastGelu', ROWS, bias, { domain });
    expect(exact[2]).toBe(0);
    expect(exact[0]).toBeCloseTo(3.99987, 5);
    expect(fast[0]).toBeCloseTo(exact[0], 3);
    expect(fast[1]).not.toBe(exact[1]);
  });

  it('reads QuickGelu with 1.702 unless it says otherwise', async () => {
    const [one] = await run('QuickGelu', ROWS, {}, { domain });
    expect(one).toBeCloseTo(1 / (1 + Math.exp(-1.702)), 6);
    const [half] = await run('QuickGelu', ROWS, {}, { domain, attributes: { alpha: float(0.5) } });
    expect(half).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 6);
  });
});

describe('products', () => {
  const weights = { w: floats('w', [3, 2], [1, 0, 0, 1, 1, 1]) };

  it.each(['bi,oi->bo', '...i,oi->...o', ' b i , o i -> b o '])('reads %s as a dense layer', async (equation) => {
    const attributes = { equation: string(equation) };
    expect(await run('Einsum', ROWS, weights, { attributes })).toEqual([1, 2, 3, -3, 4, 1]);
  });

  it.each([
    ['bi,oi', [1, 2, 3, -3, 4, 1]],
    ['bi,oi->b', [6, 2]],
    ['bi,oi->boi', [1, 0, 3, 0, 2, 3, -3, 0, 4, 0, 1, 4]],
    ['bi,oi->bio', [1, 0, 3, 0, 2, 3, -3, 0, 4, 0, 1, 4]],
  ])('reads the equation %s', async (text, expected) => {
    const found = await run('Einsum', ROWS, weights, { attributes: { equation: string(text) } });
    expect(found.length).toBe(expected.length);
  });

  it.each([
    ['bi,bi->b', 'UNSUPPORTED_OP', 'an axis where the batch is'],
    ['bi,oi->oi', 'UNSUPPORTED_OP', 'runs along axis 0, the batch'],
    ['ii,oi->io', 'UNSUPPORTED_OP', 'takes a diagonal'],
    ['bi,oi->bx', 'MALFORMED', 'names axes that no operand has'],
    ['bij,oi->bo', 'MALFORMED', 'does not match the 2 axes of its operand'],
    ['b!,oi->bo', 'MALFORMED', 'does not match the 2 axes of its operand'],
    ['bi,oi->b->o', 'MALFORMED', 'is not an equation for 2 operands'],
    ['', 'MALFORMED', 'is not an equation for 2 operands'],
    ['constructor', 'MALFORMED', 'is not an equation for 2 operands'],
  ])('refuses the equation %j', async (text, code, words) => {
    const reading = run('Einsum', ROWS, weights, { attributes: { equation: string(text) } });
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  it('adds a bias of any shape that broadcasts to Gemm', async () => {
    const square = floats('w', [2, 2], [1, 0, 0, 1]);
    for (const [dims, values, expected] of [
      [[2], [10, 20], [11, 22, 7, 24]],
      [
        [1, 2],
        [10, 20],
        [11, 22, 7, 24],
      ],
      [[1], [10], [11, 12, 7, 14]],
      [[], [10], [11, 12, 7, 14]],
    ] as const) {
      const parameters = { w: square, c: floats('c', dims, values) };
      expect(await run('Gemm', ROWS, parameters), `[${dims}]`).toEqual(expected);
    }
  });

  it('refuses a matrix that does not fit', async () => {
    await expect(run('MatMul', ROWS, weights)).rejects.toMatchObject({
      code: 'SHAPE',
      message: 'node y (MatMul): expected 3 features for a matrix of [3, 2], found [2]',
    });
  });
});

describe('integers', () => {
  const type = INT64;

  it('have a remainder with the sign of the divisor, or with fmod of the dividend', async () => {
    const ids = [[7, -7, 8]];
    const divisor = { d: int64s('d', [], [3]) };
    expect(await run('Mod', ids, divisor, { type })).toEqual([1, 2, 2]);
    expect(await run('Mod', ids, divisor, { type, attributes: { fmod: int(1) } })).toEqual([1, -1, 2]);
    const tenth = { d: floats('d', [], [0.1]) };
    // What is left of 1, and what −1 lacks.
    expect(await run('Mod', [[1, -1]], tenth)).toEqual(
      [1 - 9 * Math.fround(0.1), 10 * Math.fround(0.1) - 1].map(Math.fround),
    );
  });

  it('become one-hot columns, counted from the end when they are negative', async () => {
    const weights = { depth: int64s('depth', [], [3]), values: floats('values', [2], [0, 5]) };
    const columns = await run('OneHot', [[0], [-1], [3]], weights, { type, dims: ['batch'] });
    expect(columns).toEqual([5, 0, 0, 0, 0, 5, 0, 0, 0]);
  });
});

describe('indices', () => {
  it('are refused outside their axis', async () => {
    const reading = run('Gather', ROWS, { i: int64s('i', [1], [2]) }, { attributes: { axis: int(1) } });
    await expect(reading).rejects.toMatchObject({
      code: 'SHAPE',
      message: 'node y (Gather): index 2 is outside an axis of 2',
    });
  });

  it('of several axes are read where none is the batch', async () => {
    const weights = { i: int64s('i', [1, 2], [0, 1]) };
    await expect(run('GatherND', ROWS, weights)).rejects.toThrow('depend on other rows');
  });

  it('refuse a slice that leaves nothing', async () => {
    const weights = { from: int64s('from', [1], [2]), to: int64s('to', [1], [2]), axes: int64s('axes', [1], [1]) };
    await expect(run('Slice', ROWS, weights)).rejects.toMatchObject({
      code: 'SHAPE',
      message: 'node y (Slice): the slice from 2 to 2 is empty for an axis of 2',
    });
  });

  it('refuse parts that do not add up', async () => {
    const weights = { sizes: int64s('sizes', [2], [1, 2]) };
    const reading = run('Split', ROWS, weights, { attributes: { axis: int(1) } });
    await expect(reading).rejects.toThrow('cannot split an axis of 2 into [1, 2]');
  });
});

describe('softmax', () => {
  it('takes all axes from its own as one before opset 13', async () => {
    const rows = [[0, 0, 0, Math.log(3)]];
    const options = { dims: ['batch', 2, 2] };
    expect(await run('Softmax', rows, {}, { ...options, opset: 12 })).toEqual(
      [1, 1, 1, 3].map((share) => expect.closeTo(share / 6, 6)),
    );
    expect(await run('Softmax', rows, {}, { ...options, opset: 13 })).toEqual(
      [0.5, 0.5, 0.25, 0.75].map((share) => expect.closeTo(share, 6)),
    );
  });
});

describe('clip', () => {
  it('takes its bounds from attributes before opset 11', async () => {
    const attributes = { min: float(0), max: float(3) };
    expect(await run('Clip', ROWS, {}, { opset: 10, attributes })).toEqual([1, 2, 0, 3]);
  });

  it('takes a bound for each feature', async () => {
    const bounds = { low: floats('low', [2], [0, 3]) };
    expect(await run('Clip', ROWS, bounds)).toEqual([1, 3, 0, 4]);
  });
});
