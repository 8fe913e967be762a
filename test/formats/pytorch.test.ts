import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pytorch } from '../../lib/formats/pytorch/pytorch.ts';
import { chooseFormat } from '../../lib/formats/registry.ts';
import { Budget } from '../../lib/graph/budget.ts';
import type { Tensor } from '../../lib/graph/graph.ts';
import { type LoadOptions, load } from '../../lib/load.ts';
import { damagedPlaces } from '../damage.ts';
import { failureOf } from '../failure.ts';
import { readOptions, sourceOf } from './safetensors-file.ts';

const models = new URL('../fixtures/pytorch/', import.meta.url);
const refused = new URL('../fixtures/pytorch-refused/', import.meta.url);
const file = (name: string, folder = models) => new Uint8Array(readFileSync(new URL(name, folder)));
const read = (bytes: Uint8Array, options = {}) => pytorch.read(sourceOf(bytes), readOptions(options));

interface Refusal {
  readonly file: string;
  readonly code: string;
  readonly names: readonly string[];
  readonly source: string;
}
const REFUSALS: Refusal[] = JSON.parse(readFileSync(new URL('refused.json', refused), 'utf8'));

describe('what training keeps beside a model', () => {
  it('is left out, and named in the summary', async () => {
    const model = await load(new URL('kept-beside-lightning.pt', models), { activation: 'relu' });
    expect(model.summary()).toMatch(
      /\nleft out of the file: 'train_acc\.correct', 'val_metrics\.F1\.tp', 'criterion\.alpha'$/,
    );
  });
});

describe('a member of a checkpoint', () => {
  it.each<[string, string, unknown, string, string]>([
    ['several-models.pt', 'none', undefined, 'ARCHITECTURE', 'choose one with the option `member`'],
    ['several-models.pt', 'an unknown one', 'generater', 'OPTION', "'generater' not found; did you mean 'generator'?"],
    ['several-models.pt', 'a chain', ['generator', 'discriminator'], 'OPTION', 'models of PyTorch cannot be chained'],
    ['several-models.pt', 'a tensor', 'generator.0.bias', 'ARCHITECTURE', 'a single tensor'],
  ])('is refused of %s where %s is named', async (name, _, member, code, message) => {
    const error = await failureOf(() => load(new URL(name, refused), { member } as LoadOptions));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('is not a member of a module', async () => {
    const error = await failureOf(() => load(new URL('checkpoint-whole-module.pt', models), { member: 'model.0' }));
    expect(error).toMatchObject({ code: 'OPTION', message: expect.stringContaining("'model.0' not found") });
  });
});

describe('a file of torch that must not load', () => {
  it.each(REFUSALS)('is refused with $code and its culprit: $file, $source', async ({ file: name, code, names }) => {
    const error = await failureOf(() => load(new URL(name, refused)));
    expect(error.code).toBe(code);
    for (const part of names) expect(error.message).toContain(part);
  });

  it('is the same whatever its name says', async () => {
    const bytes = file('os-system.pt', refused);
    expect(await failureOf(() => load(bytes))).toMatchObject({ code: 'UNSAFE' });
    expect(await failureOf(() => load(bytes, { format: 'pytorch' }))).toMatchObject({ code: 'UNSAFE' });
  });

  it('was not run', () => {
    expect(readdirSync('.')).not.toContain('CANARY');
    expect(readdirSync(refused)).not.toContain('CANARY');
  });
});

describe('a file of torch', () => {
  it('is detected by its content, in every form', async () => {
    for (const name of ['module.pt', 'state-dict.pt', 'state-dict-old-form.pt', 'module-by-pickle.pt']) {
      expect((await chooseFormat(sourceOf(file(name)), undefined)).name).toBe('pytorch');
    }
  });

  it('that is a whole module takes no description of its network', async () => {
    const error = await failureOf(() => load(new URL('module.pt', models), { activation: 'relu' }));
    expect(error).toMatchObject({ code: 'OPTION', place: 'activation' });
  });

  it('gives tensors that share a storage as views of one buffer', async () => {
    const graph = await read(file('one-storage.pt'), { activation: 'relu' });
    const data = graph.nodes.flatMap(({ inputs }) => inputs.slice(1)).map((tensor) => (tensor as Tensor).data.buffer);
    expect(new Set(data).size).toBe(1);
  });

  it.each(['state-dict.pt', 'state-dict-old-form.pt', 'state-dict-by-pickle.pt', 'module-norms.pt'])(
    'is refused when it is cut off at any byte: %s',
    async (name) => {
      const bytes = file(name);
      for (const length of damagedPlaces(bytes.length, 300)) {
        const { code } = await failureOf(() => read(bytes.slice(0, length), { activation: 'relu' }));
        expect(['TRUNCATED', 'MALFORMED']).toContain(code);
      }
    },
  );

  it.each(['state-dict.pt', 'state-dict-old-form.pt', 'state-dict-by-pickle.pt'])(
    'loads or is refused when any byte is another: %s',
    async (name) => {
      const bytes = file(name);
      for (const at of damagedPlaces(bytes.length, 300)) {
        const other = bytes.slice();
        other[at] ^= 0x11;
        await read(other, { activation: 'relu' }).catch((error) => failureOf(() => Promise.reject(error)));
      }
    },
  );

  it('keeps to the limits on tensors and elements', async () => {
    for (const limits of [{ nodes: 3 }, { parameters: 50 }]) {
      const error = await failureOf(() =>
        read(file('state-dict.pt'), { activation: 'relu', budget: new Budget(limits) }),
      );
      expect(error.code).toBe('LIMIT');
    }
  });
});
