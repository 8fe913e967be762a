/**
 * The recipes for the addon. cmake-js makes it where CMake is there. Without it one call of the C++ compiler does, so
 * that a compiler and npm are all that building needs; on Windows, where the compiler has to be found first, node-gyp.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { env, execPath, exit, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const ADDON = 'build/Release/forwardpass.node';

const require = createRequire(import.meta.url);

/** Runs a command in the repository; where it fails, this process ends. @param {string} command @param {string[]} args */
export function run(command, args) {
  // Windows starts .cmd files through a shell only.
  const { error, status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: command.endsWith('.cmd') });
  if (error !== undefined) {
    console.error(`forwardpass: ${command} could not be started: ${error.message}`);
    exit(1);
  }
  if (status !== 0) exit(status ?? 1);
}

/** What `command --version` prints, or nothing where it cannot be run. @param {string} command */
function versionOf(command) {
  try {
    return execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** Whether CMake is new enough for CMakeLists.txt, and has something to build with. */
export function hasCMake() {
  const version = /version (\d+)\.(\d+)/.exec(versionOf('cmake') ?? '');
  if (version === null || Number(version[1]) * 1000 + Number(version[2]) < 3019) return false;
  return platform === 'win32' || versionOf('ninja') !== undefined || versionOf('make') !== undefined;
}

/** The first C++ compiler there is; CXX names another, as it does for CMake. */
function findCompiler() {
  const candidates = env.CXX ? [env.CXX] : ['c++', 'g++', 'clang++'];
  const found = candidates.find((compiler) => versionOf(compiler) !== undefined);
  if (found !== undefined) return found;
  console.error(`forwardpass: the addon is written in C++17 and no compiler was found (tried ${candidates.join(', ')}).
Install one, such as Debian's g++ or Apple's command line tools, or name it in the variable CXX.`);
  return exit(1);
}

/** The arguments with which a compiler builds the whole addon at once. */
export function compilerArguments() {
  const { engine, addon, defines, flags } = JSON.parse(readFileSync(resolve(root, 'native/sources.json'), 'utf8'));
  const headers = ['node-addon-api/package.json', 'node-api-headers/package.json'].map((file) =>
    dirname(require.resolve(file)),
  );
  return [
    ...flags.gnu,
    ...defines.map((/** @type {string} */ define) => `-D${define}`),
    '-Inative',
    ...['-isystem', headers[0], '-isystem', `${headers[1]}/include`],
    ...(platform === 'darwin'
      ? ['-bundle', '-undefined', 'dynamic_lookup']
      : ['-fPIC', '-shared', '-static-libstdc++', '-static-libgcc', '-Wl,--gc-sections']),
    ...[...engine, ...addon].map((file) => `native/${file}`),
    '-o',
    ADDON,
  ];
}

export function buildAddon() {
  if (hasCMake()) {
    run(execPath, ['node_modules/cmake-js/bin/cmake-js', 'build', '--parallel', String(availableParallelism())]);
    return;
  }
  const gyp = platform === 'win32';
  console.log(`forwardpass: no CMake 3.19 or later was found; ${gyp ? 'node-gyp' : 'the compiler'} builds the addon`);
  if (gyp) {
    run('node-gyp.cmd', ['rebuild']);
  } else {
    mkdirSync(dirname(resolve(root, ADDON)), { recursive: true });
    run(findCompiler(), compilerArguments());
  }
}
