import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilerErrors, SETTINGS } from '../../scripts/check-types.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
const names = Object.keys(entries).flatMap((path) =>
  path.endsWith('.json') ? [] : [path.replace('.', 'forwardpass')],
);

/** A project in which the package is installed, as far as a link is an install. */
let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'forwardpass-project-'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules/forwardpass'), 'junction');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test.each(names)("require('%s') gives what import gives, and says nothing", (name) => {
  const program = `const required = require('${name}');
    import('${name}').then((imported) => {
      const names = Object.keys(imported);
      console.log(names.length > 1, names.filter((name) => imported[name] !== required[name]));
    });`;
  const { stdout, stderr } = spawnSync(execPath, ['-e', program], { cwd: project, encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['true []\n', '']);
});

test('import opens nothing of CommonJS', () => {
  const program = `import 'forwardpass'; import 'forwardpass/serve'; import 'forwardpass/learn';
    import { createRequire } from 'node:module';
    console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.endsWith('.cjs')).length);`;
  const { stdout, stderr } = spawnSync(execPath, ['--input-type=module', '-e', program], {
    cwd: project,
    encoding: 'utf8',
  });
  expect([stdout, stderr]).toEqual(['0\n', '']);
});

test('a bundle of what requires the package and what imports it has one copy of it', async () => {
  const [input, dir] = [join(project, 'both.cjs'), join(project, 'out')];
  writeFileSync(
    input,
    `const required = [require('forwardpass'), require('forwardpass/learn')];
     const names = (each) => Object.keys(each).filter((name) => name !== 'default' && name !== '__esModule');
     Promise.all([import('forwardpass'), import('forwardpass/learn')]).then((imported) => {
       for (const [at, each] of imported.entries()) {
         console.log(names(each).length > 1, names(each).filter((name) => each[name] !== required[at][name]));
       }
     });`,
  );
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent', external: /^(yauzl|@grpc.*)$/ });
  await bundle.write({ dir, format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' });
  const { stdout, stderr } = spawnSync(execPath, [join(dir, 'both.cjs')], { cwd: dir, encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['true []\ntrue []\n', '']);
});

describe('a program in TypeScript compiles', () => {
  // TypeScript 7 has no node10: `npm run release:check` compiles with older ones.
  test.each(Object.keys(SETTINGS).filter((setting) => setting !== 'node10'))('resolved by %s', async (setting) => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const typeRoots = join(root, 'node_modules/@types');
    expect(await compilerErrors({ compiler, folder: project, typeRoots, setting })).toBe('');
  });
});
