/**
 * How to build the addon; distributed with its sources: `npm run build` uses it in the repository, `npx forwardpass
 * build` in an installed package. cmake-js builds the addon if CMake is installed, otherwise a single call of the C++
 * compiler does, so a build only needs a compiler and npm.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { env, execPath, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder with native/ and CMakeLists.txt. */
export const root = fileURLToPath(new URL('..', import.meta.url));
/** The symbols that the addon exports on Linux. */
export const EXPORTS = resolve(root, 'native/exports.map');

/** The packages that a build needs, in the tested versions. */
export const TOOLS = { 'cmake-js': '8.0.0', 'node-addon-api': '8.9.2', 'node-api-headers': '1.9.0' };

/**
 * What is compiled, and how: native/sources.json.
 * @typedef {{ gnu: string[], linux: string[], clang: string[], small: string[], msvc: string[] }} Flags `clang` is for small release binaries, `small` for the sources whose code is to be even smaller
 * @typedef {{ linux: string[], darwin: string[] }} LinkFlags
 * @returns {{ engine: string[], addon: string[], learn: string[], host_windows: string[], small: string[], defines: string[], flags: Flags, link: LinkFlags }}
 */
export function sources() {
  return JSON.parse(readFileSync(resolve(root, 'native/sources.json'), 'utf8'));
}

/** Runs a command in the root; throws if it fails. @param {string} command @param {string[]} args */
export function run(command, args) {
  // Windows only starts .cmd files in a shell, which splits arguments at spaces.
  const shell = command.endsWith('.cmd');
  const words = shell ? args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)) : args;
  const { error, status } = spawnSync(command, words, { cwd: root, stdio: 'inherit', shell });
  if (error !== undefined) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed with status ${status}`);
}

/** The output of `command --version`; undefined if it cannot be run. @param {string} command */
function versionOf(command) {
  try {
    return execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** Whether CMake is new enough for CMakeLists.txt, and has a build tool. */
export function hasCMake() {
  const version = /version (\d+)\.(\d+)/.exec(versionOf('cmake') ?? '');
  if (version === null || Number(version[1]) * 1000 + Number(version[2]) < 3019) return false;
  return platform === 'win32' || versionOf('ninja') !== undefined || versionOf('make') !== undefined;
}

/** The first C++ compiler that is found; CXX selects another one, as in CMake. */
function findCompiler() {
  const candidates = env.CXX ? [env.CXX] : ['c++', 'g++', 'clang++'];
  const found = candidates.find((compiler) => versionOf(compiler) !== undefined);
  if (found !== undefined) return found;
  throw new Error(
    `the addon is written in C++17 and no compiler was found (tried ${candidates.join(', ')}). ` +
      "Install one, such as Debian's g++ or Apple's command line tools, or name it in the variable CXX",
  );
}

/** The include paths for the headers in TOOLS. @param {string} tools a folder in which they are found */
export function includes(tools) {
  const { resolve: find } = createRequire(join(tools, 'package.json'));
  const [wrapper, headers] = ['node-addon-api', 'node-api-headers'].map((name) =>
    dirname(find(`${name}/package.json`)),
  );
  return ['-isystem', wrapper, '-isystem', `${headers}/include`];
}

/** The addons, by file name: one that runs models, and one that forwardpass/learn opens. */
export const ADDONS = /** @type {const} */ (['forwardpass', 'forwardpass-learn']);
/** @typedef {typeof ADDONS[number]} AddonName */

/** The sources of an addon, in native/. @param {AddonName} name */
export function addonSources(name) {
  const { engine, addon, learn } = sources();
  return name === 'forwardpass' ? [...engine, ...addon] : learn;
}

/**
 * The compiler arguments that build a whole addon at once.
 * @param {string} tools @param {string} output @param {AddonName} [name]
 */
export function compilerArguments(tools, output, name = 'forwardpass') {
  const { defines, flags, link } = sources();
  return [
    ...flags.gnu,
    ...defines.map((define) => `-D${define}`),
    '-Inative',
    ...includes(tools),
    ...(platform === 'darwin'
      ? ['-bundle', '-undefined', 'dynamic_lookup', ...link.darwin]
      : ['-fPIC', '-shared', ...flags.linux, ...link.linux, `-Wl,--version-script=${EXPORTS}`]),
    ...addonSources(name).map((file) => `native/${file}`),
    ...['-o', output],
  ];
}

/**
 * Builds the addons: the first at `output`, the others in the same folder, by their names; throws if that fails.
 * @param {string} tools a folder in which the packages of TOOLS are found
 * @param {string} folder for intermediate files
 * @param {string} output
 */
export function buildAddon(tools, folder, output) {
  const { resolve: find } = createRequire(join(tools, 'package.json'));
  mkdirSync(dirname(output), { recursive: true });
  /** @param {AddonName} name */
  const outputOf = (name) => (name === 'forwardpass' ? output : join(dirname(output), `${name}.node`));
  if (hasCMake()) {
    const cmakeJs = join(dirname(find('cmake-js/package.json')), 'bin/cmake-js');
    const jobs = String(availableParallelism());
    // cmake-js only looks for the wrapper's headers near the sources, and CMake needs forward slashes.
    const headers = dirname(find('node-addon-api/package.json')).replaceAll('\\', '/');
    const options = ['--parallel', jobs, `--CDFORWARDPASS_HEADERS=${headers}`];
    run(execPath, [cmakeJs, 'build', '--directory', root, '--out', folder, ...options]);
    for (const name of ADDONS) {
      const made = join(folder, `Release/${name}.node`);
      if (made !== outputOf(name)) copyFileSync(made, outputOf(name));
    }
    return;
  }
  const missing = 'no CMake 3.19 or later was found';
  if (platform === 'win32') throw new Error(`${missing}: install it from cmake.org, beside Visual Studio's C++ tools`);
  console.log(`forwardpass: ${missing}; the compiler builds the addons`);
  for (const name of ADDONS) run(findCompiler(), compilerArguments(tools, outputOf(name), name));
}
