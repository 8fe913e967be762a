/** Reads a pickle file as its value. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import type { Reader } from '../../format.ts';
import { BoundedOutput } from '../compression/output.ts';
import { type PickleOptions, type ReadPickle, readPickle } from '../pickle/pickle.ts';
import type { PickleValue } from '../pickle/values.ts';
import { ArrayWrappers } from './arrays.ts';
import { type Compression, compressionOf } from './compression.ts';

export interface PickledFile {
  /** One value for each pickle in the file; usually there is one. */
  readonly values: readonly PickleValue[];
  /** The protocol of the first pickle; 0 if it declares none. */
  readonly protocol: number;
  /** `joblib` for files that pickle itself would not write: with arrays outside of the pickle, or compressed. */
  readonly container: 'pickle' | 'joblib';
}

/** joblib before 0.10 wrote these two letters, then the size as text. */
const OLD_COMPRESSED = [0x5a, 0x46];

export async function readFile(file: Reader, budget: Budget): Promise<PickledFile> {
  const place = file.name;
  if (file.size > budget.limits.bytes) {
    throw new ForwardpassError(
      'LIMIT',
      `has ${file.size} bytes; \`limits.bytes\` allows ${budget.limits.bytes}`,
      place,
    );
  }
  const stored = await file.read(0, file.size);
  if (OLD_COMPRESSED.every((byte, i) => stored[i] === byte)) {
    const message = 'is compressed as joblib before 0.10 did; load it there and save it again';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, place);
  }
  const compression = compressionOf(stored);
  const bytes = compression === undefined ? stored : await unpack(stored, compression, budget, place);
  const wrappers = new ArrayWrappers(budget, place);
  const first = readPickle(bytes, { budget, place, hooks: wrappers });
  const values = [first.value];
  let { end, valuesLeft } = first;
  while (end < bytes.length) {
    const next = readNext(bytes, { budget, place, start: end, valuesLeft, hooks: wrappers });
    values.push(next.value);
    ({ end, valuesLeft } = next);
  }
  return { values, protocol: first.protocol, container: compression || wrappers.found > 0 ? 'joblib' : 'pickle' };
}

function readNext(bytes: Uint8Array, options: PickleOptions & { readonly start: number }): ReadPickle {
  try {
    return readPickle(bytes, options);
  } catch (cause) {
    if (!(cause instanceof ForwardpassError && ['MALFORMED', 'TRUNCATED'].includes(cause.code))) throw cause;
    const { start, place } = options;
    const message = `${bytes.length - start} bytes follow the end of the pickle at byte ${start} and are not a pickle`;
    throw new ForwardpassError('MALFORMED', message, place, { cause });
  }
}

async function unpack(bytes: Uint8Array, compression: Compression, budget: Budget, place: string): Promise<Uint8Array> {
  const output = BoundedOutput.inProportion(bytes.length, (packed) => budget.mostUnpackedFrom(packed), place);
  switch (compression) {
    case 'zlib':
    case 'gzip':
      return (await import('../compression/inflate.ts')).inflate(bytes, compression, output);
    case 'bz2':
      return (await import('../compression/bzip2.ts')).unpackBzip2(bytes, output);
    case 'xz':
      return (await import('../compression/xz.ts')).unpackXz(bytes, output);
    case 'lzma':
      return (await import('../compression/lzma.ts')).unpackLzma(bytes, output);
    case 'lz4':
      return (await import('../compression/lz4.ts')).unpackLz4(bytes, output);
  }
}
