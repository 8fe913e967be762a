/** Puts the faults of native calls into words. */
import { ForwardpassError } from './errors.ts';
import type { Port } from './graph/lower.ts';
import { describe, quote } from './words.ts';

/** Why a call failed, as native/binding.cc numbers it, then the port and up to four figures. */
export type Fault = readonly [code: number, port: number, a: number, b: number, c: number, d: number];
export const FAULT = {
  disposed: 1,
  notTypedArray: 2,
  wrongType: 3,
  shared: 4,
  detached: 5,
  notWholeRows: 6,
  rowsDiffer: 7,
  overlap: 8,
  badId: 9,
  noMemory: 10,
  arguments: 11,
} as const;

/** What a message needs to know of the model that was called. */
export interface Called {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Of an instruction of the plan, the node it comes from. */
  placeOf(instruction: number): string;
}

const INTEGERS = new Set(['int32', 'int64', 'bool']);

/** Whether an input or output holds whole numbers and so may be an Int32Array or a BigInt64Array. */
export function holdsIntegers(port: Port): boolean {
  return INTEGERS.has(port.dtype);
}

export function faultError(fault: Fault, model: Called, buffers: readonly unknown[]): ForwardpassError {
  const [code, index, a, b, c, d] = fault;
  const place = portName(model, index);
  switch (code) {
    case FAULT.disposed:
      return new ForwardpassError('DISPOSED', 'the model was disposed of; load it again to run it');
    case FAULT.notTypedArray:
    case FAULT.wrongType:
      return new ForwardpassError(
        'INPUT',
        `expected ${arrayNames(portOf(model, index))}, found ${describe(buffers[index])}`,
        place,
      );
    case FAULT.shared:
      return new ForwardpassError(
        'BUFFER',
        'its memory is shared with other threads (SharedArrayBuffer); copy it first',
        place,
      );
    case FAULT.detached:
      return new ForwardpassError('BUFFER', 'its buffer is detached (transferred elsewhere) or was resized', place);
    case FAULT.notWholeRows: {
      const shape = portOf(model, index)?.shape ?? [];
      const row = shape.length > 1 ? `${b} elements (${shape.join(' × ')})` : `${b} element${b === 1 ? '' : 's'}`;
      return new ForwardpassError('INPUT', `${a} elements are not a whole number of rows of ${row}`, place);
    }
    case FAULT.rowsDiffer:
      return new ForwardpassError('INPUT', `expected ${b} rows as in ${portName(model, 0)}, found ${a}`, place);
    case FAULT.overlap:
      return new ForwardpassError('BUFFER', `overlaps the memory of ${portName(model, a)}`, place);
    case FAULT.badId: {
      const found = Number.isInteger(c) ? `the id ${c}` : `${c}, which is no whole number`;
      return new ForwardpassError(
        'ID',
        `row ${b} holds ${found}; expected ids from 0 to ${d - 1}`,
        `node ${model.placeOf(a)}`,
      );
    }
    case FAULT.arguments:
      return new ForwardpassError('INPUT', `expected ${b} buffers (inputs, then outputs), found ${a}`);
    default:
      return new ForwardpassError('MEMORY', 'no memory for the call');
  }
}

function portOf(model: Called, index: number): Port | undefined {
  return index < model.inputs.length ? model.inputs[index] : model.outputs[index - model.inputs.length];
}

function portName(model: Called, index: number): string {
  const kind = index < model.inputs.length ? 'input' : 'output';
  return `${kind} ${quote(portOf(model, index)?.name ?? String(index))}`;
}

function arrayNames(port: Port | undefined): string {
  const names = 'a Float32Array or Float64Array';
  return port !== undefined && holdsIntegers(port) ? `${names}, Int32Array or BigInt64Array` : names;
}
