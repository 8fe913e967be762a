/** Builds the addon and the JavaScript: `node scripts/build.js [--if-stale] [native] [ts]`. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { ADDON, buildAddon, root, run } from './addon.js';

const ADDON_INPUTS = ['native', 'CMakeLists.txt', 'binding.gyp', 'package-lock.json'];
const SCRIPT_INPUTS = ['lib', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/**
 * Whether `output` is missing, or older than any of `inputs` or what is in them.
 * @param {string} output @param {string[]} inputs
 */
function isStale(output, inputs) {
  const built = statSync(join(root, output), { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
  /** @param {string} path @returns {boolean} */
  const isNewer = (path) => {
    const stat = statSync(path);
    return stat.mtimeMs > built || (stat.isDirectory() && readdirSync(path).some((name) => isNewer(join(path, name))));
  };
  return inputs.some((input) => isNewer(join(root, input)));
}

function buildScripts() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run(execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
}

const always = !argv.includes('--if-stale');
if (argv.includes('native') && (always || isStale(ADDON, ADDON_INPUTS))) buildAddon();
if (argv.includes('ts') && (always || isStale('dist/index.js', SCRIPT_INPUTS))) buildScripts();
