/**
 * JSON from bytes, token by token, for bodies whose shape is known: numbers are read directly, without creating
 * objects. The bytes must be valid UTF-8. The methods do not report errors: if one fails, the caller uses JSON.parse
 * for the message.
 */
import { Buffer } from 'node:buffer';

export const BYTE = {
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  point: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openArray: 0x5b,
  backslash: 0x5c,
  closeArray: 0x5d,
  f: 0x66,
  n: 0x6e,
  t: 0x74,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

/** The bytes of a string as most clients write it in JSON, for {@link Scanner.takeAll}. */
export function tokenOf(text: string): Buffer {
  return Buffer.from(JSON.stringify(text));
}

/** Powers of ten that are exact as doubles. */
const TENS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const EXACT = 2 ** 53;

/** The deepest nesting that {@link Scanner.skip} handles. */
const DEEPEST = 64;

export class Scanner {
  /** The position of the next byte. */
  at: number;
  /** Whether the last number may have more digits than a double keeps; its token must then be checked. */
  isLong = false;
  readonly #bytes: Buffer;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = start;
    this.#end = end;
  }

  /** The next byte that is not white space, without consuming it; −1 at the end. */
  peek(): number {
    const bytes = this.#bytes;
    let at = this.at;
    while (at < this.#end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  /** Consumes the next byte that is not white space, if it is this one. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.at++;
    return true;
  }

  /** Whether nothing but white space is left. */
  isDone(): boolean {
    return this.peek() < 0;
  }

  /** Consumes these bytes, if they come next. */
  takeAll(expected: Uint8Array): boolean {
    this.peek();
    const { at } = this;
    const bytes = this.#bytes;
    if (at + expected.length > this.#end) return false;
    for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
    this.at = at + expected.length;
    return true;
  }

  /** Consumes the next token if it is one of these; returns its index, or −1. The one at `likely` is tried first. */
  takeOneOf(tokens: readonly Uint8Array[], likely = 0): number {
    if (likely < tokens.length && this.takeAll(tokens[likely])) return likely;
    for (let i = 0; i < tokens.length; i++) if (this.takeAll(tokens[i])) return i;
    return -1;
  }

  /** Reads the next number like Number(); NaN, which does not exist in JSON, if there is none. */
  number(): number {
    const bytes = this.#bytes;
    const start = this.at;
    let at = start;
    let byte = bytes[at];
    const isNegative = byte === BYTE.minus;
    if (isNegative) byte = bytes[++at];
    let digits = 0;
    if (byte === BYTE.zero) {
      byte = bytes[++at];
    } else {
      const first = at;
      while (byte >= BYTE.zero && byte <= BYTE.nine) {
        digits = digits * 10 + (byte - BYTE.zero);
        byte = bytes[++at];
      }
      if (at === first) return Number.NaN;
    }
    let exponent = 0;
    if (byte === BYTE.point) {
      const first = ++at;
      byte = bytes[at];
      while (byte >= BYTE.zero && byte <= BYTE.nine) {
        digits = digits * 10 + (byte - BYTE.zero);
        byte = bytes[++at];
      }
      exponent = first - at;
      if (exponent === 0) return Number.NaN;
    }
    if (byte === 0x65 || byte === 0x45) {
      byte = bytes[++at];
      const isSmall = byte === BYTE.minus;
      if (isSmall || byte === 0x2b) byte = bytes[++at];
      const first = at;
      let power = 0;
      while (byte >= BYTE.zero && byte <= BYTE.nine) {
        power = Math.min(power * 10 + (byte - BYTE.zero), 100_000);
        byte = bytes[++at];
      }
      if (at === first) return Number.NaN;
      exponent += isSmall ? -power : power;
    }
    if (at > this.#end || (byte >= BYTE.zero && byte <= BYTE.nine)) return Number.NaN;
    this.at = at;
    // Both are exact doubles, so the single division or multiplication rounds like Number() (Clinger 1990).
    this.isLong = digits >= EXACT;
    if (!this.isLong && exponent <= 22 && exponent >= -22) {
      const value = exponent < 0 ? digits / TENS[-exponent] : digits * TENS[exponent];
      return isNegative ? -value : value;
    }
    return Number(bytes.toString('latin1', start, at));
  }

  /** The token of a number that was just read from `start`. */
  tokenFrom(start: number): string {
    return this.#bytes.toString('latin1', start, this.at);
  }

  /** Reads the next string and decodes its escapes; undefined if there is none. */
  string(): string | undefined {
    const start = this.at;
    const end = this.#endOfString();
    if (end < 0) return undefined;
    this.at = end;
    if (this.#isPlain) return this.#bytes.toString('latin1', start + 1, end - 1);
    try {
      return JSON.parse(this.#bytes.toString('utf8', start, end));
    } catch {
      return undefined;
    }
  }

  #isPlain = false;

  /** The position after the quote that closes the string at the next byte, or −1. */
  #endOfString(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.at;
    if (bytes[at] !== BYTE.quote) return -1;
    let isPlain = true;
    for (at++; at < end; at++) {
      const byte = bytes[at];
      if (byte === BYTE.quote) {
        this.#isPlain = isPlain;
        return at + 1;
      }
      if (byte < 0x20) return -1;
      if (byte === BYTE.backslash) at++;
      if (byte === BYTE.backslash || byte >= 0x80) isPlain = false;
    }
    return -1;
  }

  /** Consumes `true`, `false` or `null`. */
  word(): boolean | null | undefined {
    const bytes = this.#bytes;
    const at = this.at;
    const isIt = (text: string) => {
      for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
      this.at = at + text.length;
      return this.at <= this.#end;
    };
    if (bytes[at] === BYTE.n) return isIt('null') ? null : undefined;
    if (bytes[at] === BYTE.t) return isIt('true') ? true : undefined;
    if (bytes[at] === BYTE.f) return isIt('false') ? false : undefined;
    return undefined;
  }

  /** Consumes a value of any kind. */
  skip(): boolean {
    // The open arrays and objects: true for an object.
    const open: boolean[] = [];
    for (;;) {
      const byte = this.peek();
      if (byte === BYTE.openArray || byte === BYTE.openObject) {
        const isObject = byte === BYTE.openObject;
        if (open.length === DEEPEST) return false;
        this.at++;
        if (!this.take(isObject ? BYTE.closeObject : BYTE.closeArray)) {
          open.push(isObject);
          if (isObject && !this.#key()) return false;
          continue;
        }
      } else if (byte === BYTE.quote) {
        if (this.string() === undefined) return false;
      } else if (byte === BYTE.t || byte === BYTE.f || byte === BYTE.n) {
        if (this.word() === undefined) return false;
      } else if (Number.isNaN(this.number())) return false;
      // A value has ended, and perhaps also the arrays and objects around it.
      for (;;) {
        if (open.length === 0) return true;
        const isObject = open[open.length - 1];
        if (this.take(BYTE.comma)) {
          if (isObject && !this.#key()) return false;
          break;
        }
        if (!this.take(isObject ? BYTE.closeObject : BYTE.closeArray)) return false;
        open.pop();
      }
    }
  }

  #key(): boolean {
    return this.peek() === BYTE.quote && this.string() !== undefined && this.take(BYTE.colon);
  }
}
