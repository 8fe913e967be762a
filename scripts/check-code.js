/** Checks lib/ against scripts/code-rules.js. */
import { readdirSync, readFileSync } from 'node:fs';
import { exit } from 'node:process';
import { codeViolations } from './code-rules.js';

const root = new URL('..', import.meta.url);
const paths = readdirSync(new URL('lib', root), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `lib/${file.replaceAll('\\', '/')}`)
  .sort();
const found = codeViolations(new Map(paths.map((path) => [path, readFileSync(new URL(path, root), 'utf8')])));
for (const violation of found) console.error(violation);
exit(found.length === 0 ? 0 : 1);
