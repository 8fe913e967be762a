import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { shortestText } from '../../lib/cli/number-text.ts';
import { parseNpyHeader } from '../../lib/formats/containers/npy.ts';
import { fakeModel, folder, pathOf, runCommand } from './support.ts';

const ROWS = '1,2,3\n4,5,6\n';
const TOWERS = fakeModel({ inputs: { user: [2], item: [] } });

function floats(bytes: Buffer): { shape: readonly number[]; values: number[] } {
  const { shape, dataOffset } = parseNpyHeader(bytes, 'npy');
  return { shape, values: [...new Float32Array(Uint8Array.from(bytes.subarray(dataOffset)).buffer)] };
}

describe('results', () => {
  it('are csv for csv and .npy, and json for json, unless --output-format says otherwise', async () => {
    const run = async (stdin: string, ...flags: string[]) =>
      (await runCommand(['run', 'm', ...flags], undefined, stdin)).stdout;
    expect(await run(ROWS)).toBe('y[0],y[1]\n6,3\n15,6\n');
    expect(await run('[[1,2,3],[4,5,6]]')).toBe('[\n[6,3],\n[15,6]\n]\n');
    expect(await run('[1,2,3]\n[4,5,6]\n')).toBe('[6,3]\n[15,6]\n');
    expect(await run(ROWS, '--output-format', 'jsonl')).toBe('[6,3]\n[15,6]\n');
    expect(await run('[]', '--output-format', 'json')).toBe('[\n\n]\n');
    expect(await run('[]', '--output-format', 'jsonl')).toBe('');
  });

  it('of several outputs stand side by side', async () => {
    const run = async (format: string) =>
      (await runCommand(['run', 'm', '--output-format', format], TOWERS, '1,2,3\n')).stdout;
    expect(await run('csv')).toBe('y[0],y[1],z\n6,3,6\n');
    expect(await run('jsonl')).toBe('{"y":[6,3],"z":6}\n');
  });

  it('are called by the classes of a classifier', async () => {
    const model = fakeModel({ inputs: { x: [3] }, classes: ['stays', 'leaves, "soon"'] });
    const run = async (...flags: string[]) => (await runCommand(['run', 'm', ...flags], model, ROWS)).stdout;
    expect(await run()).toBe('y[stays],"y[leaves, ""soon""]"\n6,3\n15,6\n');
    expect(await run('--proba')).toBe('probability[stays],"probability[leaves, ""soon""]"\n6,3\n15,6\n');
    expect(await run('--predict')).toBe('prediction\n"leaves, ""soon"""\n"leaves, ""soon"""\n');
    expect(await run('--predict', '--output-format', 'json')).toBe(
      '[\n"leaves, \\"soon\\"",\n"leaves, \\"soon\\""\n]\n',
    );
  });

  it('have NaN and infinities that read back', async () => {
    const run = async (format: string) =>
      (await runCommand(['run', 'm', '--output-format', format], undefined, 'nan,0,0\n0,inf,-0\n0,0,-inf\n')).stdout;
    expect(await run('csv')).toBe('y[0],y[1]\nNaN,0\nInfinity,-0\n-Infinity,-Infinity\n');
    const json = await run('json');
    expect(json).toBe('[\n[null,0],\n[1e999,-0],\n[-1e999,-1e999]\n]\n');
    expect(JSON.parse(json)[2][0]).toBe(Number.NEGATIVE_INFINITY);
  });

  it('as .npy have their number of rows in the header, on standard output and in a file', async () => {
    for (const [input, stdin] of [
      ['csv', ROWS],
      ['json', '[[1,2,3],[4,5,6]]'],
    ]) {
      const flags = ['run', 'm', '--input', '-', '--input-format', input, '--batch', '1'];
      const { stdoutBytes } = await runCommand([...flags, '--output-format', 'npy'], undefined, stdin);
      expect(floats(stdoutBytes)).toEqual({ shape: [2, 2], values: [6, 3, 15, 6] });
      await runCommand([...flags, '--output', pathOf('y.npy')], undefined, stdin);
      expect(readFileSync(pathOf('y.npy'))).toEqual(stdoutBytes);
    }
    const { stdoutBytes } = await runCommand(['run', 'm', '--output-format', 'npy'], undefined, '[]');
    expect(floats(stdoutBytes)).toEqual({ shape: [0, 2], values: [] });
  });

  it('as .npy are one output to a file, and numbers', async () => {
    const several = await runCommand(['run', 'm', '--output', pathOf('y.npy')], TOWERS, '1,2,3\n');
    expect(several.stderr).toContain("the model has 'y', 'z': pass --output NAME=FILE for each");
    const text = fakeModel({ inputs: { x: [3] }, classes: ['a', 'b'] });
    const labels = await runCommand(['run', 'm', '--predict', '--output-format', 'npy'], text, ROWS);
    expect(labels.stderr).toContain('labels that are strings cannot be written as .npy');
    const numbers = fakeModel({ inputs: { x: [3] }, classes: [7, 9] });
    const { stdoutBytes } = await runCommand(['run', 'm', '--predict', '--output-format', 'npy'], numbers, ROWS);
    expect(parseNpyHeader(stdoutBytes, 'npy')).toMatchObject({ element: 'f8', shape: [2] });
  });

  it('of several outputs go to a file each', async () => {
    const flags = ['--output', `y=${pathOf('y.npy')}`, '--output', `z=${pathOf('z.csv')}`];
    const { stdout, status } = await runCommand(['run', 'm', ...flags], TOWERS, '1,2,3\n4,5,6\n');
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    expect(floats(readFileSync(pathOf('y.npy')))).toEqual({ shape: [2, 2], values: [6, 3, 15, 6] });
    expect(readFileSync(pathOf('z.csv'), 'utf8')).toBe('z\n6\n15\n');
  });
});

