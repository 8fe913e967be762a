/** Rows of texts from files: models that scikit-learn made, and its own answers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { main } from '../../lib/cli/program.ts';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import { openQuantizable } from '../../lib/quantize.ts';
import { pathOf, TextSink, withoutServer } from './support.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/sklearn-texts/', import.meta.url));

type Cell = string | number | null;
type Row = string | Record<string, Cell>;

interface Described {
  readonly file: string;
  readonly predictions: readonly {
    readonly rows: readonly Row[];
    readonly labels: readonly (string | number)[];
    readonly probabilities?: { readonly data: readonly number[] };
  }[];
}

async function command(args: readonly string[], stdin = '') {
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const status = await main(args, {
    ...withoutServer,
    stdin: Readable.from([Buffer.from(stdin)], { objectMode: false }),
    ...{ stdout, stderr, load, freeze, openQuantizable },
  });
  return { status, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString() };
}

function described(name: string) {
  const { file, predictions: all } = JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as Described;
  const predictions = all.filter(({ rows: [row] }) => !Array.isArray(row));
  const rows = predictions.flatMap((each) => each.rows);
  const records = rows.map((row) => (typeof row === 'string' ? { text: row } : row));
  return {
    path: `${FOLDER}${file}`,
    rows,
    records,
    labels: predictions.flatMap((each) => each.labels),
    probabilities: predictions.flatMap((each) => each.probabilities?.data ?? []),
  };
}

const WRITERS: Record<string, (records: readonly Record<string, Cell>[], rows: readonly Row[]) => string | Uint8Array> =
  {
    csv: (records) => {
      const names = Object.keys(records[0]);
      const cellOf = (cell: Cell) => (cell === null ? '' : `"${String(cell).replaceAll('"', '""')}"`);
      const lines = [names.join(','), ...records.map((record) => names.map((name) => cellOf(record[name])).join(','))];
      return lines.join('\n');
    },
    json: (_, rows) => JSON.stringify(rows),
    jsonl: (records) => records.map((record) => JSON.stringify(record)).join('\n'),
    parquet: (records) =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: Object.keys(records[0]).map((name) => ({
            name,
            data: records.map((record) => record[name]),
            type: records.some((record) => typeof record[name] === 'string')
              ? ('STRING' as const)
              : ('DOUBLE' as const),
          })),
        }),
      ),
  };

describe('run over texts', () => {
  const names = ['logistic', 'logistic-binary', 'columns-logistic', 'columns-forest', 'columns-by-position'];
  const cases = names.flatMap((name) => Object.keys(WRITERS).map((format) => [name, format] as const));

  it.each(cases)('gives what the framework gives: %s, %s', async (name, format) => {
    const { path, rows, records, labels, probabilities } = described(name);
    const file = pathOf(`${name}.${format}`);
    writeFileSync(file, WRITERS[format](records, rows));
    const args = [
      'run',
      path,
      '--input',
      file,
      '--predict',
      '--proba',
      '--output',
      pathOf('out.jsonl'),
      '--batch',
      '3',
    ];
    const { status, stderr } = await command(args);
    expect([status, stderr]).toEqual([0, '']);
    const found = readFileSync(pathOf('out.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ label }) => label)).toEqual(labels);
    const values = found.flatMap(({ probability }) => Object.values(probability as Record<string, number>));
    expect(values.length).toBe(probabilities.length);
    for (const [at, value] of values.entries()) expect(Math.abs(value - probabilities[at])).toBeLessThan(1e-11);
  });

  it('takes one text, a text a line, and records that are rows of their own', async () => {
    const model = described('logistic-binary').path;
    const predict = (stdin: string, format: string, of = model) =>
      command(['run', of, '--predict', '--input-format', format, '--output-format', 'jsonl'], stdin);
    const spam = '"spam"\n';
    expect(await predict('"free money now"', 'json')).toMatchObject({ stdout: spam, stderr: '' });
    expect(await predict('"free money now"\n"lunch"\n', 'jsonl')).toMatchObject({
      stdout: expect.stringMatching(`^${spam}`),
    });
    expect(await predict('free money now\nlunch\n', 'csv')).toMatchObject({
      stderr: expect.stringContaining('--header none'),
    });
    const { path, rows } = described('hasher');
    const found = await predict(JSON.stringify(rows), 'json', path);
    expect(found).toMatchObject({ status: 0, stderr: '' });
    expect(found.stdout.trim().split('\n')).toHaveLength(rows.length);
    expect(await predict('a\nb\n', 'csv', path)).toMatchObject({ stderr: expect.stringContaining('JSON Lines') });
  });

  it.each([
    ['a number', '[{"text":5}]', "standard input row 1, 'text': expected a string, found the number 5"],
    ['no text', '[{"text":"a"},{"more":1}]', "lacks 'text'"],
  ])('says what is wrong with %s', async (_, stdin, message) => {
    const { status, stderr } = await command(['run', described('logistic').path, '--input-format', 'json'], stdin);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it("reads texts by functions of the author's own, from a module", async () => {
    const folder = fileURLToPath(new URL('../fixtures/own-texts/', import.meta.url));
    const { cases } = JSON.parse(readFileSync(`${folder}tokenizer.json`, 'utf8'));
    const [{ rows, labels }] = cases;
    const functions = pathOf('functions.mjs');
    const split = '(text) => text.split(/[\\s,.!?:;<>]+/).filter((word) => word !== "")';
    writeFileSync(functions, `export default { '__main__.words_of': { text: ${split} } };`);
    const args = ['run', `${folder}tokenizer.pkl`, '--predict', '--input-format', 'json', '--output-format', 'json'];
    const found = await command([...args, '--functions', functions], JSON.stringify(rows));
    expect([found.stderr, JSON.parse(found.stdout)]).toEqual(['', labels]);
    writeFileSync(pathOf('nothing.mjs'), 'export const functions = 3;');
    expect((await command([...args, '--functions', pathOf('nothing.mjs')], '[]')).stderr).toContain(
      "functions['functions']",
    );
    expect((await command([...args, '--functions', pathOf('none.mjs')], '[]')).stderr).toContain('--functions');
    const staged = fileURLToPath(new URL('../fixtures/own-steps/clipper.joblib', import.meta.url));
    const clipper = pathOf('clipper.mjs');
    writeFileSync(clipper, `export default { '__main__.Clipper': (columns) => columns };`);
    const { stderr } = await command(['run', staged, '--functions', clipper, '--input-format', 'json'], '[]');
    expect(stderr).toContain('has custom steps');
  });

  it('has no random texts to measure with', async () => {
    const { stderr } = await command(['bench', described('logistic').path]);
    expect(stderr).toContain('measure `predict` with your own texts');
  });
});
