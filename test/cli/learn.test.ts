/** `forwardpass learn`, in this process; killed and started again, as compiled. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { learn } from '../../lib/learn.ts';
import { load } from '../../lib/load.ts';
import { pathOf, runCommand } from './support.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const NET = fileURLToPath(new URL('../fixtures/learn/torch-sgd-plain.pt', import.meta.url));

/** A net of one output, in its own file. */
const SINGLE = fileURLToPath(new URL('../fixtures/learn/torch-sgd-damped.pt', import.meta.url));
const OF_SINGLE = ['--activation', 'silu', '--loss', 'meanSquared', '--optimizer', 'adam', '--learning-rate', '0.01'];

/** Rows of ten numbers and a target, the same each time; `names` of the columns. */
function table(name: string, rows: number, target: (x: number[]) => string | number, names = 'abcdefghij'): string {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const lines = [`id,${[...names].join(',')},y,w`];
  for (let row = 0; row < rows; row++) {
    const x = Array.from({ length: 10 }, random);
    lines.push(`${row},${x.map((value) => value.toFixed(4)).join(',')},${target(x)},${1 + (row % 3)}`);
  }
  const path = pathOf(name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const line = (x: number[]) => (x[0] - 2 * x[1] + 0.5 * x[2]).toFixed(4);
const side = (x: number[]) => (x[0] + x[1] > 0 ? 'up' : 'down');

/** A classifier that has seen one row of each class, with names of features. */
async function classifier(name: string): Promise<string> {
  const learner = await learn({ estimator: 'SGDClassifier', loss: 'log_loss', random_state: 3 });
  const record = (value: number) => Object.fromEntries([...'abcdefghij'].map((key) => [key, value]));
  learner.partialFit([record(1), record(-1)], ['up', 'down'], { classes: ['up', 'down'] });
  const path = pathOf(name);
  await learner.save(path);
  return path;
}

it('learns a column of labels, says how well, and leaves a model', async () => {
  const rows = table('labels.csv', 5000, side);
  const output = pathOf('labels.safetensors');
  const args = ['learn', await classifier('labels.joblib'), '-i', rows, '--target', 'y', '-o', output];
  const { status, stdout, stderr } = await runCommand([...args, '--checkpoint-every', '2000', '--window', '1000']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines.map((text) => text.split(' ')[0])).toEqual(['2000', '4000', '5000']);
  const accuracy = Number(/accuracy ([\d.]+) {2}logLoss [\d.]+ {2}of the last 1000$/.exec(lines[2])?.[1]);
  expect(accuracy).toBeGreaterThan(0.9);
  expect(existsSync(`${output}.checkpoint`)).toBe(false);
  const model = await load(output);
  expect(model.predict({ a: 1, b: 1, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: 0, j: 0 })).toBe('up');
});

it('gives what partialFit gives, batch by batch, with weights', async () => {
  const rows = table('weights.csv', 1000, line);
  const output = pathOf('weights.safetensors');
  const args = ['learn', SINGLE, ...OF_SINGLE, '-i', rows, '--target', 'y', '--weight', 'w', '-o', output];
  // The model knows no names: columns go by position, but for those of the target and the weight.
  const refused = await runCommand(args);
  expect(refused.stderr).toContain('expected 10 columns');
  const own = readFileSync(rows, 'utf8').replace(/^[^,\n]+,/gm, '');
  const plain = pathOf('plain.csv');
  writeFileSync(plain, own);
  const { status, stderr } = await runCommand([...args.with(args.indexOf('-i') + 1, plain), '--batch', '100']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const expected = await learn(SINGLE, {
    activation: 'silu',
    loss: 'meanSquared',
    optimizer: { name: 'adam', learningRate: 0.01 },
  });
  const values = own
    .trim()
    .split('\n')
    .slice(1)
    .map((text) => text.split(',').map(Number));
  for (let first = 0; first < 1000; first += 100) {
    const part = values.slice(first, first + 100);
    const sampleWeight = part.map((row) => row[11]);
    expected.partialFit(
      Float64Array.from(part.flatMap((row) => row.slice(0, 10))),
      part.map((row) => row[10]),
      { sampleWeight },
    );
  }
  expect((await learn(output)).state()).toEqual(expected.state());
});

it('says when errors have changed', async () => {
  let row = 0;
  const rows = table('drift.csv', 6000, (x) => (row++ < 3000 ? side(x) : side(x.map((value) => -value))));
  const args = ['learn', await classifier('drift.joblib'), '-i', rows, '--target', 'y', '-o', pathOf('d.safetensors')];
  const { stderr } = await runCommand([...args, '--drift', 'ddm', '--batch', '100']);
  expect(stderr).toMatch(/^the error rate has changed at row 3\d00\n/);
});

it.each<[name: string, change: (text: string) => string, message: RegExp]>([
  ['word', (text) => text.replace(/\n7,[^,]+/, '\n7,seven'), /word\.csv row 8, column 'a'.*expected a number/],
  ['empty', (text) => text.replace(/\n7,[^,]+/, '\n7,'), /empty\.csv row 8.*NaN/],
  [
    'label',
    (text) => text.replace(/(\n7,.*),(up|down),/, '$1,left,'),
    /row 8, column 'y': expected one of 'down', 'up'/,
  ],
  ['none', (text) => text.replace(/(\n7,.*),(up|down),/, '$1,,'), /row 8, column 'y': .*found nothing/],
  ['target', (text) => text.replace(',y,', ',z,'), /has no column 'y'/],
])('refuses rows of %s, and says where', async (name, change, message) => {
  const path = table(`${name}.csv`, 20, side);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  const output = pathOf(`${name}.safetensors`);
  const args = ['learn', await classifier(`${name}.joblib`), '-i', path, '--target', 'y', '-o', output];
  const { status, stderr } = await runCommand(args);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect(existsSync(output)).toBe(false);
});

it('does not replace the rows by the model', async () => {
  const rows = table('kept.csv', 20, side);
  const before = readFileSync(rows, 'utf8');
  const args = ['learn', await classifier('kept.joblib'), '-i', rows, '--target', 'y', '-o', rows];
  const { status, stderr } = await runCommand(args);
  expect([status, stderr]).toEqual([1, expect.stringContaining('is a file that is read, which would be overwritten')]);
  expect(readFileSync(rows, 'utf8')).toBe(before);
});

it('refuses a model that does not learn, and a network without a loss', async () => {
  const rows = table('refused.csv', 20, line);
  const args = (model: string) => ['learn', model, '-i', rows, '--target', 'y', '-o', pathOf('refused.safetensors')];
  const tree = fileURLToPath(new URL('../fixtures/sklearn-trees/decision-tree.pkl', import.meta.url));
  expect((await runCommand(args(existsSync(tree) ? tree : rows))).status).toBe(1);
  const { stderr } = await runCommand([...args(NET), '--activation', 'softplus']);
  expect(stderr).toContain("pass the loss of the network: 'meanSquared'");
});

it('goes on after SIGKILL, and ends with the bytes of a run that was never stopped', { timeout: 120_000 }, async () => {
  const rows = table('killed.csv', 16_000, side);
  const model = await classifier('killed.joblib');
  const argsFor = (output: string) => [
    ...['learn', model, '--input', rows, '--target', 'y', '-o', output],
    ...['--checkpoint-every', '500', '--batch', '100'],
  ];
  const [whole, killed] = ['whole.safetensors', 'killed.safetensors'].map(pathOf);
  expect(spawnSync(process.execPath, [COMMAND, ...argsFor(whole)], { encoding: 'utf8' })).toMatchObject({ status: 0 });

  let kills = 0;
  for (let attempt = 0; attempt < 6 && kills < 3; attempt++) {
    const child = spawn(process.execPath, [COMMAND, ...argsFor(killed)]);
    const exit = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    // Somewhere behind a checkpoint, or while one is being written.
    while (child.exitCode === null && output.split('\n').length < 3 + attempt) await sleep(2);
    child.kill('SIGKILL');
    const [, signal] = await exit;
    if (signal === 'SIGKILL') kills++;
    expect(existsSync(`${killed}.checkpoint`)).toBe(true);
  }
  expect(kills).toBeGreaterThan(0);
  // Whatever is there is whole.
  await learn(`${killed}.checkpoint`);
  const last = spawnSync(process.execPath, [COMMAND, ...argsFor(killed)], { encoding: 'utf8' });
  expect(last.status).toBe(0);
  expect(last.stderr).toMatch(/^continues after \d+ rows, from .*killed\.safetensors\.checkpoint\n$/);
  const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  expect(digest(killed)).toBe(digest(whole));
  expect(existsSync(`${killed}.checkpoint`)).toBe(false);

  // A checkpoint of another command is not a beginning of this one.
  const other = await learn(model);
  await other.save(`${killed}.checkpoint`, { notes: { run: 'another', rows: 100 } });
  const refused = spawnSync(process.execPath, [COMMAND, ...argsFor(killed)], { encoding: 'utf8' });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('is a checkpoint of another model, other rows or other options');
  const again = spawnSync(process.execPath, [COMMAND, ...argsFor(killed), '--restart'], { encoding: 'utf8' });
  expect(again.status).toBe(0);
  expect(digest(killed)).toBe(digest(whole));
});

it.each([
  [['--target', 'Y'], "--target: ROWS has no column 'Y'; did you mean 'y'?"],
  [['--target', 'y', '--weight', 'weight'], "--weight: ROWS has no column 'weight'"],
])('names the option of a column that is not there: %j', async (flags, message) => {
  const rows = table('columns.csv', 4, side);
  const args = ['learn', await classifier('columns.joblib'), '-i', rows, '-o', pathOf('columns.safetensors')];
  const { status, stderr } = await runCommand([...args, ...flags]);
  expect(status).toBe(1);
  expect(stderr).toContain(message.replace('ROWS', rows));
});
