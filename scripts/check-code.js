/** Checks lib/ against scripts/code-rules.js, and also the wording of native/ and of the documentation. */
import { readdirSync, readFileSync } from 'node:fs';
import { exit } from 'node:process';
import { wordingOf } from './code-rules/wording.js';
import { codeViolations } from './code-rules.js';

const root = new URL('..', import.meta.url);
/** @param {string} folder @param {RegExp} ending */
const pathsIn = (folder, ending) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .sort();
/** @param {string} path */
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const texts = ['README.md', ...pathsIn('docs', /\.md$/), ...pathsIn('native', /\.(cc|h|inc)$/)];
const found = [
  ...codeViolations(new Map(pathsIn('lib', /\.ts$/).map((path) => [path, read(path)]))),
  ...texts.flatMap((path) => wordingOf(read(path)).map(({ what, why }) => `${path}: ${what} ${why}`)),
];
for (const violation of found) console.error(violation);
exit(found.length === 0 ? 0 : 1);
