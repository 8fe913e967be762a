import { describe, expect, it } from 'vitest';
import { readUbjson, type UbjsonValue } from '../../../lib/formats/containers/ubjson.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

/** Bytes of text and numbers. */
function bytes(...parts: readonly (string | number)[]): Uint8Array {
  const codes = parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')]));
  return Uint8Array.from(codes);
}

function read(content: Uint8Array): UbjsonValue {
  const budget = new Budget();
  budget.opened(content.length);
  return readUbjson(content, budget, 'm');
}

describe('UBJSON', () => {
  it.each<[string, Uint8Array, UbjsonValue]>([
    ['null', bytes('Z'), null],
    ['true', bytes('T'), true],
    ['false after what says nothing', bytes('NNF'), false],
    ['int8', bytes('i', 0xff), -1],
    ['uint8', bytes('U', 0xff), 255],
    ['int16', bytes('I', 1, 2), 258],
    ['int32', bytes('l', 0xff, 0xff, 0xff, 0xfe), -2],
    ['int64', bytes('L', 0, 0, 0, 1, 0, 0, 0, 0), 2 ** 32],
    ['float32', bytes('d', 0x3f, 0x80, 0, 0), 1],
    ['float64', bytes('D', 0x40, 0, 0, 0, 0, 0, 0, 0), 2],
    ['a character', bytes('Ca'), 'a'],
    ['a string', bytes('Si', 3, 0xe2, 0x82, 0xac), '€'],
    ['an array', bytes('[i', 1, 'i', 2, ']'), [1, 2]],
    ['an array of a length', bytes('[#i', 2, 'TF'), [true, false]],
    ['an array of a type', bytes('[$d#i', 2, 0x3f, 0x80, 0, 0, 0xbf, 0x80, 0, 0), Float32Array.of(1, -1)],
    ['int64 in an array', bytes('[$L#i', 1, 0, 0, 0, 0, 0, 0, 0, 7), Float64Array.of(7)],
    ['uint8 in an array', bytes('[$U#i', 2, 1, 255), Uint8Array.of(1, 255)],
    ['arrays in an array', bytes('[$[#i', 2, ']]'), [[], []]],
    ['an object', bytes('{i', 1, 'a{}i', 1, 'bZ}'), { a: {}, b: null }],
    ['an object of a length', bytes('{#i', 1, 'i', 1, 'aT'), { a: true }],
  ])('holds %s', (_, content, value) => {
    expect(read(content)).toEqual(value);
  });

  it('keeps a key that JavaScript has a meaning for', () => {
    expect(Object.keys(read(bytes('{i', 9, '__proto__{}}')) as object)).toEqual(['__proto__']);
  });

  it.each<[string, Uint8Array, string, string]>([
    ['nothing', bytes(), 'TRUNCATED', '0 bytes are left'],
    ['an array that does not end', bytes('[TT'), 'TRUNCATED', '0 bytes are left'],
    [
      'an array longer than the file',
      bytes('[$d#L', 0, 0, 0, 0, 0x7f, 0, 0, 0, 1, 2),
      'TRUNCATED',
      '2130706432 values',
    ],
    ['a string longer than the file', bytes('Sl', 0x7f, 0xff, 0xff, 0xff, 'a'), 'TRUNCATED', '1 bytes are left'],
    ['an array of nothing, often', bytes('[$Z#l', 0x7f, 0xff, 0xff, 0xff), 'MALFORMED', "values of type 'Z'"],
    ['a length below 0', bytes('[$d#i', 0xff), 'MALFORMED', 'expected a length'],
    ['a length that is a float', bytes('Sd', 0, 0, 0, 0), 'MALFORMED', 'expected a length'],
    ['a type without a length', bytes('[$d', 0, 0, 0, 0), 'MALFORMED', 'has no length'],
    ['an unknown type', bytes('{i', 1, 'ax'), 'MALFORMED', 'found "x"'],
    ['one key twice', bytes('{i', 1, 'aTi', 1, 'aF}'), 'MALFORMED', '"a" twice'],
    ['bytes that are not UTF-8', bytes('Si', 1, 0xff), 'MALFORMED', 'not UTF-8'],
    ['arrays nested without end', bytes('['.repeat(100000)), 'LIMIT', '`limits.depth`'],
    ['objects nested without end', bytes('{i\x01a'.repeat(100000)), 'LIMIT', '`limits.depth`'],
  ])('is refused with %s', async (_, content, code, words) => {
    const error = await failureOf(async () => read(content));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('may not hold small values out of proportion', async () => {
    const error = await failureOf(async () => read(bytes('[', '[]'.repeat(2 ** 20), ']')));
    expect(error.code).toBe('LIMIT');
  });
});
