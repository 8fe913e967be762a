import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import {
  type Fields,
  floats,
  INT8,
  INT64,
  int,
  int64s,
  type ModelParts,
  modelBytes,
  node,
  read,
  string,
  value,
} from './write-onnx.ts';

const crossesRows = { code: 'UNSUPPORTED_OP', message: expect.stringContaining('depend on other rows') };

/** Nodes from `x`, rows of four numbers, and `i`, rows of two indices, to `y`. */
function model(nodes: readonly Fields[], initializers: readonly Fields[] = []): ModelParts {
  const inputs = [value('x', ['batch', 4]), value('i', ['batch', 2], INT64)];
  return { nodes, initializers, inputs, outputs: [value('y', [])], opset: 18 };
}

async function run(parts: ModelParts, x: readonly number[], i: readonly number[]): Promise<number[]> {
  using opened = await load(modelBytes(parts));
  return Array.from(opened.run({ x: Float32Array.from(x), i: Int32Array.from(i) }).y);
}

describe('elements at positions that depend on the row', () => {
  const gather = model([node('GatherElements', ['x', 'i'], ['y'], { axis: int(1) })]);

  it('are taken, whatever stands beside them, and from the end', async () => {
    const x = [1, Infinity, Number.NaN, -4, 5, 6, 7, 8];
    await expect(run(gather, x, [0, 3, -1, -4])).resolves.toEqual([1, -4, 8, 5]);
    await expect(run(gather, x, [1, 2, 0, 0])).resolves.toEqual([Infinity, Number.NaN, 5, 5]);
  });

  it('are refused outside of the axis', async () => {
    await expect(run(gather, [1, 2, 3, 4], [4, 0])).rejects.toMatchObject({ code: 'ID' });
    await expect(run(gather, [1, 2, 3, 4], [0, -5])).rejects.toMatchObject({ code: 'ID' });
  });

  it.each([
    ['none', [10, 7, 3, 4]],
    ['add', [1, 2 + 10 + 7, 3, 4]],
    ['mul', [1, 2 * 10 * 7, 3, 4]],
    ['max', [1, 10, 3, 4]],
  ])('are written one after another: %s', async (reduction, [first, second, third, fourth]) => {
    const attributes = { axis: int(1), reduction: string(reduction) };
    const scatter = model(
      [node('ScatterElements', ['x', 'i', 'w'], ['y'], attributes)],
      [floats('w', [1, 2], [10, 7])],
    );
    const at = reduction === 'none' ? [0, 1] : [1, 1];
    await expect(run(scatter, [1, 2, 3, 4], at)).resolves.toEqual([first, second, third, fourth]);
  });

  it('are written at the same place by the last', async () => {
    const scatter = model(
      [node('ScatterElements', ['x', 'i', 'w'], ['y'], { axis: int(1) })],
      [floats('w', [1, 2], [10, 7])],
    );
    await expect(run(scatter, [1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 0, -1])).resolves.toEqual([1, 2, 7, 4, 10, 6, 7, 7]);
  });

  it('are read of lists and tables by GatherND', async () => {
    const own = [node('Unsqueeze', ['i', 'last'], ['u']), node('GatherND', ['x', 'u'], ['y'], { batch_dims: int(1) })];
    const last = int64s('last', [1], [-1]);
    await expect(run(model(own, [last]), [1, 2, 3, 4, 5, 6, 7, 8], [0, 3, 1, -1])).resolves.toEqual([1, 4, 6, 8]);
    const table = floats('table', [2, 3], [1, 2, 3, 4, 5, 6]);
    const cell = model([node('GatherND', ['table', 'i'], ['y'])], [table]);
    await expect(run(cell, [0, 0, 0, 0, 0, 0, 0, 0], [1, 2, -1, -3])).resolves.toEqual([6, 4]);
  });
});

