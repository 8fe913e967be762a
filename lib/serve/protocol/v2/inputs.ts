/**
 * Converts tensors to the arrays of a model's inputs. Tensors have the names of the inputs; if the model has feature
 * names, they may have those names instead, one for each column of a data frame.
 */
import type { FloatArray, TypedArray } from '../../../buffers.ts';
import { takesIntegers } from '../../../faults.ts';
import type { Port } from '../../../graph/lower.ts';
import { didYouMean, listNames, quote } from '../../../messages.ts';
import type { Column } from '../../../rows/column.ts';
import { type Field, type Layout, layoutOf } from '../layout.ts';
import { badRequest } from '../refusal.ts';
import type { ProtocolLimits, ServedModel, Work } from '../types.ts';
import { datatypeOfInput } from './datatypes.ts';
import { meantBy } from './meant.ts';
import { workOfRows } from './people-rows.ts';
import { checkColumns, inInput, rowsOf, type Tensor } from './tensor.ts';

/** The most elements of a tensor of a request. */
export function mostElements(served: ServedModel, limits: ProtocolLimits): number {
  const layout = layoutOf(served.model);
  const widest = layout.inputs.reduce((most, { width }) => Math.max(most, width), 1);
  return Math.min(limits.elements, layout.mostRows(limits) * widest);
}

/** @throws Refusal, and ForwardpassErrors of values that a column does not accept. */
export function workOf(served: ServedModel, tensors: readonly Tensor[], limits: ProtocolLimits): Work {
  const layout = layoutOf(served.model);
  if (tensors.length === 0) throw badRequest('inputs: expected at least one tensor');
  const named = new Map<string, Tensor>();
  for (const tensor of tensors) {
    if (named.has(tensor.name)) throw inInput(tensor.name, 'is given twice');
    named.set(tensor.name, tensor);
  }
  if (layout.hasSteps) return workOfRows(served, named, limits);
  const names = layout.inputs.map(({ name }) => name);
  const isByColumn = !names.includes(tensors[0].name) && layout.byName.has(tensors[0].name);
  for (const name of named.keys()) {
    const isKnown = isByColumn ? layout.byName.has(name) : names.includes(name);
    // Unused features of a model of texts are not inputs.
    if (!isKnown && (layout.texts === undefined || !layout.names.has(name))) throw unknown(name, layout, isByColumn);
  }
  if (layout.texts !== undefined) return workOfRows(served, named, limits);
  return isByColumn ? byColumn(served, layout, tensors, named, limits) : byInput(layout, named, limits);
}

/** Copies one row to the arrays to which a call is bound, if the types match; for callers that run it at once. */
export function lentWork({ lent }: Layout, work: Work): Work {
  const { arrays } = work.rows;
  if (work.count !== 1 || lent === undefined) return work;
  const isAlike = (array: FloatArray, input: number) =>
    arrays[input].constructor === array.constructor && (arrays[input] as FloatArray).length === array.length;
  if (!lent.every(isAlike)) return work;
  for (let input = 0; input < lent.length; input++) lent[input].set(arrays[input] as FloatArray);
  return { count: 1, rows: { ...work.rows, arrays: lent, isLent: true } };
}

function unknown(name: string, layout: Layout, isByColumn: boolean): Error {
  const names = isByColumn ? [...layout.byName.keys()] : layout.inputs.map(({ name }) => name);
  const columns = !isByColumn && layout.fields.length > 0 ? ', or an input for each of the model’s features' : '';
  return inInput(
    name,
    `is not an input of the model${didYouMean(name, names)}; expected ${listNames(names)}${columns}`,
  );
}

function byInput(layout: Layout, named: ReadonlyMap<string, Tensor>, limits: ProtocolLimits): Work {
  const inputs = layout.inputs.map((port, at): { tensor: Tensor; port: Port; column: Column } => {
    const tensor = named.get(port.name);
    if (tensor === undefined)
      throw inInput(port.name, `not found; expected ${listNames(layout.inputs.map(({ name }) => name))}`);
    checkShape(tensor.shape, port.shape, port.name);
    return { tensor, port, column: layout.columns[at] };
  });
  const count = rowsOf(inputs.map(({ tensor }) => tensor));
  layout.checkRows(count, limits);
  const arrays = inputs.map(({ tensor, port, column }) => arrayOf(tensor, port, column));
  const cell = (row: number, input: number, element: number) => {
    const { tensor, port } = inputs[input];
    return { value: valueAt(tensor, row * port.width + element), place: placeOf(tensor, row, element, port.width) };
  };
  return { count, rows: { arrays, isRecord: false, cell } };
}

