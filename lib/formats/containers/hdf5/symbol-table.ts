/** Groups of older files: names in a local heap, and entries in symbol nodes that a B-tree lists. */
import { leavesOf } from './btree1.ts';
import type { Link } from './link.ts';
import { decodeText, type Part, type Reader } from './reader.ts';

const GROUP_NODE = 0;
/** The type of an entry for a soft link: its scratch space is the offset of the path in the heap. */
const SOFT_LINK = 2;

/** `message`: the symbol table message. */
export function* symbolTableLinks(message: Part): Generator<Link> {
  const { reader } = message;
  const { addressBytes, lengthBytes } = reader.storage;
  const tree = message.address();
  const heap = new LocalHeap(reader, message.address());
  for (const { address } of leavesOf(reader, tree, { type: GROUP_NODE, keyBytes: lengthBytes })) {
    const count = reader.part(address, 8, 'a node of symbols').signature('SNOD').skip(2).u16();
    const entryBytes = 2 * addressBytes + 24;
    const node = reader.part(address, 8 + count * entryBytes, 'a node of symbols').skip(4);
    node.version(1);
    node.skip(3);
    for (let i = 0; i < count; i++) {
      const entry = node.part(entryBytes);
      const name = heap.text(entry.uint(addressBytes));
      const target = entry.address();
      const kept = entry.u32();
      if (kept > SOFT_LINK) throw entry.damaged('has an entry of an unknown kind');
      yield kept === SOFT_LINK
        ? { name, kind: 'soft', target: heap.text(entry.skip(4).u32()) }
        : { name, kind: 'hard', address: target };
    }
  }
}

class LocalHeap {
  private readonly data: Uint8Array;

  constructor(
    private readonly reader: Reader,
    address: number | undefined,
  ) {
    const { addressBytes, lengthBytes } = reader.storage;
    const head = reader.part(address, 8 + 2 * lengthBytes + addressBytes, 'a heap of names').signature('HEAP');
    head.version(0);
    const size = head.skip(3).length();
    head.length(); // Free space.
    this.data = reader.part(head.address(), size, 'a heap of names').bytes(size);
  }

  text(offset: number): string {
    const end = this.data.indexOf(0, offset);
    if (offset >= this.data.length || end < 0)
      throw this.reader.damaged(`the name at byte ${offset} of its heap has no end`);
    this.reader.storage.count(end - offset, this.reader.place);
    return decodeText(this.data.subarray(offset, end));
  }
}
