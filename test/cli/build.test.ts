import { existsSync, writeFileSync } from 'node:fs';
import { platform } from 'node:process';
import { afterEach, expect, test, vi } from 'vitest';
import { pathOf, runCommand } from './support.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

// That it builds is shown by `npm run release:check`, from an installed package.

test('build says at once when there is nowhere to put the addon', async () => {
  const file = pathOf('file');
  writeFileSync(file, '');
  const { status, stderr } = await runCommand(['build', '-o', `${file}/forwardpass.node`]);
  expect(status).toBe(1);
  expect(stderr).toContain(`forwardpass.node: the folder cannot be written to (`);
  expect(stderr).toContain('`npx forwardpass build --output FILE` writes the addon elsewhere');
});

test.skipIf(platform === 'win32')('build says what is missing where there is no compiler', async () => {
  const output = pathOf('forwardpass.node');
  vi.stubEnv('PATH', '');
  vi.stubEnv('CXX', '');
  const { status, stderr } = await runCommand(['build', '-o', output]);
  expect(stderr).toContain('the addon could not be built: the addon is written in C++17 and no compiler was found');
  expect(status).toBe(1);
  expect(existsSync(output)).toBe(false);
});
