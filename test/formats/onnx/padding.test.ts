import { describe, expect, it } from 'vitest';
import { reference } from '../../reference.ts';
import { type Fields, float, floats, int, int64s, ints, oneNode, read, string } from './write-onnx.ts';

/** What an operator makes of one row. */
async function run(
  opType: string,
  shape: readonly number[],
  row: readonly number[],
  weights: Readonly<Record<string, Fields>>,
  attributes: Readonly<Record<string, Fields>> = {},
  opset = 17,
) {
  const graph = await read(oneNode(opType, shape, weights, attributes, opset));
  return Array.from(reference(graph, { x: row }, 1).y);
}

const pads = (...values: number[]) => ({ p: int64s('p', [values.length], values) });

describe('Pad', () => {
  it('takes widths, a value and axes as inputs', async () => {
    const weights = { ...pads(2, 1), v: floats('v', [], [9]), a: int64s('a', [1], [-1]) };
    expect(await run('Pad', [3], [1, 2, 3], weights, {}, 18)).toEqual([9, 9, 1, 2, 3, 9]);
  });

  it.each([
    ['pads', 2],
    ['paddings', 1],
  ])('takes %s and a value as attributes in opset %d', async (name, opset) => {
    const attributes = { [name]: ints([0, 1, 0, 0, 0, 2]), value: float(7) };
    expect(await run('Pad', [1, 2], [1, 2], {}, attributes, opset)).toEqual([7, 7, 7, 7, 1, 2, 7, 7]);
  });

  it('cuts where a width is below 0', async () => {
    expect(await run('Pad', [4], [1, 2, 3, 4], pads(0, -1, 0, 2))).toEqual([2, 3, 4, 0, 0]);
    expect(await run('Pad', [4], [1, 2, 3, 4], pads(0, 1, 0, -2), { mode: string('edge') })).toEqual([1, 1, 2]);
  });

  it.each([
    ['edge', [1, 1, 1, 2, 3, 3, 3, 3, 3]],
    ['reflect', [3, 2, 1, 2, 3, 2, 1, 2, 3]],
    ['wrap', [2, 3, 1, 2, 3, 1, 2, 3, 1]],
  ])('repeats elements of the row in the mode %s', async (mode, expected) => {
    expect(await run('Pad', [3], [1, 2, 3], pads(0, 2, 0, 4), { mode: string(mode) })).toEqual(expected);
  });

  it.each([
    [pads(1, 0, 0, 0), {}, 'UNSUPPORTED_OP', 'axis 0, the batch'],
    [pads(0, 1), {}, 'SHAPE', 'expected 4 widths, two per axis, found 2'],
    [{}, {}, 'SHAPE', 'expected 4 widths, two per axis, found none'],
    [pads(0, 1, 0, 1), { mode: string('mirror') }, 'MALFORMED', "edge, reflect or wrap, found 'mirror'"],
    [pads(0, 1e9, 0, 0), {}, 'LIMIT', 'cannot pad an axis of 3 by 1000000000 and 0'],
    [pads(0, -3, 0, 0), { mode: string('edge') }, 'SHAPE', 'the operation selects no element of the row'],
    [pads(0, -3, 0, 1), {}, 'SHAPE', 'the operation selects no element of the row'],
  ])('is refused where it cannot be', async (weights, attributes, code, message) => {
    const reading = run('Pad', [3], [1, 2, 3], weights, attributes);
    await expect(reading).rejects.toMatchObject({ code, place: 'node y (Pad)' });
    await expect(reading).rejects.toThrow(message);
  });
});

describe('DepthToSpace and SpaceToDepth', () => {
  const image = [0, 1, 2, 3, 4, 5, 6, 7];

  it.each([
    ['DCR', [0, 2, 4, 6, 1, 3, 5, 7]],
    ['CRD', [0, 1, 2, 3, 4, 5, 6, 7]],
  ])('move channels into blocks of pixels and back in the mode %s', async (mode, expected) => {
    const attributes = { blocksize: int(2), mode: string(mode) };
    const wide = await run('DepthToSpace', [8, 1, 1], image, {}, attributes);
    expect(wide).toEqual(expected);
    expect(await run('SpaceToDepth', [2, 2, 2], wide, {}, attributes)).toEqual(image);
  });

  it.each([
    [[8, 1, 1], { blocksize: int(3) }, 'SHAPE', 'blocks of 3 do not divide [8, 1, 1]'],
    [[8, 1], { blocksize: int(2) }, 'SHAPE', 'expected four axes, found 3'],
    [[8, 1, 1], {}, 'MALFORMED', 'expected a blocksize of 1 or more, found 0'],
    [[8, 1, 1], { blocksize: int(2), mode: string('RCD') }, 'MALFORMED', "expected the mode DCR or CRD, found 'RCD'"],
  ])('are refused where they cannot be', async (shape, attributes, code, message) => {
    const reading = run('DepthToSpace', shape, image, {}, attributes);
    await expect(reading).rejects.toMatchObject({ code, place: 'node y (DepthToSpace)' });
    await expect(reading).rejects.toThrow(message);
  });
});
