/**
 * The entries that `require` finds. Each re-exports the ES module, so that a program has one copy of every class,
 * however it is loaded. Their types refer to the types of the module, so these exist once too.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes NAME.cjs and NAME.d.cts beside NAME.js.
 * @param {string} folder @param {string} name @param {readonly string[]} values what the module exports besides types
 */
export function writeCommonJsEntry(folder, name, values) {
  writeFileSync(join(folder, `${name}.cjs`), `module.exports = require('./${name}.js');\n`);
  // TypeScript only lets CommonJS import types of an ES module. A class is also a type, which its value would hide.
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
