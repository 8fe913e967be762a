/** Adapters of LoRA beside the weights that they are added to; test/fixtures/make/make_torch_lora.py made the files. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';

const FOLDER = new URL('../fixtures/torch-more/lora-state/', import.meta.url);
const OPTIONS = { activation: 'tanh' } as const;

describe('a state_dict with adapters', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lora-'));
    await cp(FOLDER, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const file = () => join(folder, 'model.pt');
  const setting = async (changes: object) => {
    const config = JSON.parse(await readFile(new URL('adapter_config.json', FOLDER), 'utf8'));
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, ...changes }));
  };

  it('is refused without what says how much of them is added', async () => {
    await rm(join(folder, 'adapter_config.json'));
    const error = await failureOf(() => load(file(), OPTIONS));
    expect([error.code, error.message]).toEqual([
      'ARCHITECTURE',
      expect.stringMatching(/LoRA adapter.*lora_alpha \/ r.*merge_and_unload.*adapter_config\.json/),
    ]);
  });

  it('takes an architecture with the names that the model has without peft', async () => {
    const tanh = { type: 'activation', activation: 'tanh' } as const;
    const layers = ['0', '2', '4'].map((name) => ({ weight: `${name}.weight`, bias: `${name}.bias` }));
    const model = await load(file(), { architecture: { layers: [layers[0], tanh, layers[1], tanh, layers[2]] } });
    const stack = await load(file(), OPTIONS);
    const x = Float32Array.of(0.5, -1, 2, 0.25);
    expect(model.run(x)).toEqual(stack.run(x));
  });

  it.each([
    [{ use_dora: true }, /sets 'use_dora'/],
    [{ alpha_pattern: { '0': 3 } }, /sets 'alpha_pattern'/],
    [{ peft_type: 'IA3' }, /describes .*IA3/],
    [{ r: 0 }, /expected numbers for 'r' and 'lora_alpha', found .*0 and .*6/],
    [{ lora_alpha: null }, /found .*2 and null/],
  ])('is refused where the adapter is set to %o', async (changes, message) => {
    await setting(changes);
    const error = await failureOf(() => load(file(), OPTIONS));
    expect([error.code, error.message]).toEqual(['ARCHITECTURE', expect.stringMatching(message)]);
  });

  it.each(['[]', '{"r": 1, "r": 2}', '{', 'null'])('is refused beside a config of %s', async (text) => {
    await writeFile(join(folder, 'adapter_config.json'), text);
    expect((await failureOf(() => load(file(), OPTIONS))).code).toBe('MALFORMED');
  });
});
