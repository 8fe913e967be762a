/** What `run` makes of mixed columns: a model that scikit-learn made, and its own answers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ByteSource } from '../../lib/cli/byte-source.ts';
import { main } from '../../lib/cli/program.ts';
import { openParquet } from '../../lib/cli/read-parquet.ts';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import { openQuantizable } from '../../lib/quantize.ts';
import { pathOf, TextSink, withoutServer } from './support.ts';

const TABLES = fileURLToPath(new URL('../fixtures/tables/', import.meta.url));
const MODEL = `${TABLES}passengers.joblib`;
const CSV = readFileSync(`${TABLES}passengers.csv`, 'utf8');
const EXPECTED: { ids: string[]; names: string[]; labels: string[]; probabilities: number[][] } = JSON.parse(
  readFileSync(`${TABLES}passengers.json`, 'utf8'),
);
/** Of passengers.csv, as the model takes them. */
const RECORDS = EXPECTED.ids.map((id, row) => {
  const [embarked, fare, sex, age] = CSV.split('\n')
    [row + 1].replace(/^"(?:[^"]|"")*",/, '')
    .split(',')
    .slice(1);
  return {
    id,
    name: EXPECTED.names[row],
    sex,
    age: age ? Number(age) : null,
    fare: Number(fare),
    embarked: embarked || null,
  };
});

async function command(args: readonly string[], stdin: string | Uint8Array = '') {
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const status = await main(args, {
    stdin: Readable.from([Buffer.from(stdin)], { objectMode: false }),
    stdout,
    stderr,
    load,
    freeze,
    openQuantizable,
    ...withoutServer,
  });
  return { status, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString() };
}

async function run(stdin: string | Uint8Array, ...flags: string[]): Promise<string> {
  const { status, stdout, stderr } = await command(['run', MODEL, ...flags], stdin);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

async function failureOf(stdin: string | Uint8Array, ...flags: string[]): Promise<string> {
  const { status, stderr } = await command(['run', MODEL, ...flags], stdin);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^forwardpass: .*\n$/);
  return stderr;
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(pathOf(name), content);
  return pathOf(name);
}

const labelsOf = (stdout: string) => stdout.trim().split('\n').slice(1);

