/** Operators that create tensors from numbers. */

import { unreadable } from '../../tensors/emitter.ts';
import { counted, filled, filledLike } from '../../tensors/filling.ts';
import { type Constant, constant, type ElementType, isFloat, literal, type Value } from '../../tensors/value.ts';
import { PyNumber, type Result } from '../argument.ts';
import type { AtenCall, Translation, Translations } from '../call.ts';

/** `value` is a number, or the name of the parameter that gives it. */
function full(value: number | string): Translation {
  return (call) => {
    const fill = typeof value === 'number' ? value : call.number(value);
    const type = call.type('dtype') ?? defaultType(call, value);
    const dims = call.sizes('size').map(({ dimension }) => dimension);
    return filled(call.build, literal(type, [fill]), dims);
  };
}

/** The type of a new tensor: that of `self` if there is one, else that of the number, else float. */
function defaultType(call: AtenCall, value: number | string): ElementType {
  if (call.has('self')) return call.tensor('self').type;
  const number = typeof value === 'string' ? call.operand(value) : undefined;
  return number === undefined || isFloat(number.type) ? 'float32' : number.type;
}

function fullLike(value: number | string): Translation {
  return (call) => {
    const fill = typeof value === 'number' ? value : call.number(value);
    return filledLike(call.build, call.tensor('self'), fill, call.type('dtype'));
  };
}

/** A number, or a tensor that holds one: traces store sizes so. */
function numberOf(call: AtenCall, name: string): Constant {
  const constant = call.constant(name);
  if (constant.shape.length === 0) return constant;
  throw call.error('SHAPE', `expected a number as ${name}, found a tensor of ${constant.shape.length} axes`);
}

/**
 * Recognises a range from 0 to the number of all elements in a batch, in steps of one row (where each row begins), or
 * in steps of 1 (the number of each row).
 */
function rowStarts(call: AtenCall): Value | undefined {
  if (call.build.batchAxis !== 0) return undefined;
  const [start, end, step] = ['start', 'end', 'step'].map((name, i) =>
    call.has(name) ? numberOf(call, name) : literal('int64', [i === 2 ? 1 : 0]),
  );
  const [width] = step.data;
  const isOfRows = [start, step].every(({ batch }) => batch === undefined) && start.data[0] === 0 && end.data[0] === 0;
  if (!isOfRows || end.batch?.[0] !== width) return undefined;
  return unreadable(
    call.build,
    'the offsets of rows in the batch are supported only for embedding bags and lookups',
    width,
  );
}

function arange(call: AtenCall): Result {
  const starts = rowStarts(call);
  if (starts !== undefined) return starts;
  const [start, end, step] = ['start', 'end', 'step'].map((name, i) => {
    if (!call.has(name)) return [0, 0, 1][i];
    const { data, batch } = numberOf(call, name);
    if (batch !== undefined) throw call.build.crossing(`${name} depends on the batch size`);
    return data[0];
  });
  const given = ['start', 'end', 'step'].filter((name) => call.has(name)).map((name) => call.operand(name));
  const type = call.type('dtype') ?? (given.some(({ type }) => isFloat(type)) ? 'float32' : 'int64');
  return counted(call.build, type, start, end, step);
}

/** A number as a tensor of rank 0. */
function scalarTensor(name: string): Translation {
  return (call) => {
    const number = call.operand(name);
    const type = call.type('dtype') ?? (number instanceof PyNumber && isFloat(number.type) ? 'float32' : number.type);
    return call.cast(number, type);
  };
}

/** A tensor of one element as a number. */
function item(call: AtenCall): Result {
  const x = call.constant('self');
  if (x.data.length !== 1) throw call.error('SHAPE', `expected a tensor of one number, found ${x.data.length}`);
  const type = isFloat(x.type) ? 'float64' : x.type === 'bool' ? 'bool' : 'int64';
  return new PyNumber(constant(type, [], Float64Array.of(x.data[0]), x.batch));
}

/** The lower or upper triangle of a constant; zeros elsewhere. */
function triangle(keeps: (row: number, column: number) => boolean): Translation {
  return (call) => {
    const x = call.constant('self');
    const diagonal = call.number('diagonal');
    const [rows, columns] = [x.shape.at(-2) ?? 1, x.shape.at(-1) ?? 1];
    call.build.spend(x.data.length);
    const data = x.data.map((value, i) => {
      const [row, column] = [Math.floor(i / columns) % rows, i % columns];
      return keeps(row + diagonal, column) ? value : 0;
    });
    return constant(x.type, x.shape, data);
  };
}

const PLACEMENT = '*, int? dtype=None, any? layout=None, any? device=None, any? pin_memory=None';
const LIKE = `${PLACEMENT}, any? memory_format=None`;

export const creationOperators: Translations = {
  [`full(int[] size, float fill_value, ${PLACEMENT})`]: full('fill_value'),
  [`zeros(int[] size, ${PLACEMENT})`]: full(0),
  // Uninitialised memory may hold anything.
  [`empty(int[] size, ${PLACEMENT}, any? memory_format=None)`]: full(0),
  [`ones(int[] size, ${PLACEMENT})`]: full(1),
  [`new_full(Tensor self, int[] size, float fill_value, ${PLACEMENT})`]: full('fill_value'),
  [`new_zeros(Tensor self, int[] size, ${PLACEMENT})`]: full(0),
  [`new_ones(Tensor self, int[] size, ${PLACEMENT})`]: full(1),
  [`full_like(Tensor self, float fill_value, ${LIKE})`]: fullLike('fill_value'),
  [`zeros_like(Tensor self, ${LIKE})`]: fullLike(0),
  [`ones_like(Tensor self, ${LIKE})`]: fullLike(1),
  [`arange(Tensor end, ${PLACEMENT})`]: arange,
  [`arange(Tensor start, Tensor end, ${PLACEMENT})`]: arange,
  [`arange(Tensor start, Tensor end, Tensor step, ${PLACEMENT})`]: arange,
  [`scalar_tensor(float s, ${PLACEMENT})`]: scalarTensor('s'),
  'NumToTensor(float a)': scalarTensor('a'),
  'tensor_of(float a, int? dtype=None)': scalarTensor('a'),
  'item(Tensor self)': item,
  '_local_scalar_dense(Tensor self)': item,
  'tril(Tensor self, int diagonal=0)': triangle((row, column) => column <= row),
  'triu(Tensor self, int diagonal=0)': triangle((row, column) => column >= row),
};
