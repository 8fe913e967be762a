/** Splits code into words, with the beginnings and ends of blocks that Python says by indentation. */
import { ForwardpassError } from '../../errors.ts';

export interface Token {
  /** `end` is of a line, `open` and `close` are of a block. */
  readonly kind: 'name' | 'int' | 'float' | 'text' | 'sign' | 'end' | 'open' | 'close';
  readonly text: string;
  readonly line: number;
}

const WORD =
  /[ \t]*(?:([A-Za-z_]\w*)|((?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(->|[()[\]{},:=.\-+]))/y;

export function tokenize(code: string, place: string): Token[] {
  const tokens: Token[] = [];
  const indents = [0];
  let nesting = 0;
  for (const [index, text] of code.split('\n').entries()) {
    const line = index + 1;
    if (/^\s*(#.*)?$/.test(text)) continue;
    if (nesting === 0) indent(tokens, indents, /^ */.exec(text)?.[0].length ?? 0, line, place);
    nesting += words(tokens, text, line, place);
    if (nesting < 0) throw malformed('a bracket closes that none opened', place, line);
    if (nesting === 0) tokens.push({ kind: 'end', text: '', line });
  }
  const last = tokens.at(-1)?.line ?? 1;
  if (nesting > 0) throw new ForwardpassError('TRUNCATED', 'the code ends within brackets', `${place}:${last}`);
  for (const _ of indents.slice(1)) tokens.push({ kind: 'close', text: '', line: last });
  return tokens;
}

function indent(tokens: Token[], indents: number[], width: number, line: number, place: string): void {
  if (width > indents[indents.length - 1]) {
    indents.push(width);
    tokens.push({ kind: 'open', text: '', line });
  }
  while (width < indents[indents.length - 1]) {
    indents.pop();
    tokens.push({ kind: 'close', text: '', line });
  }
  if (width !== indents[indents.length - 1]) throw malformed('the line is indented as no other', place, line);
}

/** By how many brackets more are open after the line than before. */
function words(tokens: Token[], text: string, line: number, place: string): number {
  let nesting = 0;
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.trimEnd().length) {
    const at = WORD.lastIndex;
    const match = WORD.exec(text);
    if (match === null) {
      if (/^\s*#/.test(text.slice(at))) break;
      throw malformed(
        `the code has a sign that is not expected, ${JSON.stringify(text.slice(at).trim()[0])}`,
        place,
        line,
      );
    }
    const [, name, number, string, sign] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, line });
    else if (number !== undefined) tokens.push({ kind: /[.eE]/.test(number) ? 'float' : 'int', text: number, line });
    else if (string !== undefined) tokens.push({ kind: 'text', text: unescaped(string.slice(1, -1)), line });
    else tokens.push({ kind: 'sign', text: sign, line });
    if ('([{'.includes(sign ?? ' ')) nesting++;
    if (')]}'.includes(sign ?? ' ')) nesting--;
  }
  return nesting;
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
