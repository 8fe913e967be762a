import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

const fixture = (name: string) => new URL(`../../fixtures/tflite/${name}.tflite`, import.meta.url);

describe('a TensorFlow Lite model', () => {
  it('is detected by its identifier, whatever it is called', async () => {
    using model = await load(new Uint8Array(readFileSync(fixture('digits'))));
    expect(model.format).toBe('tflite');
    expect(model.parameterCount).toBe(64 * 24 + 24 + 24 * 16 + 16 + 16 * 10 + 10);
  });

  it('has the names of its signature, and of its tensors where it has none', async () => {
    using named = await load(fixture('several-outputs'));
    expect(named.inputs.map(({ name }) => name)).toEqual(['features']);
    expect(named.outputs.map(({ name }) => name).sort()).toEqual(['body', 'kind', 'value']);
    using plain = await load(fixture('without-signature'));
    expect(plain.inputs[0].name).toMatch(/^serving_default_.*:0$/);
  });

  it('runs the signature asked for', async () => {
    using model = await load(fixture('two-signatures'), { signature: 'kinds' });
    expect(model.outputs.map(({ name }) => name)).toEqual(['scores']);
    const error = await failureOf(() => load(fixture('two-signatures'), { signature: 'kind' }));
    expect(error.code).toBe('OPTION');
    expect(error.message).toContain("the file has 'kinds', 'serving_default'; did you mean 'kinds'?");
  });

  it('is a classifier where it ends in a softmax, or in the sigmoid of one number', async () => {
    using kinds = await load(fixture('without-signature'));
    expect(Array.from(kinds.predictProba([[0, 0, 0, 0]]))).toHaveLength(3);
    using binary = await load(fixture('binary-classifier'));
    const [benign, malignant] = binary.predictProba([new Array(30).fill(0.5)]);
    expect(benign + malignant).toBeCloseTo(1, 6);
  });

  it('counts in integers where the file does, whatever type they come in', async () => {
    using model = await load(fixture('digits-int8'));
    expect(model.inputs[0].dtype).toBe('int8');
    expect(model.precision).toBe('f64');
    const row = Int32Array.from({ length: 64 }, (_, i) => (i % 256) - 128);
    const result = model.run(row);
    expect(result).toEqual(model.run(Float32Array.from(row)));
    expect(result.every((value) => Number.isInteger(value) && value >= -128 && value <= 127)).toBe(true);
  });

  it('refuses a root of a negative number, as the interpreter does', async () => {
    using model = await load(fixture('int8-roots'));
    const rows = Object.fromEntries(model.inputs.map(({ name }) => [name, new Int8Array(256)]));
    model.run(rows);
    const root = model.inputs.find(({ name }) => name.startsWith('sqrt'))?.name ?? '';
    rows[root][5] = -101;
    const error = await failureOf(() => model.run(rows));
    expect(error.code).toBe('INPUT');
    expect(error.message).toContain(`'${root}'`);
    using wide = await load(fixture('int16-root'));
    expect((await failureOf(() => wide.run(new Int16Array(64).fill(-1)))).code).toBe('INPUT');
  });

  it('runs rows of a layer over two axes by themselves, where the file has batch and axis as one', async () => {
    using model = await load(fixture('rows-of-rank-two'));
    const rows = Float32Array.from({ length: 3 * 24 }, (_, i) => Math.sin(i));
    const together = model.run(rows);
    for (let i = 0; i < 3; i++) {
      expect(model.run(rows.subarray(24 * i, 24 * (i + 1)))).toEqual(together.subarray(3 * i, 3 * (i + 1)));
    }
  });
});