describe('the place of each row by its number in the list of all', () => {
  /** `to` is the type that the numbers are cast to. */
  function flat(width: number, to = INT64, more: readonly Fields[] = []): ModelParts {
    const nodes = [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['rows']),
      node('Range', ['zero', 'rows', 'one'], ['range']),
      node('Cast', ['range'], ['numbers'], { to: int(to) }),
      ...(more.length > 0 ? more : [node('Mul', ['width', 'numbers'], ['starts'])]),
      node('Add', ['starts', 'i'], ['places']),
      node('Flatten', ['x'], ['elements'], { axis: int(2) }),
      node('Gather', ['elements', 'places'], ['y']),
    ];
    const constants = [int64s('zero', [], [0]), int64s('one', [], [1]), int64s('width', [], [width])];
    const initializers = [...constants, int64s('axis', [1], [1])];
    const inputs = [value('x', ['batch', 4]), value('i', ['batch'], INT64)];
    return { nodes, initializers, inputs, outputs: [value('y', [])], opset: 18 };
  }
  const x = [1, Infinity, Number.NaN, -4, 5, 6, 7, 8];

  it('is taken within the row', async () => {
    await expect(run(flat(4), x, [1, 3])).resolves.toEqual([Infinity, 8]);
    await expect(run(flat(4), x, [0, 0])).resolves.toEqual([1, 5]);
  });

  it('is refused where it is in another row', async () => {
    await expect(run(flat(4), x, [4, 0])).rejects.toMatchObject({ code: 'ID' });
    await expect(run(flat(4), x, [0, -1])).rejects.toMatchObject({ code: 'ID' });
  });

  const column = node('Unsqueeze', ['numbers', 'axis'], ['column']);
  it.each<[string, ModelParts]>([
    ['of another width', flat(3)],
    ['of as much as each backwards', flat(-4)],
    ['of numbers that wrap around', flat(4, INT8)],
    ['of all rows for each', flat(4, INT64, [column, node('Mul', ['column', 'width'], ['starts'])])],
    ['of sums of numbers', flat(4, INT64, [node('Add', ['numbers', 'numbers'], ['starts'])])],
  ])('is refused %s', async (_, parts) => {
    await expect(read(parts)).rejects.toMatchObject({ code: 'UNSUPPORTED_OP' });
  });
});

describe('places that cross the rows', () => {
  it.each([
    ['GatherElements along the batch', node('GatherElements', ['x', 'i'], ['y'], { axis: int(0) }), []],
    ['Compress of the batch', node('Compress', ['x', 'marks'], ['y'], { axis: int(0) }), []],
    ['Compress of all elements', node('Compress', ['x', 'marks'], ['y']), []],
    ['Trilu of the batch', node('Trilu', ['x'], ['y']), []],
    ['EyeLike of the batch', node('EyeLike', ['x'], ['y']), []],
    ['ScatterND at numbers of rows', node('ScatterND', ['x', 'at', 'w'], ['y']), []],
  ])('are refused: %s', async (_, fields, more) => {
    const initializers = [int64s('marks', [2], [1, 0]), int64s('at', [1, 2], [0, 1]), floats('w', [1], [9]), ...more];
    await expect(read(model([fields], initializers))).rejects.toMatchObject(crossesRows);
  });
});

describe('bits of integers', () => {
  const ids = [12, -7, 2 ** 40 + 5, -1];

  async function bitsOf(nodes: readonly Fields[], initializers: readonly Fields[]): Promise<number[]> {
    const parts: ModelParts = {
      nodes,
      initializers,
      inputs: [value('i', ['batch'], INT64)],
      outputs: [value('y', [], INT64)],
      opset: 18,
    };
    using opened = await load(modelBytes(parts));
    return Array.from(opened.run(Float64Array.from(ids)));
  }

  it.each([
    ['BitwiseAnd', 0],
    ['BitwiseAnd', 0b10110],
    ['BitwiseAnd', -16],
    ['BitwiseOr', 0b101],
    ['BitwiseOr', -3],
    ['BitwiseXor', 0b1100],
    ['BitwiseXor', -1],
  ])('are combined with a constant: %s %d', async (opType, mask) => {
    const combined = await bitsOf([node(opType, ['i', 'm'], ['y'])], [int64s('m', [], [mask])]);
    const exact = { BitwiseAnd: (a: bigint) => a & BigInt(mask), BitwiseOr: (a: bigint) => a | BigInt(mask) };
    const expected = ids.map((id) =>
      Number((exact[opType as keyof typeof exact] ?? ((a: bigint) => a ^ BigInt(mask)))(BigInt(id))),
    );
    expect(combined).toEqual(expected);
  });

  it('are shifted by a constant, and turned round', async () => {
    const one = [int64s('m', [], [3])];
    const right = node('BitShift', ['i', 'm'], ['y'], { direction: string('RIGHT') });
    expect(await bitsOf([right], one)).toEqual(ids.map((id) => Math.floor(id / 8)));
    const left = node('BitShift', ['i', 'm'], ['y'], { direction: string('LEFT') });
    expect(await bitsOf([left], one)).toEqual(ids.map((id) => id * 8));
    expect(await bitsOf([node('BitwiseNot', ['i'], ['y'])], [])).toEqual(ids.map((id) => -1 - id));
  });

  it.each([
    ['two values', node('BitwiseAnd', ['i', 'i'], ['y']), 'UNSUPPORTED_OP'],
    ['several masks', node('BitwiseAnd', ['i', 'masks'], ['y']), 'UNSUPPORTED_OP'],
    ['as many bits as vary', node('BitShift', ['i', 'i'], ['y'], { direction: string('LEFT') }), 'UNSUPPORTED_OP'],
  ])('are refused of %s', async (_, fields, code) => {
    await expect(bitsOf([fields], [int64s('masks', [2], [1, 2])])).rejects.toMatchObject({ code });
  });
});
