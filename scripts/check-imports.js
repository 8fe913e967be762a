/** Checks the imports of lib/ and native/ against scripts/import-rules.js. */
import { readdirSync, readFileSync } from 'node:fs';
import { exit } from 'node:process';
import { cycles, violations } from './import-rules.js';

const root = new URL('..', import.meta.url);
const paths = ['lib', 'native'].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|cc|h)$/.test(file))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`),
);
const files = new Map(paths.map((path) => [path, readFileSync(new URL(path, root), 'utf8')]));
const found = [...violations(files), ...cycles(files)];
for (const violation of found) console.error(violation);
exit(found.length === 0 ? 0 : 1);
