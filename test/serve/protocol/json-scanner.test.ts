import { describe, expect, it } from 'vitest';
import { Scanner } from '../../../lib/serve/protocol/json-scanner.ts';
import { randomOf } from './models.ts';

const numberOf = (text: string) => {
  const scanner = new Scanner(Buffer.from(text));
  const value = scanner.number();
  return scanner.isDone() ? value : Number.NaN;
};

describe('numbers', () => {
  it.each([
    ...[
      '0',
      '-0',
      '1',
      '-1',
      '10',
      '0.1',
      '-0.1',
      '1e5',
      '1E+5',
      '1e-5',
      '0e0',
      '0.0e-0',
      '123456789012345678901234567890',
    ],
    ...['9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '9223372036854775807'],
    ...[
      '1.7976931348623157e308',
      '1e309',
      '-1e309',
      '5e-324',
      '2e-324',
      '2.2250738585072011e-308',
      '1e22',
      '1e23',
      '1e-22',
    ],
    ...[
      '0.30000000000000004',
      '8.41e21',
      '9007199254740993e-1',
      '4503599627370497.5',
      '0.000001',
      '1e99999999999999999999',
    ],
    ...['0.1000000000000000055511151231257827021181583404541015625', '1e-400', '179769313486231580793e289'],
  ])('%s is what Number() says', (text) => {
    expect(numberOf(text)).toBe(Number(text));
  });

  it.each([
    '',
    '-',
    '01',
    '-01',
    '.5',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    '+1',
    '1 2',
    'NaN',
    'Infinity',
    '0x10',
    '1_000',
    '٣',
  ])('%j is none', (text) => {
    expect(numberOf(text)).toBeNaN();
  });

  it('has the same bits on random doubles and on random tokens', () => {
    const random = randomOf(7);
    const bytes = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 20_000; i++) {
      bytes.setUint32(0, random() * 2 ** 32);
      bytes.setUint32(4, random() * 2 ** 32);
      const value = bytes.getFloat64(0);
      if (Number.isFinite(value)) expect(numberOf(String(value))).toBe(value);
      const digits = Array.from({ length: 1 + random() * 22 }, () => Math.floor(random() * 10)).join('');
      const at = Math.floor(random() * digits.length);
      const whole = digits.slice(0, at).replace(/^0+(?=.)/, '') || '0';
      const exponent = random() < 0.5 ? '' : `e${Math.floor(random() * 60 - 30)}`;
      const token = `${random() < 0.5 ? '-' : ''}${whole}.${digits.slice(at)}${exponent}`;
      expect(numberOf(token)).toBe(Number(token));
    }
  });

  it('says of those with more digits than a double keeps that they are long', () => {
    const isLong = (text: string) => {
      const scanner = new Scanner(Buffer.from(text));
      scanner.number();
      return scanner.isLong;
    };
    expect(['9007199254740991', '9007199254740992', '18446744073709551615', '1'].map(isLong)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

const texts = [
  ...[
    '""',
    '"a"',
    '"\\u0041"',
    '"\\ud800"',
    '"é"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\u{1f600}"',
    '"a\\u0000b"',
    '"\\\\"',
  ],
  ...['"', '"a', '"\\"', '"\\x"', '"\\u12"', '"\n"', '"\u0001"', "'a'", 'a'],
];

it.each(texts)('the string %j is what JSON.parse says', (text) => {
  const scanner = new Scanner(Buffer.from(text));
  const value = scanner.string();
  let expected: unknown;
  try {
    expected = JSON.parse(text);
  } catch {}
  expect(scanner.isDone() || value === undefined ? value : undefined).toBe(expected);
});

it('goes past what JSON.parse takes, and past nothing else', () => {
  const random = randomOf(3);
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b\\n"',
    '1',
    '-2.5e3',
    'true',
    'false',
    'null',
    ' ',
    '\n',
    'nul',
    '01',
  ];
  const textOf = (depth: number): string => {
    const kind = Math.floor(random() * (depth > 3 ? 5 : 7));
    const items = depth > 3 ? [] : Array.from({ length: random() * 4 }, () => textOf(depth + 1));
    if (kind === 5) return `[${items.join(' , ')}]`;
    if (kind === 6) return `{${items.map((item, i) => `"k${i}" : ${item}`).join(',')}}`;
    return ['1', '"x\\u00e9"', 'true', 'null', '-0.5e-3'][kind];
  };
  for (let i = 0; i < 5000; i++) {
    const whole = textOf(0);
    const at = Math.floor(random() * whole.length);
    const piece = pieces[Math.floor(random() * pieces.length)];
    for (const text of [
      whole,
      whole.slice(0, at) + piece + whole.slice(at),
      whole.slice(0, at) + whole.slice(at + 1),
    ]) {
      const scanner = new Scanner(Buffer.from(text));
      const isTaken = scanner.skip() && scanner.isDone();
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      expect([text, isTaken]).toEqual([text, isJson]);
    }
  }
});

it('does not go through what is nested too deeply', () => {
  expect(new Scanner(Buffer.from('['.repeat(64) + ']'.repeat(64))).skip()).toBe(true);
  expect(new Scanner(Buffer.from('['.repeat(65) + ']'.repeat(65))).skip()).toBe(false);
});

it('reads nothing behind its end', () => {
  const bytes = Buffer.from('12345');
  expect(new Scanner(bytes, 0, 2).number()).toBeNaN();
  expect(new Scanner(Buffer.from('"ab"'), 0, 3).string()).toBeUndefined();
  expect(new Scanner(Buffer.from('true'), 0, 3).word()).toBeUndefined();
  expect(new Scanner(Buffer.from('{}'), 0, 1).skip()).toBe(false);
});
