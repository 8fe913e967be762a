/** Parses untrusted JSON: its cost is bounded before parsing, and errors have a line and a column. */
import { ForwardpassError } from '../errors.ts';

/** The greatest nesting depth of arrays and objects. */
const DEEPEST = 64;
/** The keys that one object may have: this many for any model, and more for each value of a row. */
const MODEST_KEYS = 2 ** 17;
const KEYS_PER_VALUE = 4;
/** Memory that the parsed value may take, in bytes. The heap of a process is a few times as large. */
const MOST_BYTES = 2 ** 30;
const CONTAINER_BYTES = 64;
const ELEMENT_BYTES = 16;

/**
 * Parses a text. `width` is the number of values of a row. Throws `MALFORMED` with line and column, and `LIMIT` where
 * it is nested too deeply, has too many keys, or would take too much memory.
 */
export function parseJson(text: string, place: string, width: number): unknown {
  checkCost(text, place, width);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ForwardpassError('MALFORMED', `is not JSON: ${message}${whereOf(message, text)}`, place, { cause });
  }
}

/** Some of V8's messages give no place, and some already have line and column. */
function whereOf(message: string, text: string): string {
  if (/\(line \d+ column \d+\)/.test(message)) return '';
  const at = /end of JSON/.test(message) ? text.length : /position (\d+)/.exec(message)?.[1];
  return at === undefined ? '' : ` (${lineAndColumn(text, Number(at))})`;
}

/** One pass over the characters. Invalid JSON is left to the parser. */
function checkCost(text: string, place: string, width: number): void {
  const mostKeys = MODEST_KEYS + KEYS_PER_VALUE * width;
  const keys = new Uint32Array(DEEPEST + 1);
  let depth = 0;
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (++depth > DEEPEST) throw limit(`is nested more than ${DEEPEST} deep`, text, at, place);
        keys[depth] = 0;
        bytes += CONTAINER_BYTES;
        if (bytes > MOST_BYTES) throw limit('has too many values to be read into memory', text, at, place);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth = Math.max(0, depth - 1);
        break;
      case COMMA:
        bytes += ELEMENT_BYTES;
        break;
      case COLON:
        if (++keys[depth] > mostKeys) throw limit(`has an object of more than ${mostKeys} keys`, text, at, place);
        break;
    }
  }
  if (bytes > MOST_BYTES) throw limit('has too many values to be read into memory', text, text.length, place);
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The quote that closes the string that begins at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

function limit(what: string, text: string, at: number, place: string): ForwardpassError {
  const message = `${what} (${lineAndColumn(text, at)}); pass rows as JSON Lines (.jsonl), CSV or Parquet`;
  return new ForwardpassError('LIMIT', message, place);
}

/** Line and column, counted from 1 as in editors; only the column if the text is a single line. */
function lineAndColumn(text: string, at: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  const column = `column ${at - start + 1}`;
  return text.includes('\n') ? `line ${line}, ${column}` : column;
}
