/** Files of torch.save and torch.export that ask for more than they are worth: each is refused in words, soon, or loads. */
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { zipOf } from './containers/zip-file.ts';
import { Opcodes, pickled, type Stored, tensor } from './torchscript/write-torchscript.ts';

const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join('');
const memo = (index: number) => String.fromCharCode(index & 255, index >> 8, 0, 0);
const put = (index: number) => `r${memo(index)}`;
const get = (index: number) => `j${memo(index)}`;
const raw = (text: string) => new Opcodes(text);

function savedFile(root: Stored, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  return zipOf([
    { name: 'm/data.pkl', data: Buffer.from(`\x80\x02${pickled(root)}.`, 'latin1') },
    { name: 'm/version', data: '3\n' },
    ...Object.entries(storages).map(([key, data]) => ({ name: `m/data/${key}`, data })),
  ]);
}

const NN = 'torch.nn.modules';

/** A module of `attributes`, and of modules inside. */
function module(kind: string, attributes: string, children = '}', parameters = '}'): string {
  const state = `}(${pickled('training')}\x89${pickled('_parameters')}${parameters}${pickled('_modules')}${children}${attributes}u`;
  return `c${kind}\n)\x81${state}b`;
}

const linear = module(
  `${NN}.linear\nLinear`,
  `${pickled('in_features')}K\x04${pickled('out_features')}K\x04`,
  '}',
  `}(${pickled('weight')}${pickled(tensor([4, 4]))}${pickled('bias')}Nu`,
);

/** A chain that has the same module twice, that has another twice, and so on. */
function nested(depth: number, innermost: string): Opcodes {
  const containers = Array.from(
    { length: depth },
    (_, i) =>
      module(`${NN}.container\nSequential`, '', `}(${pickled('0')}${get(i)}${pickled('1')}${get(i)}u`) + put(i + 1),
  );
  return raw([innermost + put(0), ...containers].join('0'));
}

const FLOATS = new Uint8Array(4 * 512 * 512);

const FILES: Readonly<Record<string, () => Uint8Array>> = {
  'a dict of numbers, shared by thousands of names': () =>
    savedFile(
      raw(
        `}(${pickled('a')}}(${many(20_000, (i) => `${pickled(`k${i}`)}K\x01`)}u${put(0)}${many(20_000, (i) => pickled(`m${i}`) + get(0))}u`,
      ),
    ),
  'dicts inside one another': () => savedFile(raw(`${many(5000, () => `}(${pickled('model')}`)}}${'u'.repeat(5000)}`)),
  'one number as a matrix': () =>
    savedFile(new Map([['0.weight', tensor([2 ** 14, 2 ** 14], '0', 1, [0, 0])]]), { 0: new Uint8Array(4) }),
  'a thousand layers over one storage, each at a place of its own': () =>
    savedFile(
      new Map(
        Array.from({ length: 1000 }, (_, i) => [`${i}.weight`, tensor([500, 500], '0', 512 * 512, [512 - (i % 7), 1])]),
      ),
      { 0: FLOATS },
    ),
  'a thousand layers of one tensor': () =>
    savedFile(new Map(Array.from({ length: 1000 }, (_, i) => [`${i}.weight`, tensor([512, 512])])), { 0: FLOATS }),
  'modules shared 2^60 times': () => savedFile(nested(60, linear), { 0: new Uint8Array(64) }),
  'empty modules shared 2^60 times': () => savedFile(nested(60, module(`${NN}.container\nSequential`, ''))),
  'a module shared 2^14 times': () => savedFile(nested(14, linear), { 0: new Uint8Array(64) }),
  'a module of itself': () =>
    savedFile(raw(module(`${NN}.container\nSequential`, '', `}${put(1)}(${pickled('0')}N${pickled('1')}${get(1)}u`))),
  'sizes by the hundred thousand': () =>
    savedFile(
      raw(module(`${NN}.normalization\nLayerNorm`, `${pickled('normalized_shape')}(${many(200_000, () => 'K\x01')}t`)),
    ),
  'names without end': () => savedFile(new Map([['n'.repeat(1_000_000), tensor([4, 4])]]), { 0: new Uint8Array(64) }),
  'keys of every kind': () => savedFile(raw(`}(](K\x01e}(NK\x01u]}K\x01)u`)),
};

/** A program whose one argument is given. */
function program(argument: string, outputs = '[]'): Uint8Array {
  const node = `{"target":"torch.ops.aten.relu.default","inputs":[{"name":"self","arg":${argument},"kind":1}],"outputs":[{"as_tensor":{"name":"y"}}],"metadata":{}}`;
  const graph = `{"inputs":[],"outputs":[{"as_tensor":{"name":"y"}}],"nodes":[${node}],"tensor_values":{},"sym_int_values":{},"sym_bool_values":{}}`;
  const json = `{"graph_module":{"graph":${graph},"signature":{"input_specs":[],"output_specs":${outputs}},"module_call_graph":[]},"schema_version":{"major":8,"minor":0}}`;
  return programFile(json);
}

const programFile = (json: string) => zipOf([{ name: 'm/models/model.json', data: json, deflate: true }]);

const PROGRAMS: Readonly<Record<string, () => Uint8Array>> = {
  'arguments inside one another': () => program(`${'{"as_optional_tensor":'.repeat(50_000)}{}${'}'.repeat(50_000)}`),
  'lists inside one another': () => program(`{"as_tensors":${'['.repeat(500_000)}${']'.repeat(500_000)}}`),
  'objects by the million, packed': () => programFile(`[${'{},'.repeat(2 ** 23)}{}]`),
  'numbers by the million, packed': () => programFile(`[${'1,'.repeat(2 ** 23)}1]`),
  'numbers by the million as an argument': () => program(`{"as_ints":[${'1000,'.repeat(2 ** 20)}1]}`),
  'text by the million, packed': () => programFile(`{"a":"${'x'.repeat(2 ** 24)}"}`),
};

describe.each(Object.entries({ ...FILES, ...PROGRAMS }))('%s', (_, make) => {
  it('is refused in words, or loads', async () => {
    const error = await load(make(), { activation: 'relu' }).then(
      (model) => model.dispose(),
      (error: { name: string; message: string }) => error,
    );
    if (error === undefined) return;
    expect(error.name).toBe('ForwardpassError');
    expect(error.message.length).toBeLessThan(2500);
    expect(error.message).not.toMatch(/undefined|\[object/);
  });
});
