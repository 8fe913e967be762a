/**
 * The binary form (cbm): a magic, the size of a FlatBuffer, the FlatBuffer, and then the tables of category statistics.
 * Field numbers follow the order of CatBoost's schema: libs/model/flatbuffers/model.fbs, features.fbs.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import { refuse } from '../containers/checks.ts';
import { Table, type Tables } from '../containers/flatbuffer.ts';
import type { FileTree } from '../trees.ts';
import { checkDimensions, type FileFeature, hashesOf, rowOf } from './features.ts';
import { infoOf } from './info.ts';
import type { CatboostModel } from './model.ts';
import { isBinary, MAGIC } from './signature.ts';
import { type FloatFeature, Splits } from './splits.ts';
import { anyShape, leavesOf, type Nodes, symmetric } from './trees.ts';

/** CatBoost's spelling. */
const VERSION = 'FlabuffersModel_v1';
const SIZE_BYTES = 4;
/** The marker for a size that does not fit; the size then follows in 8 bytes. */
const LONG_SIZE = 0xffffffff;
const LONG_SIZE_BYTES = 8;

/** Fields of TModelCore, of its InfoMap, and of TModelTrees. */
const CORE = { version: 0, trees: 1, info: 2 };
const PAIR = { key: 0, value: 1 };
const TREES = {
  dimensions: 0,
  splits: 1,
  sizes: 2,
  starts: 3,
  categorical: 4,
  floats: 5,
  oneHots: 6,
  ctrs: 7,
  leaves: 8,
  steps: 10,
  leafOfNode: 11,
  texts: 12,
  estimated: 13,
  scale: 14,
  bias: 15,
  biases: 16,
  embeddings: 18,
};
/** Fields of TFloatFeature; the other kinds begin with the same fields. */
const FEATURE = { index: 1, column: 2, borders: 3, name: 4, nan: 5, hasNan: 0 };
const OTHER = { index: 0, column: 1, name: 2 };
const ONE_HOT = { index: 0, hashes: 1 };
const ESTIMATED = { borders: 3 };
const CTR = { borders: 1 };
const NAN_ABOVE = 2;

export function fromBinary(bytes: Uint8Array, budget: Budget, place: string): CatboostModel {
  const core = Table.root(coreOf(bytes, place), 'the model');
  const version = core.string(CORE.version);
  if (version !== VERSION) {
    const found = version === undefined ? 'nothing' : quote(version);
    throw new ForwardpassError('UNSUPPORTED_VERSION', `expected the format '${VERSION}', found ${found}`, place);
  }
  const trees = core.table(CORE.trees, 'trees');
  if (trees === undefined) return refuse(place, 'the model has no trees');
  const dimensions = trees.int32(TREES.dimensions);
  checkDimensions(dimensions, budget, 'trees');
  const features = featuresOf(trees, budget);
  const arrays = arraysOf(trees, dimensions);
  return {
    ...rowOf(features.all, budget),
    splits: features.splits,
    dimensions,
    scale: trees.float64(TREES.scale, 1),
    bias: biasOf(trees, dimensions),
    info: infoOf(infoValues(core.tables(CORE.info, 'info'), budget), dimensions, budget),
    treeCount: arrays.sizes.length,
    trees: (splits) => treesOf(arrays, splits),
  };
}

