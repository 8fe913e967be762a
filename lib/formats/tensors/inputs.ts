/** Inputs of a file whose first axis is the batch: the shape of a row, and how a file without a batch is read. */
import { ForwardpassError } from '../../errors.ts';
import { elementCount, formatShape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import { CrossesRows, type TensorEmitter } from './emitter.ts';
import { HIGHEST_RANK } from './value.ts';

/** The size of each axis, or its name in the file; negative or undefined for a dynamic axis. */
export type FileShape = readonly (number | string | undefined)[];

function isFixed(size: FileShape[number]): size is number {
  return typeof size === 'number' && size > 0;
}

/** The shape of an input's row. `dims` is undefined if the file does not contain the shape. */
export function rowShape({ batchAxis, budget }: TensorEmitter, dims: FileShape | undefined, place: string): number[] {
  const lead = batchAxis === undefined ? 0 : 1;
  if (dims === undefined) throw new ForwardpassError('SHAPE', 'its shape is not in the file', place);
  if (dims.length < lead) throw new CrossesRows('the input is a single number without a batch', place);
  if (dims.length > HIGHEST_RANK) {
    throw new ForwardpassError('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${dims.length}`, place);
  }
  const shape = dims.slice(lead).map((size, i) => {
    if (isFixed(size)) return size;
    const found = typeof size === 'string' ? quote(size) : size === 0 ? '0' : 'open';
    throw new ForwardpassError('SHAPE', `axis ${i + lead} is ${found}; the shape of a row must be fixed`, place);
  });
  if (elementCount(shape) <= budget.limits.rowElements) return shape;
  throw new ForwardpassError('LIMIT', `a row of shape ${formatShape(shape)} exceeds \`limits.rowElements\``, place);
}

/** The batch size of the file, if its inputs agree on one; some may leave it open. */
export function commonBatch(inputs: readonly (FileShape | undefined)[]): number | undefined {
  const [batch, ...others] = new Set(inputs.map((dims) => dims?.[0]).filter(isFixed));
  return others.length === 0 ? batch : undefined;
}

/**
 * Axis 0 of every input is the batch. If the model mixes rows, or the inputs differ in size along it, and every shape
 * is fixed, each whole tensor is read as one row.
 */
export async function readRows<T>(
  inputs: readonly (FileShape | undefined)[],
  read: (batchAxis: 0 | undefined) => T | Promise<T>,
): Promise<T> {
  const isWhole = inputs.every((dims) => dims?.every(isFixed) ?? false);
  if (isWhole && new Set(inputs.map((dims) => dims?.[0])).size > 1) return read(undefined);
  return rowsOrWhole(isWhole, read);
}

/** By rows, or, if the model mixes them and `isWhole` is set, with each whole tensor as one row. */
export async function rowsOrWhole<T>(isWhole: boolean, read: (batchAxis: 0 | undefined) => T | Promise<T>): Promise<T> {
  try {
    return await read(0);
  } catch (error) {
    if (error instanceof CrossesRows && isWhole) return read(undefined);
    throw error;
  }
}
