/** Splits code into tokens, including the beginnings and ends of blocks that Python expresses by indentation. */
import { ForwardpassError } from '../../errors.ts';

export interface Token {
  /** `end` is the end of a line, `open` and `close` those of a block. */
  readonly kind: 'name' | 'int' | 'float' | 'text' | 'sign' | 'end' | 'open' | 'close';
  readonly text: string;
  readonly line: number;
}

/** The token after the last one. */
export const NOTHING: Token = { kind: 'end', text: '', line: 0 };

/** The maximum length of a name or number; in real programs they have less than a hundred characters. */
const LONGEST_WORD = 1000;
const LONGEST_ESCAPED = 2 ** 16;

/** Tokens are read on demand: a file's code may be long, and most of it is not needed. */
export class Tokens {
  readonly #code: string;
  readonly #place: string;
  readonly #indents = [0];
  /** Ends of blocks that come before the next token. */
  #closing = 0;
  /** The number of open brackets. */
  #nesting = 0;
  #at = 0;
  #lineEnd = -1;
  #line = 0;
  #next: Token | undefined;
  /** The line of the last token. */
  lastLine = 1;

  constructor(code: string, place: string) {
    this.#code = code;
    this.#place = place;
  }

  /** The next token, without consuming it. */
  peek(): Token {
    this.#next ??= this.#read();
    return this.#next;
  }

  /** The next token, which is consumed. */
  take(): Token {
    const token = this.peek();
    if (token !== NOTHING) {
      this.#next = undefined;
      this.lastLine = token.line;
    }
    return token;
  }

