/**
 * Code of a page by the name behind its language, as in "```js server.js". `node blocks.js PAGE NAME` prints it.
 */
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ language: string, name: string, text: string }} Block
 * @param {string} page
 * @returns {Block[]} in their order
 */
export function blocksOf(page) {
  const found = page.matchAll(/^```([a-z]+) ?(.*)\n([\s\S]*?)^```$/gm);
  return [...found].map(([, language, name, text]) => ({ language, name, text }));
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const block = blocksOf(readFileSync(argv[2], 'utf8')).find(({ name }) => name === argv[3]);
  if (block === undefined) throw new Error(`${argv[2]} has no code called ${argv[3]}`);
  process.stdout.write(block.text);
}
