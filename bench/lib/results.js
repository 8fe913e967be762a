/** Results as JSON, in results/: what tables and plots are made of. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const folder = join(import.meta.dirname, '..', 'results');

/** @param {string} name @param {unknown} result @param {string} [path] instead of results/NAME.json */
export function saveResult(name, result, path) {
  console.log(`\nWritten to ${relative(process.cwd(), writeResult(name, result, path))}`);
}

/** Without a word. @param {string} name @param {unknown} result @param {string} [path] @returns {string} where it is */
export function writeResult(name, result, path = join(folder, `${name}.json`)) {
  mkdirSync(dirname(path), { recursive: true });
  const text = JSON.stringify(result, compact, 1);
  const lists = text.replace(/\[[-\d.e+,\s]+\]/g, (list) => list.replace(/\s+/g, ' '));
  writeFileSync(path, `${lists}\n`);
  return path;
}

/** @param {string} name @returns {any} undefined where it was not measured */
export function readResult(name) {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Five digits are more than any measurement has. @param {string} _key @param {unknown} value */
function compact(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
