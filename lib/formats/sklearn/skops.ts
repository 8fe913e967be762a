/**
 * skops files: a zip with `schema.json`, a tree of nodes that describe how each value is made, and the arrays in other
 * members. The values are the same as in a pickle, so that estimators are read in one way.
 */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { describe } from '../../messages.ts';
import { utf8 } from '../../platform/text.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { parseNpyText } from '../containers/npy.ts';
import { recordTypeOf } from '../containers/npy-records.ts';
import { arrayFromBytes, readShape } from '../containers/pickle/numpy.ts';
import { recordsFromBytes } from '../containers/pickle/records.ts';
import { refuseUnsafe } from '../containers/pickle/unsafe.ts';
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  type PickleRecords,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from '../containers/pickle/values.ts';
import { openZip, type ZipArchive } from '../containers/zip.ts';
import type { Reader } from '../format.ts';

export const SCHEMA = 'schema.json';

/** With a list of named steps, there are six nodes from one estimator to the next. */
const NODES_PER_LEVEL = 6;

type Json = Readonly<Record<string, unknown>>;

export async function readSkops(main: Reader, budget: Budget): Promise<PickleValue> {
  const archive = await openZip(main, budget);
  const bytes = await archive.read(SCHEMA);
  // The unpacked bytes become text, and then the values that are charged next.
  budget.build(bytes.length, SCHEMA);
  const text = utf8(bytes);
  // Nodes have the same few keys, and estimators of a class the same attributes.
  spendOnJson(text, budget, SCHEMA, 'common');
  return new SkopsReader(archive, budget).read(parseSchema(text), SCHEMA, 0);
}

function parseSchema(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ForwardpassError('MALFORMED', 'expected JSON', SCHEMA, { cause });
  }
}

/** How a node of each loader is read. */
type NodeReader = (reader: SkopsReader, node: SkopsNode) => PickleValue | Promise<PickleValue>;

interface SkopsNode {
  readonly json: Json;
  readonly type: PickleGlobal;
  readonly place: string;
  readonly depth: number;
}

const NODES: Readonly<Record<string, NodeReader>> = {
  JsonNode: (_reader, node) => parseScalar(node),
  ListNode: async (reader, node) => listOf(await reader.items(node)),
  TupleNode: async (reader, node) => new PickleTuple(await reader.items(node)),
  SetNode: async (reader, node) => {
    const set = new PickleSet();
    for (const item of await reader.items(node)) set.items.push(item);
    return set;
  },
  DictNode: (reader, node) => reader.dict(node),
  DefaultDictNode: (reader, node) => reader.part(node, 'content', 'main'),
  _DictWithDeprecatedKeysNode: (reader, node) => reader.part(node, 'content', 'main'),
  ObjectNode: (reader, node) => reader.object(node, [], node.json.content),
  ConstructorFromReduceNode: async (reader, node) => {
    const args = await reader.part(node, 'content');
    return new PickleObject(node.type, args instanceof PickleTuple ? args.items : [args]);
  },
  TreeNode: (reader, node) => reader.object(node, [], node.json.content),
  LossNode: (reader, node) => reader.object(node, [], node.json.content),
  NdArrayNode: (reader, node) => reader.array(node),
  MaskedArrayNode: (reader, node) => reader.part(node, 'content', 'data'),
  SparseMatrixNode: (reader, node) => reader.sparse(node),
  TypeNode: (_reader, node) => node.type,
  FunctionNode: (_reader, node) => functionOf(node),
  MethodNode: (_reader, node) => new PickleGlobal(String(node.type), String(contentOf(node).func)),
  PartialNode: async (reader, node) => new PickleObject(node.type, [await reader.part(node, 'content', 'func')]),
  SliceNode: (_reader, node) => {
    const { start, stop, step } = contentOf(node);
    const bound = (value: unknown) => (typeof value === 'number' ? value : null);
    return new PickleObject(new PickleGlobal('builtins', 'slice'), [bound(start), bound(stop), bound(step)]);
  },
  DTypeNode: async (reader, node) => {
    const array = await reader.part(node, 'content');
    return new PickleObject(new PickleGlobal('numpy', 'dtype'), array instanceof PickleArray ? [array.dtype] : []);
  },
  BytesNode: (reader, node) => reader.member(node),
  BytearrayNode: (reader, node) => reader.member(node),
};

