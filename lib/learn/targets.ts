/** Converts the callers' targets to numbers. */
import { ForwardpassError } from '../errors.ts';
import type { Label } from '../labels.ts';
import { describe, listNames } from '../messages.ts';
import type { Targets } from './estimators/incremental.ts';

/** Converts labels to the indices of their classes. */
export class ClassTargets {
  readonly #classes: readonly Label[];
  readonly #positions: ReadonlyMap<unknown, number>;

  constructor(classes: readonly Label[]) {
    this.#classes = classes;
    this.#positions = new Map(classes.map((label, position) => [label, position]));
  }

  /** Writes the index of each label. @throws {ForwardpassError} INPUT for a label that is not a class. */
  read(targets: Targets | undefined, rows: number, into: Float64Array): void {
    if (targets === undefined) throw missing('a label');
    for (let row = 0; row < rows; row++) into[row] = this.position(targets[row], row);
  }

  position(label: unknown, row: number): number {
    const [first, second] = this.#classes;
    if (label === second) return 1;
    if (label === first) return 0;
    const found = this.#positions.get(label) ?? this.#positions.get(numberOf(label));
    if (found !== undefined) return found;
    const known = listNames(this.#classes.map((name) => (typeof name === 'string' ? name : `${name}`)));
    const message = `expected one of the classes ${known}, found ${describe(label)}; a model cannot learn new classes`;
    throw new ForwardpassError('INPUT', message, `targets[${row}]`);
  }
}

/** Booleans are the classes 0 and 1, and integers may be BigInts. */
function numberOf(label: unknown): number | undefined {
  if (typeof label === 'boolean') return Number(label);
  return typeof label === 'bigint' ? Number(label) : undefined;
}

/** Writes each target. @throws {ForwardpassError} INPUT if one is not a finite number. */
export function readValues(targets: Targets | undefined, rows: number, into: Float64Array): void {
  if (targets === undefined) throw missing('a number');
  for (let row = 0; row < rows; row++) into[row] = numericTarget(targets[row], row);
}

/** The number of one target. @throws {ForwardpassError} INPUT if it is not a finite number. */
export function numericTarget(target: unknown, row: number): number {
  const value = typeof target === 'number' ? target : numberOf(target);
  if (value !== undefined && Number.isFinite(value)) return value;
  const found = value === undefined ? `, found ${describe(target)}` : '';
  throw new ForwardpassError('INPUT', `expected a finite number${found}`, `targets[${row}]`);
}

function missing(what: string): ForwardpassError {
  return new ForwardpassError('INPUT', `expected ${what} for each row, found none`, 'targets');
}
