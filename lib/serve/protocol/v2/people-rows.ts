/** Tensors for a model with custom steps, or of texts, are converted to rows of JavaScript values. */
import type { FeatureRows } from '../../../rows/feature-rows.ts';
import type { RowRecord, Rows } from '../../../rows.ts';
import { layoutOf } from '../layout.ts';
import type { ProtocolLimits, ServedModel, Work } from '../types.ts';
import { meantBy } from './meant.ts';
import { checkColumns, inInput, rowsOf, type Tensor } from './tensor.ts';

/**
 * The rows from one tensor, or from columns. With custom steps, columns may have any names, because only the steps know
 * which they need.
 */
export function workOfRows({ model }: ServedModel, named: ReadonlyMap<string, Tensor>, limits: ProtocolLimits): Work {
  const layout = layoutOf(model);
  const [port] = layout.inputs;
  const isWhole = layout.inputs.length === 1 && port.shape.length > 0 && !port.ragged;
  const whole = isWhole ? named.get(port.name) : undefined;
  const tensors = [...named.values()];
  if (whole !== undefined && tensors.length > 1) {
    throw inInput(port.name, 'contains all rows; other inputs are columns and cannot be combined with it');
  }
  // With several inputs, each may be a separate row.
  if (whole === undefined)
    checkColumns(layout.inputs.length > 1 ? tensors.filter(({ shape }) => shape.length < 2) : tensors);
  else if (whole.shape.length !== 2 || (port.shape[0] >= 0 && whole.shape[1] !== port.shape[0])) {
    const row = port.shape[0] < 0 ? 'columns' : port.shape[0];
    throw inInput(whole.name, `expected the shape [rows, ${row}], found [${whole.shape.join(', ')}]`);
  }
  const count = rowsOf(tensors);
  layout.checkRows(count, limits);
  const rowAt: (row: number) => unknown = whole === undefined ? recordsOf(tensors) : rowsOfWhole(whole, layout.texts);
  const rows = Array.from({ length: count }, (_, row) => rowAt(row));
  return { count, rows: model.flatten(rows as Rows) };
}

function recordsOf(tensors: readonly Tensor[]): (row: number) => RowRecord {
  const columns = tensors.map((tensor) => ({ name: tensor.name, valueAt: cellsOf(tensor) }));
  return (row) => Object.fromEntries(columns.map(({ name, valueAt }) => [name, valueAt(row)]));
}

/** The value of a row, or an array if it has several. */
function cellsOf(tensor: Tensor): (row: number) => unknown {
  const given = valuesOf(tensor);
  const width = tensor.shape.slice(1).reduce((product, size) => product * size, 1);
  if (width === 1) return given;
  return (row) => Array.from({ length: width }, (_, at) => given(row * width + at));
}

/** If texts and numbers are together in BYTES, elements that are not texts may be numbers. */
function rowsOfWhole(tensor: Tensor, texts: FeatureRows | undefined): (row: number) => unknown[] {
  const [, width] = tensor.shape;
  const given = valuesOf(tensor);
  const valueAt = (at: number) => {
    const value = given(at);
    const isMeant = texts !== undefined && !texts.texts.has(at % width) && typeof value === 'string';
    return isMeant ? meantBy(value, at % width, texts.column.port) : value;
  };
  return (row) => Array.from({ length: width }, (_, element) => valueAt(row * width + element));
}

function valuesOf({ values, nulls }: Tensor): (at: number) => unknown {
  const isNull = new Set(nulls);
  return (at) => {
    const value = values[at];
    return isNull.has(at) ? null : typeof value === 'bigint' ? Number(value) : value;
  };
}
