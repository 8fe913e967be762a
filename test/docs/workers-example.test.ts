import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the example of threads that share a model finds the same bits in all of them', () => {
  const path = fileURLToPath(new URL('../../examples/workers.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(execPath, [path], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: '4 threads, 400 images: the same bits\n',
    stderr: '',
  });
});
