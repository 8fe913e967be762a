/** B-trees of version 2: records of one size in leaves and inner nodes, each node with a checksum. */
import type { Part, Reader } from './reader.ts';

/** Signature, version and type; and the checksum. */
const NODE_HEAD_BYTES = 6;
const NODE_BYTES = NODE_HEAD_BYTES + 4;
/** With two children per node, this depth gives 2^16 records. */
const DEEPEST = 16;

interface Node {
  readonly address: number | undefined;
  readonly count: number;
  readonly depth: number;
}

/** The size of a record, and the maximum number in a node and below it, by depth. */
interface Sizes {
  readonly most: number;
  readonly pointerBytes: number;
  readonly countBytes: number;
}

/** All records, in no particular order. Throws `MALFORMED` if a node occurs twice. */
export function* recordsOf(reader: Reader, address: number | undefined, type: number): Generator<Part> {
  const { addressBytes, lengthBytes } = reader.storage;
  const header = reader.part(address, 22 + addressBytes + lengthBytes, 'a B-tree').signature('BTHD');
  header.version(0);
  if (header.u8() !== type) throw header.damaged(`is not of type ${type}`);
  const [nodeBytes, recordBytes, depth] = [header.u32(), header.u16(), header.u16()];
  const root: Node = { address: header.skip(2).address(), count: header.u16(), depth };
  header.length(); // Records in all.
  header.checkSum();
  if (depth > DEEPEST) throw header.damaged(`is ${depth} levels deep`);
  const sizes = sizesOf(reader, nodeBytes, recordBytes, depth);
  if (sizes === undefined) throw header.damaged('has nodes that are too small');
  const seen = new Set<number | undefined>();
  const open = root.address === undefined ? [] : [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node.address)) throw header.damaged('has a node that occurs twice');
    seen.add(node.address);
    const part = reader.part(node.address, nodeBytes, 'a B-tree node').signature(node.depth === 0 ? 'BTLF' : 'BTIN');
    part.version(0);
    if (part.u8() !== type || node.count > sizes[node.depth].most) throw part.damaged('does not belong to its tree');
    const records = part.part(node.count * recordBytes);
    if (node.depth > 0) {
      for (let i = 0; i <= node.count; i++) open.push(childOf(part, node.depth, sizes));
    }
    part.checkSum();
    for (let i = 0; i < node.count; i++) yield records.part(recordBytes);
  }
}

function childOf(part: Part, depth: number, sizes: readonly Sizes[]): Node {
  const child = { address: part.address(), count: part.uint(sizes[0].countBytes), depth: depth - 1 };
  part.skip(sizes[depth - 1].countBytes * Number(depth > 1)); // Records below it.
  return child;
}

function sizesOf(reader: Reader, nodeBytes: number, recordBytes: number, depth: number): Sizes[] | undefined {
  const room = nodeBytes - NODE_BYTES;
  const leaf = Math.floor(room / recordBytes);
  const sizes: Sizes[] = [{ most: leaf, pointerBytes: 0, countBytes: bytesFor(leaf) }];
  let below = leaf;
  for (let level = 1; level <= depth; level++) {
    const belowBytes = level === 1 ? 0 : bytesFor(below);
    const pointerBytes = reader.storage.addressBytes + sizes[0].countBytes + belowBytes;
    const most = Math.floor((room - pointerBytes) / (recordBytes + pointerBytes));
    if (level > 1) sizes[level - 1] = { ...sizes[level - 1], countBytes: belowBytes };
    sizes.push({ most, pointerBytes, countBytes: 0 });
    below = (most + 1) * below + most;
  }
  return sizes.every(({ most }) => most >= 1 && Number.isFinite(most)) ? sizes : undefined;
}

/** Bytes needed for numbers up to `most`. */
export function bytesFor(most: number): number {
  return Math.floor(Math.log2(most) / 8) + 1;
}
