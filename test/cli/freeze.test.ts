import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { fixturesIn, mapValues, toInput } from '../formats/expectations.ts';
import { pathOf, runCommand } from './support.ts';

const folder = (name: string) => new URL(`../fixtures/${name}/`, import.meta.url);
const fixture = (name: string) => fileURLToPath(new URL(name, folder('onnx-ml')));

/** Runs the real command on a file. */
const freeze = (...args: string[]) => runCommand(['freeze', ...args]);

describe('freeze', () => {
  it.each(['onnx-ml', 'onnx-quantized'])('writes models of %s as files that open to the same bits', async (name) => {
    for (const { name: model, cases } of fixturesIn(folder(name))) {
      const path = fileURLToPath(new URL(`${model}.onnx`, folder(name)));
      const output = pathOf(`${model}.safetensors`);
      expect(await freeze(path, '-o', output), model).toMatchObject({ status: 0, stderr: '' });
      using frozen = await load(output);
      using original = await load(path);
      const inputs = mapValues(cases[cases.length - 1].inputs, toInput);
      expect(frozen.run(inputs), model).toEqual(original.run(inputs));
      const facts = ({ inputs, outputs, classes, featureNames, precision }: typeof frozen) => ({
        inputs,
        outputs,
        classes,
        featureNames,
        precision,
      });
      expect(facts(frozen), model).toEqual(facts(original));
    }
  });

  it('keeps the labels, and the words that records hold', async () => {
    const [path, output] = [fixture('column-transformer.onnx'), pathOf('wine.safetensors')];
    await freeze(path, '--output', output);
    const record = { alcohol: 13.2, colour_intensity: null, proline: 'high', hue: 'pale', magnesium: 5 };
    using frozen = await load(output);
    using original = await load(path);
    expect(frozen.predict([record])).toEqual(original.predict([record]));
    expect(frozen.predictProba([record])).toEqual(original.predictProba([record]));
    expect(frozen.format).toBe('safetensors');
  });

  it('says where the model went and how large it is', async () => {
    const output = pathOf('said.safetensors');
    const { stdout } = await freeze(fixture('pipeline.onnx'), '-o', output);
    expect(stdout).toBe(`${output}: ${readFileSync(output).length} bytes\n`);
  });

  it('does not write over the model', async () => {
    const path = pathOf('model.onnx');
    copyFileSync(fixture('pipeline.onnx'), path);
    const before = readFileSync(path);
    const { status, stderr } = await freeze(path, '-o', path);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is the model itself, which would be overwritten')]);
    expect(readFileSync(path)).toEqual(before);
  });

  it('writes nothing when the model cannot be read', async () => {
    const output = pathOf('none.safetensors');
    expect(await freeze(pathOf('no.onnx'), '-o', output)).toMatchObject({ status: 1, stdout: '' });
    expect(existsSync(output)).toBe(false);
  });

  it('needs to be told where', async () => {
    const { status, stderr } = await freeze(fixture('pipeline.onnx'));
    expect([status, stderr]).toEqual([2, expect.stringContaining("required option '-o, --output <file>'")]);
  });
});
