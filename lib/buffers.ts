/**
 * The arrays that calls run over: reads their true properties, whatever their owners have overridden, and allocates new
 * ones.
 */
import { ForwardpassError } from './errors.ts';
import type { Port } from './graph/lower.ts';
import { describe, didYouMean, listNames, quote } from './messages.ts';

/** The arrays that calls accept: floats of either precision, and integer arrays for inputs of integers and ids. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
/** An array of results: of the model's precision, or of float64 for integers that float32 does not hold. */
export type FloatArray = Float32Array | Float64Array;
/** Arrays by the name of the input or output that they hold. */
export type Named<A> = Readonly<Record<string, A>>;

// The built-in getters, as functions. A property of an array (or of a derived class) could be overridden, could run any
// code, and costs more to look up.
const TypedArrayPrototype = Object.getPrototypeOf(Int8Array.prototype);
const kindOf = getter<string | undefined>(TypedArrayPrototype, Symbol.toStringTag);
const bufferOf = getter<ArrayBufferLike>(TypedArrayPrototype, 'buffer');
/** The number of elements of a typed array; 0 if its buffer is detached. */
export const lengthOf = getter<number>(TypedArrayPrototype, 'length');
const resizableOf = getter<boolean>(ArrayBuffer.prototype, 'resizable');

function getter<T>(prototype: object, name: string | symbol): (self: unknown) => T {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as { get: () => T };
  return Function.prototype.call.bind(get) as (self: unknown) => T;
}

export function isTypedArray(value: unknown): boolean {
  return kindOf(value) !== undefined;
}

/** Also false for values that the native call rejects itself: shared memory, and values that are not typed arrays. */
export function isResizable(value: unknown): boolean {
  try {
    return isTypedArray(value) && resizableOf(bufferOf(value));
  } catch {
    return false; // a SharedArrayBuffer is not an ArrayBuffer
  }
}

/** A class of typed arrays. */
export interface ArrayType<A> {
  new (length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/** Makes an array of `length` zeros. */
export type NewArray = <A>(Type: ArrayType<A>, length: number) => A;

/** A new array of `rows` rows; `make` is the engine's if a call will be bound to the array. */
export function allocate<A>(
  Type: ArrayType<A>,
  rows: number,
  port: Pick<Port, 'name' | 'width'>,
  make: NewArray = (Type, length) => new Type(length),
): A {
  const length = rows * port.width;
  try {
    return make(Type, length);
  } catch (cause) {
    const bytes = length * Type.BYTES_PER_ELEMENT;
    const message = `no memory for ${rows} rows (${bytes} bytes)`;
    throw new ForwardpassError('MEMORY', message, `buffer of ${quote(port.name)}`, { cause });
  }
}

/** With more names than this, searching a set is faster than searching an array. */
const FEW = 16;

/** The arrays in the order of the ports. */
export function pick(named: unknown, ports: readonly Port[], kind: 'input' | 'output'): unknown[] {
  const names = ports.map(({ name }) => name);
  if (typeof named !== 'object' || named === null || Array.isArray(named) || ArrayBuffer.isView(named)) {
    const array = ports.length === 1 ? ' (or, with one input and one output, a typed array)' : '';
    throw new ForwardpassError(
      'INPUT',
      `expected an object with ${listNames(names)}${array}, found ${describe(named)}`,
      `${kind}s`,
    );
  }
  const known = names.length > FEW ? new Set(names) : undefined;
  const unknown = Object.keys(named).find((name) => !(known?.has(name) ?? names.includes(name)));
  if (unknown !== undefined) {
    throw new ForwardpassError(
      'INPUT',
      `${quote(unknown)} is not an ${kind} of this model${didYouMean(unknown, names)}; expected ${listNames(names)}`,
      `${kind}s`,
    );
  }
  return ports.map(({ name }) => {
    if (!Object.hasOwn(named, name)) {
      throw new ForwardpassError('INPUT', `not found; expected ${listNames(names)}`, `${kind} ${quote(name)}`);
    }
    return (named as Record<string, unknown>)[name];
  });
}

/** An object without a prototype: `__proto__` is a name like any other. */
export function byName<A>(ports: readonly Port[], arrays: readonly A[]): Record<string, A> {
  const named: Record<string, A> = Object.create(null);
  ports.forEach(({ name }, i) => {
    named[name] = arrays[i];
  });
  return named;
}

/** The same, but the answers for the items of a list are in one array under the list's name. */
export function withLists<A>(ports: readonly Port[], answers: readonly A[]): Record<string, A | A[]> {
  const lists = new Set(ports.flatMap(({ list }) => list ?? []));
  const named: Record<string, A | A[]> = byName(
    ports.filter(({ list }) => list === undefined),
    answers.filter((_, i) => ports[i].list === undefined),
  );
  for (const list of lists) named[list] = answers.filter((_, i) => ports[i].list === list);
  return named;
}
