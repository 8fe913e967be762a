import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeNpyHeader } from '../../lib/formats/containers/npy.ts';
import { fakeModel, pathOf, runCommand } from './support.ts';

const NAMED = fakeModel({ inputs: { x: [3] }, featureNames: ['a', 'b', 'c'] });
const TOWERS = fakeModel({ inputs: { user: [2], item: [] } });
const RESULTS = 'y[0],y[1]\n6,3\n15,6\n';

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(pathOf(name), content);
  return pathOf(name);
}

function npy(shape: number[], values: number[], options: { fortranOrder?: boolean } = {}): Uint8Array {
  const header = Buffer.from(encodeNpyHeader('f4', shape[0], shape.slice(1)));
  const text = options.fortranOrder ? header.toString('latin1').replace('False', 'True ') : header.toString('latin1');
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(Float32Array.from(values).buffer)]);
}

async function stdoutOf(stdin: string | Uint8Array, model = fakeModel({ inputs: { x: [3] } }), ...flags: string[]) {
  const { stdout, stderr, status } = await runCommand(
    ['run', 'm.onnx', '--output-format', 'csv', ...flags],
    model,
    stdin,
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

async function failureOf(stdin: string | Uint8Array, model = fakeModel({ inputs: { x: [3] } }), ...flags: string[]) {
  const { stderr, status } = await runCommand(['run', 'm.onnx', ...flags], model, stdin);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^forwardpass: .*\n$/);
  return stderr;
}

describe('CSV', () => {
  it.each([
    ['without a header', '1,2,3\n4,5,6\n'],
    ['with a header', 'p,q,r\n1,2,3\n4,5,6\n'],
    ['with semicolons', '1;2;3\n4;5;6\n'],
    ['with tabs and Windows line ends', '1\t2\t3\r\n4\t5\t6'],
    ['with quotes, blanks, empty lines and a byte order mark', '\ufeff"a, b",c,"d ""e"""\n\n "1" , 2,3\n4,5, 6\n\n'],
  ])('is read %s', async (_, text) => {
    expect(await stdoutOf(text)).toBe(RESULTS);
  });

  it('has NaN, infinities and booleans in words, and NaN in empty cells', async () => {
    expect(await stdoutOf('0,0,nan\n0,0,\n0,-inf,+inf\n1,-Infinity,TRUE\n')).toBe(
      'y[0],y[1]\nNaN,NaN\nNaN,NaN\nNaN,Infinity\n-Infinity,1\n',
    );
  });

  it('is matched by the names of features, whatever their order and whatever stands beside them', async () => {
    expect(await stdoutOf('id,c,a,b\nx7,3,1,2\nx8,6,4,5\n', NAMED)).toBe(RESULTS);
  });

  it('is matched by the names of inputs and their elements', async () => {
    expect(await stdoutOf('item,user[1],user[0]\n3,2,1\n', TOWERS)).toBe('y[0],y[1],z\n6,3,6\n');
  });

  it('goes by position through all inputs where no name is known', async () => {
    expect(await stdoutOf('1,2,3\n', TOWERS)).toBe('y[0],y[1],z\n6,3,6\n');
  });

  it('has an index in a first column without a name', async () => {
    expect(await stdoutOf(',p,q,r\n0,1,2,3\n1,4,5,6\n')).toBe(RESULTS);
    expect(await stdoutOf(',0,1,2\n0,1,2,3\n1,4,5,6\n')).toBe(RESULTS);
    expect(await failureOf(',1,2,3\n', undefined, '--header', 'none')).toContain('expected 3 columns, found 4');
  });

  it('has a header exactly when --header says so', async () => {
    expect(await stdoutOf('0,1,2\n1,2,3\n', undefined, '--header', 'names')).toBe('y[0],y[1]\n6,3\n');
    expect(await stdoutOf('u,v,w\n1,2,3\n', NAMED, '--header', 'skip')).toBe('y[0],y[1]\n6,3\n');
    expect(await failureOf('u,v,w\n1,2,3\n', NAMED, '--header', 'none')).toContain(
      'row 1, column 1: expected a number',
    );
  });

  it.each([
    ['a word among numbers', '1,2,3\n4,five,6\n', "standard input row 2, column 2: expected a number, found 'five'"],
    [
      'a row of another length',
      '1,2,3\n4,5\n',
      'expect 3, got 2 on line 2; every row must have as many cells as the first',
    ],
    ['a quote that is never closed', '1,2,3\n"4,5,6\n', 'a quote within a quoted cell must be doubled'],
    ['a quote that opens late', '1,2,3\n4,x"5",6\n', '--delimiter sets the separator of cells'],
    ['the wrong number of columns', '1,2\n', "expected 3 columns (3 of 'x'), found 2"],
    ['a column too many', '1,2,3,4\n', "(3 of 'x'), found 4; columns are assigned by position, so remove the others"],
  ])('is refused with %s', async (_, text, message) => {
    expect(await failureOf(text)).toContain(message);
  });

  it('is refused when a named column is missing or given twice', async () => {
    expect(await failureOf('a,c\n1,2\n', NAMED)).toContain("lacks 'b'; expected 'a', 'b', 'c'");
    expect(await failureOf('a,b,c,a\n1,2,3,4\n', NAMED)).toContain("the column 'a' is given twice");
  });

  it('names the column of a cell that is not a number', async () => {
    expect(await failureOf('a,b,c\n1,2,3\n1,?,3\n', NAMED)).toContain(
      "row 2, column 'b': expected a number, found '?'",
    );
  });
});

describe('JSON', () => {
  it.each([
    ['rows', '[[1,2,3],[4,5,6]]'],
    ['nested rows', '[[[1],[2],[3]],[[4],[5],[6]]]'],
    ['rows over several lines', '[\n  [1, 2, 3],\n  [4, 5, 6]\n]\n'],
    ['rows of an input', '{"x": [[1,2,3],[4,5,6]]}'],
    ['rows under inputs', '{"inputs": [[1,2,3],[4,5,6]]}'],
    ['an input under inputs', '{"inputs": {"x": [[1,2,3],[4,5,6]]}}'],
    ['JSON Lines', '[1,2,3]\n[4,5,6]\n'],
    ['JSON Lines of records, with empty lines', '{"x":[1,2,3]}\n\n{"x":[4,5,6]}'],
  ])('is read as %s', async (_, text) => {
    expect(await stdoutOf(text)).toBe(RESULTS);
  });

  it.each([
    ['records', '[{"c":3,"a":1,"b":2,"id":"x7"},{"a":4,"b":5,"c":6}]'],
    ['columns', '{"c":[3,6],"a":[1,4],"b":[2,5]}'],
    ['columns under columns', '{"columns":{"c":[3,6],"a":[1,4],"b":[2,5]}}'],
    ["pandas' split form", '{"columns":["c","a","b"],"index":[0,1],"data":[[3,1,2],[6,4,5]]}'],
    ['JSON Lines of records', '{"c":3,"a":1,"b":2}\n{"a":4,"b":5,"c":6}\n'],
  ])('is matched by name as %s', async (_, text) => {
    expect(await stdoutOf(text, NAMED)).toBe(RESULTS);
  });

  it.each([
    ['an array', '[1,2,3]'],
    ['a record', '{"a":1,"b":2,"c":3}'],
    ['an input', '{"x":[1,2,3]}'],
  ])('is one row as %s', async (_, text) => {
    expect(await stdoutOf(text, NAMED)).toBe('y[0],y[1]\n6,3\n');
  });

  it('has a row per number where a row is one number', async () => {
    expect(await stdoutOf('[1,2]', fakeModel({ inputs: { x: [1] } }))).toBe('y[0],y[1]\n1,1\n2,2\n');
  });

  it('holds several inputs as columns or records', async () => {
    const results = 'y[0],y[1],z\n6,3,6\n15,6,15\n';
    expect(await stdoutOf('{"user":[[1,2],[4,5]],"item":[3,6]}', TOWERS)).toBe(results);
    expect(await failureOf('[{"user":[1,2],"item":[3]}]', TOWERS)).toContain("'item': expected one value");
    expect(await stdoutOf('[{"user":[1,2],"item":3},{"user":[4,5],"item":6}]', TOWERS)).toBe(results);
  });

  it('takes null as NaN and booleans as 1 and 0', async () => {
    expect(await stdoutOf('[[true,false,null]]')).toBe('y[0],y[1]\nNaN,NaN\n');
  });

  it.each([
    ['text that is not JSON', '[[1,2', 'standard input: is not JSON'],
    ['a word among numbers', '[[1,2,3],[4,"5",6]]', "row 2: expected a number, found the string '5'"],
    ['a short row', '[[1,2,3],[4,5]]', 'row 2: expected 3 values, found 2'],
    ['a number among rows', '[[1,2,3],4]', 'row 2: expected a row of 3 values, found the number 4'],
    ['a bare number', '7', 'found 1'],
    [
      'an unknown column',
      '{"w":[1]}',
      "lacks 'x[0]', 'x[1]', 'x[2]'; found 'w'; the model has no feature names: pass rows as arrays, or as records with 'x'",
    ],
    ['a short line', '[1,2,3]\n[4]\n', 'line 2: expected 3 values, found 1'],
    ['a broken line', '[1,2,3]\n[4,\n', 'line 2: is not JSON'],
    ['a bottomless row', `[${'['.repeat(2000)}${']'.repeat(2000)}]`, 'is nested more than 64 deep'],
  ])('is refused with %s', async (_, text, message) => {
    expect(await failureOf(text)).toContain(message);
  });

  it('is refused when a column is shorter than another or a field is missing', async () => {
    expect(await failureOf('{"a":[1,2],"b":[1],"c":[1,2]}', NAMED)).toContain(
      "column 'b': expected an array of 2 values, as 'a' has, found an array of 1",
    );
    expect(await failureOf('[{"a":1,"b":2,"c":3},{"a":1,"__proto__":2}]', NAMED)).toContain(
      "row 2: lacks 'b', 'c'; expected 'a', 'b', 'c'",
    );
  });
});

describe('.npy', () => {
  it.each([
    ['rows', [2, 3], [1, 2, 3, 4, 5, 6], {}],
    ['Fortran order', [2, 3], [1, 4, 2, 5, 3, 6], { fortranOrder: true }],
  ])('is read from a file in %s, block by block', async (_, shape, values, options) => {
    const path = file('rows.npy', npy(shape, values, options));
    for (const batch of ['1', '2', '5']) {
      expect(await stdoutOf('', undefined, '--input', path, '--batch', batch)).toBe(RESULTS);
    }
  });

  it('is read from standard input', async () => {
    expect(await stdoutOf(npy([2, 3], [1, 2, 3, 4, 5, 6]))).toBe(RESULTS);
  });

  it('is one row without its axis, and a row per element where a row is one number', async () => {
    expect(await stdoutOf(npy([3], [1, 2, 3]))).toBe('y[0],y[1]\n6,3\n');
    expect(await stdoutOf(npy([2], [1, 2]), fakeModel({ inputs: { x: [] } }))).toBe('y[0],y[1]\n1,1\n2,2\n');
  });

  it('keeps or flattens the shape of a row, but does not take another', async () => {
    const model = fakeModel({ inputs: { x: [2, 2] } });
    expect(await stdoutOf(npy([1, 2, 2], [1, 2, 3, 4]), model)).toBe('y[0],y[1]\n10,4\n');
    expect(await stdoutOf(npy([1, 4], [1, 2, 3, 4]), model)).toBe('y[0],y[1]\n10,4\n');
    expect(await failureOf(npy([1, 1, 4], [1, 2, 3, 4]), model)).toContain(
      'expected [rows, 2, 2] for x, found [1, 1, 4]',
    );
  });

  it('is refused when it ends early, from a file at once and from a stream where it ends', async () => {
    const bytes = npy([2, 3], [1, 2, 3, 4, 5, 6]).subarray(0, -4);
    expect(await failureOf('', undefined, '--input', file('short.npy', bytes))).toContain(
      'expected 24 bytes of elements, found 20',
    );
    expect(await failureOf(bytes)).toContain('expected 2 rows, but the file ends within row 2');
  });

  it('is read in Fortran order from a stream too, of any number of axes, and as one row', async () => {
    expect(await stdoutOf(npy([2, 3], [1, 4, 2, 5, 3, 6], { fortranOrder: true }))).toBe(RESULTS);
    const model = fakeModel({ inputs: { x: [2, 2] } });
    const [sums, order] = [`y[0],y[1]\n10,4\n26,8\n`, { fortranOrder: true }];
    expect(await stdoutOf(npy([2, 2, 2], [1, 5, 3, 7, 2, 6, 4, 8], order), model, '--batch', '1')).toBe(sums);
    expect(await stdoutOf(npy([2, 2], [1, 3, 0, 4], order), model)).toBe('y[0],y[1]\n8,4\n');
    expect(await stdoutOf(npy([2, 2], [1, 4, 3, 0], order), model)).toBe('y[0],y[1]\n8,0\n');
  });

  it('is refused for several inputs at once', async () => {
    expect(await failureOf(npy([1, 3], [1, 2, 3]), TOWERS)).toContain('pass a file for each, user=FILE item=FILE');
  });
});

describe('several inputs', () => {
  const users = () => file('users.npy', npy([2, 2], [1, 2, 4, 5]));

  it('come from a file each, in different formats', async () => {
    const flags = ['--input', `item=${file('items.csv', 'item\n3\n6\n')}`, '--input', `user=${users()}`];
    for (const batch of ['1', '8']) {
      expect(await stdoutOf('', TOWERS, ...flags, '--batch', batch)).toBe('y[0],y[1],z\n6,3,6\n15,6,15\n');
    }
  });

  it('must have as many rows each', async () => {
    const items = file('more.csv', '3\n6\n9\n');
    for (const batch of ['1', '2', '8']) {
      expect(
        await failureOf('', TOWERS, '--input', `item=${items}`, '--input', `user=${users()}`, '--batch', batch),
      ).toContain('users.npy: ends after 2 rows');
    }
  });

  it('must all be given, once, by names that the model has', async () => {
    expect(await failureOf('', TOWERS, '--input', 'user=a.csv')).toContain("found none for 'item'");
    expect(await failureOf('', TOWERS, '--input', 'user=a.csv', '--input', 'user=b.csv')).toContain('is given twice');
    expect(await failureOf('', TOWERS, '--input', 'user=a.csv', '--input', 'b.csv')).toContain("'user', 'item'");
    expect(await failureOf('', TOWERS, '--input', 'user=-', '--input', 'item=-')).toContain(
      'only one of the files can be a dash',
    );
  });
});

describe('a file to read', () => {
  it('is of the format that its name, or else its content, says', async () => {
    expect(await stdoutOf('', undefined, '--input', file('rows.ndjson', '[1,2,3]'))).toContain('6,3\n');
    expect(await stdoutOf('', undefined, '--input', file('rows.data', '[[1,2,3]]'))).toContain('6,3\n');
  });

  it('is not read in blocks beyond memory', async () => {
    expect(await failureOf('1,2,3\n', undefined, '--batch', '1000000000')).toContain(
      '--batch: a block of 1000000000 rows',
    );
  });

  it('must exist and be no folder', async () => {
    expect(await failureOf('', undefined, '--input', pathOf('none.csv'))).toContain('none.csv: cannot be read: ENOENT');
    expect(await failureOf('', undefined, '--input', pathOf('.'))).toContain('is a folder');
  });

  it('may have no rows, but not be empty', async () => {
    for (const name of ['empty.csv', 'empty.jsonl', 'empty.json', 'empty.npy', 'empty.parquet']) {
      expect(await failureOf('', undefined, '--input', file(name, ''))).toContain(`${name}: is empty, expected rows`);
    }
    expect(await failureOf('')).toContain('standard input: is empty, expected rows');
    expect(await failureOf('\n \n')).toContain('standard input: is empty, expected rows');
    expect(await stdoutOf('', undefined, '--input', file('empty.csv', 'a,b,c\n'))).toBe('y[0],y[1]\n');
    expect(await stdoutOf('', undefined, '--input', file('empty.json', '[]'))).toBe('y[0],y[1]\n');
    expect(await stdoutOf('', undefined, '--input', file('empty.npy', npy([0, 3], [])))).toBe('y[0],y[1]\n');
  });
});
