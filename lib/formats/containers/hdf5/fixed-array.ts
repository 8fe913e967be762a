/** Fixed arrays: an entry for each chunk of an array that cannot grow; a large number of entries is split into pages. */
import type { Part, Reader } from './reader.ts';

const SUM_BYTES = 4;

/** An entry of an array, which may be empty. */
export interface ArrayEntry {
  readonly number: number;
  readonly entry: Part;
}

export function* fixedArrayEntries(reader: Reader, address: number, isFiltered: boolean): Generator<ArrayEntry> {
  const { addressBytes, lengthBytes } = reader.storage;
  const head = reader.part(address, 12 + lengthBytes + addressBytes, 'a fixed array').signature('FAHD');
  head.version(0);
  checkClient(head, isFiltered);
  const [entryBytes, pageBits, count] = [head.u8(), head.u8(), head.length()];
  const block = head.address();
  head.checkSum();
  if (block === undefined) return;
  const pageEntries = 2 ** pageBits;
  const pages = count > pageEntries ? Math.ceil(count / pageEntries) : 0;
  const headBytes = 6 + addressBytes + Math.ceil(pages / 8);
  const firstBytes = headBytes + (pages === 0 ? count * entryBytes : 0) + SUM_BYTES;
  const first = reader.part(block, firstBytes, 'a block of a fixed array').signature('FADB');
  first.version(0);
  checkClient(first, isFiltered);
  first.skip(addressBytes);
  const used = first.bytes(Math.ceil(pages / 8));
  const entries = first.part(firstBytes - headBytes - SUM_BYTES);
  first.checkSum();
  if (pages === 0) yield* entriesIn(entries, 0, count, entryBytes);
  for (let page = 0; page < pages; page++) {
    if (!hasBit(used, page)) continue;
    const inPage = Math.min(pageEntries, count - page * pageEntries);
    const at = block + firstBytes + page * (pageEntries * entryBytes + SUM_BYTES);
    yield* pageOf(reader, at, page * pageEntries, inPage, entryBytes);
  }
}

/** Whether entries include sizes and skipped filters must agree with the array. */
export function checkClient(part: Part, isFiltered: boolean): void {
  if (part.u8() !== Number(isFiltered)) throw part.damaged('is not of the kind that its array needs');
}

/** The highest bit belongs to the first page. */
export function hasBit(bits: Uint8Array, number: number): boolean {
  return (bits[number >> 3] & (0x80 >> (number & 7))) !== 0;
}

export function* pageOf(
  reader: Reader,
  address: number,
  first: number,
  count: number,
  entryBytes: number,
): Generator<ArrayEntry> {
  const page = reader.part(address, count * entryBytes + SUM_BYTES, 'a page of an array');
  const entries = page.part(count * entryBytes);
  page.checkSum();
  yield* entriesIn(entries, first, count, entryBytes);
}

export function* entriesIn(part: Part, first: number, count: number, entryBytes: number): Generator<ArrayEntry> {
  for (let i = 0; i < count; i++) yield { number: first + i, entry: part.part(entryBytes) };
}
