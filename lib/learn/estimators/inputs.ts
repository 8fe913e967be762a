/** Batches as estimators take them: numbers of their own type, finite where they have to be. */
import type { FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { ClassTargets } from '../targets.ts';
import type { Batch, Incremental } from './incremental.ts';

/** The numbers, rounded to floats where the estimator has those; the caller's own array where it is of that type. */
export function asFloats(values: FloatArray, Floats: Incremental['Floats']): FloatArray {
  return values instanceof Floats ? values : Floats.from(values as ArrayLike<number>);
}

/** @throws {ForwardpassError} INPUT for rows that hold infinity, or NaN unless that is a missing value. */
export function checkRows(x: FloatArray, width: number, takesMissing = false): void {
  for (let at = 0; at < x.length; at++) {
    const value = x[at];
    if (value - value === 0 || (takesMissing && Number.isNaN(value))) continue;
    const place = `rows[${Math.floor(at / width)}][${at % width}]`;
    throw new ForwardpassError('INPUT', `is ${value}, where a finite number is expected`, place);
  }
}

/** The position of each row's class. */
export function labelsOf({ targets, rows }: Batch, classes: ClassTargets): Float64Array {
  const labels = new Float64Array(rows);
  classes.read(targets, rows, labels);
  return labels;
}

/** Of an estimator whose rows have no targets. */
export function weightsUnlessRefused({ weights }: Batch, name: string): void {
  if (weights !== undefined) throw new ForwardpassError('OPTION', `${name} takes no weights of rows`, 'sampleWeight');
}

/** What a file holds, in its own array; NaN only where `strict` lets an estimator be spoilt. */
export function ownVector(estimator: Estimator, name: string, length: number, strict = false): FloatArray {
  if (!strict) return estimator.vector(name, length).slice();
  const { shape, data } = estimator.numbersIn(estimator.value(name), name);
  if (shape.length === 1 && data.length === length) return data.slice();
  throw estimator.error('SHAPE', `expected the shape [${length}], found [${shape.join(', ')}]`, name);
}
