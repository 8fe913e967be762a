import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

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
  expect(Object.keys(manifest.dependencies)).toEqual(['commander', 'csv-parse', 'h5wasm', 'node-gyp-build', 'yauzl']);
  const paths = installed.filter(([path, { dev }]) => path !== '' && dev === undefined).map(([path]) => path);
  expect(paths).toEqual([
    'node_modules/commander',
    'node_modules/csv-parse',
    'node_modules/h5wasm',
    'node_modules/node-gyp-build',
    'node_modules/pend',
    'node_modules/yauzl',
  ]);
});

test('runs nothing when it is installed, nor does a package it depends on', () => {
  const lifecycle = /^(pre|post)?(install|prepare|prepack|pack|publish)$|^dependencies$/;
  expect(Object.keys(manifest.scripts).filter((name) => lifecycle.test(name))).toEqual([]);
  expect(installed.filter(([, { dev, hasInstallScript }]) => dev === undefined && hasInstallScript)).toEqual([]);
});

test('what is published holds no gyp file, no source and no test', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], {
    cwd: root,
    encoding: 'utf8',
    shell: platform === 'win32',
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toContain('package.json');
  expect(paths.filter((path) => !/^(dist\/|prebuilds\/|(package\.json|[A-Z]+(\.md)?)$)/.test(path))).toEqual([]);
  expect(paths.filter((path) => path.endsWith('.gyp'))).toEqual([]);
});
