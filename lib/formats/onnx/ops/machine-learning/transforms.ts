/** Preprocessing of columns. Results are float32, as in onnxruntime. */
import { elementCount, formatShape } from '../../../../graph/shapes.ts';
import { quote } from '../../../../messages.ts';
import { batchAxisOf } from '../../../tensors/emitter.ts';
import { type Constant, constant, type ElementType, literal, type Row, type Value } from '../../../tensors/value.ts';
import type { OnnxCall, Translations } from '../../call.ts';

/** An attribute with one number for every column or one for all. */
function perColumn(call: OnnxCall, name: string, values: readonly number[], x: Value, type: ElementType): Constant {
  const columns = x.shape.at(-1) ?? 1;
  if (values.length === 1 || values.length === columns) {
    return values.length === 1 ? literal(type, values) : literal(type, values, [columns]);
  }
  throw call.error('SHAPE', `expected ${name} for ${columns} columns, or one for all, found ${values.length}`);
}

/** (x − offset)·scale */
function scaler(call: OnnxCall): Value {
  const x = call.row(0);
  const given = (name: string) => {
    const values = call.floats(name);
    if (values === undefined) throw call.error('MALFORMED', `attribute ${name} is missing`);
    return perColumn(call, name, values, x, 'float32');
  };
  const centred = call.build.binary('sub', call.build.cast(x, 'float32'), given('offset'));
  return call.build.binary('mul', centred, given('scale'));
}

/** Replaces missing values, which are NaN or a given number. */
function imputer(call: OnnxCall): Value {
  const { build } = call;
  const x = call.input(0);
  const isInteger = call.integers('imputed_value_int64s') !== undefined && x.type === 'int64';
  const values = isInteger ? call.integers('imputed_value_int64s') : call.floats('imputed_value_floats');
  if (values === undefined) throw call.error('MALFORMED', 'attribute imputed_value_floats is missing');
  const missing = isInteger ? call.integer('replaced_value_int64', 0) : call.float('replaced_value_float', 0);
  if (Number.isNaN(missing)) build.takesMissing = true;
  const isMissing = Number.isNaN(missing)
    ? build.unary(x, 'is_nan')
    : build.binary('equal', x, build.scalar(x, missing));
  return build.select(isMissing, perColumn(call, 'values', values, x, x.type), x);
}

/** Along the last axis. MAX is the greatest value, not the greatest magnitude; a row with norm 0 is unchanged. */
function normalizer(call: OnnxCall): Value {
  const { build } = call;
  const x = build.asRow(build.cast(call.input(0), 'float32'));
  const norm = call.string('norm', 'MAX');
  if (norm === 'L1' || norm === 'L2') return build.normalize(x, -1, norm === 'L1' ? 'l1' : 'l2');
  if (norm !== 'MAX') throw call.error('MALFORMED', `expected the norm MAX, L1 or L2, found ${quote(norm)}`);
  const greatest = build.reduce(x, 'max', [-1], true);
  const isZero = build.binary('equal', greatest, build.scalar(x, 0));
  return build.binary('div', x, build.select(isZero, build.scalar(x, 1), greatest));
}

/** 1 above the threshold, otherwise 0. */
function binarizer(call: OnnxCall): Value {
  const x = call.input(0);
  const above = call.build.binary('greater', x, call.build.scalar(x, call.float('threshold', 0)));
  return call.build.cast(above, x.type);
}

/** Joins the inputs, each cut or zero-padded to its width. */
function featureVectorizer(call: OnnxCall): Value {
  const { build } = call;
  const inputs = call.all().map((x) => build.asRow(build.cast(x, 'float32')));
  // onnxruntime, too, runs none without them.
  const widths = call.integers('inputdimensions') ?? [];
  if (widths.length !== inputs.length) {
    throw call.error('SHAPE', `expected ${inputs.length} inputdimensions, found ${widths.length}`);
  }
  const parts = inputs.map((x, i) => resized(call, asColumns(call, x), widths[i]));
  return build.concat(parts, 1);
}

/** One number per row becomes one column. */
function asColumns(call: OnnxCall, x: Row): Row {
  if (x.shape.length === 1) return x;
  if (x.shape.length === 0) return call.build.reshaped(x, [1]);
  throw call.error('SHAPE', `expected rows of columns, found rows of ${formatShape(x.shape)}`);
}

function resized(call: OnnxCall, x: Row, width: number): Value {
  const [columns] = x.shape;
  if (!Number.isInteger(width) || width < 1 || width > call.build.budget.limits.rowElements) {
    throw call.error('LIMIT', `expected a width between 1 and ${call.build.budget.limits.rowElements}, found ${width}`);
  }
  if (width <= columns) return call.build.gather(x, 1, call.build.positions(0, width));
  call.build.spend(width - columns);
  const zeros = constant('float32', [width - columns], new Float32Array(width - columns));
  return call.build.concat([x, call.build.everyRow(zeros, x.batchAxis)], 1);
}

/**
 * The given columns of the last axis, or, if the column numbers vary, columns of a constant. A list counts as one row.
 */
function arrayFeatureExtractor(call: OnnxCall): Value {
  const { build } = call;
  const [given, columns] = [call.input(0), call.input(1)];
  const isList = given.shape.length === 1 && batchAxisOf(given) === undefined;
  const data = isList ? build.reshaped(given, [1, ...given.shape]) : given;
  if (columns.kind === 'constant') return build.gather(data, -1, call.numbers(1) ?? []);
  if (data.kind === 'row') throw call.error('UNSUPPORTED_OP', 'both the table and the columns depend on the input');
  return columnsByRow(call, data, columns);
}

/** The selections of all rows are joined along the last axis, row after row. */
function columnsByRow(call: OnnxCall, data: Constant, columns: Row): Value {
  const { build } = call;
  const { batchAxis } = columns;
  if (elementCount(columns.shape.slice(0, batchAxis ?? 0)) !== 1) {
    throw build.crossing(`a selection of ${formatShape(columns.shape)} for each row cannot be joined along one axis`);
  }
  const before = data.shape.slice(0, -1);
  const axes = before.map((_, axis) => axis);
  const count = elementCount(columns.shape);
  const turned = build.transpose(data, [before.length, ...axes]) as Constant;
  const table = elementCount(before) === 1 ? build.reshaped(turned, turned.shape.slice(0, 1)) : turned;
  // Within a row there is no batch.
  const ids = build.reshaped({ ...columns, batchAxis: undefined, merged: false }, [count]);
  const picked = build.embedding(ids, table);
  const isInOrder = count === 1 || elementCount(before) === 1;
  const choices = isInOrder
    ? build.reshaped(picked, [...before, count])
    : (build.transpose(picked, [...axes.map((axis) => axis + 1), 0]) as Row);
  if (batchAxis === undefined) return choices;
  if (count === 1) return build.reshaped(choices, before, before.length, false);
  return { ...choices, batchAxis: before.length, merged: true };
}

export const transforming: Translations = {
  Scaler: scaler,
  Imputer: imputer,
  Normalizer: normalizer,
  Binarizer: binarizer,
  FeatureVectorizer: featureVectorizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
};
