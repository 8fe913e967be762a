import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { pathOf, runCommand } from './support.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/quantize/', import.meta.url));
const DIGITS = fileURLToPath(new URL('../../examples/digits/', import.meta.url));
const measured = (name: string) =>
  [`${FIXTURES}${name}.onnx`, `${FIXTURES}${name}-rows.npy`, `${FIXTURES}${name}-labels.npy`] as const;
const SETS = {
  digits: [`${DIGITS}digits.onnx`, `${DIGITS}test-images.npy`, `${DIGITS}test-labels.npy`] as const,
  'breast cancer': measured('breast-cancer'),
  wine: measured('wine'),
};
const [MODEL, ROWS, LABELS] = SETS['breast cancer'];

const quantize = (...args: string[]) => runCommand(['quantize', ...args, '--seconds', '0.005']);

async function report(...args: string[]) {
  const { stdout, stderr } = await quantize(...args, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('quantize', () => {
  it.each(
    Object.entries(SETS).flatMap(([name, files]) => [
      [name, 'int8', ...files] as const,
      [name, 'bf16', ...files] as const,
    ]),
  )('keeps the accuracy on %s with %s weights within half a point', async (_, precision, model, rows, labels) => {
    const found = await report(model, '--precision', precision, '--sample', rows, '--labels', labels);
    const [before, after] = found.accuracy;
    expect(before).toBeGreaterThan(0.9);
    expect(after).toBeGreaterThan(before - 0.005);
    expect(found.layersReduced).toBeGreaterThan(0);
    expect(found.difference.greatest).toBeGreaterThan(0);
    expect(found.difference.mean).toBeLessThan(0.02 * found.difference.magnitude);
    expect(found.difference.agreeing).toBeGreaterThan(0.99 * found.difference.rows);
    const [whole, reduced] = found.weightBytes;
    expect(reduced).toBeLessThan(whole);
  });

  it('prints size, speed and accuracy before and after', async () => {
    const { status, stdout, stderr } = await quantize(MODEL, '--sample', ROWS, '--labels', LABELS);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('breast-cancer.onnx: 2 of 4 dense layers in int8, the others in f32');
    expect(stdout).toMatch(/^ +f32 +int8$/m);
    expect(stdout).toMatch(/^weights +[\d.]+ KB +[\d.]+ KB +[\d.]+× smaller$/m);
    expect(stdout).toMatch(/^1 row +[\d.]+ (ns|µs) +[\d.]+ (ns|µs) +[\d.]+× as fast$/m);
    expect(stdout).toMatch(/^accuracy +[\d.]+ % +[\d.]+ % +[+-][\d.]+ points$/m);
    expect(stdout).toMatch(/^results on 285 rows: error .* at most, of values up to .*; the top class of \d+ of 285/m);
  });

  it('says what each layer does alone, and leaves those in f32 that it is told to keep', async () => {
    const { layers, layersReduced } = await report(MODEL, '--sample', ROWS, '--layers');
    expect(layers.map(({ weights }: { weights: string }) => weights)).toEqual(['none', 'int8', 'int8', 'none']);
    expect(layers.map(({ difference }: { difference?: object }) => difference !== undefined)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(layersReduced).toBe(2);
    const kept = await report(MODEL, '--sample', ROWS, '--layers', '--keep', layers[1].name);
    expect(kept.layers.map(({ weights }: { weights: string }) => weights)).toEqual(['none', 'none', 'int8', 'none']);
    expect(kept.difference).toEqual(kept.layers[2].difference);
    const { stdout } = await quantize(MODEL, '--sample', ROWS, '--layers');
    expect(stdout).toContain(`${layers[0].name} [30, 64] stays in f32`);
    expect(stdout).toContain(`${layers[1].name} [64, 48] int8: error `);
  });

  it('writes a file that opens to the bits of the model quantised when it is loaded', async () => {
    const path = pathOf('digits.int8.safetensors');
    const [model, images] = SETS.digits;
    const { stdout } = await quantize(model, '--output', path);
    expect(stdout).toContain(`${path}: `);
    using opened = await load(path);
    using reduced = await load(model, { precision: 'int8' });
    const x = Float32Array.from({ length: 64 * 10 }, (_, at) => (at * 7) % 17);
    expect([opened.precision, opened.run(x)]).toEqual(['int8', reduced.run(x)]);
    const again = await runCommand(['quantize', path, '--sample', images, '--json', '--seconds', '0.005']);
    expect(JSON.parse(again.stdout).difference.agreeing).toBeGreaterThan(350);
  });

  it.each(Object.entries(SETS))('keeps the accuracy on %s with scales of the sample', async (_, files) => {
    const [model, rows, labels] = files;
    const found = await report(model, '--static', '--sample', rows, '--labels', labels, '--layers');
    const dynamic = await report(model, '--sample', rows, '--labels', labels);
    const [before, after] = found.accuracy;
    expect(after).toBeGreaterThan(before - 0.005);
    expect([found.layersStatic, dynamic.layersStatic]).toEqual([found.layersReduced, undefined]);
    expect(found.difference.greatest).toBeGreaterThan(0);
    expect(found.difference.mean).toBeLessThan(0.001 * found.difference.magnitude);
    expect(found.difference.agreeing).toBe(found.difference.rows);
    const reduced = found.layers.filter(({ weights }: { weights: string }) => weights === 'int8');
    for (const { inputScale, difference } of reduced) {
      expect([inputScale.length, difference.greatest > 0]).toEqual([2, true]);
    }
  });

  it('writes the scales of the sample, and says how many layers have one', async () => {
    const path = pathOf('digits.static.safetensors');
    const [model, images] = SETS.digits;
    const { stdout, stderr } = await quantize(model, '--static', '--sample', images, '--output', path);
    expect(stderr).toBe('');
    expect(stdout).toContain('2 of the 2 with the scale of the sample for all rows');
    using opened = await load(path);
    expect(opened.summary()).toContain('dense int8 static + relu');
    const kept = await report(model, '--static', '--sample', images, '--keep', 'node_linear');
    expect([kept.layersReduced, kept.layersStatic]).toEqual([1, 1]);
  });

  it('refuses to measure scales on rows that are not finite', async () => {
    const rows = pathOf('not-finite.csv');
    writeFileSync(rows, `${new Array(64).fill(1)}\n${new Array(64).fill(1).with(3, 'nan')}\n`);
    const { status, stdout, stderr } = await quantize(SETS.digits[0], '--static', '--sample', rows);
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringContaining('row 1 of the sample brings NaN to the layer'),
    ]);
    writeFileSync(rows, '');
    const empty = await quantize(SETS.digits[0], '--static', '--sample', rows);
    expect([empty.status, empty.stdout]).toEqual([1, '']);
  });

  it.each([
    [['--static'], '--static: needs rows to measure scales on: pass --sample FILE'],
    [['--static', '--sample', ROWS, '--precision', 'bf16'], '--static: is for int8, found the precision bf16'],
    [['--labels', LABELS], '--labels: needs rows to compare results on: pass --sample FILE'],
    [['--layers'], '--layers: needs rows to compare results on'],
    [['--keep', 'fc9'], "--keep: expected one of '"],
    [['--sample', ROWS, '--labels', ROWS], 'expected [rows, 1] for label, found [285, 30]'],
    [['--sample', ROWS, '--labels', SETS.wine[2]], '--labels: expected 285 labels, one per row, found 89'],
    [['--output', pathOf('no/such/folder.safetensors')], 'cannot be written'],
  ])('refuses %j', async (flags, message) => {
    const { status, stdout, stderr } = await quantize(MODEL, ...flags);
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)]);
  });

  it('does not write over the model, the sample or the labels', async () => {
    const [model, rows, labels] = ['own.onnx', 'own.npy', 'labels.npy'].map(pathOf);
    for (const [from, to] of [
      [MODEL, model],
      [ROWS, rows],
      [LABELS, labels],
    ]) {
      copyFileSync(from, to);
    }
    for (const output of [model, rows, labels]) {
      const before = readFileSync(output);
      const { status, stderr } = await quantize(model, '--sample', rows, '--labels', labels, '-o', output);
      expect([status, stderr]).toEqual([1, expect.stringContaining('which would be overwritten')]);
      expect(readFileSync(output)).toEqual(before);
    }
  });

  it('names the option of a file that cannot be read', async () => {
    const { stderr } = await quantize(MODEL, '--sample', pathOf('none.npy'));
    expect(stderr).toContain(`--sample ${pathOf('none.npy')}: cannot be read`);
  });

  it('refuses precisions that are none of weights', async () => {
    expect(await quantize(MODEL, '--precision', 'f64')).toMatchObject({ status: 2 });
  });

  it('has no accuracy for a model of one number and no classes', async () => {
    const line = pathOf('line.safetensors');
    const header = JSON.stringify({ weight: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] } });
    const file = Buffer.alloc(8 + header.length + 8);
    file.writeBigUInt64LE(BigInt(header.length));
    file.write(header, 8);
    writeFileSync(line, file);
    const [rows, labels] = ['rows.csv', 'labels.csv'].map(pathOf);
    writeFileSync(rows, '1,2\n3,4\n');
    writeFileSync(labels, '1\n0\n');
    const { status, stderr } = await quantize(line, '--sample', rows, '--labels', labels);
    expect([status, stderr]).toEqual([1, expect.stringContaining('gives one number per row and has no classes')]);
  });
});
