/** The binary form that XGBoost wrote before JSON and could write until 3.0: its own structures, little-endian. */
import { ForwardpassError } from '../../errors.ts';
import { refuse } from '../containers/checks.ts';
import type { Linear, Trees, XgboostModel, XgboostTree } from './model.ts';
import { BINARY, LEARNER_BYTES, textAt } from './signature.ts';

/** Bytes of GBTreeModelParam, GBLinearModelParam, TreeParam. */
const BOOSTER_BYTES = 160;
const LINEAR_BYTES = 136;
const TREE_BYTES = 148;
const NODE_BYTES = 20;
const STATS_BYTES = 16;
const LEFT_BIT = 2 ** 31;

export function fromLegacy(bytes: Uint8Array, statistics = false): XgboostModel {
  const cursor = new Cursor(bytes);
  if (textAt(bytes, 0, BINARY.length) === BINARY) cursor.skip(BINARY.length);
  const start = cursor.skip(LEARNER_BYTES);
  const { view } = cursor;
  const classes = view.getInt32(start + 8, true);
  const hasAttributes = view.getInt32(start + 12, true) !== 0;
  const major = view.getUint32(start + 20, true);
  const targets = view.getUint32(start + 28, true);
  const objective = cursor.text();
  const name = cursor.text();
  const booster = boosterOf(cursor, name, statistics);
  const outputs = Math.max(classes, major === 0 ? 1 : targets, 1);
  return {
    objective,
    features: view.getUint32(start + 4, true),
    outputs,
    isMulticlass: classes > 1,
    baseScore: [view.getFloat32(start, true)],
    version: [major, view.getUint32(start + 24, true)],
    attributes: hasAttributes ? attributesOf(cursor) : new Map(),
    booster,
  };
}

function boosterOf(cursor: Cursor, name: string, statistics: boolean): Trees | Linear {
  if (name === 'gblinear') {
    cursor.skip(LINEAR_BYTES);
    return { kind: 'linear', weights: cursor.floats(cursor.count(4)) };
  }
  if (name === 'gbtree') return treesOf(cursor, statistics);
  if (name !== 'dart')
    throw new ForwardpassError('UNSUPPORTED_OP', `the booster '${name}' is not supported`, 'the file');
  const trees = treesOf(cursor, statistics);
  return { ...trees, weights: trees.trees.length === 0 ? [] : cursor.floats(cursor.count(4)) };
}

function treesOf(cursor: Cursor, statistics: boolean): Trees {
  const { view } = cursor;
  const start = cursor.skip(BOOSTER_BYTES);
  const count = cursor.within(view.getInt32(start, true), TREE_BYTES, 'trees');
  const trees = Array.from({ length: count }, (_, i) => treeOf(cursor, `trees[${i}]`, statistics));
  const groups = cursor.skip(4 * count);
  return {
    kind: 'trees',
    trees,
    groups: Int32Array.from(trees, (_, i) => view.getInt32(groups + 4 * i, true)),
    // In older files this is the number of roots, which is also 1.
    parallel: Math.max(1, view.getInt32(start + 4, true)),
  };
}

function treeOf(cursor: Cursor, place: string, statistics: boolean): XgboostTree {
  const { view } = cursor;
  const start = cursor.skip(TREE_BYTES);
  if (view.getInt32(start + 20, true) > 1) {
    throw new ForwardpassError('UNSUPPORTED_OP', 'leaves of several values are not supported', place);
  }
  const count = cursor.within(view.getInt32(start + 4, true), NODE_BYTES + STATS_BYTES, 'nodes');
  const nodes = cursor.skip(NODE_BYTES * count);
  const stats = cursor.skip(STATS_BYTES * count);
  const column = (read: (at: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => read(nodes + NODE_BYTES * i));
  const statistic = (offset: number) =>
    Float32Array.from({ length: count }, (_, i) => view.getFloat32(stats + STATS_BYTES * i + offset, true));
  const index = column((at) => view.getUint32(at + 12, true));
  return {
    place,
    left: column((at) => view.getInt32(at + 4, true)),
    right: column((at) => view.getInt32(at + 8, true)),
    features: index.map((word) => word % LEFT_BIT),
    defaultLeft: index.map((word) => (word >= LEFT_BIT ? 1 : 0)),
    conditions: column((at) => view.getFloat32(at + 16, true)),
    categories: NO_CATEGORIES,
    ...(statistics && { statistics: { gains: statistic(0), covers: statistic(4) } }),
  };
}

const NO_CATEGORIES: ReadonlyMap<number, readonly number[]> = new Map();

function attributesOf(cursor: Cursor): ReadonlyMap<string, string> {
  const count = cursor.count(16);
  const attributes = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const key = cursor.text();
    attributes.set(key, cursor.text());
  }
  return attributes;
}

class Cursor {
  readonly view: DataView;
  #at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Returns where the next `length` bytes begin. */
  skip(length: number): number {
    const start = this.#at;
    if (length > this.bytes.length - start) {
      const message = `expected ${length} bytes at byte ${start}, but only ${this.bytes.length - start} are left`;
      throw new ForwardpassError('TRUNCATED', message, 'the file');
    }
    this.#at += length;
    return start;
  }

  /** A count of things of which each needs at least `size` of the remaining bytes. */
  within(count: number, size: number, what: string): number {
    const left = this.bytes.length - this.#at;
    if (count >= 0 && count <= left / size) return count;
    return refuse('the file', `has ${count} ${what} at byte ${this.#at}, but only ${left} bytes are left`);
  }

  count(size: number): number {
    return this.within(Number(this.view.getBigUint64(this.skip(8), true)), size, 'values');
  }

  floats(count: number): Float32Array {
    const start = this.skip(4 * count);
    return Float32Array.from({ length: count }, (_, i) => this.view.getFloat32(start + 4 * i, true));
  }

  text(): string {
    const length = this.count(1);
    const start = this.skip(length);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes.subarray(start, start + length));
  }
}
