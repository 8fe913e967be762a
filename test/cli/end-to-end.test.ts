/** The compiled command in its own process, on the digits that `npm start` reads. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pathOf } from './support.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DIGITS = fileURLToPath(new URL('../../examples/digits/', import.meta.url));
const MODEL = `${DIGITS}digits.onnx`;
const IMAGES = `${DIGITS}test-images.npy`;

function forwardpass(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [COMMAND, ...args], { input, encoding: 'utf8' });
}

describe('the compiled command', () => {
  it('reads digits as torch does', () => {
    const { stdout, stderr, status } = forwardpass(['run', MODEL, '--input', IMAGES, '--output-format', 'jsonl']);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const scores = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    const { predictions } = JSON.parse(readFileSync(`${DIGITS}digits.json`, 'utf8'));
    expect(scores.map((row) => row.indexOf(Math.max(...row)))).toEqual(predictions);
  });

  it('gives the same bits whatever the block and the format of the rows', () => {
    const [whole, single, csv] = ['whole.npy', 'single.npy', 'csv.npy'].map(pathOf);
    forwardpass(['run', MODEL, '--input', IMAGES, '--output', whole]);
    forwardpass(['run', MODEL, '--input', IMAGES, '--output', single, '--batch', '1']);
    const images = readFileSync(IMAGES);
    const pixels = images.subarray(10 + images.readUInt16LE(8));
    let rows = '';
    for (let start = 0; start < pixels.length; start += 64) rows += `${pixels.subarray(start, start + 64).join(',')}\n`;
    forwardpass(['run', MODEL, '--output', csv], rows);
    expect(readFileSync(single).equals(readFileSync(whole))).toBe(true);
    expect(readFileSync(csv).equals(readFileSync(whole))).toBe(true);
  });

  it('says what a model holds', () => {
    const { stdout, status } = forwardpass(['inspect', MODEL, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'onnx', precision: 'f32', inputs: [{ shape: [null, 64] }] });
    expect(forwardpass(['inspect', MODEL]).stdout).toContain('dense');
  });

  it('ends with 1 and one line when there is no such model', () => {
    const { stdout, stderr, status } = forwardpass(['inspect', pathOf('none.onnx')]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(/^forwardpass: .*none\.onnx.*\n$/);
  });

  it('scores rows of words and numbers as scikit-learn does, ids kept, from one format into any other', () => {
    const tables = fileURLToPath(new URL('../fixtures/tables/', import.meta.url));
    const { ids, labels } = JSON.parse(readFileSync(`${tables}passengers.json`, 'utf8'));
    const flags = ['--predict', '--proba', '--keep', 'id'];
    const score = (input: string, output: string) => {
      const args = ['run', `${tables}passengers.joblib`, '--input', input, ...flags, '--output', output];
      const { stderr, status } = forwardpass(args);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      return output;
    };
    for (const input of ['passengers.csv', 'passengers.parquet']) {
      const csv = readFileSync(score(`${tables}${input}`, pathOf('scores.csv')), 'utf8');
      const cells = csv
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
      expect(cells.map(([id, label]) => [id, label])).toEqual(ids.map((id: string, row: number) => [id, labels[row]]));
      expect(gunzipSync(readFileSync(score(`${tables}${input}`, pathOf('scores.csv.gz')))).toString()).toBe(csv);
      const parquet = score(`${tables}${input}`, pathOf('scores.parquet'));
      expect(readFileSync(parquet).subarray(0, 4).toString()).toBe('PAR1');
      const json = JSON.parse(readFileSync(score(`${tables}${input}`, pathOf('scores.json')), 'utf8'));
      expect(json.map(({ id, label }: { id: string; label: string }) => [id, label])).toEqual(
        ids.map((id: string, row: number) => [id, labels[row]]),
      );
    }
  });

  it('ends quietly when whoever reads its output stops', async () => {
    const child = spawn(process.execPath, [COMMAND, 'run', MODEL, '--batch', '16']);
    const row = `${new Array(64).fill(1).join(',')}\n`.repeat(100);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => {});
    const feed = () => {
      while (child.stdin.writable && child.stdin.write(row));
    };
    child.stdin.on('drain', feed);
    feed();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [status] = await once(child, 'exit');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
