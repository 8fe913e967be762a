/** Tests of positions between characters, like Python. */
import { codeAt } from '../unicode.ts';
import type { Place } from './ast.ts';
import { isWord } from './character.ts';

/** A match, and its group if it took part. */
export interface Match {
  from: number;
  to: number;
  first: number;
  last: number;
}

/** The code of the character that ends at a position. */
export function codeBefore(text: string, at: number): number {
  if (at >= 2 && (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00) {
    const code = codeAt(text, at - 2);
    if (code > 0xffff) return code;
  }
  return text.charCodeAt(at - 1);
}

const NEWLINE = 10;

export function isAt(place: Place, text: string, at: number): boolean {
  switch (place) {
    case 'start':
      return at === 0;
    case 'end':
      return at === text.length;
    case 'last_line':
      return at === text.length || (at === text.length - 1 && text.charCodeAt(at) === NEWLINE);
    case 'line_start':
      return at === 0 || text.charCodeAt(at - 1) === NEWLINE;
    case 'line_end':
      return at === text.length || text.charCodeAt(at) === NEWLINE;
    case 'boundary':
      return isBoundary(text, at, false);
    case 'no_boundary':
      return text.length > 0 && !isBoundary(text, at, false);
    case 'ascii_boundary':
      return isBoundary(text, at, true);
    case 'no_ascii_boundary':
      return text.length > 0 && !isBoundary(text, at, true);
  }
}

function isBoundary(text: string, at: number, ascii: boolean): boolean {
  const before = at > 0 && isWord(codeBefore(text, at), ascii);
  const after = at < text.length && isWord(codeAt(text, at), ascii);
  return before !== after;
}
