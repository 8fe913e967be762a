import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sources, TOOLS } from '../../native/make.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { dev?: true; hasInstallScript?: true }>>;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as T;
}

const manifest = readJson<Manifest>('package.json');
const installed = Object.entries(readJson<Lockfile>('package-lock.json').packages);

test('depends on five packages at run time, and on one more through them', () => {
  expect(Object.keys(manifest.dependencies)).toEqual([
    'commander',
    'csv-parse',
    'hyparquet',
    'hyparquet-writer',
    'yauzl',
  ]);
  const paths = installed.filter(([path, { dev }]) => path !== '' && dev === undefined).map(([path]) => path);
  expect(paths).toEqual([
    'node_modules/commander',
    'node_modules/csv-parse',
    'node_modules/hyparquet',
    'node_modules/hyparquet-writer',
    'node_modules/pend',
    'node_modules/yauzl',
  ]);
});

test('runs nothing when it is installed, nor does a package it depends on', () => {
  const lifecycle = /^(pre|post)?(install|prepare|prepack|pack|publish)$|^dependencies$/;
  expect(Object.keys(manifest.scripts).filter((name) => lifecycle.test(name))).toEqual([]);
  expect(installed.filter(([, { dev, hasInstallScript }]) => dev === undefined && hasInstallScript)).toEqual([]);
});

test('building does not begin with the binaries of a release, whose script npm takes for a part of it', () => {
  const { stdout } = spawnSync('npm', ['config', 'get', 'ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell: platform === 'win32',
  });
  expect(stdout.trim()).toBe('true');
});

test('what is published holds no gyp file, no TypeScript and no test, and what building from source takes', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], {
    cwd: root,
    encoding: 'utf8',
    shell: platform === 'win32',
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const known =
    /^(dist\/|prebuilds\/|native\/|docs\/.+\.(md|svg)$|examples\/|(package\.json|CMakeLists\.txt|[A-Z]+(\.md)?)$)/;
  expect(paths.filter((path) => !known.test(path) || /\/node_modules\/|\.gyp$|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  const { engine, addon, learn } = sources();
  const needed = [...engine, ...addon, ...learn, 'sources.json', 'make.js', 'exports.map'].map(
    (file) => `native/${file}`,
  );
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'CMakeLists.txt', ...needed]));
});

test('builds with the versions of its tools that a user of it gets', () => {
  const { packages } = readJson<{ packages: Record<string, { version: string }> }>('package-lock.json');
  for (const [name, version] of Object.entries(TOOLS)) {
    expect(packages[`node_modules/${name}`].version, name).toBe(version);
  }
});
