/** Numbers as LightGBM writes them: decimal, separated by spaces. */
import { ForwardpassError } from '../../errors.ts';

const SPACE = 0x20;
const [ZERO, NINE, MINUS] = [0x30, 0x39, 0x2d];
/** This many digits always fit into an int32. */
const FEW_DIGITS = 9;
const DECIMAL = /^[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d{1,4})?$/;
/** No valid number is longer. */
const LONGEST = 40;

/** All numbers of a line; each must be finite. */
export function numbersIn(line: string, place: string): Float64Array {
  return read(line, place, new Float64Array(countIn(line)), decimal);
}

/** The same, with infinities allowed. */
export function thresholdsIn(line: string, place: string): Float64Array {
  return read(line, place, new Float64Array(countIn(line)), threshold);
}

/** The same for 32-bit integers. */
export function integersIn(line: string, place: string): Int32Array {
  return read(line, place, new Int32Array(countIn(line)), integer);
}

function read<T extends Float64Array | Int32Array>(line: string, place: string, numbers: T, long: typeof decimal): T {
  let [at, count] = [0, 0];
  while (at < line.length) {
    if (line.charCodeAt(at) === SPACE) {
      at++;
      continue;
    }
    let end = at + 1;
    while (end < line.length && line.charCodeAt(end) !== SPACE) end++;
    numbers[count++] = shortInteger(line, at, end) ?? long(line.slice(at, end), place);
    at = end;
  }
  return numbers;
}

function countIn(line: string): number {
  let count = 0;
  let isSpace = true;
  for (let at = 0; at < line.length; at++) {
    const wasSpace = isSpace;
    isSpace = line.charCodeAt(at) === SPACE;
    if (wasSpace && !isSpace) count++;
  }
  return count;
}

function shortInteger(line: string, start: number, end: number): number | undefined {
  const isNegative = line.charCodeAt(start) === MINUS;
  const first = isNegative ? start + 1 : start;
  if (first === end || end - first > FEW_DIGITS) return undefined;
  let number = 0;
  for (let at = first; at < end; at++) {
    const code = line.charCodeAt(at);
    if (code < ZERO || code > NINE) return undefined;
    number = 10 * number + code - ZERO;
  }
  // −0 needs the general parser.
  return isNegative ? (number === 0 ? undefined : -number) : number;
}

function decimal(word: string, place: string): number {
  const number = word.length <= LONGEST && DECIMAL.test(word) ? Number(word) : Number.NaN;
  if (!Number.isFinite(number)) throw noNumber('a finite number', word, place);
  return number;
}

function threshold(word: string, place: string): number {
  if (word === 'inf' || word === '-inf') return word === 'inf' ? Infinity : -Infinity;
  return decimal(word, place);
}

function integer(word: string, place: string): number {
  const number = decimal(word, place);
  if ((number | 0) !== number) throw noNumber('an integer of 32 bits', word, place);
  return number;
}

function noNumber(expected: string, found: string, place: string): ForwardpassError {
  return new ForwardpassError(
    'MALFORMED',
    `expected ${expected}, found ${JSON.stringify(found.slice(0, LONGEST))}`,
    place,
  );
}
