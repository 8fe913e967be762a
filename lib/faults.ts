/** Turns the faults of native calls into errors. */
import { ForwardpassError } from './errors.ts';
import type { Word } from './graph/graph.ts';
import type { About, Port } from './graph/lower.ts';
import { describe, listNames, quote } from './messages.ts';

/**
 * Why a call failed, as numbered in native/binding/faults.h, then the port and up to five figures. Despite its type, it
 * is empty if there was no memory for it.
 */
export type Fault = readonly [code: number, port: number, a: number, b: number, c: number, d: number, e: number];
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
  notFinite: 12,
  notExact: 13,
  badOffset: 14,
  badPair: 15,
  pairsDiffer: 16,
} as const;

/** Rows of JavaScript values: see rows.ts. */
export interface PeopleRows {
  /** The value and the place of an input's element. */
  cell(row: number, input: number, element: number): { readonly value: unknown; readonly place: string };
}

/** The parts of the called model that messages need. */
export interface Called {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly featureNames?: readonly string[];
  about(): Pick<About, 'places' | 'origins' | 'makers'>;
}

const INTEGERS = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bool']);

/** Whether an input or output is declared as integers. */
function holdsIntegers(port: Port): boolean {
  return INTEGERS.has(port.dtype);
}

/** Whether arrays of integers are accepted for it. */
export function takesIntegers(port: Port): boolean {
  return holdsIntegers(port) || port.takesIds === true;
}

/** Whether arrays allocated for it are Int32Arrays. */
export function holdsInt32(port: Port): boolean {
  return holdsIntegers(port) && !(port.exact === true && port.dtype !== 'int32');
}

/** `given` are the rows of JavaScript values, if the caller did not pass buffers. */
export function faultError(
  fault: Fault,
  model: Called,
  buffers: readonly unknown[],
  given?: PeopleRows,
): ForwardpassError {
  const [code, index = 0, a, b, c, d, e] = fault;
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
    case FAULT.badOffset: {
      const expected = c === d ? String(c) : `a number from ${c} to ${d}, the number of ids`;
      return new ForwardpassError('INPUT', `offsets[${a}] is ${b}; expected ${expected}`, place);
    }
    case FAULT.badPair: {
      const message = `row ${a} holds the id ${b} in its pair ${e}; expected ids from 0 to ${c - 1}`;
      return new ForwardpassError('ID', message, place);
    }
    case FAULT.pairsDiffer:
      return new ForwardpassError('INPUT', `expected ${b} weights, one for each id, found ${a}`, place);
    case FAULT.badId:
      return idError({ model, buffers, given, instruction: a, row: b, value: c, element: e }, d);
    case FAULT.notFinite:
      return notFiniteError({ model, buffers, given, instruction: a, row: b, value: c, element: e });
    case FAULT.notExact:
      return notExactError({ model, buffers, given, instruction: a, row: b, value: c, element: e });
    case FAULT.arguments:
      return new ForwardpassError('INPUT', `expected ${b} buffers (inputs, then outputs), found ${a}`);
    default:
      return new ForwardpassError('MEMORY', 'not enough memory for the call');
  }
}

/** Where a run stopped, and the value that caused it. */
interface Stop {
  readonly model: Called;
  readonly buffers: readonly unknown[];
  readonly given: PeopleRows | undefined;
  readonly instruction: number;
  readonly row: number;
  /** The value that the instruction found, in an element of its operand's row. */
  readonly value: number;
  readonly element: number;
}

function idError(stop: Stop, limit: number): ForwardpassError {
  const { value, row } = stop;
  const feature = featureOf(stop);
  if (feature !== undefined && (feature.categories !== undefined || !Object.is(feature.holds, value))) {
    const words = feature.categories?.filter((word) => word !== null);
    const known = words === undefined ? 'the values' : `the words ${listNames(words, 6)},`;
    return new ForwardpassError(
      'ID',
      `${feature.says}, which is not one of ${known} that the model knows`,
      feature.place,
    );
  }
  const found = Number.isInteger(value) ? `the id ${value}` : `${value}, which is not an integer`;
  const where = feature?.name === undefined ? '' : ` in ${quote(feature.name)}`;
  const message = `row ${row} holds ${found}${where}; expected ids from 0 to ${limit - 1}`;
  return new ForwardpassError('ID', message, nodePlace(stop));
}

function notFiniteError(stop: Stop): ForwardpassError {
  const { value, row, element } = stop;
  const feature = featureOf(stop);
  const says = feature?.says ?? `element ${element} of its operand in row ${row} is ${value}`;
  // If the caller's number is finite, the model's own computation made it invalid: it is outside the domain of a
  // function.
  if (feature !== undefined && Number.isFinite(feature.holds)) {
    const maker = stop.model.about().makers[stop.instruction];
    const made = maker === undefined ? 'what the model computes from it' : `the model's ${maker} of it`;
    const message = `${says}, and ${made} is ${value}; the model does not accept this value`;
    return new ForwardpassError('INPUT', message, feature.place);
  }
  const remedy = Number.isNaN(value) ? ', and does not fill in missing values' : '';
  return new ForwardpassError(
    'INPUT',
    `${says}; the model only takes finite numbers${remedy}`,
    feature?.place ?? nodePlace(stop),
  );
}

function notExactError(stop: Stop): ForwardpassError {
  const { value, row, element } = stop;
  const feature = featureOf(stop);
  const says = feature?.says ?? `element ${element} of its result in row ${row} is about ${value}`;
  const message = `${says}; the model needs the exact integer, which float64 only represents up to ±2^53`;
  return new ForwardpassError('INPUT', message, feature?.place ?? nodePlace(stop));
}

function nodePlace({ model, instruction }: Stop): string {
  return `node ${model.about().places[instruction]}`;
}

/** The element of an input from which an operand's element comes. */
interface Feature {
  readonly place: string;
  readonly name?: string;
  readonly categories?: readonly Word[];
  /** The value in the caller's array. */
  readonly holds: number;
  /** `row 3 holds NaN in 'age'`, without what the place already says. */
  readonly says: string;
}

/** Undefined if the operand's element does not come from a single element. */
function featureOf({ model, buffers, given, instruction, row, element }: Stop): Feature | undefined {
  const origins = model.about().origins[instruction];
  if (origins === undefined) return undefined;
  const origin = 'first' in origins ? origins.first + element : origins[element];
  if (origin < 0) return undefined;
  let [input, at] = [0, origin];
  while (at >= model.inputs[input].width) at -= model.inputs[input++].width;
  const port = model.inputs[input];
  const name = model.featureNames?.[port.features?.[at] ?? origin] ?? (port.width === 1 ? port.name : undefined);
  const found = (buffers[input] as ArrayLike<unknown>)[row * port.width + at];
  const holds = Number(found);
  const cell = given?.cell(row, input, at) ?? { value: found, place: portName(model, input) };
  const value = typeof cell.value === 'string' ? quote(cell.value) : String(cell.value);
  // The place of a cell names its row, and usually its column; that of a flat array does not.
  const isPlaced = given !== undefined && cell.place !== 'rows';
  const isNamed = isPlaced && (name === undefined || cell.place.endsWith(`.${name}`));
  const where = isNamed ? '' : name === undefined ? ` at position ${at}` : ` in ${quote(name)}`;
  return {
    place: cell.place,
    name,
    categories: port.categories?.get(at),
    holds,
    says: `${isPlaced ? '' : `row ${row} `}holds ${value}${where}`,
  };
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
  return port !== undefined && takesIntegers(port) ? `${names}, or an array of integers such as Int32Array` : names;
}