/** The FlatBuffer; nothing after it is needed. */
function coreOf(bytes: Uint8Array, place: string): Uint8Array {
  if (!isBinary(bytes)) refuse(place, `expected a model of CatBoost, which begins with '${MAGIC}'`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (start: number, size: number) => {
    if (size <= bytes.length - start) return start + size;
    const message = `declares ${size} bytes after byte ${start}, but the file has ${bytes.length}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  };
  let start = need(MAGIC.length, SIZE_BYTES);
  let size = view.getUint32(MAGIC.length, true);
  if (size === LONG_SIZE) {
    start = need(start, LONG_SIZE_BYTES);
    size = Number(view.getBigUint64(start - LONG_SIZE_BYTES, true));
  }
  return bytes.subarray(start, need(start, size));
}

/** The memory that reading a table takes: a file may refer to one table many times, in 4 bytes each. */
const TABLE_BYTES = 400;

function* all(tables: Tables, budget: Budget): Iterable<Table> {
  for (let i = 0; i < tables.length; i++) {
    const table = tables.at(i);
    budget.build(TABLE_BYTES, table.place);
    yield table;
  }
}

function featuresOf(trees: Table, budget: Budget) {
  const read = <T>(field: number, place: string, as: (table: Table) => T) =>
    Array.from(all(trees.tables(field, place), budget), as);
  const floats = read(TREES.floats, 'float_features', floatFeature);
  const categorical = read(TREES.categorical, 'categorical_features', otherFeature);
  const others = [
    ...read(TREES.texts, 'text_features', otherFeature),
    ...read(TREES.embeddings, 'embedding_features', otherFeature),
  ];
  const columns = new Map(categorical.map(({ index, column }) => [index, column]));
  const oneHots = read(TREES.oneHots, 'one_hot_features', (table) => {
    const index = table.int32(ONE_HOT.index, -1);
    const column = columns.get(index);
    if (column === undefined)
      return refuse(table.place, `belongs to the categorical feature ${index}, which is not in the file`);
    return { index, column, hashes: hashesOf(table.int32s(ONE_HOT.hashes) ?? [], table.place) };
  });
  const countOf = (tables: Tables, borders: number) => {
    let count = 0;
    for (const table of all(tables, budget)) count += table.float32s(borders)?.length ?? 0;
    return count;
  };
  const unread = {
    estimated: countOf(trees.tables(TREES.estimated, 'estimated_features'), ESTIMATED.borders),
    ctrs: countOf(trees.tables(TREES.ctrs, 'ctrs'), CTR.borders),
  };
  const features: readonly FileFeature[] = [...floats, ...categorical, ...others];
  return { all: features, splits: new Splits(floats, oneHots, unread) };
}

function floatFeature(table: Table): FloatFeature & FileFeature {
  return {
    place: table.place,
    index: table.int32(FEATURE.index, -1),
    column: table.int32(FEATURE.column, -1),
    name: table.string(FEATURE.name) ?? '',
    borders: table.float32s(FEATURE.borders) ?? [],
    // If the training data had no NaN, CatBoost compares NaN, which is above nothing.
    isNanAbove: table.bool(FEATURE.hasNan) && table.int8(FEATURE.nan) === NAN_ABOVE,
  };
}

function otherFeature(table: Table): FileFeature & { readonly index: number } {
  return {
    place: table.place,
    index: table.int32(OTHER.index, -1),
    column: table.int32(OTHER.column, -1),
    name: table.string(OTHER.name) ?? '',
  };
}

function biasOf(trees: Table, dimensions: number): readonly number[] {
  const several = trees.float64s(TREES.biases);
  if (several !== undefined && several.length > 0) return [...several];
  const one = trees.float64(TREES.bias);
  if (one !== 0 && dimensions > 1) refuse('trees', `has one bias; expected one for each of ${dimensions} dimensions`);
  return one === 0 ? [] : [one];
}

function infoValues(pairs: Tables, budget: Budget): (key: string) => unknown {
  const tables = new Map<string, Table>();
  for (const pair of all(pairs, budget)) tables.set(pair.string(PAIR.key) ?? '', pair);
  return (key) => tables.get(key)?.string(PAIR.value);
}

/** The arrays of all trees. */
interface Arrays {
  readonly dimensions: number;
  /** For each tree, how many split numbers it has, and where they begin. */
  readonly sizes: readonly number[];
  readonly starts: readonly number[] | undefined;
  readonly splits: readonly number[];
  /** Values of leaves. */
  readonly values: Float64Array;
  /** For trees that are not symmetric, for each node: the distance to its children, and where its values are. */
  readonly steps: Uint32Array;
  readonly leafOfNode: Uint32Array;
}

function arraysOf(trees: Table, dimensions: number): Arrays {
  return {
    dimensions,
    sizes: trees.int32s(TREES.sizes) ?? [],
    starts: trees.int32s(TREES.starts),
    splits: trees.int32s(TREES.splits) ?? [],
    values: trees.float64s(TREES.leaves) ?? new Float64Array(),
    steps: trees.uint32s(TREES.steps) ?? new Uint32Array(),
    leafOfNode: trees.uint32s(TREES.leafOfNode) ?? new Uint32Array(),
  };
}

function* treesOf(arrays: Arrays, splits: Splits): Iterable<FileTree> {
  const { dimensions, sizes, starts, splits: numbers, values, steps, leafOfNode } = arrays;
  const isSymmetric = steps.length === 0 && leafOfNode.length === 0;
  if (!isSymmetric && (steps.length !== numbers.length || leafOfNode.length !== numbers.length)) {
    const found = `${steps.length} steps but ${leafOfNode.length} leaves; expected as many of both`;
    refuse('trees', `expected a step and a leaf for each of ${numbers.length} nodes, found ${found}`);
  }
  const leaves = new Leaves(values, dimensions);
  let [start, leaf] = [0, 0];
  for (const [i, size] of sizes.entries()) {
    const place = `trees[${i}]`;
    if (size < 0 || size > numbers.length - start) {
      refuse(place, `has ${size} splits, but only ${numbers.length - start} are left`);
    }
    if (starts !== undefined && starts[i] !== start)
      refuse(place, `does not begin at split ${start}, as the sizes require`);
    if (isSymmetric) {
      const first = leaf;
      leaf += leavesOf(size, place);
      if (dimensions * leaf > values.length)
        refuse(place, `ends at leaf value ${dimensions * leaf} of ${values.length}`);
      const own = numbers.slice(start, start + size);
      yield symmetric(place, splits, own, (at, to) => leaves.write(dimensions * (first + at), to, place));
    } else {
      yield anyShape(place, splits, nodesOf(arrays, start, size, leaves, place));
    }
    start += size;
  }
}

function nodesOf(
  { splits, steps, leafOfNode }: Arrays,
  start: number,
  count: number,
  leaves: Leaves,
  place: string,
): Nodes {
  const child = (node: number, step: number) => (step === 0 ? -1 : node + step);
  return {
    count,
    split: (node) => splits[start + node],
    // Two steps of 16 bits: to the left child and to the right.
    left: (node) => child(node, steps[start + node] & 0xffff),
    right: (node) => child(node, steps[start + node] >>> 16),
    values: (node, to) => leaves.write(leafOfNode[start + node], to, place),
  };
}

/** The values of leaves; each value belongs to one leaf. */
class Leaves {
  #written = 0;

  constructor(
    readonly values: Float64Array,
    readonly dimensions: number,
  ) {}

  write(at: number, to: Float64Array, place: string): void {
    const { values, dimensions } = this;
    this.#written += dimensions;
    if (at % dimensions !== 0 || at + dimensions > values.length || this.#written > values.length) {
      refuse(
        place,
        `has the values of a leaf at ${at} of ${values.length}, which is out of range or shared with another leaf`,
      );
    }
    for (let k = 0; k < dimensions; k++) to[k] = values[at + k];
  }
}
