/** Tables of strangers: each is refused at its line, at once, in little memory. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fakeModel, runCommand } from './support.ts';

const MEGABYTE = 2 ** 20;

const model = fakeModel({ inputs: { x: [3] }, featureNames: ['a', 'b', 'c'] });

async function run(text: string | Uint8Array) {
  return runCommand(['run', 'm.onnx', '--output-format', 'csv'], model, text);
}

async function failureOf(text: string | Uint8Array): Promise<string> {
  const { stderr, status } = await run(text);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^forwardpass: .*\n$/);
  return stderr;
}

async function stdoutOf(text: string): Promise<string> {
  const { stdout, stderr } = await run(text);
  expect(stderr).toBe('');
  return stdout;
}

describe('CSV', () => {
  it.each([
    ['a cell of 8 MB', `a,b,c\n1,2,3\n1,2,${'x'.repeat(8 * MEGABYTE)}\n`, 'line 3: the row that begins here exceeds'],
    ['a quote that is never closed', `a,b,c\n1,2,3\n1,"2,3\n${'1,2,3\n'.repeat(1000)}`, 'line 3: a quote in the row'],
    ['such a quote before 6 MB', `a,b,c\n1,"2,3\n${'1,2,3\n'.repeat(MEGABYTE)}`, 'line 2: the row that begins here'],
    ['10 MB of columns', ','.repeat(10 * MEGABYTE), 'line 1: expected 3 columns and at most 131072 others, found more'],
    [
      '10 MB of columns behind quotes that break lines',
      `a,b,c\n${`"\n"${','.repeat(100_000)}`.repeat(100)}`,
      'line 2: expected 3 columns and at most 131072 others, found more',
    ],
    [
      'a million names',
      Array.from({ length: 1e6 }, (_, i) => `name${i}`).join(','),
      'line 1: expected 3 columns and at most 131072 others, found more',
    ],
  ])('is refused with %s', async (_, text, message) => {
    expect(await failureOf(text)).toContain(message);
  });

  it('may have a hundred thousand columns beside those of the model, and long cells', async () => {
    const others = 100_000;
    const names = Array.from({ length: others }, (_, i) => `,n${i}`).join('');
    expect(await stdoutOf(`a,b,c${names}\n1,2,3${',5'.repeat(others)}\n`)).toBe('y[0],y[1]\n6,3\n');
    expect(await stdoutOf(`a,b,c,d\n1,2,3,"${'x\n'.repeat(MEGABYTE)}"\n`)).toBe('y[0],y[1]\n6,3\n');
  });
});

describe('JSON', () => {
  it.each([
    ['a line of 10 MB', `[1,2,3]\n[${'1,'.repeat(5 * MEGABYTE)}`, 'line 2: is longer than 4194496 characters'],
    ['a line that unpacks to 20 MB', gzipSync(`[1,2,3]\n${'['.repeat(20 * MEGABYTE)}`), 'line 2: is longer than'],
    ['a deep line', `[1,2,3]\n${'['.repeat(MEGABYTE)}`, 'line 2: is nested more than 64 deep (column 65)'],
    ['a deep document', `[\n${'['.repeat(2 * MEGABYTE)}`, 'is nested more than 64 deep (line 2, column 64)'],
    ['inputs within inputs', '{"inputs":'.repeat(MEGABYTE), 'is nested more than 64 deep (column 641)'],
    [
      'a record of a million keys',
      `{${Array.from({ length: 1e6 }, (_, i) => `"k${i}":1`).join(',')}}`,
      'has an object of more than 131084 keys (column',
    ],
    ['a string that ends nowhere', `["${'\\"'.repeat(MEGABYTE)}`, 'is not JSON'],
    [
      'a document that would fill the heap',
      `[${'[],'.repeat(20 * MEGABYTE)}`,
      'has too many values to be read into memory',
    ],
    ['a comma too many', '[[1,2,3],\n[1,,3]]', 'is not JSON'],
    ['an end too early', '[[1,2,3],\n[1,2', /is not JSON: .*line 2,? column 5/],
  ])('is refused with %s', async (_, text, message) => {
    expect(await failureOf(text)).toMatch(message);
  });

  it('may have a million blank lines, and braces in strings', async () => {
    expect(await stdoutOf(`[1,2,3]\n[4,5,6]${'\n'.repeat(MEGABYTE)}[0,0,1]\n`)).toBe('y[0],y[1]\n6,3\n15,6\n1,1\n');
    const text = `{"note":"${'[{\\\\'.repeat(1000)}\\"","a":1,"b":2,"c":3}`;
    expect(await stdoutOf(text)).toBe('y[0],y[1]\n6,3\n');
  });

  it('costs what its rows hold, however many columns it names', async () => {
    const columns = ['a', 'b', 'c', ...Array.from({ length: 100_000 }, (_, i) => `k${i}`)];
    const data = Array.from({ length: 10_000 }, () => [1, 2, 3]);
    const printed = await stdoutOf(JSON.stringify({ columns, data }));
    expect(printed.split('\n')).toHaveLength(10_002);
  });
});
