/** The models that python/make_trees.py made, and the rows that they run. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `leaves` is the mean of a tree's.
 *
 * @typedef {{ name: string, kind: string, file: string, trees: number, leaves: number, depth: number }} TreeModel
 * @typedef {{ features: number, rows: number, versions: Record<string, string>, models: TreeModel[] }} TreeIndex
 */

export const TREES = join(import.meta.dirname, '..', 'build', 'trees');

/** @returns {TreeIndex} */
export function treeIndex() {
  const path = join(TREES, 'index.json');
  if (!existsSync(path)) throw new Error('there are no models: make them with python/make_trees.py');
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The kind of model, trees and leaves of each. @param {TreeModel} model */
export function treeTitle({ kind, trees, leaves }) {
  return `${kind}, ${trees} × ${leaves}`;
}

/** Every row, as float32, and what the model's library gives for them. @param {TreeModel} model */
export function rowsOf({ name }) {
  const [rows, expected] = ['rows.f32', `${name}.f64`].map((file) => new Uint8Array(readFileSync(join(TREES, file))));
  return { rows: new Float32Array(rows.buffer), expected: new Float64Array(expected.buffer) };
}
