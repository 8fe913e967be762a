/**
 * The variables of a SavedModel: `variables.index`, a table of the tensors, and shards with their bytes. Tensors are
 * read on demand, so that an optimizer's are not.
 */

import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import { didYouMean } from '../../../messages.ts';
import { latin1 } from '../../../platform/text.ts';
import { maskedCrc32c } from '../../containers/sstable/crc32c.ts';
import { readTable } from '../../containers/sstable/sstable.ts';
import type { Source } from '../../format.ts';
import { decodeText, rawElements, WIDTHS } from '../../tensors/raw-elements.ts';
import { allocate, type Constant, constant } from '../../tensors/value.ts';
import { countElements, fixedShape } from '../tensor.ts';
import { elementType } from '../types.ts';
import { decodeEntry, decodeHeader, type Entry, type Header } from './entry.ts';
import { type Extent, sliceKey } from './ordered-code.ts';

const PREFIX = 'variables/variables';
/** The key of the header. */
const HEADER = '';

/** The index: the entry of each key, without the header. */
interface Index {
  readonly header: Header;
  readonly table: ReadonlyMap<string, Uint8Array>;
}

export class Bundle {
  readonly #source: Source;
  readonly #budget: Budget;
  readonly #tensors = new Map<string, Promise<Constant>>();
  /** Bytes that were read from each shard. */
  readonly #bytesRead = new Map<number, number>();
  /** Opened on first use: some models have no variables. */
  #index: Promise<Index> | undefined;

  constructor(source: Source, budget: Budget) {
    this.#source = source;
    this.#budget = budget;
  }

