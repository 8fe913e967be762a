import { describe, expect, it } from 'vitest';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleRecords,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from '../../../lib/formats/containers/pickle/values.ts';
import { readSkops } from '../../../lib/formats/sklearn/skops.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';
import { zipOf } from '../containers/zip-file.ts';
import { sourceOf } from '../safetensors-file.ts';

type Node = Readonly<Record<string, unknown>>;

const node = (loader: string, more: Node = {}, name = 'x', module = 'builtins'): Node => ({
  __class__: name,
  __module__: module,
  __loader__: loader,
  ...more,
});
const json = (content: string) => node('JsonNode', { content });
const list = (...content: Node[]) => node('ListNode', { content });
const tuple = (...content: Node[]) => node('TupleNode', { content });
const type = (name: string) => node('TypeNode', {}, name);

/** A .npy of version 1. */
function npy(descr: string, shape: string, data: Uint8Array): Buffer {
  const type = descr.startsWith('[') ? descr : `'${descr}'`;
  const header = `{'descr': ${type}, 'fortran_order': False, 'shape': ${shape}, }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(header), data]);
}

function read(schema: unknown, members: Readonly<Record<string, Uint8Array>> = {}): Promise<PickleValue> {
  const files = Object.entries({ 'schema.json': Buffer.from(JSON.stringify(schema)), ...members });
  return readSkops(sourceOf(zipOf(files.map(([name, data]) => ({ name, data })))).main, new Budget());
}

const listOf = (...items: PickleValue[]) => {
  const made = new PickleList();
  made.items.push(...items);
  return made;
};

describe('a skops file', () => {
  it.each<[text: string, value: PickleValue]>([
    ['null', null],
    ['true', true],
    ['0.1', 0.1],
    ['"a"', 'a'],
    ['NaN', Number.NaN],
    ['-Infinity', -Infinity],
    ['9007199254740993', 9007199254740993n],
    ['1234567890123456', 1234567890123456],
  ])('has the plain value %s', async (text, value) => {
    expect(await read(json(text))).toEqual(value);
  });

  it('has lists, tuples, sets and slices', async () => {
    const set = new PickleSet();
    set.items.push(1);
    const slice = new PickleObject(new PickleGlobal('builtins', 'slice'), [1, null, 2]);
    const nodes = [tuple(json('1')), node('SetNode', { content: [json('1')] })];
    const bounds = node('SliceNode', { content: { start: 1, stop: null, step: 2 } });
    expect(await read(list(...nodes, bounds))).toEqual(listOf(new PickleTuple([1]), set, slice));
  });

  it('has dicts, whose keys have the types that are beside them', async () => {
    const dict = new PickleDict();
    dict.entries.push(['a', 1], ['__proto__', 2]);
    const content = JSON.parse(`{"a": ${JSON.stringify(json('1'))}, "__proto__": ${JSON.stringify(json('2'))}}`);
    expect(await read(node('DictNode', { content, key_types: list(type('str'), type('str')) }))).toEqual(dict);
    const numbers = node('DictNode', { content: { 3: json('"c"') }, key_types: list(type('int')) });
    expect(((await read(numbers)) as PickleDict).entries).toEqual([[3, 'c']]);
  });

  it('has objects with their attributes, functions, and nodes that were there before', async () => {
    const attributes = node('DictNode', {
      content: { alpha: { ...json('0.5'), __id__: 7 } },
      key_types: list(type('str')),
    });
    const ridge = node('ObjectNode', { content: attributes }, 'Ridge', 'sklearn.linear_model._ridge');
    const again = { __class__: null, __module__: null, __loader__: 'CachedNode', __id__: 7 };
    const [object, ...others] = (
      (await read(list(ridge, again, node('FunctionNode', {}, 'log1p', 'numpy')))) as PickleList
    ).items;
    expect(String((object as PickleObject).callable)).toBe('sklearn.linear_model._ridge.Ridge');
    expect((object as PickleObject).attribute('alpha')).toBe(0.5);
    expect(others).toEqual([0.5, new PickleGlobal('numpy', 'log1p')]);
    const older = node('FunctionNode', { content: { module_path: 'numpy', function: 'expm1' } }, 'ufunc', 'numpy');
    expect(await read(older)).toEqual(new PickleGlobal('numpy', 'expm1'));
  });

  it('has arrays of numbers and of words, and of objects in any shape', async () => {
    const file = node('NdArrayNode', { type: 'numpy', file: 'a.npy' }, 'ndarray', 'numpy');
    const floats = npy('<f8', '(2,)', new Uint8Array(Float64Array.of(1, 2).buffer));
    expect(await read(file, { 'a.npy': floats })).toEqual(new PickleArray([2], 'f8', Float64Array.of(1, 2)));
    const words = npy('<U1', '(2,)', new Uint8Array(Uint32Array.of(97, 98).buffer));
    expect(await read(file, { 'a.npy': words })).toEqual(new PickleArray([2], 'U1', ['a', 'b']));
    const shape = tuple(json('1'), json('2'));
    const objects = node('NdArrayNode', { type: 'json', shape, content: [list(json('"a"'), json('null'))] });
    expect(await read(objects)).toEqual(new PickleArray([1, 2], 'O', ['a', null]));
  });

  const NODES = "[('left', '<i8'), ('threshold', '>f4'), ('is_leaf', '|b1'), ('', '|V3')]";

  it('has arrays of records, field by field, with padding between them', async () => {
    const file = node('NdArrayNode', { type: 'numpy', file: 'a.npy' }, 'ndarray', 'numpy');
    const data = Buffer.alloc(32, 0xff);
    for (const record of [0, 1]) {
      data.writeBigInt64LE(BigInt(-record), 16 * record);
      data.writeFloatBE(record + 0.5, 16 * record + 8);
      data[16 * record + 12] = record;
    }
    const records = (await read(file, { 'a.npy': npy(NODES, '(2,)', data) })) as PickleRecords;
    expect(records).toBeInstanceOf(PickleRecords);
    expect([...records.names]).toEqual(['left', 'threshold', 'is_leaf']);
    expect([0, 1].map((record) => records.column('left')?.(record))).toEqual([0, -1]);
    expect([0, 1].map((record) => records.column('threshold')?.(record))).toEqual([0.5, 1.5]);
    expect([0, 1].map((record) => records.column('is_leaf')?.(record))).toEqual([0, 1]);
    expect(records.column('')).toBeUndefined();
  });

  it('refuses records that are fewer bytes than they claim', async () => {
    const file = node('NdArrayNode', { type: 'numpy', file: 'a.npy' }, 'ndarray', 'numpy');
    const error = await failureOf(() => read(file, { 'a.npy': npy(NODES, '(3,)', Buffer.alloc(32)) }));
    expect(error.code).toBe('MALFORMED');
    expect(error.message).toContain('3 records of 16 bytes need 48 bytes, found 32');
  });

  it.each([
    ["[('a', '<i8'), ('a', '<i8')]"],
    ["[('a', '<M8')]"],
    ["[('a', '<f8', (2,))]"],
    ["[('a', [('b', '<f8')])]"],
    ["[('', '|V8')]"],
    ['[]'],
  ])('keeps records of the type %s as an object without a state', async (type) => {
    const file = node('NdArrayNode', { type: 'numpy', file: 'a.npy' }, 'ndarray', 'numpy');
    expect(await read(file, { 'a.npy': npy(type, '(1,)', Buffer.alloc(16)) })).toEqual(
      new PickleObject(new PickleGlobal('numpy', 'ndarray'), []),
    );
  });

  it('has hundreds of trees, whose attributes have the same names', async () => {
    const attributes = Array.from({ length: 25 }, (_, i) => `attribute_${i}_`);
    const content = Object.fromEntries(attributes.map((name) => [name, json('null')]));
    const state = node('DictNode', { content, key_types: list(...attributes.map(() => type('str'))) }, 'dict');
    const trees = Array.from({ length: 800 }, () => node('ObjectNode', { content: state }, 'Tree', 'sklearn.tree'));
    expect(((await read(list(...trees))) as PickleList).items).toHaveLength(800);
  });

  it('keeps what no estimator computes with as an object without a state', async () => {
    const file = node('NdArrayNode', { type: 'numpy', file: 'a.npy' }, 'ndarray', 'numpy');
    const complex = npy('<c16', '(1,)', new Uint8Array(16));
    const values = list(node('RandomStateNode', {}, 'RandomState', 'numpy.random'), node('NovelNode'), file);
    const { items } = (await read(values, { 'a.npy': complex })) as PickleList;
    expect(items.map((item) => item instanceof PickleObject && item.state === undefined)).toEqual([true, true, true]);
  });

  it.each<[what: string, schema: unknown, code: string, words: string]>([
    ['is not an object', [1], 'MALFORMED', 'schema.json: expected an object, found an array of 1'],
    ['names no class', { __loader__: 'ListNode' }, 'MALFORMED', 'expected a node with a module and a class'],
    [
      'has a list that is none',
      node('ListNode', { content: 3 }),
      'MALFORMED',
      'expected a list of nodes, found the number 3',
    ],
    ['holds a list where a word should be', json('[1]'), 'MALFORMED', "found the string '[1]'"],
    ['holds text that is not JSON', json('{'), 'MALFORMED', 'expected the JSON text of a value'],
    [
      'has an array without a file',
      node('NdArrayNode', { type: 'numpy' }),
      'MALFORMED',
      "a member's name, found nothing",
    ],
    ['has an array of a new kind', node('NdArrayNode', { type: 'gpu' }), 'MALFORMED', "found the string 'gpu'"],
    [
      'has fewer objects than its shape',
      node('NdArrayNode', { type: 'json', content: [], shape: tuple(json('2')) }),
      'MALFORMED',
      'the objects of an array of shape [2]',
    ],
    [
      'runs code in an old function',
      node('FunctionNode', { content: { module_path: 'os', function: 'system' } }),
      'UNSAFE',
      'os.system',
    ],
  ])('is refused when it %s', async (_what, schema, code, words) => {
    const error = await failureOf(() => read(schema));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });
});
