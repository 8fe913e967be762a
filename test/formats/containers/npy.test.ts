import { describe, expect, it } from 'vitest';
import {
  createNpyArray,
  decodeNpy,
  encodeNpyHeader,
  isNpy,
  npyDataOffset,
  parseNpyHeader,
} from '../../../lib/formats/containers/npy.ts';

const DICT = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";

function npy(dict: string, data: Uint8Array = new Uint8Array(), version = 1): Uint8Array {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length[0] = dict.length & 255;
  length[1] = dict.length >> 8;
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from([version, 0]),
    length,
    Buffer.from(dict),
    data,
  ]);
}

function decode(descr: string, data: Uint8Array): number[] {
  const bytes = npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': (1,)}`, data);
  const header = parseNpyHeader(bytes, 'a.npy');
  const into = createNpyArray(header.element, data.length / header.elementBytes);
  decodeNpy(bytes.subarray(header.dataOffset), header, into, 'a.npy');
  return [...into];
}

describe('the header of a .npy file', () => {
  it('says element type, order and shape', () => {
    const header = parseNpyHeader(npy(DICT), 'a.npy');
    expect(header).toEqual({
      element: 'f4',
      littleEndian: true,
      fortranOrder: false,
      shape: [3, 2],
      elementCount: 6,
      elementBytes: 4,
      dataOffset: 10 + DICT.length,
    });
  });

  it.each([1, 2, 3])('is read in version %i', (version) => {
    const bytes = npy(DICT, undefined, version);
    expect(parseNpyHeader(bytes, 'a.npy').shape).toEqual([3, 2]);
    expect(npyDataOffset(bytes, 'a.npy')).toBe(bytes.length);
  });

  it('may have its keys in another order, no trailing comma, and a scalar or Python 2 shape', () => {
    const shape = (text: string) =>
      parseNpyHeader(npy(`{'shape': ${text}, 'fortran_order': True, 'descr': '>i8'}\n`), 'a.npy').shape;
    expect(shape('()')).toEqual([]);
    expect(shape('(3L, 4L)')).toEqual([3, 4]);
    expect(shape('(5,)')).toEqual([5]);
  });

  it.each([
    ['no magic', Buffer.from('PK\x03\x04 and something else'), 'MALFORMED', 'expected a .npy file'],
    ['fewer than 12 bytes', npy(DICT).subarray(0, 9), 'TRUNCATED', 'within its first 12 bytes'],
    ['a header longer than the file', npy(DICT).subarray(0, 40), 'TRUNCATED', 'longer than the file'],
    ['a header of more than 64 KiB', Buffer.from('\x93NUMPY\x02\0\0\0\0\x01\0', 'latin1'), 'LIMIT', '16777216 bytes'],
    ['version 4', npy(DICT, undefined, 4), 'UNSUPPORTED_VERSION', 'found 4.0'],
    ['no braces', npy('shape = (3, 2)     '), 'MALFORMED', 'in braces'],
    ['a missing key', npy("{'descr': '<f4', 'shape': (3,)}"), 'MALFORMED', 'descr, fortran_order and shape'],
    ['an unknown key', npy(DICT.replace('}', "'x': True}")), 'MALFORMED', 'descr, fortran_order and shape'],
    ['a key given twice', npy(DICT.replace('}', "'shape': (1,)}")), 'MALFORMED', "at ''shape': (1,)'"],
    ['code in place of a value', npy(DICT.replace('False', '__import__("os")')), 'MALFORMED', 'cannot be parsed at'],
    ['a negative size', npy(DICT.replace('3', '-3')), 'MALFORMED', 'cannot be parsed at'],
    ['sizes that overflow', npy(DICT.replace('3', '9007199254740993')), 'LIMIT', 'larger than any file'],
    ['Python objects', npy(DICT.replace('<f4', '|O')), 'UNSAFE', 'is a pickle'],
    ['text', npy(DICT.replace('<f4', '<U10')), 'UNSUPPORTED_DTYPE', "elements of type '<U10'"],
    ['complex numbers', npy(DICT.replace('<f4', '<c8')), 'UNSUPPORTED_DTYPE', "elements of type '<c8'"],
    ['records', npy(DICT.replace("'<f4'", "[('a', '<f4')]")), 'UNSUPPORTED_DTYPE', 'a structured array'],
  ])('is refused with %s', (_, bytes, code, message) => {
    expect(() => parseNpyHeader(bytes, 'a.npy')).toThrow(expect.objectContaining({ code, place: 'a.npy' }));
    expect(() => parseNpyHeader(bytes, 'a.npy')).toThrow(message);
  });

  it('is refused at every length it can be cut to', () => {
    const bytes = npy(DICT);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseNpyHeader(bytes.subarray(0, length), 'a.npy')).toThrow(/^a\.npy: /);
    }
  });

  it('is written as numpy writes it, aligned and of one length for any number of rows', () => {
    const header = encodeNpyHeader('f4', 3, [2]);
    expect(isNpy(header)).toBe(true);
    expect(header.length % 64).toBe(0);
    expect(encodeNpyHeader('f4', 123_456_789_012, [2]).length).toBe(header.length);
    expect(Buffer.from(header.subarray(10)).toString().trim()).toBe(DICT);
    expect(parseNpyHeader(encodeNpyHeader('f8', 7, []), 'a.npy')).toMatchObject({ element: 'f8', shape: [7] });
  });
});

describe('the elements of a .npy file', () => {
  it.each([
    ['<f2', [0x00, 0x3e], 1.5],
    ['>f2', [0x3e, 0x00], 1.5],
    ['<f4', [0, 0, 0xc0, 0x3f], 1.5],
    ['>f4', [0x3f, 0xc0, 0, 0], 1.5],
    ['<f8', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5],
    ['>f8', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['|i1', [0xfe], -2],
    ['|u1', [0xfe], 254],
    ['<i2', [0xfe, 0xff], -2],
    ['>u2', [0x01, 0x02], 258],
    ['<i4', [0xfe, 0xff, 0xff, 0xff], -2],
    ['>u4', [0xff, 0, 0, 0], 0xff000000],
    ['<i8', [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2],
    ['>i8', [0, 0, 0, 1, 0, 0, 0, 2], 2 ** 32 + 2],
    ['<u8', [2, 0, 0, 0, 1, 0, 0, 0], 2 ** 32 + 2],
    ['|b1', [1], 1],
  ])('of type %s are decoded', (descr, bytes, value) => {
    expect(decode(descr, Uint8Array.from([...bytes, ...bytes]))).toEqual([value, value]);
  });

  it('are refused when a 64-bit integer is not exact in a float64', () => {
    expect(() => decode('<i8', Uint8Array.from([1, 0, 0, 0, 0, 0, 0x20, 0]))).toThrow(/within ±\(2\^53 − 1\)/);
  });
});
