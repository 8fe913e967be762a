/** Makes safetensors files, good ones and others. */
import type { ReadOptions, Source } from '../../lib/formats/format.ts';
import { Budget } from '../../lib/graph/budget.ts';
import { bytesReader } from '../../lib/source/bytes.ts';

/** A header, whatever it says, and data. */
export function fileOf(header: unknown, data: ArrayLike<number> = []): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return fileOfBytes(new TextEncoder().encode(text), data);
}

export function fileOfBytes(header: Uint8Array, data: ArrayLike<number> = []): Uint8Array {
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

/** F32 tensors, numbered from 0.25 upwards in quarters, by their shapes. */
export function fileOfShapes(shapes: Readonly<Record<string, readonly number[]>>): Uint8Array {
  let count = 0;
  const header: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const begin = count;
    count += shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin * 4, count * 4] };
  }
  const values = Float32Array.from({ length: count }, (_, i) => (i + 1) / 4);
  return fileOf(header, new Uint8Array(values.buffer));
}

/** As `load` hands it to a format. */
export function sourceOf(bytes: Uint8Array): Source {
  return {
    main: bytesReader('test', bytes),
    sibling: () => Promise.reject(new Error('no format may ask for files beside this one')),
  };
}

export function readOptions(options: Partial<ReadOptions> = {}): ReadOptions {
  return { budget: new Budget(), ...options };
}
