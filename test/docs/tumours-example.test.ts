import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the example of boosted trees gives what LightGBM gave', () => {
  const path = fileURLToPath(new URL('../../examples/tumours.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(execPath, [path], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('read as malignant (100.0 %), and is malignant\n');
  expect(stdout).toContain('108 of 114 right, 94.7 %\n  LightGBM gives the same probability for 114 of them\n');
  expect(stdout).toContain('40 trees, 320 leaves, depth 6, f64');
});
