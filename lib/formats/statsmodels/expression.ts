/** The small part of Python that formulas use: names, numbers, strings, operators and calls. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** May contain dots: `np.log`. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly given: readonly Expression[];
      readonly named: ReadonlyMap<string, Expression>;
    };

/** The maximum number of characters, which also bounds how deep expressions nest. */
const LONGEST = 2000;
const DEEPEST = 100;

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,9})|('[^'\\\n]*'|"[^"\\\n]*")|(\*\*|\/\/|==|!=|<=|>=|[-+*/%<>()[\],=&|~]))/y;

/** The precedence of each operator. */
const BINDING: ReadonlyMap<string, number> = new Map([
  ['|', 1],
  ['&', 2],
  ...(['==', '!=', '<', '<=', '>', '>='].map((operator) => [operator, 3]) as [string, number][]),
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['//', 5],
  ['%', 5],
  ['**', 7],
]);
const UNARY_BINDING = 6;

interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'sign';
  readonly text: string;
}

function tokensOf(code: string, place: string): Token[] {
  if (code.length > LONGEST) throw unread(code, place);
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; code.slice(at).trim() !== ''; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(code);
    if (match === null) throw unread(code, place);
    const [, number, name, text] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.slice(1, -1) });
    else tokens.push({ kind: 'sign', text: match[4] });
  }
  return tokens;
}

function unread(code: string, place: string): ForwardpassError {
  return new ForwardpassError('UNSUPPORTED_OP', `the expression ${quote(code.slice(0, 200))} is not supported`, place);
}

/** Throws `UNSUPPORTED_OP` for anything but such an expression. */
export function parseExpression(code: string, place: string): Expression {
  return new Parser(code, tokensOf(code, place), place).whole();
}

class Parser {
  private at = 0;

  constructor(
    private readonly code: string,
    private readonly tokens: readonly Token[],
    private readonly place: string,
  ) {}

  whole(): Expression {
    const found = this.expression(0, 0);
    if (this.at < this.tokens.length) throw unread(this.code, this.place);
    return found;
  }

  private isSign(text: string): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'sign' && token.text === text;
  }

  private take(text: string): boolean {
    if (!this.isSign(text)) return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw unread(this.code, this.place);
  }

  /** Parses operators of at least this precedence. */
  private expression(least: number, depth: number): Expression {
    if (depth > DEEPEST) throw unread(this.code, this.place);
    let left = this.prefix(depth);
    let isCompared = false;
    for (;;) {
      const token = this.tokens[this.at];
      const binding = token?.kind === 'sign' ? BINDING.get(token.text) : undefined;
      if (binding === undefined || binding < least) return left;
      // Python chains comparisons: 0 < a < 1.
      if (binding === 3 && isCompared) throw unread(this.code, this.place);
      isCompared ||= binding === 3;
      this.at++;
      // Powers are right-associative, and a sign in their exponent binds tighter.
      const right = this.expression(token.text === '**' ? UNARY_BINDING : binding + 1, depth + 1);
      left = { kind: 'binary', operator: token.text, left, right };
    }
  }

  private prefix(depth: number): Expression {
    const token = this.tokens[this.at++];
    if (token === undefined) throw unread(this.code, this.place);
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'text', value: token.text };
    if (token.kind === 'name')
      return this.isSign('(') ? this.call(token.text, depth) : { kind: 'name', name: token.text };
    if (token.text === '(') {
      const inner = this.expression(0, depth + 1);
      this.expect(')');
      return inner;
    }
    if (token.text === '[') return { kind: 'list', items: this.items(']', depth) };
    if (token.text !== '-' && token.text !== '+' && token.text !== '~') throw unread(this.code, this.place);
    return { kind: 'unary', operator: token.text, of: this.expression(UNARY_BINDING, depth + 1) };
  }

  private items(end: string, depth: number): Expression[] {
    const found: Expression[] = [];
    while (!this.take(end)) {
      if (found.length > 0) this.expect(',');
      found.push(this.expression(0, depth + 1));
    }
    return found;
  }

  private call(name: string, depth: number): Expression {
    this.expect('(');
    const given: Expression[] = [];
    const named = new Map<string, Expression>();
    while (!this.take(')')) {
      if (given.length + named.size > 0) this.expect(',');
      const [key, sign] = [this.tokens[this.at], this.tokens[this.at + 1]];
      if (key?.kind === 'name' && sign?.kind === 'sign' && sign.text === '=') {
        this.at += 2;
        named.set(key.text, this.expression(0, depth + 1));
      } else given.push(this.expression(0, depth + 1));
    }
    return { kind: 'call', name, given, named };
  }
}
