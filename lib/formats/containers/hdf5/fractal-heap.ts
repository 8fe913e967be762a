/**
 * Fractal heaps, in which newer files store many links or attributes of one object. Small objects are in blocks that a
 * table lists: its rows have `width` blocks each, and from the third row on, blocks are twice as large as in the row
 * before. Large objects are elsewhere in the file, found by a B-tree.
 */
import { bytesFor, recordsOf } from './btree2.ts';
import { lookup3 } from './checksums.ts';
import type { Part, Reader } from './reader.ts';

const [MANAGED, HUGE, TINY] = [0, 1, 2];
const HAS_BLOCK_SUMS = 2;
/** The type of the B-tree of large objects. */
const HUGE_BY_ID = 1;

export class FractalHeap {
  private readonly idBytes: number;
  private readonly hasSums: boolean;
  private readonly hugeTree: number | undefined;
  private readonly width: number;
  private readonly startBytes: number;
  private readonly directRows: number;
  private readonly offsetBytes: number;
  private readonly lengthBytes: number;
  private readonly root: number | undefined;
  private readonly rootRows: number;
  /** Blocks that were already checked, by kind and address. */
  private readonly seen = new Map<string, Part>();
  private huge: Map<number, { address: number | undefined; length: number }> | undefined;

  constructor(
    private readonly reader: Reader,
    address: number | undefined,
  ) {
    const { addressBytes, lengthBytes } = reader.storage;
    const head = reader.part(address, 26 + 12 * lengthBytes + 3 * addressBytes, 'a heap').signature('FRHP');
    head.version(0);
    this.idBytes = head.u16();
    const filterBytes = head.u16();
    this.hasSums = (head.u8() & HAS_BLOCK_SUMS) !== 0;
    const mostManaged = head.u32();
    head.length(); // The next number of a large object.
    this.hugeTree = head.address();
    head.length(); // Free space, and what manages it.
    head.address();
    head.skip(8 * lengthBytes); // Statistics.
    this.width = head.u16();
    this.startBytes = head.length();
    const mostDirect = head.length();
    const indexBits = head.u16();
    head.skip(2);
    this.root = head.address();
    this.rootRows = head.u16();
    if (filterBytes > 0) throw reader.unknownVersion('a compressed heap of links or attributes');
    head.checkSum();
    const logs = [this.width, this.startBytes, mostDirect].map(Math.log2);
    if (!logs.every(Number.isInteger) || mostDirect < this.startBytes || indexBits > 64 || mostManaged === 0) {
      throw head.damaged('has impossible block sizes');
    }
    this.directRows = logs[2] - logs[1] + 2;
    this.offsetBytes = Math.ceil(indexBits / 8);
    this.lengthBytes = Math.min(Math.ceil(logs[2] / 8), bytesFor(mostManaged));
  }

  /** The object whose heap id comes next in `id`. */
  object(id: Part): Part {
    const own = id.part(this.idBytes);
    const flags = own.u8();
    const kind = (flags >> 4) & 3;
    if (kind === MANAGED) return this.managed(own.uint(this.offsetBytes), own.uint(this.lengthBytes));
    if (kind === HUGE) return this.large(own.uint(Math.min(this.idBytes - 1, 8)));
    if (kind === TINY) return own.part((flags & 15) + 1);
    throw own.damaged('is an object of an unknown kind in a heap');
  }

  private managed(offset: number, length: number): Part {
    const { block, start } = this.find(offset);
    const at = block.start + (offset - start);
    if (!(at >= block.start && at + length <= block.end)) throw block.damaged('has an object that extends beyond it');
    this.reader.storage.count(length, this.reader.place);
    return this.reader.within(at, at + length, 'an object of a heap');
  }

  /** The block that contains the byte at `offset` of the heap, and where in the heap that block starts. */
  private find(offset: number): { block: Part; start: number } {
    if (this.rootRows === 0) return { block: this.direct(this.root, this.startBytes), start: 0 };
    let [address, rows, start] = [this.root, this.rootRows, 0];
    const rowBytes = this.width * this.startBytes;
    for (;;) {
      const row = offset - start < rowBytes ? 0 : Math.floor(Math.log2((offset - start) / rowBytes)) + 1;
      const blockBytes = row === 0 ? this.startBytes : this.startBytes * 2 ** (row - 1);
      const rowStart = start + (row === 0 ? 0 : rowBytes * 2 ** (row - 1));
      const column = Math.floor((offset - rowStart) / blockBytes);
      const table = this.indirect(address, rows);
      if (!(row < rows && column < this.width)) throw table.damaged('has no block for an object');
      const { addressBytes } = this.reader.storage;
      const entry = this.reader.within(table.at, table.end, 'a table of blocks');
      address = entry.skip((row * this.width + column) * addressBytes).address();
      start = rowStart + column * blockBytes;
      if (row < this.directRows) return { block: this.direct(address, blockBytes), start };
      rows = Math.log2(blockBytes / rowBytes) + 1;
    }
  }

  /** The whole block; offsets include its header. */
  private direct(address: number | undefined, size: number): Part {
    const key = `${size} bytes at ${address}`;
    const known = this.seen.get(key);
    if (known !== undefined) return known;
    const what = 'a block of a heap';
    const part = this.reader.part(address, size, what).signature('FHDB');
    part.version(0);
    part.skip(this.reader.storage.addressBytes + this.offsetBytes);
    if (this.hasSums) {
      // The checksum is computed with zeros in its own place.
      const bytes = this.reader.part(address, size, what).bytes(size).slice();
      const at = part.at - part.start;
      bytes.fill(0, at, at + 4);
      if (lookup3(bytes, 0, size) !== part.u32()) throw part.damaged('the checksum does not match');
    }
    this.seen.set(key, part);
    return part;
  }

  /** A reader at the first address of the table. */
  private indirect(address: number | undefined, rows: number): Part {
    const key = `${rows} rows at ${address}`;
    const known = this.seen.get(key);
    if (known !== undefined) return known;
    const { addressBytes } = this.reader.storage;
    const headBytes = 5 + addressBytes + this.offsetBytes;
    const size = headBytes + rows * this.width * addressBytes;
    const part = this.reader.part(address, size + 4, 'a table of blocks').signature('FHIB');
    part.version(0);
    part.skip(size - 5).checkSum();
    part.at = part.start + headBytes;
    this.seen.set(key, part);
    return part;
  }

  private large(id: number): Part {
    this.huge ??= this.largeObjects();
    const found = this.huge.get(id);
    if (found === undefined) throw this.reader.damaged(`object ${id} of a heap was not found`);
    return this.reader.part(found.address, found.length, 'an object of a heap');
  }

  private largeObjects(): Map<number, { address: number | undefined; length: number }> {
    const objects = new Map<number, { address: number | undefined; length: number }>();
    const { addressBytes, lengthBytes } = this.reader.storage;
    if (this.idBytes > addressBytes + lengthBytes)
      throw this.reader.unknownVersion('large objects of a heap without a tree');
    for (const record of recordsOf(this.reader, this.hugeTree, HUGE_BY_ID)) {
      const [address, length] = [record.address(), record.length()];
      objects.set(record.length(), { address, length });
    }
    return objects;
  }
}
