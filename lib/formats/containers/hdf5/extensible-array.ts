/**
 * Extensible arrays: an entry for each chunk of an array that grows along one axis. The first entries are in the index
 * block, the next ones in data blocks that it lists, and all others in data blocks that secondary lists point to. List
 * n holds 2^n times the entries of the smallest data block.
 */
import { type ArrayEntry, checkClient, entriesIn, hasBit, pageOf } from './fixed-array.ts';
import type { Part, Reader } from './reader.ts';

const SUM_BYTES = 4;
const MOST_BITS = 64;

/** The settings in the array's header. */
interface Settings {
  readonly reader: Reader;
  readonly isFiltered: boolean;
  readonly entryBytes: number;
  /** Entries in the index block. */
  readonly firstEntries: number;
  /** Entries of the smallest data block. */
  readonly leastEntries: number;
  readonly pageEntries: number;
  /** Bytes of an entry's number. */
  readonly offsetBytes: number;
}

export function* extensibleArrayEntries(reader: Reader, address: number, isFiltered: boolean): Generator<ArrayEntry> {
  const { addressBytes, lengthBytes } = reader.storage;
  const head = reader.part(address, 16 + 6 * lengthBytes + addressBytes, 'an extensible array').signature('EAHD');
  head.version(0);
  checkClient(head, isFiltered);
  const [entryBytes, mostBits, firstEntries, leastEntries] = [head.u8(), head.u8(), head.u8(), head.u8()];
  const [leastPointers, pageBits] = [head.u8(), head.u8()];
  const indexBlock = head.skip(6 * lengthBytes).address();
  head.checkSum();
  const isPossible = Number.isInteger(Math.log2(leastEntries)) && Number.isInteger(Math.log2(leastPointers));
  if (!isPossible || mostBits > MOST_BITS) throw head.damaged('has impossible block sizes');
  if (indexBlock === undefined) return;
  const offsetBytes = Math.ceil(mostBits / 8);
  const settings = {
    reader,
    isFiltered,
    entryBytes,
    firstEntries,
    leastEntries,
    pageEntries: 2 ** pageBits,
    offsetBytes,
  };

  const lists = 1 + mostBits - Math.log2(leastEntries);
  const ownLists = 2 * Math.log2(leastPointers);
  const ownBlocks = 2 * (leastPointers - 1);
  const otherLists = Math.max(0, lists - ownLists);
  const headBytes = 6 + addressBytes;
  const size = headBytes + firstEntries * entryBytes + (ownBlocks + otherLists) * addressBytes + SUM_BYTES;
  const index = reader.part(indexBlock, size, 'an index of an extensible array').signature('EAIB');
  begin(index, isFiltered).skip(addressBytes);
  const entries = index.part(firstEntries * entryBytes);
  const addresses = index.part((ownBlocks + otherLists) * addressBytes);
  index.checkSum();
  yield* entriesIn(entries, 0, firstEntries, entryBytes);
  for (let list = 0; list < ownLists; list++) {
    for (let i = 0; i < blocksOf(list); i++) yield* blockEntries(settings, list, i, addresses.address());
  }
  for (let list = ownLists; list < lists; list++) yield* listEntries(settings, list, addresses.address());
}

function begin(part: Part, isFiltered: boolean): Part {
  part.version(0);
  checkClient(part, isFiltered);
  return part;
}

function blocksOf(list: number): number {
  return 2 ** Math.floor(list / 2);
}

/** Entries of each block in a list. */
function entriesOf({ leastEntries }: Settings, list: number): number {
  return leastEntries * 2 ** Math.ceil(list / 2);
}

/** The number of the first entry of a block. */
function numberOf(settings: Settings, list: number, block: number): number {
  return settings.firstEntries + settings.leastEntries * (2 ** list - 1) + block * entriesOf(settings, list);
}

function pagesOf(settings: Settings, list: number): number {
  const entries = entriesOf(settings, list);
  return entries > settings.pageEntries ? entries / settings.pageEntries : 0;
}

function* listEntries(settings: Settings, list: number, address: number | undefined): Generator<ArrayEntry> {
  if (address === undefined) return;
  const { reader, isFiltered, offsetBytes } = settings;
  const { addressBytes } = reader.storage;
  const blocks = blocksOf(list);
  const bitBytes = Math.ceil(pagesOf(settings, list) / 8);
  const size = 6 + addressBytes + offsetBytes + blocks * (bitBytes + addressBytes) + SUM_BYTES;
  const part = begin(reader.part(address, size, 'a list of an extensible array').signature('EASB'), isFiltered);
  part.skip(addressBytes + offsetBytes);
  const bits = part.bytes(blocks * bitBytes);
  const addresses = part.part(blocks * addressBytes);
  part.checkSum();
  for (let i = 0; i < blocks; i++) yield* blockEntries(settings, list, i, addresses.address(), bits);
}

/** `used`: a bit for each page of all blocks of the list. */
function* blockEntries(
  settings: Settings,
  list: number,
  block: number,
  address: number | undefined,
  used?: Uint8Array,
): Generator<ArrayEntry> {
  if (address === undefined) return;
  const { reader, isFiltered, entryBytes, pageEntries, offsetBytes } = settings;
  const { addressBytes } = reader.storage;
  const count = entriesOf(settings, list);
  const first = numberOf(settings, list, block);
  const pages = used === undefined ? 0 : pagesOf(settings, list);
  const headBytes = 6 + addressBytes + offsetBytes;
  const size = headBytes + (pages === 0 ? count * entryBytes : 0) + SUM_BYTES;
  const part = begin(reader.part(address, size, 'a block of an extensible array').signature('EADB'), isFiltered);
  const entries = part.skip(addressBytes + offsetBytes).part(size - headBytes - SUM_BYTES);
  part.checkSum();
  if (pages === 0) yield* entriesIn(entries, first, count, entryBytes);
  for (let page = 0; page < pages; page++) {
    if (used === undefined || !hasBit(used, block * pages + page)) continue;
    const at = address + size + page * (pageEntries * entryBytes + SUM_BYTES);
    yield* pageOf(reader, at, first + page * pageEntries, pageEntries, entryBytes);
  }
}