function byColumn(
  { model }: ServedModel,
  layout: Layout,
  tensors: readonly Tensor[],
  named: ReadonlyMap<string, Tensor>,
  limits: ProtocolLimits,
): Work {
  checkColumns(tensors);
  const count = rowsOf(tensors);
  layout.checkRows(count, limits);
  if (named.size < layout.fields.length) model.rowReader.records.checkNames([...named.keys()], 'inputs');
  const arrays = layout.allocate(count);
  for (const field of layout.fields) writeColumn(field, named.get(field.name), arrays[field.input], count);
  const fieldAt = (input: number, element: number) =>
    layout.fields.find((field) => field.input === input && field.element === element) as Field;
  const cell = (row: number, input: number, element: number) => {
    const { name } = fieldAt(input, element);
    const tensor = named.get(name);
    return { value: tensor && valueAt(tensor, row), place: `input ${quote(name)}, row ${row}` };
  };
  return { count, rows: { arrays, isRecord: false, cell } };
}

function checkShape(found: readonly number[], row: readonly number[], name: string): void {
  if (found.length === row.length + 1 && row.every((size, at) => found[at + 1] === size)) return;
  throw inInput(name, `expected the shape [${['rows', ...row].join(', ')}], found [${found.join(', ')}]`);
}

/**
 * Numbers for a plain input are used as they are; if elements may be strings or missing, they are converted one by one.
 */
function arrayOf(tensor: Tensor, port: Port, column: Column): TypedArray {
  const { values, nulls = [], datatype } = tensor;
  const { width } = port;
  const place = (at: number) => () => placeOf(tensor, Math.floor(at / width), at % width, width);
  if (column.isPlain && isNumbers(values)) {
    const array = takesIntegers(port) ? values : floatsOf(values);
    for (const at of nulls) (array as Float64Array)[at] = column.numberOf(null, at % width, place(at));
    return array;
  }
  if (column.isPlain) throw inInput(port.name, `expected ${datatypeOfInput(port).name}, found ${datatype.name}`);
  const isNull = new Set(nulls);
  return Float64Array.from({ length: values.length }, (_, at) => {
    const element = at % width;
    const value = isNumbers(values) ? Number(values[at]) : meantBy(values[at], element, port);
    return column.numberOf(isNull.has(at) ? null : value, element, place(at));
  });
}

function writeColumn(
  { name, column, element }: Field,
  tensor: Tensor | undefined,
  array: TypedArray,
  count: number,
): void {
  const { width } = column.port;
  const isNull = tensor?.nulls === undefined || tensor.nulls.length === 0 ? undefined : new Set(tensor.nulls);
  let row = 0;
  const place = () => `input ${quote(name)}, row ${row}`;
  for (; row < count; row++) {
    const found = tensor === undefined ? undefined : isNull?.has(row) ? null : tensor.values[row];
    const value = typeof found === 'bigint' ? Number(found) : found;
    array[row * width + element] = column.numberOf(value, element, place);
  }
}

function isNumbers(values: Tensor['values']): values is TypedArray {
  return ArrayBuffer.isView(values);
}

function floatsOf(values: TypedArray): Float32Array | Float64Array {
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  return Float64Array.from(values as ArrayLike<unknown> as readonly number[], Number);
}

function valueAt({ values, nulls }: Tensor, at: number): unknown {
  if (nulls?.includes(at)) return null;
  const value = values[at];
  return typeof value === 'bigint' ? Number(value) : value;
}

function placeOf({ name }: Tensor, row: number, element: number, width: number): string {
  return `input ${quote(name)}, row ${row}${width === 1 ? '' : `, element ${element}`}`;
}
