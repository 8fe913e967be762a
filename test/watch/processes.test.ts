/** Watchers in processes that end, and memory that must come back: each case in its own process. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { newFolder, version } from './versions.ts';

function node(flags: readonly string[], script: string, ...args: string[]): Promise<object> {
  const path = fileURLToPath(new URL(`processes/${script}`, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, path, ...args], { timeout: 170_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, signal: error?.signal ?? null, stdout, stderr });
    });
  });
}

it('200 replacements fail no call, and leave no memory behind', { timeout: 180_000 }, async () => {
  expect(await node(['--expose-gc'], 'soak.js')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

it.each(['by itself', 'persistent'])('a process that only watches ends: %s', async (way) => {
  const at = await newFolder();
  await writeFile(at('m'), version(3, 4));
  expect(await node([], 'end.js', at('m'), way)).toEqual({ code: 0, signal: null, stdout: '12', stderr: '' });
});

it('the example goes through its versions', async () => {
  const ending = await node([], '../../../examples/live-model.js');
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending).toHaveProperty(
    'stdout',
    expect.stringMatching(/is in use.*was refused: inputs\[0\].*is in use.*none of which failed/s),
  );
});
