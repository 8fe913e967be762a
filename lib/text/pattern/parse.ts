/**
 * Parses a regular expression of Python 3.11's `re`. Unsupported features get an error that names them: backreferences
 * (`\1`, `(?P=name)`, `(?(1)…)`), atomic groups and possessive repetitions (`(?>…)`, `a*+`), characters by name, and
 * repetitions of expressions that may match the empty string, for which `re` has special rules.
 */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { type CharacterSet, type Expression, lengthsOf, type Place } from './ast.ts';

export interface Parsed {
  readonly expression: Expression;
  /** Whether there is a capturing group, whose content is then the match. */
  readonly hasGroup: boolean;
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

const MOST_CHARACTERS = 10_000;
/** The greatest nesting depth of groups. */
const DEEPEST = 50;
/** Python's own limit for repetitions. */
const MOST_REPEATED = 2 ** 32 - 1;

const LAST_CODE = 0x10ffff;
const FLAGS: Readonly<Record<string, keyof Flags>> = {
  i: 'ignoreCase',
  m: 'multiline',
  s: 'dotAll',
  x: 'verbose',
  a: 'ascii',
};
const CONTROLS: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };
const CLASSES: Readonly<Record<string, 'word' | 'space' | 'digit'>> = { w: 'word', s: 'space', d: 'digit' };
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** @throws {ForwardpassError} MALFORMED for patterns that `re` rejects, UNSUPPORTED_OP for unsupported ones. */
export function parsePattern(pattern: string, place: string): Parsed {
  return new Parser(pattern, place).parse();
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #groups = 0;
  #depth = 0;
  /** The depth inside lookahead and lookbehind assertions. */
  #looks = 0;

  constructor(
    readonly pattern: string,
    readonly place: string,
  ) {
    if (pattern.length > MOST_CHARACTERS) throw this.#error('LIMIT', `has more than ${MOST_CHARACTERS} characters`);
    this.#characters = [...pattern];
  }

  parse(): Parsed {
    const flags = this.#leadingFlags();
    const expression = this.#choice(flags);
    if (this.#at < this.#characters.length) throw this.#malformed('has an unmatched closing parenthesis');
    if (this.#groups > 1) throw this.#malformed('has more than one capturing group');
    return { expression, hasGroup: this.#groups === 1 };
  }

  // Characters

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string {
    const next = this.#next;
    if (next === undefined) throw this.#malformed('ends too early');
    this.#at++;
    return next;
  }

  #takes(expected: string): boolean {
    if (this.#next !== expected) return false;
    this.#at++;
    return true;
  }

  #takeWhile(isMeant: (character: string) => boolean, most = Infinity): string {
    let taken = '';
    while (taken.length < most && this.#next !== undefined && isMeant(this.#next)) taken += this.#take();
    return taken;
  }

  /** Reads up to and including the end marker. */
  #until(end: string): string {
    const taken = this.#takeWhile((character) => character !== end);
    if (this.#takes(end)) return taken;
    throw this.#malformed(`lacks a ${quote(end)}`);
  }

  // Structure

  #leadingFlags(): Flags {
    let flags: Flags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false };
    for (;;) {
      if (flags.verbose) this.#skipLayout();
      const [first, second] = this.#characters.slice(this.#at, this.#at + 2);
      const from = this.#at;
      if (first !== '(' || second !== '?') return flags;
      this.#at += 2;
      const letters = this.#takeWhile((character) => /[a-zA-Z]/.test(character));
      if (letters === '' || !this.#takes(')')) {
        this.#at = from;
        return flags;
      }
      flags = this.#withFlags(flags, letters, true);
    }
  }

  #withFlags(flags: Flags, letters: string, value: boolean): Flags {
    if (letters.includes('a') && letters.includes('u'))
      throw this.#malformed('has both the flags for ASCII and Unicode');
    const changed = { ...flags };
    for (const letter of letters) {
      if (letter === 'u') changed.ascii = false;
      else if (Object.hasOwn(FLAGS, letter)) changed[FLAGS[letter]] = value;
      else throw this.#malformed(`has the flag ${quote(letter)}, which is not valid for strings`);
    }
    return changed;
  }

  #skipLayout(): void {
    for (;;) {
      this.#takeWhile((character) => ' \t\n\r\v\f'.includes(character));
      if (!this.#takes('#')) return;
      this.#takeWhile((character) => character !== '\n');
    }
  }

  #choice(flags: Flags): Expression {
    if (++this.#depth > DEEPEST) throw this.#error('LIMIT', `has groups nested deeper than ${DEEPEST}`);
    const options = [this.#sequence(flags)];
    while (this.#takes('|')) options.push(this.#sequence(flags));
    this.#depth--;
    return options.length === 1 ? options[0] : { kind: 'choice', options };
  }

  #sequence(flags: Flags): Expression {
    const items: Expression[] = [];
    for (;;) {
      if (flags.verbose) this.#skipLayout();
      const { [this.#at]: next } = this.#characters;
      if (next === undefined || next === '|' || next === ')') break;
      const item = this.#item(flags);
      if (item === undefined) continue;
      if (flags.verbose) this.#skipLayout();
      items.push(this.#repeated(item));
    }
    return items.length === 1 ? items[0] : { kind: 'sequence', items };
  }

  /** Parses an item; undefined for a comment. */
  #item(flags: Flags): Expression | undefined {
    const next = this.#take();
    switch (next) {
      case '.': {
        const ranges: CharacterSet['ranges'] = flags.dotAll ? [] : [[10, 10]];
        return this.#set({ ...flags, ignoreCase: false }, { negative: true, ranges });
      }
      case '^':
        return { kind: 'place', place: flags.multiline ? 'line_start' : 'start' };
      case '$':
        return { kind: 'place', place: flags.multiline ? 'line_end' : 'last_line' };
      case '(':
        return this.#group(flags);
      case '[':
        return this.#characterClass(flags);
      case '\\':
        return this.#escape(flags);
      case '*':
      case '+':
      case '?':
        throw this.#malformed('has a repetition without an operand');
      case '{': {
        const from = this.#at;
        this.#at--;
        if (this.#bounds() !== undefined) throw this.#malformed('has a repetition without an operand');
        this.#at = from;
        return this.#literal(flags, '{');
      }
      default:
        return this.#literal(flags, next);
    }
  }

  #literal(flags: Flags, character: string): Expression {
    const code = character.codePointAt(0) as number;
    return this.#set(flags, { ranges: [[code, code]] });
  }

  #set({ ignoreCase, ascii }: Flags, set: Partial<CharacterSet>): Expression {
    return { kind: 'set', set: { negative: false, ranges: [], classes: [], ignoreCase, ascii, ...set } };
  }

  #repeated(of: Expression): Expression {
    const bounds = this.#bounds();
    if (bounds === undefined) return of;
    const [least, most] = bounds;
    const lazy = this.#takes('?');
    if (!lazy && this.#takes('+')) throw this.#unsupported('possessive repetitions (`a*+`)');
    if (this.#bounds() !== undefined) throw this.#malformed('repeats a repetition');
    const isEmptiable = lengthsOf(of)[0] === 0;
    if (isEmptiable && of.kind === 'place') throw this.#unsupported('a repeated position, such as ^ or \\b');
    if (isEmptiable && most > 1) throw this.#unsupported('a repetition of an expression that may be empty');
    return { kind: 'repeat', of, least, most, lazy };
  }

  /** The bounds of a repetition, if one is next. */
  #bounds(): readonly [number, number] | undefined {
    if (this.#takes('*')) return [0, Infinity];
    if (this.#takes('+')) return [1, Infinity];
    if (this.#takes('?')) return [0, 1];
    const from = this.#at;
    if (!this.#takes('{')) return undefined;
    const least = this.#takeWhile(isDigit);
    const most = this.#takes(',') ? this.#takeWhile(isDigit) : least;
    const isCount = this.#characters[from + 1] !== '}' && this.#takes('}');
    if (!isCount) {
      this.#at = from;
      return undefined;
    }
    const [low, high] = [least === '' ? 0 : Number(least), most === '' ? Infinity : Number(most)];
    if (low >= MOST_REPEATED || (most !== '' && high >= MOST_REPEATED)) throw this.#malformed('repeats too often');
    if (high < low) throw this.#malformed('has a repetition whose maximum is less than its minimum');
    return [low, high];
  }

  #group(flags: Flags): Expression | undefined {
    if (!this.#takes('?')) return this.#capture(flags);
    const next = this.#take();
    switch (next) {
      case ':':
        return this.#closed(flags);
      case '#':
        this.#until(')');
        return undefined;
      case '=':
      case '!':
        return this.#look(flags, true, next === '!');
      case 'P':
        if (this.#takes('<')) return this.#named(flags);
        throw this.#unsupported('a backreference (`(?P=name)`)');
      case '<':
        if (this.#takes('=')) return this.#look(flags, false, false);
        if (this.#takes('!')) return this.#look(flags, false, true);
        throw this.#malformed('has an unknown kind of group');
      case '(':
        throw this.#unsupported('a conditional group (`(?(1)…)`)');
      case '>':
        throw this.#unsupported('an atomic group (`(?>…)`)');
      default:
        this.#at--;
        return this.#flagged(flags);
    }
  }

  #named(flags: Flags): Expression {
    const name = this.#until('>');
    if (!/^[\p{L}_][\p{L}\p{N}\p{M}_]*$/u.test(name)) throw this.#malformed('has a group with an invalid name');
    return this.#capture(flags);
  }

  #capture(flags: Flags): Expression {
    if (this.#looks > 0) throw this.#unsupported('a capturing group in a lookahead or lookbehind');
    this.#groups++;
    return { kind: 'group', of: this.#closed(flags) };
  }

  /** Parses `(?i-s:…)`. */
  #flagged(flags: Flags): Expression {
    const isLetter = (character: string) => /[a-zA-Z]/.test(character);
    const on = this.#takeWhile(isLetter);
    const off = this.#takes('-') ? this.#takeWhile(isLetter) : '';
    if (on + off === '' || !this.#takes(':')) throw this.#malformed('has flags that are not at its start');
    if (/[au]/.test(off)) throw this.#malformed('turns off flags that cannot be turned off');
    return this.#closed(this.#withFlags(this.#withFlags(flags, on, true), off, false));
  }

  #closed(flags: Flags): Expression {
    const of = this.#choice(flags);
    if (!this.#takes(')')) throw this.#malformed('lacks a closing parenthesis');
    return of;
  }

  #look(flags: Flags, ahead: boolean, negative: boolean): Expression {
    if (this.#looks > 0) throw this.#unsupported('a lookahead or lookbehind inside another');
    this.#looks++;
    const of = this.#closed(flags);
    this.#looks--;
    const [least, most] = lengthsOf(of);
    if (!ahead && least !== most) throw this.#malformed('has a lookbehind without a fixed length');
    return { kind: 'look', of, ahead, negative };
  }

  // Escapes and classes

  #escape(flags: Flags): Expression {
    const next = this.#next ?? '';
    const places: Readonly<Record<string, Place>> = {
      A: 'start',
      Z: 'end',
      b: flags.ascii ? 'ascii_boundary' : 'boundary',
      B: flags.ascii ? 'no_ascii_boundary' : 'no_boundary',
    };
    if (Object.hasOwn(places, next)) {
      this.#at++;
      return { kind: 'place', place: places[next] };
    }
    const found = this.#escaped(false);
    if (typeof found !== 'number') return this.#set({ ...flags, ignoreCase: false }, { classes: [found] });
    return this.#set(flags, { ranges: [[found, found]] });
  }

  /** Parses a character or a class. */
  #escaped(isInClass: boolean): number | CharacterSet['classes'][number] {
    const next = this.#take();
    const lower = next.toLowerCase();
    if (Object.hasOwn(CLASSES, lower)) return { name: CLASSES[lower], negative: lower !== next };
    if (Object.hasOwn(CONTROLS, next) && (next !== 'b' || isInClass)) return CONTROLS[next];
    if (Object.hasOwn(HEX_DIGITS, next)) {
      const digits = this.#takeWhile((character) => /[0-9a-fA-F]/.test(character), HEX_DIGITS[next]);
      const code = Number.parseInt(digits, 16);
      if (digits.length < HEX_DIGITS[next] || code > LAST_CODE) throw this.#malformed('has an invalid character code');
      return code;
    }
    if (next === 'N') throw this.#unsupported('a character by its name (`\\N{…}`)');
    if (isDigit(next)) return this.#octal(next, isInClass);
    if (/[a-zA-Z]/.test(next)) throw this.#malformed(`has the unknown escape ${quote(`\\${next}`)}`);
    return next.codePointAt(0) as number;
  }

  #octal(first: string, isInClass: boolean): number {
    const isOctal = (character: string) => character >= '0' && character <= '7';
    const rest = this.#characters.slice(this.#at, this.#at + 2);
    const isThree = isOctal(first) && rest.length === 2 && rest.every(isOctal);
    if (first !== '0' && !isThree && !isInClass) {
      throw this.#unsupported(`a backreference (${quote(`\\${first}`)})`);
    }
    if (!isOctal(first)) throw this.#malformed('has an invalid character code');
    const digits = first + this.#takeWhile(isOctal, 2);
    const code = Number.parseInt(digits, 8);
    if (code > 0o377) throw this.#malformed('has an invalid character code');
    return code;
  }

  #characterClass(flags: Flags): Expression {
    const negative = this.#takes('^');
    const ranges: [number, number][] = [];
    const classes: CharacterSet['classes'][number][] = [];
    const from = this.#at;
    while (this.#at === from || this.#next !== ']') {
      const first = this.#member();
      const isRange = this.#next === '-' && this.#characters[this.#at + 1] !== ']';
      if (!isRange) {
        if (typeof first === 'number') ranges.push([first, first]);
        else classes.push(first);
        continue;
      }
      this.#at++;
      const last = this.#member();
      if (typeof first !== 'number' || typeof last !== 'number' || last < first) {
        throw this.#malformed('has a range that ends before it begins');
      }
      ranges.push([first, last]);
    }
    this.#at++;
    return this.#set(flags, { negative, ranges, classes });
  }

  #member(): number | CharacterSet['classes'][number] {
    const next = this.#take();
    return next === '\\' ? this.#escaped(true) : (next.codePointAt(0) as number);
  }

  // Messages

  #malformed(what: string): ForwardpassError {
    return this.#error('MALFORMED', what);
  }

  #unsupported(what: string): ForwardpassError {
    return this.#error('UNSUPPORTED_OP', `uses ${what}, which is not supported`);
  }

  #error(code: 'MALFORMED' | 'UNSUPPORTED_OP' | 'LIMIT', what: string): ForwardpassError {
    const message = `the pattern ${quote(this.pattern)} ${what} (at character ${this.#at})`;
    return new ForwardpassError(code, message, this.place);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}