/** An object without a state, for nodes of unknown kinds, and of kinds that no estimator here uses. */
function inert(_reader: SkopsReader, node: SkopsNode): PickleObject {
  return new PickleObject(node.type, []);
}

class SkopsReader {
  /** By `__id__`. */
  readonly #known = new Map<unknown, PickleValue>();

  constructor(
    private readonly archive: ZipArchive,
    private readonly budget: Budget,
  ) {}

  async read(value: unknown, place: string, depth: number): Promise<PickleValue> {
    const json = objectAt(value, place);
    if (depth > NODES_PER_LEVEL * this.budget.limits.depth) {
      throw new ForwardpassError('LIMIT', 'nodes are nested deeper than `limits.depth` allows', place);
    }
    const loader = json.__loader__;
    if (loader === 'CachedNode') return this.#cached(json.__id__, place);
    const read = typeof loader === 'string' && Object.hasOwn(NODES, loader) ? NODES[loader] : inert;
    const { __module__: module, __class__: name } = json;
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new ForwardpassError('MALFORMED', 'expected a node with a module and a class', place);
    }
    refuseUnsafe(module, name, place);
    const result = await read(this, { json, type: new PickleGlobal(module, name), place, depth });
    if (json.__id__ !== undefined) this.#known.set(json.__id__, result);
    return result;
  }

  #cached(id: unknown, place: string): PickleValue {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    throw new ForwardpassError('DANGLING', `refers to an earlier node, ${describe(id)}, which does not exist`, place);
  }

  /** The node under a path of keys. */
  part(node: SkopsNode, ...keys: readonly string[]): Promise<PickleValue> {
    let [json, place]: [unknown, string] = [node.json, node.place];
    for (const key of keys) [json, place] = [objectAt(json, place)[key], `${place}.${key}`];
    return this.read(json, place, node.depth + 1);
  }

  async items(node: SkopsNode): Promise<PickleValue[]> {
    const { content } = node.json;
    if (!Array.isArray(content)) throw malformed('expected a list of nodes', content, node.place);
    const items: PickleValue[] = [];
    for (const [i, item] of content.entries()) items.push(await this.read(item, `${node.place}[${i}]`, node.depth + 1));
    return items;
  }

  /** Keys are text in JSON; their types are stored separately. */
  async dict(node: SkopsNode): Promise<PickleDict> {
    const types = objectAt(node.json.key_types, node.place).content;
    const kinds = Array.isArray(types) ? types.map((type, i) => objectAt(type, `${node.place}.key_types[${i}]`)) : [];
    const dict = new PickleDict();
    for (const [i, [key, value]] of Object.entries(contentOf(node)).entries()) {
      const place = `${node.place}.${key}`;
      dict.entries.push([keyOf(key, kinds[i]?.__class__), await this.read(value, place, node.depth + 1)]);
    }
    return dict;
  }

  async object(node: SkopsNode, args: readonly PickleValue[], state: unknown): Promise<PickleObject> {
    const object = new PickleObject(node.type, args);
    if (state !== undefined) object.state = await this.read(state, node.place, node.depth + 1);
    return object;
  }

  async member({ json, place }: SkopsNode): Promise<Uint8Array> {
    if (typeof json.file !== 'string') throw malformed("expected a member's name", json.file, place);
    return this.archive.read(json.file);
  }

  async array(node: SkopsNode): Promise<PickleValue> {
    if (node.json.type === 'numpy')
      return parseNpy(await this.member(node), this.budget, node.place) ?? inert(this, node);
    if (node.json.type !== 'json')
      throw malformed("expected an array of the type 'numpy' or 'json'", node.json.type, node.place);
    const shape = readShape(await this.part(node, 'shape'), this.budget, node.place);
    const items = shape.slice(1).reduce((list) => list.flatMap(itemsOfList), await this.items(node));
    if (items.length !== shape.reduce((count, size) => count * size, 1)) {
      throw malformed(`expected the objects of an array of shape [${shape}]`, items, node.place);
    }
    return new PickleArray(shape, 'O', items);
  }

  /** An inner .npz: its arrays become the attributes of a pickled matrix. */
  async sparse(node: SkopsNode): Promise<PickleObject> {
    const bytes = await this.member(node);
    const archive = await openZip(readerOf(bytes, node.place), this.budget);
    const object = new PickleObject(node.type, []);
    const state = new PickleDict();
    for (const name of archive.entries.keys()) {
      const array = parseNpy(await archive.read(name), this.budget, `${node.place} ${name}`) ?? null;
      const attribute = name.replace(/\.npy$/, '');
      state.entries.push(attribute === 'shape' ? ['_shape', array] : [attribute, array]);
    }
    object.state = state;
    return object;
  }
}