describe('rows of words and numbers', () => {
  const jsonl = RECORDS.map((record) => `${JSON.stringify(record)}\n`).join('');
  const columns = Object.fromEntries(
    ['fare', 'sex', 'embarked', 'age'].map((name) => [name, RECORDS.map((row) => row[name as 'sex'])]),
  );
  const split = {
    columns: ['sex', 'age', 'fare', 'embarked'],
    index: [],
    data: RECORDS.map(({ sex, age, fare, embarked }) => [sex, age, fare, embarked]),
  };
  it.each<[string, string | Uint8Array]>([
    ['CSV', CSV],
    ['CSV with semicolons and Windows line ends', CSV.replaceAll('\n', '\r\n').replace(/,(?=[^ "])/g, ';')],
    ['gzipped CSV', gzipSync(CSV)],
    ['Parquet', readFileSync(`${TABLES}passengers.parquet`)],
    ['JSON records', JSON.stringify(RECORDS)],
    ['JSON Lines', jsonl],
    ['JSON columns', JSON.stringify(columns)],
    ["pandas' split form", JSON.stringify(split)],
    ["pandas' table form", JSON.stringify({ schema: { fields: [] }, data: RECORDS })],
  ])('get the labels that scikit-learn gives: %s', async (_, rows) => {
    expect(labelsOf(await run(rows, '--predict', '--output-format', 'csv'))).toEqual(EXPECTED.labels);
  });

  it('get the same whatever the block', async () => {
    for (const batch of ['1', '7', '30', '31']) {
      expect(labelsOf(await run(CSV, '--predict', '--batch', batch))).toEqual(EXPECTED.labels);
    }
  });

  it('get its probabilities too', async () => {
    const lines = labelsOf(await run(CSV, '--proba'));
    for (const [row, line] of lines.entries()) {
      for (const [i, value] of line.split(',').map(Number).entries()) {
        expect(value).toBeCloseTo(EXPECTED.probabilities[row][i], 12);
      }
    }
    expect(lines.length).toBe(30);
  });

  it('may go by position without a header, also where a column is looked at by nothing', async () => {
    const rows = RECORDS.map(({ sex, age, fare, embarked }) => `${sex},${age ?? ''},${fare},${embarked ?? 'NaN'},x\n`);
    expect(labelsOf(await run(rows.join(''), '--predict', '--output-format', 'csv'))).toEqual(EXPECTED.labels);
  });
});

describe('--predict with --proba and --keep', () => {
  const flags = ['--predict', '--proba', '--keep', 'id,name'];

  it('give the label, a column a class, and the columns that are kept as they stand', async () => {
    const lines = (await run(CSV, ...flags)).split('\n');
    expect(lines[0]).toBe('id,name,label,probability[no],probability[yes]');
    expect(lines[1]).toMatch(/^0001,"Doe, ""J\."" 0",(yes|no),0\.\d+,0\.\d+$/);
    expect(lines.slice(1, -1).map((line) => line.slice(0, 4))).toEqual(EXPECTED.ids);
  });

  it('give records in JSON, with probabilities by class', async () => {
    const rows = (await run(CSV, ...flags, '--output-format', 'jsonl'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ id, name, label }) => [id, name, label])).toEqual(
      EXPECTED.ids.map((id, row) => [id, EXPECTED.names[row], EXPECTED.labels[row]]),
    );
    expect(Object.keys(rows[0])).toEqual(['id', 'name', 'label', 'probability']);
    expect(rows[5].probability.yes).toBeCloseTo(EXPECTED.probabilities[5][1], 12);
  });

  it('give the same in Parquet, which comes back', async () => {
    const path = pathOf('scores.parquet');
    await run('', '--input', `${TABLES}passengers.parquet`, ...flags, '--output', path);
    const source = await ByteSource.open(path);
    const { columns, rows } = await openParquet(source);
    expect(columns.map(({ name }) => name)).toEqual(['id', 'name', 'label', 'probability[no]', 'probability[yes]']);
    let row = 0;
    for await (const [id, name, label, , yes] of rows([0, 1, 2, 3, 4])) {
      expect([id, name, label]).toEqual([EXPECTED.ids[row], EXPECTED.names[row], EXPECTED.labels[row]]);
      expect(yes).toBeCloseTo(EXPECTED.probabilities[row++][1], 12);
    }
    expect(row).toBe(30);
    await source.close();
  });

  it('keep what a JSON document holds, of its type', async () => {
    const rows = [
      { id: 7, sex: 'male', fare: 3, tags: ['a'], ok: true },
      { id: null, sex: 'female', fare: 30, age: 4 },
    ];
    const keep = ['--keep', 'id', '--keep', 'tags,ok'];
    const stdout = await run(JSON.stringify(rows), '--predict', ...keep, '--output-format', 'jsonl');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { id: 7, tags: '["a"]', ok: true },
      { id: null, tags: null, ok: null },
    ]);
    expect(await run(JSON.stringify(rows), '--predict', ...keep, '--output-format', 'csv')).toMatch(
      /^id,tags,ok,prediction\n7,"\[""a""\]",true,\w+\n,,,\w+\n$/,
    );
  });

  it('refuse a column that is not found, that has no name, or that has a name of the results', async () => {
    expect(await failureOf(CSV, '--keep', 'idd')).toContain(
      "--keep: standard input has no column 'idd'; did you mean 'id'?",
    );
    expect(await failureOf(JSON.stringify(RECORDS), '--keep', 'idd')).toContain("did you mean 'id'?");
    expect(await failureOf('{"sex":["male"],"fare":[1],"id":[7]}', '--keep', 'idd')).toContain("did you mean 'id'?");
    expect(await run('{"sex":["male"],"fare":[1],"id":[7]}', '--predict', '--keep', 'id')).toContain('{"id":7,');
    expect(await failureOf('male,1,2,S,x\n', '--keep', 'id')).toContain('have no names to keep them by');
    expect(await failureOf(CSV.replace('name', 'label'), ...flags.slice(0, 3), 'label')).toContain(
      "the results already have a column 'label'",
    );
    const large = JSON.stringify([{ ...RECORDS[0], id: 0 }]).replace('"id":0', '"id":12345678901234567890');
    expect(await failureOf(large, '--keep', 'id')).toContain("row 1, 'id': the integer");
    expect(await failureOf(CSV, '--keep', 'id', '--output', pathOf('kept.npy'))).toContain(
      'a .npy file contains one output',
    );
  });
});

