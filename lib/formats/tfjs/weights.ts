/**
 * The weights of a TensorFlow.js model: a manifest of groups, each of which lists files and the arrays that they
 * contain, one after another, possibly in fewer bits.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Tensor } from '../../graph/graph.ts';
import { elementCount, type Shape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import { readElements, type StoredDType } from '../containers/elements.ts';
import type { Reader, Source } from '../format.ts';
import { Config } from '../keras/config.ts';

export interface TfjsWeight {
  readonly name: string;
  readonly shape: Shape;
  /** The type in TensorFlow.js: `float32`, `int32`, `bool`. */
  readonly dtype: string;
  /** For messages. */
  readonly place: string;
  read(): Tensor;
}

/** How an array was quantised: value = stored·scale + min, unless it is in half precision. */
interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  readonly scale: number;
  readonly min: number;
}

const STORED: Readonly<Record<string, StoredDType>> = {
  float32: 'F32',
  int32: 'I32',
  bool: 'BOOL',
  uint8: 'U8',
  uint16: 'U16',
  float16: 'F16',
};
const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
  complex64: 8,
};

/** The minimum cost of opening a file, in bytes. */
const LEAST_OF_FILE = 4096;

/** Every array by name; arrays of unsupported types are refused when they are read. */
export async function readWeights(source: Source, manifest: unknown, budget: Budget): Promise<Map<string, TfjsWeight>> {
  const weights = new Map<string, TfjsWeight>();
  if (!Array.isArray(manifest)) {
    throw new ForwardpassError('MALFORMED', 'expected a list of groups of weights', 'weightsManifest');
  }
  const seen = new Set<string>();
  let elements = 0;
  for (const [at, item] of manifest.entries()) {
    const group = new Config(item, `weightsManifest[${at}]`);
    const bytes = await readGroup(source, group, seen, budget);
    let offset = 0;
    for (const entry of group.list('weights')) {
      const { length, ...weight } = describeWeight(new Config(entry, `${group.place} weight`), bytes, offset);
      offset += length;
      elements += elementCount(weight.shape);
      if (elements > budget.limits.parameters) {
        throw new ForwardpassError(
          'LIMIT',
          `brings the weights to ${elements} elements, over \`limits.parameters\``,
          weight.place,
        );
      }
      if (weights.has(weight.name)) throw new ForwardpassError('DUPLICATE', 'the name occurs twice', weight.place);
      weights.set(weight.name, weight);
    }
    if (offset !== bytes.length) {
      const message = `its files have ${bytes.length} bytes, but its weights ${offset}`;
      throw new ForwardpassError('MALFORMED', message, group.place);
    }
  }
  return weights;
}

/** `seen` are the files that were already read: reading one again is charged. */
async function readGroup(source: Source, group: Config, seen: Set<string>, budget: Budget): Promise<Uint8Array> {
  const readers: Reader[] = [];
  for (const path of group.list('paths')) {
    if (typeof path !== 'string') throw group.wrong('paths', 'names of files');
    const reader = await source.sibling(path);
    if (seen.has(path)) budget.build(Math.max(reader.size, LEAST_OF_FILE), group.place);
    seen.add(path);
    readers.push(reader);
  }
  if (readers.length === 1) return readers[0].read(0, readers[0].size);
  const bytes = new Uint8Array(readers.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  for (const reader of readers) {
    bytes.set(await reader.read(0, reader.size), at);
    at += reader.size;
  }
  return bytes;
}

function describeWeight(entry: Config, bytes: Uint8Array, offset: number): TfjsWeight & { length: number } {
  const name = entry.text('name');
  const place = `weight ${name}`;
  const dtype = entry.text('dtype');
  const shape = entry.list('shape');
  if (!shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    throw new ForwardpassError('MALFORMED', 'expected the sizes of its axes', place);
  }
  const count = elementCount(shape as number[]);
  const quantization = entry.has('quantization') ? readQuantization(entry.object('quantization')) : undefined;
  const stored = quantization?.dtype ?? dtype;
  const length = dtype === 'string' ? stringBytes(bytes, offset, count, place) : count * bytesOf(stored, place);
  if (!Number.isSafeInteger(length) || offset + length > bytes.length) {
    const message = `needs ${length} bytes from ${offset} on, but its group has ${bytes.length}`;
    throw new ForwardpassError('TRUNCATED', message, place);
  }
  let known: Tensor | undefined;
  const decode = (): Tensor => {
    if (!Object.hasOwn(STORED, stored)) {
      throw new ForwardpassError(
        'UNSUPPORTED_DTYPE',
        `holds elements of type ${quote(dtype)}; expected numbers`,
        place,
      );
    }
    const data = readElements(bytes.subarray(offset, offset + length), STORED[stored], place);
    return { shape: shape as number[], data: quantization ? dequantize(data, quantization, dtype) : data };
  };
  const read = (): Tensor => {
    known ??= decode();
    return known;
  };
  return { name, shape: shape as number[], dtype, place, read, length };
}

function bytesOf(dtype: string, place: string): number {
  if (Object.hasOwn(BYTES, dtype)) return BYTES[dtype];
  throw new ForwardpassError('UNSUPPORTED_DTYPE', `has the unknown type ${quote(dtype)}`, place);
}

/** Strings are a length in four bytes, followed by their bytes. */
function stringBytes(bytes: Uint8Array, offset: number, count: number, place: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = offset;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length)
      throw new ForwardpassError('TRUNCATED', 'its strings extend beyond the end of the file', place);
    at += 4 + view.getUint32(at, true);
  }
  return at - offset;
}

function readQuantization(config: Config): Quantization {
  const dtype = config.choice('dtype', ['uint8', 'uint16', 'float16'], 'uint8');
  if (dtype === 'float16') return { dtype, scale: 1, min: 0 };
  return { dtype, scale: config.number('scale'), min: config.number('min') };
}

/** As in TensorFlow.js: computed in float64, rounded to the result's type. */
function dequantize(
  data: Float32Array | Float64Array,
  { dtype, scale, min }: Quantization,
  held: string,
): Tensor['data'] {
  if (dtype === 'float16') return data;
  const isWhole = held === 'int32';
  return isWhole ? data.map((value) => Math.round(value * scale + min)) : data.map((value) => value * scale + min);
}
