/** Turns parameters as users write them into arrays of floats, with a shape if they have one. */
import { ForwardpassError } from '../../errors.ts';
import { describe, didYouMean, listNames, quote } from '../../messages.ts';
import type { Values } from '../architecture.ts';
import type { Tensor } from '../graph.ts';
import { elementCount, formatShape, type Shape } from '../shapes.ts';

export interface Given {
  /** The place of the parameters, such as `layers[2].weight`. */
  readonly place: string;
  /** Absent for a flat array, whose layer knows the shape. */
  readonly shape?: Shape;
  readonly data: Float32Array | Float64Array;
  /** The precision of the values; absent for a single number. */
  readonly precision?: 'f32' | 'f64';
}

/** The tensors of the file; absent if all parameters are in the architecture. */
export type FileTensors = ReadonlyMap<string, Tensor>;

const DEEPEST = 16;

/** Throws `ARCHITECTURE` or `SHAPE` at `place` for values that are not numbers in a rectangular shape. */
export function readValues(value: Values, place: string, tensors: FileTensors | undefined): Given {
  if (typeof value === 'number') return { place, shape: [], data: Float64Array.of(value) };
  if (typeof value === 'string') return fromFile(value, place, tensors);
  if (Array.isArray(value)) return fromNested(value, place);
  if (isNumberArray(value)) return fromTyped(value, place);
  if (typeof value === 'object' && value !== null && 'shape' in value && 'data' in value) return fromBox(value, place);
  const expected = 'expected numbers (nested arrays, a typed array, { shape, data }) or the name of a tensor';
  throw new ForwardpassError('ARCHITECTURE', `${expected}, found ${describe(value)}`, place);
}

function fromFile(name: string, place: string, tensors: FileTensors | undefined): Given {
  if (tensors === undefined) {
    const message = `${quote(name)} names a tensor of a file, but define() reads no file; pass the numbers`;
    throw new ForwardpassError('ARCHITECTURE', message, place);
  }
  const tensor = tensors.get(name);
  if (tensor === undefined) throw noSuchTensor(name, tensors.keys(), place);
  return { ...tensor, place, precision: tensor.data instanceof Float64Array ? 'f64' : 'f32' };
}

export function noSuchTensor(name: string, known: Iterable<string>, place: string): ForwardpassError {
  const names = [...known];
  const words = didYouMean(name, names) || `; it has ${listNames(names)}`;
  return new ForwardpassError('ARCHITECTURE', `the file has no tensor ${quote(name)}${words}`, place);
}

function isNumberArray(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) && 'length' in value && !('getBigInt64' in value) && !isBigIntArray(value);
}

function isBigIntArray(value: ArrayBufferView): boolean {
  return value instanceof BigInt64Array || value instanceof BigUint64Array;
}

function fromTyped(values: ArrayLike<number>, place: string): Given {
  if (values instanceof Float32Array) return { place, data: values, precision: 'f32' };
  return { place, data: values instanceof Float64Array ? values : Float64Array.from(values), precision: 'f64' };
}

function fromBox(box: { shape: unknown; data: unknown }, place: string): Given {
  const { shape, data } = box;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    const message = `expected integers, one per axis, found ${describe(shape)}`;
    throw new ForwardpassError('SHAPE', message, `${place}.shape`);
  }
  const flat = Array.isArray(data) ? fromFlat(data, `${place}.data`) : isNumberArray(data) && fromTyped(data, place);
  if (!flat) {
    const message = `expected a flat array of numbers, found ${describe(data)}`;
    throw new ForwardpassError('ARCHITECTURE', message, `${place}.data`);
  }
  if (elementCount(shape) !== flat.data.length) {
    const message = `the shape ${formatShape(shape)} takes ${elementCount(shape)} values, found ${flat.data.length}`;
    throw new ForwardpassError('SHAPE', message, place);
  }
  return { ...flat, place, shape: [...shape] };
}

function fromFlat(values: readonly unknown[], place: string): Given {
  const data = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = numberAt(values[i], `${place}[${i}]`);
  return { place, data, precision: 'f64' };
}

function fromNested(values: readonly unknown[], place: string): Given {
  if (!Array.isArray(values[0])) return fromFlat(values, place);
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > DEEPEST) {
      throw new ForwardpassError('SHAPE', `expected at most ${DEEPEST} nested arrays, found more`, place);
    }
  }
  const data: number[] = [];
  const visit = (value: unknown, axis: number, at: string) => {
    if (axis === shape.length) {
      data.push(numberAt(value, at));
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[axis]) {
      const message = `expected an array of ${shape[axis]}, like the first one, found ${describe(value)}`;
      throw new ForwardpassError('SHAPE', message, at);
    }
    for (let i = 0; i < value.length; i++) visit(value[i], axis + 1, `${at}[${i}]`);
  };
  visit(values, 0, place);
  return { place, shape, data: Float64Array.from(data), precision: 'f64' };
}

function numberAt(value: unknown, place: string): number {
  if (typeof value === 'number') return value;
  throw new ForwardpassError('ARCHITECTURE', `expected a number, found ${describe(value)}`, place);
}
