/** What TorchScript files hold beside their code, of more than they are worth. */
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';
import { Opcodes, pickled, type ScriptFile, scriptFile, tensor } from './write-torchscript.ts';

const memo = (index: number) => String.fromCharCode(index & 255, index >> 8, 0, 0);
const put = (index: number) => `r${memo(index)}`;
const get = (index: number) => `j${memo(index)}`;

/** A list that holds a list twice, and that holds another twice, and so on. */
function shared(depth: number): Opcodes {
  const lists = Array.from({ length: depth }, (_, i) => `](${get(i)}${get(i)}e${put(i + 1)}`);
  return new Opcodes(`](K\x01e${put(0)}0${lists.join('0')}`);
}

const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));
const fieldsOf = (count: number, type: string) => Object.fromEntries(many(count, (i) => `f${i}`).map((f) => [f, type]));

const FILES: Readonly<Record<string, ScriptFile>> = {
  'a stored list shared 2^60 times': {
    attributes: { l: shared(60) },
    forward: 'return torch.add(x, torch.len(self.l))',
  },
  'a stored list shared 2^60 times as the result': { attributes: { l: shared(60) }, forward: 'return [x, self.l]' },
  'code that is one character, packed': { before: '\n'.repeat(2 ** 24), forward: 'return x', deflate: true },
  'code of comments, packed': { before: '#\n'.repeat(2 ** 23), forward: 'return x', deflate: true },
  'code of names, packed': { forward: `y = [${'x,'.repeat(2 ** 23)}]\nreturn x`, deflate: true },
  'code of attributes, packed': { forward: `y = [${'x.T.T,'.repeat(2 ** 22)}]\nreturn x`, deflate: true },
  'code of lines, packed': { forward: `${'x\n'.repeat(2 ** 22)}return x`, deflate: true },
  'text of escapes, packed': { forward: `y = "${'\\n'.repeat(2 ** 23)}"\nreturn x`, deflate: true },
  'a tuple of 100,000 fields, looked through in a loop': {
    before: `class N(NamedTuple):\n${many(100_000, (i) => `  f${i} : int\n`).join('')}`,
    forward: ['n = __torch__.N(1, 2)', 'for i in range(90000):', '  y = n.f99999', 'return x'].join('\n'),
    deflate: true,
  },
  'tensors of one storage by the thousand': {
    attributes: {
      l: new Opcodes(`](${many(3000, (i) => pickled(tensor([400, 700 - (i % 9)], '0', 280_000, [1, 400]))).join('')}e`),
    },
    forward: 'return torch.add(x, self.l[0][0][0])',
    storages: { 0: new Float32Array(280_000) },
  },
  'one number as a tensor of 2^30': {
    attributes: { w: tensor([2 ** 15, 2 ** 15], '0', 1, [0, 0]) },
    forward: 'return torch.add(x, torch.sum(self.w))',
    storages: { 0: new Float32Array(1) },
  },
  'one number as tensors of 2^20, in a list': {
    attributes: {
      l: new Opcodes(`](${many(300, (i) => pickled(tensor([2 ** 10, 2 ** 10 + i], '0', 1, [0, 0]))).join('')}e`),
    },
    forward: 'return torch.add(x, torch.sum(self.l[0]))',
    storages: { 0: new Float32Array(1) },
  },
  'names without end': {
    attributes: { ['n'.repeat(1_000_000)]: new Opcodes(`](${many(3000, () => '](K\x01e').join('')}e`) },
    forward: 'return x',
  },
  'a hundred thousand inputs': {
    parameters: many(100_000, (i) => `x${i}: Tensor`).join(', '),
    forward: 'return torch.cat([x0, x1])',
    deflate: true,
  },
  'inputs by the dozen, of any width': {
    parameters: many(30, (i) => `x${i}: Tensor`).join(', '),
    attributes: { w: tensor([7, 7]) },
    storages: { 0: new Float32Array(49) },
    traced: new Map(),
    forward: `${many(29, (i) => `y${i} = torch.linear(torch.cat([x${i}, x${i + 1}], 1), self.w)`).join('\n')}\nreturn y0`,
  },
  'fields by the hundred thousand': {
    fields: fieldsOf(100_000, 'int'),
    forward: 'for i in range(50000):\n  y = self.f99999\nreturn x',
    deflate: true,
  },
};

describe('objects, code and storages that ask for much', () => {
  it.each(Object.entries(FILES))('are refused or load: %s', async (_, file) => {
    const bytes = scriptFile(file);
    const outcome = await load(bytes).then(
      (model) => model.dispose(),
      (error: unknown) => error,
    );
    if (outcome === undefined) return;
    const error = await failureOf(() => Promise.reject(outcome));
    expect(error.message.length).toBeLessThan(2500);
    expect(error.message).not.toMatch(/undefined|\[object/);
  });
});
