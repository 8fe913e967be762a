/** examples/learning as whoever installs it has it: its own package beside the library. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('the example learns from feedback, notices new habits and survives a restart', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-example-'));
  for (const name of ['package.json', 'service.js', 'demo.js']) {
    cpSync(join(root, 'examples/learning', name), join(folder, name));
  }
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/forwardpass'), 'junction');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['demo.js'], { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/after a restart it has learned from 1500; .* lets a newcomer stay\n$/);
  rmSync(folder, { recursive: true });
});
