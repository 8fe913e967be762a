/** Converts a model's results to the tensors of an answer. */
import { Buffer } from 'node:buffer';
import type { FloatArray, TypedArray } from '../../../buffers.ts';
import type { Port } from '../../../graph/lower.ts';
import type { Label } from '../../../labels.ts';
import { listNames, quote } from '../../../messages.ts';
import { layoutOf } from '../layout.ts';
import { badRequest, Refusal } from '../refusal.ts';
import { labelText, numberText } from '../text.ts';
import type { Results, ServedModel } from '../types.ts';
import { DATATYPES, type Datatype, datatypeOfOutput } from './datatypes.ts';

export interface OutputTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly values: FloatArray | readonly Label[];
}

/**
 * The name by which a classifier's label is requested. It is not among the outputs, so it is only returned on request;
 * an output with that name hides it.
 */
const LABEL_OUTPUT = 'predict';

/** Throws unless the model has those outputs, each named once. */
export function checkOutputs(served: ServedModel, names: readonly string[]): void {
  const met = new Set<string>();
  const { outputs } = layoutOf(served.model);
  for (const name of names) {
    const place = `output ${quote(name)}`;
    if (met.has(name)) throw badRequest(`${place}: is given twice`);
    met.add(name);
    if (outputs.some((port) => port.name === name) || isLabel(served, name)) continue;
    throw badRequest(`${place}: is not an output of the model; expected ${listNames(outputs.map(({ name }) => name))}`);
  }
}

/** Whether the name means the label, of which there must be one per row. */
function isLabel({ model }: ServedModel, name: string): boolean {
  return name === LABEL_OUTPUT && model.classes !== undefined;
}

/** The outputs with these names, in that order; all outputs if there are no names. */
export function outputTensors(
  served: ServedModel,
  results: Results,
  rows: number,
  names: readonly string[],
): OutputTensor[] {
  const { outputs } = layoutOf(served.model);
  const asked = names.length > 0 ? names : outputs.map(({ name }) => name);
  return asked.map((name) => {
    const at = outputs.findIndex((port) => port.name === name);
    return at < 0 ? labelTensor(served, results, rows) : tensorOf(served, outputs[at], results.outputs[at], rows);
  });
}

function tensorOf({ model }: ServedModel, port: Port, values: FloatArray, rows: number): OutputTensor {
  const { name, shape } = port;
  const { classes } = model;
  const datatype = datatypeOfOutput(port, classes !== undefined);
  const labels = port.dtype === 'string' && classes !== undefined ? Array.from(values, (at) => classes[at]) : undefined;
  return { name, datatype, shape: [rows, ...shape], values: labels ?? values };
}

function labelTensor({ model }: ServedModel, results: Results, rows: number): OutputTensor {
  const { predicted } = model.interpret(results);
  const values = predicted as FloatArray | readonly Label[];
  const isText = !ArrayBuffer.isView(values) && values.some((label) => typeof label === 'string');
  const areWhole =
    !isText && (values as ArrayLike<number>).length > 0 && Array.prototype.every.call(values, Number.isInteger);
  const hasText = isText || (values.length === 0 && model.classes?.some((label) => typeof label === 'string') === true);
  const datatype = DATATYPES.get(hasText ? 'BYTES' : areWhole ? 'INT64' : 'FP64') as Datatype;
  const width = rows === 0 ? 1 : values.length / rows;
  return { name: LABEL_OUTPUT, datatype, shape: width === 1 ? [rows] : [rows, width], values };
}

/**
 * The flat `data` in JSON. With `isNullable`, numbers that JSON does not have become null; otherwise they are an error.
 */
export function dataText({ name, datatype, values }: OutputTensor, isNullable: boolean): string {
  if (values.length === 0) return '[]';
  const textOf = elementText(datatype);
  let text = '[';
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value === 'number' && !Number.isFinite(value) && !isNullable) throw noNumber(name, value, at);
    text += at === 0 ? textOf(value) : `,${textOf(value)}`;
  }
  return `${text}]`;
}

function noNumber(name: string, value: number, at: number): Refusal {
  const message = `element ${at} is ${value}, which JSON cannot represent; request binary data, or null with the parameter "non_finite": "null"`;
  return new Refusal('NOT_JSON', `output ${quote(name)}: ${message}`);
}

function elementText({ name, isWide, bytes }: Datatype): (value: Label) => string {
  if (bytes === undefined) return (value) => JSON.stringify(String(value));
  if (name === 'BOOL') return (value) => (value ? 'true' : 'false');
  if (isWide) return (value) => (Number.isSafeInteger(value) ? String(value) : exactText(value as number));
  return labelText;
}

/** All digits of an integer, where String() would write zeros for the last ones. */
function exactText(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : numberText(value);
}

/** The values in little-endian order; elements of BYTES follow their length. */
export function dataBytes({ datatype, values }: OutputTensor): Uint8Array {
  if (datatype.bytes === undefined) return textBytes(values as readonly Label[]);
  const array = arrayOf(datatype, values as FloatArray | readonly number[]);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function arrayOf({ name, Values, isWide }: Datatype, values: FloatArray | readonly number[]): TypedArray {
  if (values instanceof (Values as new (length: number) => TypedArray)) return values as unknown as TypedArray;
  const array = new (Values as new (length: number) => TypedArray)(values.length);
  for (let at = 0; at < values.length; at++) {
    array[at] = name === 'BOOL' ? Number(values[at] !== 0) : isWide ? BigInt(values[at]) : values[at];
  }
  return array;
}

function textBytes(values: readonly Label[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const value of values) {
    const text = Buffer.from(String(value));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}
