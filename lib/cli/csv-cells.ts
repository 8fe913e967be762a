/** Reads the cells of CSV files. */

/** Exactly the strings that pandas reads as missing values. */
const MISSING: ReadonlySet<string> = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA'],
  ...['NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]);

/** Words in columns of numbers, case-insensitive. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ...[...MISSING].map((word): [string, number] => [word.toLowerCase(), Number.NaN]),
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
  ['true', 1],
  ['false', 0],
]);

/** Whether a cell in a column of strings is a missing value. */
export function isMissing(cell: string): boolean {
  return MISSING.has(cell.trim());
}

/** The number in a cell, NaN for a missing value, undefined for anything else. Surrounding blanks are ignored. */
export function parseNumber(cell: string): number | undefined {
  const value = cell === '' ? Number.NaN : Number(cell);
  // Only JavaScript reads blanks as 0, and 0x10, 0b1 and 0o7 as numbers.
  if (Number.isNaN(value) || (value === 0 && cell.trim() === '') || isPrefixed(cell)) return wordOf(cell);
  return value;
}

/** The same with a decimal comma. A point would then group thousands, and grouping is not supported. */
export function parseDecimalComma(cell: string): number | undefined {
  return cell.includes('.') ? wordOf(cell) : parseNumber(cell.replace(',', '.'));
}

function wordOf(cell: string): number | undefined {
  return WORDS.get(cell.trim().toLowerCase());
}

function isPrefixed(cell: string): boolean {
  return cell.length > 2 && cell[0] === '0' && cell.charCodeAt(1) > 0x39 && cell[1] !== 'e' && cell[1] !== 'E';
}
