/** Numbers and texts in pickles. */

import { ForwardpassError } from '../../../errors.ts';
import { quote } from '../../../messages.ts';
import { latin1 } from '../../../platform/text.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** ASCII texts up to this length are faster to decode by hand. */
const SHORT = 24;
/** More bytes than any integer that describes a model has. */
const LONGEST_INTEGER = 1024;
/** The maximum length of a string. */
const LONGEST_TEXT = 2 ** 29 - 2 ** 10;

export function decodeUtf8(bytes: Uint8Array, place: string): string {
  if (bytes.length <= SHORT && bytes.every((byte) => byte < 0x80)) return String.fromCharCode(...bytes);
  refuseLonger(bytes.length, LONGEST_TEXT, 'a text', place);
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new ForwardpassError('MALFORMED', 'a text is not valid UTF-8', place, { cause });
  }
}

/**
 * Decodes bytes as text, each byte the character of the same number: Python 2's strings, and bytes stored in a string.
 */
export function decodeLatin1(bytes: Uint8Array, place: string): string {
  refuseLonger(bytes.length, LONGEST_TEXT, 'a text', place);
  return latin1(bytes);
}

/** A number if that is exact, else a bigint. */
export function integer(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

/** Two's complement, little-endian. */
export function decodeLong(bytes: Uint8Array, place: string): number | bigint {
  refuseLonger(bytes.length, LONGEST_INTEGER, 'an integer', place);
  if (bytes.length === 0) return 0;
  const digits = Array.from(bytes.toReversed(), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const value = BigInt(`0x${digits}`);
  return integer(BigInt.asIntN(8 * bytes.length, value));
}

/** The line of INT or LONG: a decimal number, optionally followed by L, or a boolean as `00` or `01`. */
export function parseInteger(line: Uint8Array, place: string): number | bigint | boolean {
  refuseLonger(line.length, LONGEST_INTEGER, 'an integer', place);
  const text = decodeLatin1(line, place).trim();
  if (text === '00' || text === '01') return text === '01';
  const digits = /^([+-]?\d+)L?$/.exec(text)?.[1];
  if (digits === undefined) throw new ForwardpassError('MALFORMED', `expected an integer, found ${quote(text)}`, place);
  return integer(BigInt(digits.replace('+', '')));
}

const NAMED_FLOATS: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
  ['-nan', Number.NaN],
]);

export function parseFloatLine(line: Uint8Array, place: string): number {
  const text = decodeLatin1(line, place).trim();
  const named = NAMED_FLOATS.get(text);
  if (named !== undefined) return named;
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  throw new ForwardpassError('MALFORMED', `expected a number, found ${quote(text)}`, place);
}

/** The index on a memo opcode's line. */
export function parseIndex(line: Uint8Array, place: string): number {
  const text = decodeLatin1(line, place).trim();
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new ForwardpassError('MALFORMED', `expected an index of the memo, found ${quote(text)}`, place);
}

const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '', '\\': '\\' }),
);

/** The line of STRING: quoted, with the escapes of Python's bytes. */
export function parseQuoted(line: Uint8Array, place: string): string {
  const text = decodeLatin1(line, place).trim();
  const [, quoted] = /^(?:'(.*)'|"(.*)")$/s.exec(text)?.filter((part) => part !== undefined) ?? [];
  if (quoted === undefined)
    throw new ForwardpassError('MALFORMED', `expected a text in quotes, found ${quote(text)}`, place);
  return quoted.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[^x])/gs, (whole, code: string) => {
    if (code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return ESCAPES.get(code) ?? (code === "'" || code === '"' ? code : whole);
  });
}

/** The line of UNICODE: Latin-1, with \u and \U for other characters. */
export function parseRawUnicode(line: Uint8Array, place: string): string {
  return decodeLatin1(line, place).replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/g, (_, code: string) => {
    const point = Number.parseInt(code.slice(1), 16);
    if (point > 0x10ffff) throw new ForwardpassError('MALFORMED', `the character ${quote(code)} does not exist`, place);
    return String.fromCodePoint(point);
  });
}

function refuseLonger(length: number, most: number, what: string, place: string): void {
  if (length <= most) return;
  throw new ForwardpassError('LIMIT', `${what} of ${length} bytes is longer than ${most}`, place);
}
