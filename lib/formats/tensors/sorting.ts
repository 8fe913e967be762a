/** Sorts elements along an axis, and returns their original positions. */
import { elementCount } from '../../graph/shapes.ts';
import type { GraphBuilder } from './builder.ts';
import { transpose } from './fold.ts';
import { type Constant, constant, range, type Value } from './value.ts';

export interface Sorted {
  readonly values: Value;
  /** Of type int64. */
  readonly places: Value;
}

/**
 * The first `count` along the axis. NaN is greater than all numbers, as in torch and NumPy; equal elements keep their
 * order.
 */
export function sorted(build: GraphBuilder, x: Value, axis: number, count: number, descending: boolean): Sorted {
  const own = build.ownAxis(x, axis);
  const size = x.shape[own];
  if (!Number.isInteger(count) || count < 1 || count > size) {
    throw build.error('SHAPE', `cannot take the first ${count} of an axis of ${size}`);
  }
  if (x.kind === 'constant') return ofConstant(build, x, own, count, descending);
  const attributes = { axis: own, count, descending };
  const shape = x.shape.with(own, count);
  const places = { type: 'int64', shape, batchAxis: x.batchAxis } as const;
  return {
    values: build.emit('sort', [x.operand], { ...attributes, result: 'values' }, { ...x, shape }),
    places: { ...build.emit('sort', [x.operand], { ...attributes, result: 'places' }, places), below: size },
  };
}

function ofConstant(build: GraphBuilder, x: Constant, axis: number, count: number, descending: boolean): Sorted {
  if (x.batch) throw build.crossing('the result depends on the batch size');
  build.spend(4 * x.data.length, [x]);
  const last = x.shape.length - 1;
  const permutation = [...range(0, last + 1, 1).filter((at) => at !== axis), axis];
  const { data } = transpose(x, permutation);
  const size = x.shape[axis];
  const rows = data.length / size;
  const sign = descending ? -1 : 1;
  const places = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * size, (row + 1) * size);
    // A stable sort.
    const order = Array.from(values.keys()).sort((i, j) => sign * compare(values[i], values[j]));
    places.set(order.slice(0, count), row * count);
  }
  const values = places.map((place, at) => data[Math.floor(at / count) * size + place]);
  const shape = [...x.shape.toSpliced(axis, 1), count];
  const back = range(0, last + 1, 1).map((at) => permutation.indexOf(at));
  const finish = (type: Constant['type'], found: Float64Array) => {
    const held = x.data instanceof Float32Array && type === x.type ? Float32Array.from(found) : found;
    return elementCount(shape) === 0 ? constant(type, shape, held) : transpose(constant(type, shape, held), back);
  };
  return { values: finish(x.type, values), places: finish('int64', places) };
}

function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
