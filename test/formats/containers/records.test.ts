import { describe, expect, it } from 'vitest';
import { recordsFromBytes } from '../../../lib/formats/containers/pickle/records.ts';

const WIDTH = 13;
const AT = 3;

/** Three numbers as the middle of records that begin anywhere, in either byte order. */
function columnOf(
  name: string,
  numbers: readonly number[],
  write: (view: DataView, value: number, little: boolean) => void,
) {
  return [true, false].map((littleEndian) => {
    const bytes = new Uint8Array(1 + WIDTH * numbers.length).fill(0xa5).subarray(1);
    for (const [i, value] of numbers.entries()) {
      write(new DataView(bytes.buffer, bytes.byteOffset + i * WIDTH + AT), value, littleEndian);
    }
    const type = { name, bytes: Number(name.slice(1)), littleEndian };
    const records = recordsFromBytes(
      { fields: [{ name: 'x', type, offset: AT }], bytes: WIDTH },
      [numbers.length],
      bytes,
      'a file',
    );
    expect(records.count).toBe(numbers.length);
    expect(records.column('y')).toBeUndefined();
    return numbers.map((_, record) => records.column('x')?.(record));
  });
}

type Write = (view: DataView, value: number, little: boolean) => void;
const TYPES: readonly [name: string, numbers: readonly number[], write: Write][] = [
  ['f8', [0.1, -0, Number.NaN, -Infinity, 5e-324], (view, value, little) => view.setFloat64(0, value, little)],
  ['f4', [0.5, -0, Number.NaN, Infinity, 2 ** -149], (view, value, little) => view.setFloat32(0, value, little)],
  ['i4', [-1, 0, 2 ** 31 - 1, -(2 ** 31)], (view, value, little) => view.setInt32(0, value, little)],
  ['u4', [0, 2 ** 31, 2 ** 32 - 1], (view, value, little) => view.setUint32(0, value, little)],
  ['i2', [-1, 2 ** 15 - 1, -(2 ** 15)], (view, value, little) => view.setInt16(0, value, little)],
  ['u2', [1, 2 ** 16 - 1], (view, value, little) => view.setUint16(0, value, little)],
  ['i1', [-1, 127, -128], (view, value) => view.setInt8(0, value)],
  ['u1', [1, 128, 255], (view, value) => view.setUint8(0, value)],
  [
    'i8',
    [-1, 0, 2 ** 31, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53), 2 ** 62],
    (view, value, little) => view.setBigInt64(0, BigInt(value), little),
  ],
  ['u8', [0, 2 ** 32 + 1, 2 ** 53, 2 ** 63], (view, value, little) => view.setBigUint64(0, BigInt(value), little)],
];

describe('a field of records', () => {
  it.each(TYPES)('is read where it is, as %s', (name, numbers, write) => {
    expect(columnOf(name, numbers, write)).toEqual([numbers, numbers]);
  });

  it('is of half floats', () => {
    const halves = [0x3c00, 0xc000, 0x7c00, 0x0001];
    const [little, big] = columnOf('f2', halves, (view, half, isLittle) => view.setUint16(0, half, isLittle));
    expect(little).toEqual([1, -2, Infinity, 2 ** -24]);
    expect(big).toEqual(little);
  });

  it('is of truth values, of which all but 0 are 1', () => {
    const [found] = columnOf('b1', [0, 1, 2, 255], (view, value) => view.setUint8(0, value));
    expect(found).toEqual([0, 1, 1, 1]);
  });

  it('is rounded as NumPy rounds where a double does not hold it', () => {
    const large = [2n ** 53n + 1n, 2n ** 53n + 3n, -(2n ** 63n) + 1n];
    const [found] = columnOf('i8', [0, 1, 2], (view, i, little) => view.setBigInt64(0, large[i], little));
    expect(found).toEqual(large.map(Number));
  });
});
