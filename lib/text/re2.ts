/**
 * Translates RE2 regular expressions, as used by TensorFlow, to Python's `re`: classes are ASCII, `$` is only the end
 * of the text, groups do not capture. Throws for features that the two do not share.
 */
import { ForwardpassError } from '../errors.ts';
import { quote } from '../messages.ts';

/** RE2's white space has no vertical tab. */
const SPACE = '\\t\\n\\f\\r ';
const KEPT_ESCAPES = 'wWdDbBAntrfva';
const HEX = /^[0-9a-fA-F]{2}/;

/** @throws {ForwardpassError} UNSUPPORTED_OP for unsupported features. */
export function fromRe2(pattern: string, place: string): string {
  const refuse = (what: string) =>
    new ForwardpassError('UNSUPPORTED_OP', `the pattern ${quote(pattern)} uses ${what}, which is not supported`, place);
  const characters = [...pattern];
  let written = '(?a)';
  let isInClass = false;
  /** The position of a class's first member, which may be a bracket. */
  let first = 0;
  for (let at = 0; at < characters.length; at++) {
    const next = characters[at];
    const rest = characters.slice(at + 1, at + 4).join('');
    if (next === '\\') {
      const escaped = characters[++at] ?? '';
      if (escaped === 's' || (escaped === 'S' && !isInClass)) {
        written += isInClass ? SPACE : escaped === 's' ? `[${SPACE}]` : `[^${SPACE}]`;
      } else if (escaped === 'z' && !isInClass) {
        written += '\\Z';
      } else if (escaped === 'x' && HEX.test(characters.slice(at + 1, at + 3).join(''))) {
        written += `\\x${characters[at + 1]}${characters[at + 2]}`;
        at += 2;
      } else if (escaped !== '' && (KEPT_ESCAPES.includes(escaped) || /^[!-/:-@[-^`{-~]$/.test(escaped))) {
        if (isInClass && 'bBA'.includes(escaped)) throw refuse(`\\${escaped} in a class`);
        written += `\\${escaped}`;
      } else {
        throw refuse(escaped === '' ? 'a backslash at its end' : `the escape \\${escaped}`);
      }
    } else if (isInClass) {
      if (next === '[' && rest.startsWith(':')) throw refuse('a class by its name');
      if (next === ']' && at > first) isInClass = false;
      // Escaped, because Python warns of possible set operations.
      written += next === '[' ? '\\[' : next;
    } else if (next === '[') {
      isInClass = true;
      const isNegative = characters[at + 1] === '^';
      if (isNegative) at++;
      written += isNegative ? '[^' : '[';
      first = at + 1;
    } else if (next === '(') {
      if (rest.startsWith('?') && rest[1] !== ':' && !rest.startsWith('?P<')) throw refuse('flags or lookarounds');
      if (rest.startsWith('?P<')) {
        while (at < characters.length && characters[at] !== '>') at++;
      } else if (rest.startsWith('?:')) {
        at += 2;
      }
      written += '(?:';
    } else if (next === '{' && rest.startsWith(',')) {
      throw refuse('a repetition without a minimum');
    } else {
      written += next === '$' ? '\\Z' : next;
    }
  }
  return written;
}
