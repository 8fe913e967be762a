/** Checks what callers of a learner pass beside rows: targets, weights, classes, a learning rate, notes, a path. */
import type { FloatArray } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import type { Label } from '../labels.ts';
import { describe } from '../messages.ts';
import { reading } from '../reading.ts';
import type { Incremental, Targets } from './estimators/incremental.ts';

/** A label or number, or one for each row. */
export type LearnTargets = Targets | Label | boolean;

export function checkPath(path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  throw new ForwardpassError('OPTION', `expected a path, found ${describe(path)}`, 'path');
}

export function checkRate(rate: unknown, { name, takesRate }: Incremental): void {
  if (takesRate !== true) {
    throw new ForwardpassError('OPTION', `${name} takes its learning rate from its parameters`, 'learningRate');
  }
  if (typeof rate === 'number' && rate >= 0 && Number.isFinite(rate)) return;
  const message = `expected a finite number of 0 or more, found ${describe(rate)}`;
  throw new ForwardpassError('OPTION', message, 'learningRate');
}

export function checkNotes(notes: unknown): unknown {
  if (notes === undefined) return undefined;
  return reading('OPTION', 'notes', () => {
    const text = JSON.stringify(notes);
    if (text !== undefined && text.length <= MOST_NOTES) return JSON.parse(text);
    throw new ForwardpassError('OPTION', `expected a value that fits in ${MOST_NOTES} characters of JSON`, 'notes');
  });
}

const MOST_NOTES = 2 ** 20;

/** Whether targets are one for each of several rows, and not a single one. */
export function isMany(targets: unknown): targets is ArrayLike<unknown> {
  return Array.isArray(targets) || ArrayBuffer.isView(targets);
}

export function targetsOf(targets: LearnTargets | undefined, rows: number, isRecord: boolean): Targets | undefined {
  if (targets === undefined || targets === null) return undefined;
  if (!isMany(targets)) {
    if (isRecord) return [targets as Label];
    throw new ForwardpassError('INPUT', `expected an array of ${rows} targets, found ${describe(targets)}`, 'targets');
  }
  if (targets.length !== rows) {
    throw new ForwardpassError(
      'INPUT',
      `expected a target for each of ${rows} rows, found ${targets.length}`,
      'targets',
    );
  }
  return targets as Targets;
}

export function weightsOf(weights: ArrayLike<number> | number | undefined, rows: number): FloatArray | undefined {
  if (weights === undefined) return undefined;
  return reading('INPUT', 'sampleWeight', () => {
    const given = typeof weights === 'number' ? [weights] : weights;
    if (!isMany(given) || given.length !== rows) {
      const found = isMany(given) ? given.length : describe(given);
      throw new ForwardpassError('INPUT', `expected a number for each of ${rows} rows, found ${found}`, 'sampleWeight');
    }
    const numbers = new Float64Array(rows);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const weight = given[row];
      if (typeof weight !== 'number' || !(weight >= 0) || weight === Infinity) {
        const message = `expected a finite number of 0 or more, found ${describe(weight)}`;
        throw new ForwardpassError('INPUT', message, `sampleWeight[${row}]`);
      }
      numbers[row] = weight;
      sum += weight;
    }
    if (sum === 0)
      throw new ForwardpassError('INPUT', 'expected at least one weight above 0, found only 0', 'sampleWeight');
    return numbers;
  });
}

/** Sorted as by `np.unique`: numbers by value, strings by code points. */
export function sortedClasses(classes: readonly unknown[] | undefined): Label[] {
  if (!Array.isArray(classes)) {
    const message = `a new classifier needs all classes that will ever occur: partialFit(rows, labels, { classes })`;
    throw new ForwardpassError('OPTION', message, 'classes');
  }
  const labels = [...new Set(classes.map((label) => (typeof label === 'boolean' ? Number(label) : label)))];
  if (labels.every((label) => typeof label === 'number' && Number.isFinite(label))) {
    return (labels as number[]).sort((a, b) => a - b);
  }
  if (labels.every((label) => typeof label === 'string')) {
    return (labels as string[]).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
  throw new ForwardpassError('OPTION', 'expected only finite numbers or only strings', 'classes');
}
