/** Models in processes and threads that end, and memory that must come back: each case in its own process. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Ending {
  readonly code: number | string | null | undefined;
  readonly signal: NodeJS.Signals | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function node(script: string, ...args: string[]): Promise<Ending> {
  const path = fileURLToPath(new URL(`workers/${script}`, import.meta.url));
  return new Promise((resolve) => {
    // On one thread the collector does the same each time.
    const flags = script === 'collect.js' ? ['--expose-gc', '--single-threaded'] : [];
    execFile(process.execPath, [...flags, path, ...args], { timeout: 110_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, signal: error?.signal ?? null, stdout, stderr });
    });
  });
}

const WELL: Ending = { code: 0, signal: null, stdout: '', stderr: '' };

describe('threads', () => {
  it('may be terminated with work of every kind in flight, time and again', { timeout: 60_000 }, async () => {
    expect(await node('terminate.js', '60')).toEqual(WELL);
  });

  it('may share models, dispose of them and end at any moment, and the process too', { timeout: 120_000 }, async () => {
    const ending = await node('stress.js', '--rounds', '4', '--workers', '12');
    expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(ending.stdout)).toMatchObject({ rounds: 4, exits: 1 });
  });

  it('may all have the addon at once, and find the same results', { timeout: 60_000 }, async () => {
    expect(await node('many.js')).toEqual(WELL);
  });
});

describe('a process with calls in flight', () => {
  it.each(['exit', 'exit in a callback', 'exit after dispose'])('may %s', async (way) => {
    expect(await node('exit.js', way)).toEqual({ ...WELL, code: 7 });
  });

  it.each(['throw', 'reject'])('ends as any other when errors of its own %s', async (way) => {
    const ending = await node('exit.js', way);
    expect(ending).toMatchObject({ code: 1, signal: null });
    expect(ending.stderr).toContain('on purpose');
  });

  it('lives until they are done', async () => {
    expect(await node('exit.js', 'nothing')).toEqual({ ...WELL, stdout: '12 done' });
  });
});

describe('memory', () => {
  it.each([
    'cycles end where they began',
    'cycles of other formats end where they began',
    'models that were not disposed of are freed',
    'models that were not disposed of call the collector in time',
    'dispose frees at once, whoever holds the model',
    'the memory of runs off the event loop is freed',
    'weights are kept once',
    'threads that attach add no weights',
    'a bound call outlives its model',
    'the function of a bound call keeps its buffers',
    'bound calls are freed, even those that their own buffers hold',
    'work in flight outlives its model',
    'results that nobody waits for are freed',
  ])('%s', { timeout: 180_000 }, async (way) => {
    expect(await node('collect.js', way)).toEqual(WELL);
  });
});
