/**
 * CMakeLists.txt, binding.gyp and the compiler called directly build the same addon: the same sources, the same
 * definitions, the same flags. Each is asked what it would run; nothing is compiled.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { execPath, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { ADDONS, compilerArguments, EXPORTS, hasCMake } from '../../native/make.js';
import sources from '../../native/sources.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'forwardpass-builds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The flags of a compiler call by source, as far as they can change what the code does. */
type Builds = Record<string, Record<string, string>>;

const expected = Object.fromEntries(
  [...sources.engine, ...sources.addon, ...sources.learn].map((file) => [
    `native/${file}`,
    behaviour([...sources.flags.gnu, ...sources.flags.linux]),
  ]),
);
const nodeHeaders = dirname(dirname(execPath));

/** By what a flag decides (of two that decide the same, the last holds), without those that decide nothing here. */
function behaviour(args: readonly string[]): Record<string, string> {
  const flags = args.filter((arg) => /^-(std=|O|f|m)/.test(arg) && !/^-(fPIC|m64|fno-(omit|strict)-.*)$/.test(arg));
  return Object.fromEntries(flags.map((flag) => [/^-(?:f(?:no-)?|m)?([A-Za-z][a-z-]*)/.exec(flag)?.[1] ?? flag, flag]));
}

function defines(args: readonly string[]): string[] {
  return sources.defines.filter((define) => args.includes(`-D${define}`));
}

interface CompileCommand {
  readonly directory: string;
  readonly file: string;
  readonly command?: string;
  readonly arguments?: readonly string[];
}

/** What a compile_commands.json in `folder` says of the sources in `base`; and the definitions of the addon's own. */
function readCommands(path: string, base: string): { builds: Builds; addonDefines: string[] } {
  const commands = (JSON.parse(readFileSync(path, 'utf8')) as CompileCommand[]).map((entry) => ({
    file: relative(base, resolve(entry.directory, entry.file)),
    args: (entry.arguments ?? (entry.command ?? '').split(' ')).map((arg) => arg.replace(/['"]/g, '')),
  }));
  return {
    builds: Object.fromEntries(commands.map(({ file, args }) => [file, behaviour(args)])),
    addonDefines: defines(commands.find(({ file }) => file === 'native/binding/addon.cc')?.args ?? []),
  };
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
}

test('the flags leave the order and rounding of arithmetic as written', () => {
  expect(sources.flags.gnu).toContain('-ffp-contract=off');
  expect(sources.flags.msvc).toContain('/fp:precise');
  expect([...sources.flags.gnu, ...sources.flags.msvc].join(' ')).not.toMatch(/fast|-march|-mtune|\/arch/);
});

describe.skipIf(platform !== 'linux')('the addons are built the same', () => {
  test.skipIf(!hasCMake())('by CMake', { timeout: 60_000 }, () => {
    const out = join(folder, 'cmake');
    const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
    run(execPath, [cmakeJs, 'configure', '--out', out, '--CDCMAKE_EXPORT_COMPILE_COMMANDS=ON'], root);
    const { builds, addonDefines } = readCommands(join(out, 'compile_commands.json'), root);
    expect(builds).toEqual(expected);
    expect(addonDefines).toEqual(sources.defines);
    const files = ['build.ninja', 'CMakeFiles/forwardpass_addon.dir/link.txt'].map((name) => join(out, name));
    const link = readFileSync(files.find(existsSync) ?? out, 'utf8');
    for (const flag of [...sources.link.linux, EXPORTS]) expect(link).toContain(flag);
  });

  // node-gyp needs Python, and Node's headers beside Node: it would download them otherwise.
  const hasGyp =
    existsSync(join(nodeHeaders, 'include/node/common.gypi')) && spawnSync('python3', ['--version']).status === 0;
  test.skipIf(!hasGyp)('by node-gyp', { timeout: 60_000 }, () => {
    const copy = join(folder, 'gyp');
    for (const file of ['package.json', 'binding.gyp', 'native/sources.json'])
      cpSync(join(root, file), join(copy, file));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const configure = `node-gyp configure --nodedir="${nodeHeaders}" -- -f compile_commands_json`;
    run('npm', ['exec', '-c', configure], copy);
    const { builds, addonDefines } = readCommands(join(copy, 'build/Release/compile_commands.json'), copy);
    expect(builds).toEqual(expected);
    expect(addonDefines).toEqual(sources.defines);
  });

  test('by the compiler alone', () => {
    const calls = ADDONS.map((name) => compilerArguments(root, `${name}.node`, name));
    const compiled = new Set(calls.flat().filter((arg) => arg.endsWith('.cc')));
    expect([...compiled].sort()).toEqual(Object.keys(expected).sort());
    for (const args of calls) {
      expect(behaviour(args)).toEqual(behaviour([...sources.flags.gnu, ...sources.flags.linux]));
      expect(defines(args)).toEqual(sources.defines);
      expect(args).toEqual(expect.arrayContaining(sources.link.linux));
    }
  });
});
