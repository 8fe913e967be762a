import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { arch, execPath, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { addonPaths, type Host, openAddon, thisHost } from '../lib/addon.ts';
import { readElf } from '../lib/elf.ts';
import { failureOf } from './failure.ts';

const built = fileURLToPath(new URL('../build/Release/forwardpass.node', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'forwardpass-addon-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const host: Host = { platform: 'linux', arch: 'x64', musl: false, env: {}, folders: ['/app'] };

describe('the addon is looked for', () => {
  test('where it is built, then among the ready binaries, those of this libc first', () => {
    expect(addonPaths(host)).toEqual([
      join('/app', 'build/Release/forwardpass.node'),
      join('/app', 'prebuilds/linux-x64/forwardpass.glibc.node'),
      join('/app', 'prebuilds/linux-x64/forwardpass.musl.node'),
    ]);
    expect(addonPaths({ ...host, musl: true })[1]).toBe(join('/app', 'prebuilds/linux-x64/forwardpass.musl.node'));
    expect(addonPaths({ ...host, platform: 'win32', arch: 'arm64', musl: undefined })[1]).toBe(
      join('/app', 'prebuilds/win32-arm64/forwardpass.node'),
    );
  });

  test('beside a bundle and beside the program too', () => {
    const paths = addonPaths({ ...host, folders: ['/app', '/app/dist'] });
    expect(paths.filter((path) => path.includes('build'))).toEqual([
      join('/app', 'build/Release/forwardpass.node'),
      ...paths.slice(1),
    ]);
    expect(paths).toContain(join('/app/dist', 'prebuilds/linux-x64/forwardpass.glibc.node'));
  });

  test('among the ready binaries alone with PREBUILDS_ONLY', () => {
    expect(addonPaths({ ...host, env: { PREBUILDS_ONLY: '1' } })).toEqual(addonPaths(host).slice(1));
  });

  test('in the folder that FORWARDPASS_PREBUILD names', () => {
    const paths = addonPaths({ ...host, env: { FORWARDPASS_PREBUILD: folder } });
    expect(paths.every((path) => path.startsWith(folder))).toBe(true);
  });

  test('nowhere but at the path that FORWARDPASS_ADDON names, and the addon of learning beside it', () => {
    const named = { ...host, env: { FORWARDPASS_ADDON: built } };
    expect(addonPaths(named)).toEqual([built]);
    expect(addonPaths(named, 'forwardpass-learn')).toEqual([join(dirname(built), 'forwardpass-learn.node')]);
  });
});

const APART = (target: string) =>
  'A bundler (esbuild, webpack, Rollup, Next.js), or a copy of the package, left out its binaries. Leave forwardpass ' +
  "out of the bundle (external: ['forwardpass']; Next.js: serverExternalPackages: ['forwardpass']), or copy " +
  `node_modules/forwardpass/prebuilds/${target} to prebuilds/ beside the bundle, or name the file in the ` +
  'environment variable FORWARDPASS_ADDON. See node_modules/forwardpass/docs/bundlers.md';

/** Puts a file where the search looks first, beside nothing else. */
function place(name: string, make: (path: string) => void): Host {
  const path = join(
    folder,
    name,
    `prebuilds/${platform}-${arch}/forwardpass${platform === 'linux' ? '.glibc' : ''}.node`,
  );
  mkdirSync(dirname(path), { recursive: true });
  make(path);
  return { ...thisHost(), env: {}, folders: [join(folder, name)] };
}

test('opens a binary beside a bundle', () => {
  expect(openAddon(place('good', (path) => copyFileSync(built, path)))).toHaveProperty('create');
});

describe('where nothing can be loaded, the error', () => {
  const message = async (at: Host) => {
    const { code, message } = await failureOf(() => openAddon(at));
    expect(code).toBe('NATIVE');
    return message;
  };

  test('says for what, lists every path with its reason, and gives the command that builds from source', async () => {
    const { node, modules, napi } = process.versions;
    expect(await message({ ...host, platform: 'freebsd', arch: 'riscv64', musl: undefined })).toBe(
      `native addon: no binary could be loaded for freebsd riscv64 (Node ${node}, ABI ${modules}, Node-API ${napi}). Looked for:
  ${join('/app', 'build/Release/forwardpass.node')}: file not found
  ${join('/app', 'prebuilds/freebsd-riscv64/forwardpass.node')}: file not found
  ${APART('freebsd-riscv64')}`,
    );
  });

  test('points to the bundler where the code is without the package, or the package without binaries', async () => {
    const at = join(folder, 'apart');
    const build = '\n  This builds it from source: npx forwardpass build';
    const said = () => message({ ...host, folders: [at] });
    mkdirSync(join(at, 'prebuilds'), { recursive: true });
    expect(
      (await said()).endsWith(`
  ${APART('linux-x64')}`),
    ).toBe(true);
    mkdirSync(join(at, 'native'));
    writeFileSync(join(at, 'native/sources.json'), '');
    const whole = await said();
    expect([whole.includes('bundler'), whole.endsWith(build)]).toEqual([false, true]);
    rmSync(join(at, 'prebuilds'), { recursive: true });
    expect((await said()).endsWith(`\n  ${APART('linux-x64')}${build}`)).toBe(true);
    const named = await message({ ...host, folders: [at], env: { FORWARDPASS_ADDON: join(at, 'none.node') } });
    expect([named.includes('bundler'), named.endsWith(build)]).toEqual([false, true]);
  });

  test('names the C library where there are several', async () => {
    expect(await message(host)).toContain('for linux x64, glibc (');
    expect(await message({ ...host, musl: true })).toContain('for linux x64, musl (');
  });

  test('tells a file that is not a library', async () => {
    expect(await message(place('corrupt', (path) => writeFileSync(path, '<!doctype html>')))).toMatch(
      platform === 'linux' ? /glibc\.node: is not a Linux shared library\n/ : /\.node: \S/,
    );
  });

  test('tells another addon', async () => {
    const binding = `@rolldown/binding-${platform}-${arch}`;
    const rolldown = readdirSync(join(modules, '@rolldown')).find((name) => `@rolldown/${name}`.startsWith(binding));
    const files = readdirSync(join(modules, `@rolldown/${rolldown}`));
    const other = join(modules, `@rolldown/${rolldown}`, files.find((name) => name.endsWith('.node')) ?? '');
    expect(await message({ ...thisHost(), env: { FORWARDPASS_ADDON: other } })).toContain('is another addon\n');
  });

  describe.skipIf(platform !== 'linux')('on Linux', () => {
    test('tells a binary for another processor', async () => {
      const foreign = place('foreign', (path) => {
        const bytes = readFileSync(built);
        bytes.writeUInt16LE(22, 18);
        writeFileSync(path, bytes);
      });
      expect(await message(foreign)).toContain('glibc.node: is for s390x\n');
    });

    test('tells a file that was cut off, which would end the process', async () => {
      const bytes = readFileSync(built);
      const cut = place('cut', (path) => writeFileSync(path, bytes.subarray(0, bytes.length / 2)));
      expect(await message(cut)).toContain(
        `is truncated: expected ${bytes.length} bytes, found ${bytes.length >> 1}\n`,
      );
    });

    test('gives the reason of the system for a binary of the other libc', async () => {
      // As musl has it, with a C library of another name.
      const other = place('libc', (path) => {
        const bytes = readFileSync(built);
        bytes.write('libd', bytes.indexOf('libc.so.6'), 'latin1');
        writeFileSync(path, bytes);
        chmodSync(path, 0o755);
      });
      expect(await message(other)).toMatch(/glibc\.node: libd\.so\.6: cannot open|glibc\.node: Error loading/);
    });
  });
});

describe.skipIf(platform !== 'linux')('an ELF file', () => {
  test('says what it is for, and what loads it', () => {
    expect(readElf(execPath)).toMatchObject({ arch, interpreter: expect.stringMatching(/^\/.*ld-/) });
    expect(readElf(built)).toMatchObject({ arch, interpreter: undefined });
  });

  test('is told from everything else, however short', () => {
    const path = join(folder, 'short');
    for (const text of ['', '\x7fELF', 'MZ'.padEnd(4096)]) {
      writeFileSync(path, text);
      expect(readElf(path)).toBeUndefined();
    }
    expect(readElf(folder)).toBeUndefined();
    expect(readElf(join(folder, 'missing'))).toBeUndefined();
  });
});
