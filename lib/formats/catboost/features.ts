/** The features of a file; each has its column in a row and optionally a name. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { refuse } from '../containers/checks.ts';

export interface FileFeature {
  readonly place: string;
  /** The feature's column in a row. */
  readonly column: number;
  /** Empty if the file has none. */
  readonly name: string;
}

export interface RowFeatures {
  readonly width: number;
  readonly featureNames?: readonly string[];
}

/**
 * The memory that a column takes, including its name; it may be used by no tree, and the file may have no entry for it.
 */
const COLUMN_BYTES = 224;
const NAME_BYTES = 128;

/** The columns of a row, from all features of a file. Throws `MALFORMED`, `LIMIT`. */
export function rowOf(features: readonly FileFeature[], budget: Budget): RowFeatures {
  const { rowElements } = budget.limits;
  let width = 0;
  for (const { column, place } of features) {
    if (!(Number.isInteger(column) && column >= 0)) refuse(place, `is in column ${column} of a row`);
    if (column >= rowElements) {
      const message = `is in column ${column} of a row; \`limits.rowElements\` allows ${rowElements}`;
      throw new ForwardpassError('LIMIT', message, place);
    }
    width = Math.max(width, column + 1);
  }
  if (width === 0) refuse('the features', 'the model has no features');
  budget.build(COLUMN_BYTES * width, 'the features');
  const names = Array.from<string | undefined>({ length: width }).fill(undefined);
  for (const { column, name, place } of features) {
    if (names[column] !== undefined) refuse(place, `is in column ${column}, which another feature already has`);
    names[column] = name;
  }
  if (!features.some(({ name }) => name !== '')) return { width };
  budget.build(NAME_BYTES * width, 'the names of features');
  const featureNames = names.map((name, column) => name || `${column}`);
  return new Set(featureNames).size === width ? { width, featureNames } : { width };
}

/** The memory that a dimension takes while its model is read: a class, a name, one number for each node of the graph. */
const DIMENSION_BYTES = 128;

/** Called before anything is allocated for each dimension. Throws `MALFORMED`, `LIMIT`. */
export function checkDimensions(dimensions: number, budget: Budget, place: string): void {
  const { rowElements } = budget.limits;
  if (dimensions < 1) refuse(place, `each leaf has ${dimensions} values`);
  if (dimensions > rowElements) {
    const message = `each leaf has ${dimensions} values; \`limits.rowElements\` allows ${rowElements}`;
    throw new ForwardpassError('LIMIT', message, place);
  }
  budget.build(DIMENSION_BYTES * dimensions, place);
}

/** The hashes of a one-hot feature as int32; files may hold them unsigned. Throws `MALFORMED`. */
export function hashesOf(values: readonly number[], place: string): readonly number[] {
  const hashes = values.map((value) => {
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) return value | 0;
    return refuse(place, `expected a hash of 32 bits, found ${value}`);
  });
  return new Set(hashes).size === hashes.length ? hashes : refuse(place, 'contains a category twice');
}