describe('names before files of results', () => {
  it.each([
    ['are those of outputs', ['y=a.npy', 'w=b.npy'], "expected NAME=FILE with one of the names 'y', 'z'"],
    ['stand once before standard output', ['y=-', 'z=-'], 'only one of the files can be a dash'],
    ['stand once', ['y=a.npy', 'y=b.npy'], "'y' is given twice"],
  ])('%s', async (_, paths, message) => {
    const { stderr, status } = await runCommand(['run', 'm', '--output', paths[0], '--output', paths[1]], TOWERS, ROWS);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('a file of results', () => {
  it.each(['', 'x='])('does not replace the model or the rows, given as %jFILE', async (name) => {
    const [model, rows] = ['own.bin', 'own.csv'].map(pathOf);
    for (const path of [model, rows]) writeFileSync(path, ROWS);
    for (const output of [model, rows]) {
      const { status, stderr } = await runCommand(['run', model, '-i', `${name}${rows}`, '-o', output]);
      expect([status, stderr]).toEqual([1, expect.stringContaining('which would be overwritten')]);
      expect(readFileSync(output, 'utf8')).toBe(ROWS);
    }
  });

  beforeEach(async () => {
    await runCommand(['run', 'm', '--output', pathOf('kept.csv')], undefined, ROWS);
  });

  it('replaces an older one when it is complete', async () => {
    await runCommand(['run', 'm', '--output', pathOf('kept.csv')], undefined, '1,1,1\n');
    expect(readFileSync(pathOf('kept.csv'), 'utf8')).toBe('y[0],y[1]\n3,1\n');
  });

  it('leaves an older one, and nothing else, when the run fails', async () => {
    const before = readdirSync(folder);
    const flags = ['--output', pathOf('kept.csv'), '--batch', '1'];
    expect((await runCommand(['run', 'm', ...flags], undefined, '1,2,3\n4,5,?\n')).status).toBe(1);
    expect(readFileSync(pathOf('kept.csv'), 'utf8')).toBe('y[0],y[1]\n6,3\n15,6\n');
    expect(readdirSync(folder)).toEqual(before);
  });

  it('needs a known format and a folder that exists', async () => {
    const run = async (path: string) => (await runCommand(['run', 'm', '--output', path], undefined, ROWS)).stderr;
    expect(await run(pathOf('y.xlsx'))).toContain('expected a name that ends in .npy, .csv, .json, .jsonl or .parquet');
    expect(await run(pathOf('none/y.csv'))).toContain('cannot be written: ENOENT');
  });
});

describe('the text of a number', () => {
  it('is the shortest that reads back as the same float32', () => {
    expect([0.1, 1 / 3, 16777216, 1e-45, 3.4028234663852886e38].map((x) => shortestText(Math.fround(x), true))).toEqual(
      ['0.1', '0.33333334', '16777216', '1e-45', '3.4028235e+38'],
    );
    const words = new Uint32Array(1);
    const float = new Float32Array(words.buffer);
    for (let i = 0; i < 20_000; i++) {
      words[0] = Math.imul(i, 2654435761);
      if (Number.isFinite(float[0])) expect(Math.fround(Number(shortestText(float[0], true)))).toBe(float[0]);
    }
  });

  it("is JavaScript's own for a float64", () => {
    expect([0.1, 1 / 3, -0].map((x) => shortestText(x, false))).toEqual(['0.1', '0.3333333333333333', '-0']);
  });
});