describe('names', () => {
  it('that the model does not need may be absent, and others are ignored', async () => {
    expect(labelsOf(await run('sex,fare,embarked,colour\nmale,7.5,S,red\n', '--predict')).length).toBe(1);
    expect(JSON.parse(await run('{"sex":"male","fare":7.5,"colour":"red"}', '--predict'))).toHaveLength(1);
  });

  it('that only look like the model´s are asked about', async () => {
    expect(await failureOf('sex,Age,fare\nmale,41,7.5\n')).toContain(
      "'Age', which is not a feature of the model; did you mean 'age'?",
    );
    expect(await failureOf('{"sex":"male","farre":7.5,"age":3}')).toContain("did you mean 'fare'?");
  });

  it('of which the model knows none are refused, with what helps', async () => {
    expect(await failureOf('x,y,z\nmale,3,4\n')).toContain('--header skip assigns columns by position');
    expect(await failureOf('sex age fare\nmale 3 4\n')).toContain("found one column, 'sex age fare'; --delimiter sets");
  });

  it("of pandas' columns and index orientations are named", async () => {
    const rows = { sex: { 0: 'male' }, age: { 0: 3 }, fare: { 0: 7.5 } };
    expect(await failureOf(JSON.stringify(rows))).toContain(
      "to_json(orient='columns'); write it with orient='records'",
    );
  });
});

describe('cells', () => {
  it('without a word or number are missing as pandas has them', async () => {
    const of = (embarked: string, age: string) => `sex,age,fare,embarked\nmale,${age},7.5,${embarked}\n`;
    const missing = await run(of('', ''), '--proba');
    for (const text of ['NA', 'NaN', 'nan', 'null', 'None', 'N/A', '<NA>', '#N/A']) {
      expect(await run(of(text, text), '--proba')).toBe(missing);
    }
    expect(
      await run(
        JSON.stringify({ sex: 'male', age: null, fare: 7.5, embarked: null }),
        '--proba',
        '--output-format',
        'csv',
      ),
    ).toBe(missing);
  });

  it('that the model does not take are named as the file has them', async () => {
    const rows = CSV.split('\n').slice(0, 4);
    expect(await failureOf(`${rows.join('\n')}\nx,1,S,7.5,male,old,y\n`)).toContain(
      "standard input row 4, column 'age': expected a number, found 'old' (line 5)",
    );
    const path = file('wrong.jsonl', '{"sex":"male","fare":1}\n\n{"sex":3,"fare":1}\n');
    expect(await failureOf('', '--input', path)).toContain(
      "wrong.jsonl line 3, 'sex': expected a string such as 'female', found the number 3",
    );
  });
});

describe('a row that the model refuses', () => {
  it('is named as the file has it, whichever block it is in', async () => {
    const rows = Array.from({ length: 40 }, (_, row) => `male,${row},${row === 33 ? 'inf' : 1},S\n`).join('');
    expect(await failureOf(`sex,age,fare,embarked\n${rows}`, '--batch', '16')).toBe(
      "forwardpass: standard input row 34, column 'fare' (line 35): holds Infinity in 'fare'; the model only takes finite numbers\n",
    );
  });
});

describe('other commands on words', () => {
  it('verify', async () => {
    const expected = file('proba.json', JSON.stringify(EXPECTED.probabilities));
    const { stdout, status } = await command([
      ...['verify', MODEL, '--input', `${TABLES}passengers.csv`, '--expect', expected, '--proba', '--rtol', '1e-12'],
    ]);
    expect(stdout).toContain('30 rows agree');
    expect(status).toBe(0);
  });

  it('quantize, with labels that are words', async () => {
    const labels = file('labels.csv', `label\n${EXPECTED.labels.join('\n')}\n`);
    const flags = ['--sample', `${TABLES}passengers.csv`, '--labels', labels, '--seconds', '0.01', '--json'];
    const { stdout, stderr } = await command(['quantize', MODEL, ...flags]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).accuracy[0]).toBe(1);
    const indices = file('labels.json', JSON.stringify(EXPECTED.labels.map((label) => (label === 'yes' ? 1 : 0))));
    const again = await command(['quantize', MODEL, ...flags.with(3, indices)]);
    expect(JSON.parse(again.stdout).accuracy[0]).toBe(1);
  });

  it('bench', async () => {
    const { stdout, stderr } = await command(['bench', MODEL, '--seconds', '0.01', '--json', '--batch', '8']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).timings[0].batch).toBe(8);
  });
});

it('CSV of a column of which it only counts whether it is missing', async () => {
  const model = fileURLToPath(new URL('../fixtures/sklearn-missing/indicator-of-words.pkl', import.meta.url));
  const rows = 'city,width,street,height\nnice,1,NA,2\n,,7,0\n';
  const { status, stdout, stderr } = await command(['run', model], rows);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n').slice(1)).toEqual(['0,0,1,0', '1,1,0,0']);
});
