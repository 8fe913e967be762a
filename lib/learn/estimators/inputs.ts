/** Converts and checks batches for estimators: numbers of their own type, finite where required. */
import type { FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { ClassTargets } from '../targets.ts';
import type { Batch, Incremental } from './incremental.ts';

/** The numbers as the estimator's type of floats; the caller's own array if it already has that type. */
export function asFloats(values: FloatArray, Floats: Incremental['Floats']): FloatArray {
  return values instanceof Floats ? values : Floats.from(values as ArrayLike<number>);
}

/** @throws {ForwardpassError} INPUT for rows with infinity, or with NaN unless that is a missing value. */
export function checkRows(x: FloatArray, width: number, takesMissing = false): void {
  for (let at = 0; at < x.length; at++) {
    const value = x[at];
    if (value - value === 0 || (takesMissing && Number.isNaN(value))) continue;
    const place = `rows[${Math.floor(at / width)}][${at % width}]`;
    throw new ForwardpassError('INPUT', `expected a finite number, found ${value}`, place);
  }
}

/** The index of each row's class. */
export function labelsOf({ targets, rows }: Batch, classes: ClassTargets): Float64Array {
  const labels = new Float64Array(rows);
  classes.read(targets, rows, labels);
  return labels;
}

/** The weights; throws if the estimator does not take weights. */
export function weightsUnlessRefused({ weights }: Batch, name: string): void {
  if (weights !== undefined)
    throw new ForwardpassError('OPTION', `${name} does not take weights of rows`, 'sampleWeight');
}

/** A vector in a file, in a new array; NaN is only allowed with `strict`, which can make an estimator NaN. */
export function ownVector(estimator: Estimator, name: string, length: number, strict = false): FloatArray {
  if (!strict) return estimator.vector(name, length).slice();
  const { shape, data } = estimator.numbersIn(estimator.value(name), name);
  if (shape.length === 1 && data.length === length) return data.slice();
  throw estimator.error('SHAPE', `expected the shape [${length}], found [${shape.join(', ')}]`, name);
}
