import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';

const FIXTURES = new URL('../../fixtures/tensorflow/', import.meta.url);
const fixture = (name: string) => new URL(name, FIXTURES);
const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(name)));

describe('a SavedModel', () => {
  it('is opened by its folder and by its file', async () => {
    const [byFolder, byFile] = await Promise.all([
      load(fixture('module-mlp')),
      load(fixture('module-mlp/saved_model.pb')),
    ]);
    const input = Float32Array.of(5, 3, 1, 0.5);
    expect(byFile.run({ flower: input })).toEqual(byFolder.run({ flower: input }));
  });

  it('that keeps no variables needs no folder', async () => {
    const model = await load(bytesOf('module-vectors/saved_model.pb'));
    expect([...model.run({ x: Float32Array.of(2), y: Float32Array.of(4) }).z]).toEqual([9]);
  });

  it('given as bytes says that its variables are missing', async () => {
    const error = await failureOf(() => load(bytesOf('module-mlp/saved_model.pb')));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining('load it from its path')]);
  });

  it('refuses a row whose own index is not in it, as TensorFlow does', async () => {
    for (const file of ['tables.saved', 'tables.tflite']) {
      using model = await load(new URL(`../gathers/${file}`, FIXTURES));
      const rows: Record<string, Float32Array> = {
        x0: new Float32Array(12),
        x1: new Float32Array(2),
        x2: new Float32Array(4),
      };
      model.run(rows);
      for (const index of [-1, 4]) {
        rows.x1[1] = index;
        expect((await failureOf(() => model.run(rows))).code).toBe('ID');
      }
    }
  });

  it('has the signature that is asked for', async () => {
    const names = async (signature: string) =>
      (await load(fixture('module-signature-chosen'), { signature })).outputs.map(({ name }) => name);
    expect([await names('first'), await names('second')]).toEqual([['first'], ['second']]);
  });

  it('of several signatures without a default wants to know which', async () => {
    const error = await failureOf(() => load(fixture('module-signature-chosen')));
    expect([error.code, error.message]).toEqual(['OPTION', expect.stringContaining("one of 'first', 'second'")]);
  });

  it('leaves out results that are words and keeps the others', async () => {
    const model = await load(fixture('session-words'));
    expect(model.outputs.map(({ name }) => name)).toEqual(['probabilities']);
  });

  it('counts the trained numbers and not the formula', async () => {
    const model = await load(fixture('keras3-mlp'));
    expect(model.parameterCount).toBe(4 * 8 + 8 + 8 * 3 + 3);
  });

  it('with a softmax at its end is a classifier', async () => {
    const model = await load(fixture('keras3-mlp'));
    const sum = [...model.predictProba([[0, 0, 0, 0]])].reduce((total, p) => Number(total) + Number(p), 0);
    expect(sum).toBeCloseTo(1);
  });
});

describe('the option signature', () => {
  it('is for SavedModels alone', async () => {
    const frozen = await failureOf(() => load(fixture('frozen-keras3.pb'), { signature: 'serve' }));
    expect([frozen.code, frozen.place]).toEqual(['OPTION', 'signature']);
    const onnx = new URL('../onnx-hand/gemm.onnx', FIXTURES);
    const other = await failureOf(() => load(onnx, { signature: 'serve' }));
    expect([other.code, other.message]).toEqual(['OPTION', expect.stringContaining('format onnx')]);
  });

  it('is a string', async () => {
    const error = await failureOf(() => load(fixture('keras3-mlp'), { signature: 1 as unknown as string }));
    expect([error.code, error.place]).toEqual(['OPTION', 'signature']);
  });
});

describe('a frozen graph', () => {
  it.each(['frozen-switch.pb', 'frozen-tensor-encodings.pb'])(
    'cut off anywhere loads or is refused: %s',
    async (name) => {
      const bytes = bytesOf(name);
      for (let length = 0; length < bytes.length; length += 3) {
        await load(bytes.slice(0, length)).then(
          (model) => model.dispose(),
          (error) => expect(error.name).toBe('ForwardpassError'),
        );
      }
    },
  );

  it('with any byte changed loads or is refused', async () => {
    const bytes = bytesOf('frozen-switch.pb');
    for (let at = 0; at < bytes.length; at += 2) {
      const changed = bytes.slice();
      changed[at] ^= 1 << (at % 8);
      await load(changed).then(
        (model) => model.dispose(),
        (error) => {
          expect(error.name).toBe('ForwardpassError');
          expect(error.message).not.toMatch(/undefined|\[object/);
        },
      );
    }
  });
});