  #read(): Token {
    for (;;) {
      if (this.#closing > 0) {
        this.#closing--;
        return { kind: 'close', text: '', line: this.#line };
      }
      if (this.#lineEnd < 0) {
        const opened = this.#beginLine();
        if (opened !== undefined) return opened;
        continue;
      }
      const word = this.#word();
      if (word !== undefined) return word;
      this.#at = this.#lineEnd + 1;
      this.#lineEnd = -1;
      if (this.#nesting === 0) return { kind: 'end', text: '', line: this.#line };
    }
  }

  /** Finds the next line that is not empty; returns a token if it opens a block, or if there is no such line. */
  #beginLine(): Token | undefined {
    while (this.#at < this.#code.length) {
      this.#line++;
      const newline = this.#code.indexOf('\n', this.#at);
      const end = newline < 0 ? this.#code.length : newline;
      const first = this.#skipSpaces(this.#at, end);
      if (first < end && this.#code[first] !== '#') {
        const width = spacesAt(this.#code, this.#at, end);
        this.#at = first;
        this.#lineEnd = end;
        return this.#nesting === 0 ? this.#indent(width) : undefined;
      }
      this.#at = end + 1;
    }
    if (this.#nesting > 0) {
      throw new ForwardpassError('TRUNCATED', 'the code ends within brackets', `${this.#place}:${this.lastLine}`);
    }
    if (this.#indents.length === 1) return NOTHING;
    this.#closing = this.#indents.length - 1;
    this.#indents.length = 1;
    return undefined;
  }

  #indent(width: number): Token | undefined {
    const indents = this.#indents;
    if (width > indents[indents.length - 1]) {
      indents.push(width);
      return { kind: 'open', text: '', line: this.#line };
    }
    while (width < indents[indents.length - 1]) {
      indents.pop();
      this.#closing++;
    }
    if (width === indents[indents.length - 1]) return undefined;
    throw malformed('the indentation of the line matches no outer block', this.#place, this.#line);
  }

  #skipSpaces(start: number, end: number): number {
    let at = start;
    while (at < end && isSpace(this.#code.charCodeAt(at))) at++;
    return at;
  }

  /** The next token on the line; undefined at its end. */
  #word(): Token | undefined {
    const at = this.#skipSpaces(this.#at, this.#lineEnd);
    const code = at < this.#lineEnd ? this.#code[at] : '#';
    if (code === '#') return undefined;
    const kind = classOf(code.charCodeAt(0));
    if (kind === LETTER) return this.#name(at);
    if (kind === DIGIT || (code === '.' && classOf(this.#code.charCodeAt(at + 1)) === DIGIT)) return this.#number(at);
    if (code === '"' || code === "'") return this.#string(at, code);
    return this.#sign(at, code);
  }

  #name(start: number): Token {
    let at = start + 1;
    while (at < this.#lineEnd && classOf(this.#code.charCodeAt(at)) !== OTHER) at++;
    return this.#token('name', start, at);
  }

  #number(start: number): Token {
    let at = this.#digits(start);
    let kind: 'int' | 'float' = 'int';
    if (this.#code[at] === '.') {
      at = this.#digits(at + 1);
      kind = 'float';
    }
    if (this.#code[at] === 'e' || this.#code[at] === 'E') {
      const sign = this.#code[at + 1] === '+' || this.#code[at + 1] === '-' ? 1 : 0;
      const end = this.#digits(at + 1 + sign);
      if (end > at + 1 + sign) {
        at = end;
        kind = 'float';
      }
    }
    return this.#token(kind, start, at);
  }

  #digits(start: number): number {
    let at = start;
    while (at < this.#lineEnd && classOf(this.#code.charCodeAt(at)) === DIGIT) at++;
    return at;
  }

  #string(start: number, quote: string): Token {
    let isPlain = true;
    for (let at = start + 1; at < this.#lineEnd; at++) {
      const sign = this.#code[at];
      if (sign === quote) {
        const text = this.#code.slice(start + 1, at);
        this.#at = at + 1;
        if (!isPlain) this.#checkLength('a string with escapes', text.length, LONGEST_ESCAPED);
        return { kind: 'text', text: isPlain ? text : unescaped(text), line: this.#line };
      }
      if (sign === '\\') {
        isPlain = false;
        at++;
      }
    }
    throw this.#unexpected(quote);
  }

  #sign(at: number, sign: string): Token {
    if ('([{'.includes(sign)) this.#nesting++;
    else if (')]}'.includes(sign)) {
      if (--this.#nesting < 0) throw malformed('a closing bracket has no opening bracket', this.#place, this.#line);
    } else if (sign === '-' && this.#code[at + 1] === '>') {
      this.#at = at + 2;
      return { kind: 'sign', text: '->', line: this.#line };
    } else if (!',:=.-+'.includes(sign)) throw this.#unexpected(sign);
    this.#at = at + 1;
    return { kind: 'sign', text: sign, line: this.#line };
  }

  #token(kind: 'name' | 'int' | 'float', start: number, end: number): Token {
    this.#checkLength('a word', end - start, LONGEST_WORD);
    this.#at = end;
    return { kind, text: this.#code.slice(start, end), line: this.#line };
  }

  #checkLength(what: string, found: number, most: number): void {
    if (found <= most) return;
    const message = `${what} has ${found} characters; at most ${most} are supported`;
    throw new ForwardpassError('LIMIT', message, `${this.#place}:${this.#line}`);
  }

  #unexpected(sign: string): ForwardpassError {
    const message = `the code contains the unexpected character ${JSON.stringify(sign)}`;
    return malformed(message, this.#place, this.#line);
  }
}

/** Classes of characters: those that may begin a name, those that may follow in one, and all others. */
const OTHER = 0;
const LETTER = 1;
const DIGIT = 2;
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[A-Za-z_]/.test(character) ? LETTER : /\d/.test(character) ? DIGIT : OTHER;
});

/** OTHER also for NaN, which comes after the end. */
function classOf(code: number): number {
  return CLASSES[code] ?? OTHER;
}

/** White space within a line: space, tab, form feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 12 || code === 13;
}

function spacesAt(code: string, start: number, end: number): number {
  let at = start;
  while (at < end && code[at] === ' ') at++;
  return at - start;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (code.length > 2 && code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}

export function malformed(message: string, place: string, line: number): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, `${place}:${line}`);
}
