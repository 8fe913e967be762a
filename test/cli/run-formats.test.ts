/** What `run` makes of files: how they are packed, written and called. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openFileSink } from '../../lib/cli/byte-sink.ts';
import { ByteSource } from '../../lib/cli/byte-source.ts';
import { openParquet } from '../../lib/cli/read-parquet.ts';
import { ParquetRowWriter } from '../../lib/cli/write-parquet.ts';
import { fakeModel, pathOf, runCommand } from './support.ts';

const NAMED = fakeModel({ inputs: { x: [3] }, featureNames: ['a', 'b', 'c'] });
const ROWS = 'a,b,c\n1,2,3\n4,5,6\n';
const RESULTS = 'y[0],y[1]\n6,3\n15,6\n';

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(pathOf(name), content);
  return pathOf(name);
}

async function run(stdin: string | Uint8Array, ...flags: string[]) {
  return runCommand(['run', 'm.onnx', ...flags], NAMED, stdin);
}

async function stdoutOf(stdin: string | Uint8Array, ...flags: string[]): Promise<string> {
  const { stdout, stderr, status } = await run(stdin, '--output-format', 'csv', ...flags);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

async function failureOf(stdin: string | Uint8Array, ...flags: string[]): Promise<string> {
  const { stderr, status } = await run(stdin, ...flags);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^forwardpass: .*\n$/);
  return stderr;
}

describe('gzip', () => {
  it.each([
    ['.csv.gz', ROWS],
    ['.json.gz', '[[1,2,3],[4,5,6]]'],
    ['.jsonl.gz', '[1,2,3]\n[4,5,6]\n'],
  ])('is unpacked from %s, and from standard input', async (extension, text) => {
    expect(await stdoutOf('', '--input', file(`rows${extension}`, gzipSync(text)))).toBe(RESULTS);
    expect(await stdoutOf(gzipSync(text))).toBe(RESULTS);
  });

  it('goes out where the name says so, and comes back in', async () => {
    for (const name of ['y.csv.gz', 'y.json.gz', 'y.jsonl.gz', 'y.npy.gz']) {
      await run(ROWS, '--output', pathOf(name));
      await run(ROWS, '--output', pathOf(name.slice(0, -3)));
      expect(gunzipSync(readFileSync(pathOf(name)))).toEqual(readFileSync(pathOf(name.slice(0, -3))));
      const model = fakeModel({ inputs: { y: [2] } });
      const { stdout } = await runCommand(['run', 'm', '--input', pathOf(name), '--output-format', 'csv'], model);
      expect(stdout).toBe('y[0],y[1]\n9,3\n21,6\n');
    }
  });

  it('that is cut off or damaged is refused', async () => {
    const bytes = gzipSync(ROWS.repeat(100));
    expect(await failureOf(bytes.subarray(0, -20))).toContain('standard input: the gzip data ends early');
    const damaged = Buffer.from(bytes);
    damaged[12] ^= 255;
    expect(await failureOf(damaged)).toContain('standard input: the gzip data is damaged');
  });

  it('that unpacks to nothing is empty', async () => {
    expect(await failureOf(gzipSync(''))).toContain('is empty, expected rows');
  });
});

describe('text', () => {
  it('is read from UTF-16 with a byte order mark, of either order', async () => {
    const little = Buffer.from(`\ufeff${ROWS}`, 'utf16le');
    expect(await stdoutOf(little)).toBe(RESULTS);
    expect(await stdoutOf(Buffer.from(little).swap16())).toBe(RESULTS);
    expect(await stdoutOf(Buffer.from('\ufeff{"a":1,"b":2,"c":3}\n{"a":4,"b":5,"c":6}', 'utf16le'))).toBe(RESULTS);
  });

  it('in another encoding is refused', async () => {
    expect(await failureOf(Buffer.from(ROWS.replace('a', 'é'), 'latin1'))).toContain('is not valid UTF-8');
    expect(await failureOf(Buffer.from(ROWS, 'utf16le'))).toContain('binary, or UTF-16 without a byte order mark');
    expect(await failureOf(Buffer.from([1, 2, 3, 0, 255, 0, 0, 7]))).toContain('binary');
  });

  it('may have a character in two chunks', async () => {
    // Blanks of 2 ** 18 bytes and one less: chunks end within a character.
    for (const blanks of [2 ** 18 - 24, 2 ** 18 - 25, 2 ** 18 - 26, 2 ** 18 - 27]) {
      const text = `a,b,c,"${' '.repeat(blanks)}größe😀"\n1,2,3,größe😀\n`;
      expect(await stdoutOf('', '--input', file('long.csv', text))).toBe('y[0],y[1]\n6,3\n');
    }
  });
});

describe('numbers', () => {
  it('are read with a decimal comma where --decimal says so', async () => {
    const text = 'a;b;c\n1,0;2,0;3\n-4,5e1;"5,5";6\n';
    expect(await stdoutOf(text, '--decimal', ',')).toBe('y[0],y[1]\n6,3\n-33.5,6\n');
    expect(await stdoutOf('1,0\t2\t3\n', '--decimal', ',')).toBe('y[0],y[1]\n6,3\n');
    expect(await failureOf(text)).toContain(
      "expected a number, found '1,0' (line 2); a decimal comma needs --decimal ,",
    );
  });

  it('with thousands apart or of another base are none', async () => {
    expect(await failureOf('"1,000",2,3\n', '--header', 'none')).toContain("found '1,000'");
    expect(await failureOf('1.000,5;2;3\n', '--decimal', ',', '--header', 'none')).toContain("found '1.000,5'");
    expect(await failureOf('0x10,2,3\n', '--header', 'none')).toContain("found '0x10'");
  });
});

describe('--delimiter', () => {
  it.each([
    ['|', '|'],
    ['tab', '\t'],
    ['space', ' '],
    ['^', '^'],
  ])('%s separates cells', async (name, character) => {
    expect(await stdoutOf(ROWS.replaceAll(',', character), '--delimiter', name)).toBe(RESULTS);
  });

  it('is found by itself where it is a bar', async () => {
    expect(await stdoutOf(ROWS.replaceAll(',', '|'))).toBe(RESULTS);
  });

  it('is what Excel says before the header', async () => {
    expect(await stdoutOf('sep=^\r\na^b^c\r\n1^2^3\r\n4^5^6\r\n')).toBe(RESULTS);
  });

  it('is one character', async () => {
    const { status, stderr } = await run(ROWS, '--delimiter', '||');
    expect(status).toBe(2);
    expect(stderr).toContain('expected one character, or tab or space');
  });
});

describe('a file of a format that is not read', () => {
  it.each([
    ['rows.xlsx', 'an Excel workbook'],
    ['rows.ods', 'an OpenDocument spreadsheet'],
    ['rows.npz', 'an archive of NumPy arrays'],
    ['rows.feather', 'an Arrow file'],
    ['rows.arrow', 'an Arrow file'],
    ['rows.pkl', 'a Python pickle'],
    ['rows.zip', 'a zip archive'],
    ['rows.csv.zst', 'compressed with something other than gzip'],
  ])('is named by its name: %s', async (name, what) => {
    expect(await failureOf('', '--input', file(name, '1,2,3\n'))).toContain(
      `${name}: is ${what}, which is not supported`,
    );
  });

  it.each([
    ['an Excel workbook', 'PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0AAAABBBBCCCC\x13\0\0\0[Content_Types].xml'],
    [
      'an OpenDocument spreadsheet',
      `PK\x03\x04${'\0'.repeat(26)}mimetypeapplication/vnd.oasis.opendocument.spreadsheet`,
    ],
    ['an archive of NumPy arrays', `PK\x03\x04${'\0'.repeat(26)}arr_0.npy`],
    ['a zip archive', `PK\x03\x04${'\0'.repeat(26)}rows.csv`],
    ['an Excel workbook', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0'],
    ['an Arrow file', 'ARROW1\0\0'],
    ['a Python pickle', '\x80\x04\x95\x10'],
    ['an HDF5 file', '\x89HDF\r\n\x1a\n\0'],
    ['a database', 'SQLite format 3\0'],
    ['compressed with something other than gzip', '\x28\xb5\x2f\xfd\x04'],
  ])('is named by its first bytes, whatever its name says: %s', async (what, head) => {
    const bytes = Buffer.from(head, 'latin1');
    expect(await failureOf(bytes)).toContain(`standard input: is ${what}, which is not supported`);
    expect(await failureOf('', '--input', file('renamed.csv', bytes))).toContain(`renamed.csv: is ${what}`);
  });

  it('is named when it is a page of the web', async () => {
    expect(await failureOf('<!DOCTYPE html>\n<html><body>404</body></html>')).toContain('is a web page');
    expect(await failureOf('', '--input', file('page.json', '<html></html>'))).toContain('is a web page');
  });

  it('is named when it holds another format than its name says', async () => {
    const npy = file('array.npy', '');
    await run(ROWS, '--output', npy);
    const renamed = file('array.csv', readFileSync(npy));
    expect(await failureOf('', '--input', renamed)).toContain('array.csv: contains npy, expected csv');
  });
});

describe('Parquet', () => {
  it('goes out and comes back in, from a file, a pipe and gzip', async () => {
    const path = pathOf('y.parquet');
    expect((await run(ROWS, '--output', path)).status).toBe(0);
    const model = fakeModel({ inputs: { y: [2] } });
    const bytes = readFileSync(path);
    for (const [flags, stdin] of [
      [['--input', path], ''],
      [[], bytes],
      [[], gzipSync(bytes)],
    ] as const) {
      const { stdout, stderr } = await runCommand(['run', 'm', ...flags], model, stdin);
      expect(stderr).toBe('');
      expect(stdout).toBe('y[0],y[1]\n9,3\n21,6\n');
    }
  });

  it('has no rows if there are none', async () => {
    await run('[]', '--output', pathOf('none.parquet'));
    const { stdout } = await runCommand(
      ['run', 'm', '--input', pathOf('none.parquet')],
      fakeModel({ inputs: { y: [2] } }),
    );
    expect(stdout).toBe('y[0],y[1]\n');
  });

  it('is written in row groups, the rows of all of which come back', async () => {
    const path = pathOf('many.parquet');
    const columns = [{ name: 'y', shape: [64] }];
    const writer = await ParquetRowWriter.create(await openFileSink(path), columns);
    const values = Float32Array.from({ length: 64_000 }, (_, i) => i);
    for (let block = 0; block < 80; block++) await writer.write([values], 1000);
    await writer.end();
    const source = await ByteSource.open(path);
    const { rowCount, rows } = await openParquet(source);
    expect(rowCount).toBe(80_000);
    let row = 0;
    for await (const [first, last] of rows([0, 63])) {
      if (first !== (row % 1000) * 64 || last !== (row % 1000) * 64 + 63) throw new Error(`row ${row}`);
      row++;
    }
    expect(row).toBe(80_000);
    await source.close();
  });

  it('has text in a column that begins without a value', async () => {
    const path = pathOf('nulls.parquet');
    const writer = await ParquetRowWriter.create(await openFileSink(path), [{ name: 'id', shape: [], isKept: true }]);
    await writer.write([new Array<null>(70_000).fill(null)], 70_000);
    await writer.write([[7, 'x']], 2);
    await writer.end();
    const source = await ByteSource.open(path);
    const { rows } = await openParquet(source);
    const found: unknown[] = [];
    for await (const [id] of rows([0])) if (id !== null) found.push(id);
    expect(found).toEqual(['7', 'x']);
    await source.close();
  });

  it('names columns that are missing, and those that hold something else than cells', async () => {
    const tables = fileURLToPath(new URL('../fixtures/tables/values-snappy.parquet', import.meta.url));
    const of = (featureNames: string[]) => fakeModel({ inputs: { x: [featureNames.length] }, featureNames });
    const failure = async (...names: string[]) => (await runCommand(['run', 'm', '--input', tables], of(names))).stderr;
    expect(await failure('float32', 'list')).toContain("column 'list': expected numbers or strings, found lists");
    expect(await failure('float32', 'time')).toContain("column 'time': expected numbers or strings, found timestamps");
    expect(await failure('float32', 'none')).toContain("'none'");
    const { stdout, stderr } = await runCommand(
      ['run', 'm', '--input', tables],
      of(['decimal', 'int32', 'truth', 'float64']),
    );
    expect(stderr).toBe('');
    expect(stdout.split('\n').length).toBe(42);
  });
});
