/**
 * The entries that `require` finds. Each hands on the ES module, so that a program has one copy of every class, whoever
 * loads it and how. Their types name the types of the module, of which there is therefore one copy, too.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes NAME.cjs and NAME.d.cts beside NAME.js.
 * @param {string} folder @param {string} name @param {readonly string[]} values what the module exports besides types
 */
export function writeCommonJsEntry(folder, name, values) {
  writeFileSync(join(folder, `${name}.cjs`), `module.exports = require('./${name}.js');\n`);
  // TypeScript lets a CommonJS file import only types of an ES module. A class is also a type, which its value would hide.
  const declarations = [...values]
    .sort()
    .flatMap((value) => [
      `export declare const ${value}: typeof esm.${value};`,
      ...(/^[A-Z]/.test(value) ? [`export type ${value} = esm.${value};`] : []),
    ]);
  const from = `from './${name}.js' with { 'resolution-mode': 'import' };`;
  const lines = [`import type * as esm ${from}`, `export type * ${from}`, ...declarations];
  writeFileSync(join(folder, `${name}.d.cts`), `${lines.join('\n')}\n`);
}