  #open(): Promise<Index> {
    this.#index ??= this.#readIndex();
    return this.#index;
  }

  async #readIndex(): Promise<Index> {
    const path = `${PREFIX}.index`;
    const file = await this.#source.sibling(path);
    const table = readTable(await file.read(0, file.size), path, this.#budget);
    const header = decodeHeader(table.get(HEADER) ?? new Uint8Array(), path, this.#budget);
    table.delete(HEADER);
    if (!header.isBigEndian) return { header, table };
    throw new ForwardpassError(
      'UNSUPPORTED_VERSION',
      'was written by a big-endian machine; only little-endian is supported',
      path,
    );
  }

  /** Returns the same tensor each time. */
  read(key: string): Promise<Constant> {
    const reading = this.#tensors.get(key) ?? this.#read(key);
    this.#tensors.set(key, reading);
    return reading;
  }

  async #read(key: string): Promise<Constant> {
    const place = `variable ${key}`;
    const entry = await this.#entry(keyOf(key), place);
    const type = elementType(entry.type, place);
    const shape = fixedShape(entry.shape, place);
    const count = countElements(shape, place, this.#budget);
    if (entry.slices.length > 0) return this.#joined(key, entry, type, shape, place);
    if (entry.size !== count * WIDTHS[type]) {
      const message = `the shape ${formatShape(shape)} of ${type} needs ${count * WIDTHS[type]} bytes, found ${entry.size}`;
      throw new ForwardpassError('MALFORMED', message, place);
    }
    const elements = rawElements(await this.#checkedBytes(entry, place), type, count, place);
    this.#budget.stored(elements, entry.size);
    return constant(type, shape, elements);
  }

  async #entry(key: string, place: string): Promise<Entry> {
    const { table } = await this.#open();
    const bytes = table.get(key);
    if (bytes !== undefined) return decodeEntry(bytes, place, this.#budget);
    const guess = didYouMean(key, table.keys());
    throw new ForwardpassError('DANGLING', `was not found among the variables of the model${guess}`, place);
  }

  async #stored(entry: Entry, place: string): Promise<Uint8Array> {
    const { shardCount } = (await this.#open()).header;
    if (!(entry.shard >= 0 && entry.shard < shardCount)) {
      throw new ForwardpassError(
        'MALFORMED',
        `is in shard ${entry.shard} of ${shardCount}, which does not exist`,
        place,
      );
    }
    const file = await this.#source.sibling(`${PREFIX}.data-${digits(entry.shard)}-of-${digits(shardCount)}`);
    // Entries may overlap.
    const read = (this.#bytesRead.get(entry.shard) ?? 0) + entry.size;
    this.#bytesRead.set(entry.shard, read);
    if (read > file.size) this.#budget.build(entry.size, place);
    return file.read(entry.offset, entry.size);
  }

  async #checkedBytes(entry: Entry, place: string): Promise<Uint8Array> {
    const bytes = await this.#stored(entry, place);
    if (maskedCrc32c(bytes) === entry.checksum) return bytes;
    throw new ForwardpassError('MALFORMED', 'the checksum of its bytes does not match', place);
  }

  /** A tensor that was saved in slices, the parts of a partitioned variable. */
  async #joined(
    key: string,
    { slices }: Entry,
    type: Constant['type'],
    shape: readonly number[],
    place: string,
  ): Promise<Constant> {
    const parts = await Promise.all(
      slices.map(async (extents) => ({
        extents: checkSlice(extents, shape, place),
        entry: await this.#entry(sliceKey(keyOf(key), extents), place),
      })),
    );
    const stored = parts.reduce((sum, { entry }) => sum + entry.size, 0);
    const size = elementCount(shape);
    if (stored !== size * WIDTHS[type]) {
      const message = `the shape ${formatShape(shape)} of ${type} needs ${size * WIDTHS[type]} bytes, but its slices have ${stored}`;
      throw new ForwardpassError('MALFORMED', message, place);
    }
    const data = allocate(type, size);
    for (const { extents, entry } of parts) {
      const count = elementCount(extents.map(({ length }) => length));
      const elements = rawElements(await this.#checkedBytes(entry, place), type, count, place);
      let at = 0;
      for (const run of runs(extents, shape)) {
        const { length } = extents[extents.length - 1];
        data.set(elements.subarray(at, at + length), run);
        at += length;
      }
    }
    this.#budget.stored(data, stored);
    return constant(type, shape, data);
  }

  /** A tensor that may contain words; `constantOf` converts these to a constant. */
  async tensor(key: string, constantOf: (words: readonly string[]) => Constant): Promise<Constant> {
    const place = `variable ${key}`;
    const entry = await this.#entry(keyOf(key), place);
    if (elementType(entry.type, place) !== 'string') return this.read(key);
    const count = countElements(fixedShape(entry.shape, place), place, this.#budget);
    const bytes = await this.#stored(entry, place);
    const words: string[] = [];
    for (const { start, end } of stringsIn(bytes, count, place)) words.push(decodeText(bytes.subarray(start, end)));
    return constantOf(words);
  }

  /** The bytes of a tensor that is a single string, which follow its length and a checksum. The key is ASCII. */
  async string(key: string): Promise<Uint8Array | undefined> {
    if (!(await this.#open()).table.has(key)) return undefined;
    const place = `variable ${key}`;
    const entry = await this.#entry(key, place);
    if (elementType(entry.type, place) !== 'string' || entry.shape.dims?.length !== 0) {
      throw new ForwardpassError('UNSUPPORTED_DTYPE', 'expected one string', place);
    }
    const bytes = await this.#stored(entry, place);
    const [{ start, end }] = stringsIn(bytes, 1, place);
    return bytes.subarray(start, end);
  }
}

const CHECKSUM_BYTES = 4;
/** The place value of the seventh digit of a length in base 128; no length has more digits. */
const LONGEST_SCALE = 0x80 ** 6;

/** Where the strings of a tensor are: after all their lengths and a checksum of these. */
function stringsIn(bytes: Uint8Array, count: number, place: string): { start: number; end: number }[] {
  const malformed = () =>
    new ForwardpassError('MALFORMED', `its ${bytes.length} bytes are not ${count} strings`, place);
  if (count > bytes.length) throw malformed();
  let at = 0;
  const lengths = Array.from({ length: count }, () => {
    let length = 0;
    for (let scale = 1; scale <= LONGEST_SCALE; scale *= 0x80) {
      const byte = bytes[at++] ?? 0;
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) return length;
    }
    throw malformed();
  });
  let start = at + CHECKSUM_BYTES;
  const strings = lengths.map((length) => {
    const string = { start, end: start + length };
    start = string.end;
    return string;
  });
  if (start !== bytes.length) throw malformed();
  return strings;
}

function digits(value: number): string {
  return String(value).padStart(5, '0');
}

type FullExtent = Required<Extent>;

function checkSlice(extents: readonly Extent[], shape: readonly number[], place: string): FullExtent[] {
  const full = extents.map(({ start, length }, axis) => ({ start, length: length ?? shape[axis] }));
  const fits = full.every(({ start, length }, axis) => start >= 0 && length >= 0 && start + length <= shape[axis]);
  if (full.length === shape.length && full.length > 0 && fits) return full;
  throw new ForwardpassError('MALFORMED', `a slice is outside the shape ${formatShape(shape)}`, place);
}

/** Where each run along a slice's last axis begins in the tensor. */
function* runs(extents: readonly FullExtent[], shape: readonly number[], axis = 0, before = 0): Generator<number> {
  const { start, length } = extents[axis];
  if (axis === extents.length - 1) {
    yield before * shape[axis] + start;
    return;
  }
  for (let i = 0; i < length; i++) yield* runs(extents, shape, axis + 1, before * shape[axis] + start + i);
}

/** The UTF-8 bytes of a text as characters: the form of the keys in the index. */
function keyOf(text: string): string {
  return latin1(new TextEncoder().encode(text));
}