function listOf(items: readonly PickleValue[]): PickleList {
  const list = new PickleList();
  for (const item of items) list.items.push(item);
  return list;
}

function itemsOfList(value: PickleValue): readonly PickleValue[] {
  return value instanceof PickleList ? value.items : [value];
}

/** Undefined for elements that no model uses, such as dates. */
function parseNpy(bytes: Uint8Array, budget: Budget, place: string): PickleArray | PickleRecords | undefined {
  const { descr, fortranOrder, shape, dataOffset } = parseNpyText(bytes, place);
  const records = recordTypeOf(descr);
  if (records !== undefined) {
    const sizes = readShape(new PickleTuple(shape), budget, place);
    return recordsFromBytes(records, sizes, bytes.subarray(dataOffset), place);
  }
  const [, order, name] = /^'([<>|])([fiu][1248]|b1|[SU]\d{1,9})'$/.exec(descr) ?? [];
  if (name === undefined) return undefined;
  const sizes = readShape(new PickleTuple(shape), budget, place);
  const width = Number(name.slice(1)) * (name[0] === 'U' ? 4 : 1);
  const type = { name, bytes: width, littleEndian: order !== '>' };
  return arrayFromBytes(type, sizes, fortranOrder, bytes.subarray(dataOffset), budget, place);
}

/** The JSON text of one value; Python's JSON allows NaN, infinities, and integers of any length. */
function parseScalar({ json: { content }, place }: SkopsNode): PickleValue {
  if (content === 'NaN' || content === 'Infinity' || content === '-Infinity') return Number(content);
  if (typeof content !== 'string') throw malformed('expected the text of a value', content, place);
  if (/^-?\d{16,400}$/.test(content)) {
    const integer = BigInt(content);
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  }
  try {
    const value: unknown = JSON.parse(content);
    if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return value as PickleValue;
  } catch (cause) {
    throw new ForwardpassError('MALFORMED', 'expected the JSON text of a value', place, { cause });
  }
  throw malformed('expected the text of a word, a number, True, False or None', content, place);
}

function keyOf(key: string, type: unknown): PickleValue {
  if (type === 'int' || type === 'float') return Number(key);
  if (type === 'bool') return key === 'true' || key === 'True';
  return type === 'NoneType' ? null : key;
}

/** Before skops 0.8 the function was in the content. */
function functionOf(node: SkopsNode): PickleGlobal {
  if (node.json.content === undefined) return node.type;
  const { module_path: module, function: name } = contentOf(node);
  if (typeof module !== 'string' || typeof name !== 'string') {
    throw malformed('expected a module and a function', node.json.content, node.place);
  }
  refuseUnsafe(module, name, node.place);
  return new PickleGlobal(module, name);
}

function contentOf({ json, place }: SkopsNode): Json {
  return objectAt(json.content, place);
}

function objectAt(value: unknown, place: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw malformed('expected an object', value, place);
}

function malformed(expected: string, found: unknown, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', `${expected}, found ${describe(found)}`, place);
}

function readerOf(bytes: Uint8Array, name: string): Reader {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      if (offset + length <= bytes.length) return bytes.slice(offset, offset + length);
      throw new ForwardpassError('TRUNCATED', `ends at byte ${bytes.length}`, name);
    },
  };
}
