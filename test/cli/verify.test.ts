import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fakeModel, pathOf, runCommand } from './support.ts';

/** The fake model's `y` is [sum of the row, its last element]. */
const ROWS = '1,2,3\n4,5,6\n7,8,9\n';
const RIGHT = [
  [6, 3],
  [15, 6],
  [24, 9],
];

function file(name: string, content: unknown): string {
  const path = pathOf(name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const rows = file('rows.csv', ROWS);
const verify = (expected: unknown, ...args: string[]) =>
  runCommand(['verify', 'm', '-i', rows, '-e', file('expected.json', expected), ...args]);

describe('verify', () => {
  it('ends with 0 when every row agrees', async () => {
    const { status, stdout, stderr } = await verify(RIGHT);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe('m: 3 rows agree within rtol 0.00001, atol 0.000001; every value is equal\n');
  });

  it('ends with 1 when a row differs, and says which', async () => {
    const { status, stdout, stderr } = await verify(RIGHT.with(1, [15, 7]));
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toBe(
      'm: 1 of 3 rows differ, not within rtol 0.00001, atol 0.000001; greatest difference in row 1: y[1] is 6, expected 7\n' +
        '  row 1: y[1] is 6, expected 7\n',
    );
  });

  it('takes tolerances, relative and absolute', async () => {
    const near = RIGHT.with(2, [24.1, 9]);
    expect((await verify(near)).status).toBe(1);
    expect((await verify(near, '--rtol', '0.01')).status).toBe(0);
    expect((await verify(near, '--atol', '0.11', '--rtol', '0')).status).toBe(0);
    expect((await verify(near, '--atol', '0.09', '--rtol', '0')).status).toBe(1);
  });

  it('reports in JSON', async () => {
    const { status, stdout } = await verify(RIGHT.with(0, [6.5, 3]), '--json');
    const difference = { row: 0, element: 'y[0]', expected: 6.5, found: 6 };
    expect([status, JSON.parse(stdout)]).toEqual([
      1,
      {
        rows: 3,
        differingRows: 1,
        tolerance: { rtol: 1e-5, atol: 1e-6 },
        greatest: difference,
        differences: [difference],
      },
    ]);
  });

  it('counts NaN as equal to NaN alone, and infinities to themselves', async () => {
    const odd = file('odd.csv', '1,NaN,NaN\n1,1,Infinity\n');
    const check = (expected: string) =>
      runCommand(['verify', 'm', '-i', odd, '-e', file('odd-expected.csv', expected), '--rtol', '1e300']);
    expect((await check('NaN,NaN\nInfinity,Infinity\n')).status).toBe(0);
    expect((await check('1,NaN\nInfinity,Infinity\n')).status).toBe(1);
    expect((await check('NaN,NaN\nInfinity,5\n')).status).toBe(1);
  });

  it('shows ten rows at the most', async () => {
    const many = file('many.csv', '1,2,3\n'.repeat(30));
    const wrong = file('wrong.csv', '0,0\n'.repeat(30));
    const { stdout } = await runCommand(['verify', 'm', '-i', many, '-e', wrong]);
    expect(stdout.split('\n').length).toBe(13);
    expect(stdout).toContain('  row 9: y[0] is 6, expected 0\n  and 20 more\n');
  });

  it('compares the outputs that are named', async () => {
    const model = fakeModel({ inputs: { a: [2], b: [1] } });
    const [a, b] = [file('a.csv', '1,2\n3,4\n'), file('b.csv', '5\n6\n')];
    const inputs = ['-i', `a=${a}`, '-i', `b=${b}`];
    const z = file('z.csv', '8\n13\n');
    expect((await runCommand(['verify', 'm', ...inputs, '-e', `z=${z}`], model)).status).toBe(0);
    const y = file('y.csv', '8,5\n13,0\n');
    const { status, stdout } = await runCommand(['verify', 'm', ...inputs, '-e', `z=${z}`, '-e', `y=${y}`], model);
    expect([status, stdout]).toEqual([1, expect.stringContaining('row 1: y[1] is 6, expected 0')]);
  });

  it.each([
    ['fewer results than rows', RIGHT.slice(0, 2), '--expect: ends after 2 rows, but --input has more'],
    ['more results than rows', [...RIGHT, [0, 0]], '--input: ends after 3 rows, but --expect has more'],
    ['results of another width', [[6, 3, 1]], 'expected 2'],
  ])('refuses %s', async (_, expected, message) => {
    const { status, stdout, stderr } = await verify(expected);
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)]);
  });

  it('refuses a tolerance that is none', async () => {
    expect(await verify(RIGHT, '--rtol', 'lax')).toMatchObject({ status: 2 });
  });
});
