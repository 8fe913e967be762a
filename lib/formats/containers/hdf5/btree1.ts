/** B-trees of version 1, which older groups and chunks have: keys and children by turns. */
import type { Part, Reader } from './reader.ts';

export interface TreeKind {
  readonly type: number;
  readonly keyBytes: number;
}

/** What a leaf refers to, with the key in front of it. */
export interface Leaf {
  readonly key: Part;
  readonly address: number | undefined;
}

/** In the order of the keys. Throws `MALFORMED` for a tree whose nodes are met twice or lie at wrong levels. */
export function* leavesOf(reader: Reader, root: number | undefined, kind: TreeKind): Generator<Leaf> {
  const seen = new Set<number>();
  const open: NodeEntries[] = [new NodeEntries(reader, root, kind)];
  while (open.length > 0) {
    const node = open[open.length - 1];
    const entry = node.next();
    if (entry === undefined) {
      open.pop();
      continue;
    }
    if (entry.address === undefined || seen.has(entry.address))
      throw node.part.damaged('has a child that it cannot have');
    seen.add(entry.address);
    if (node.level === 0) yield entry;
    else open.push(new NodeEntries(reader, entry.address, kind, node.level - 1));
  }
}

class NodeEntries {
  readonly part: Part;
  readonly level: number;
  private left: number;

  constructor(
    reader: Reader,
    address: number | undefined,
    private readonly kind: TreeKind,
    level?: number,
  ) {
    const { addressBytes } = reader.storage;
    const headBytes = 8 + 2 * addressBytes;
    const head = reader.part(address, headBytes, 'a B-tree node').signature('TREE');
    if (head.u8() !== kind.type) throw head.damaged('is of another kind than its tree');
    this.level = head.u8();
    if (level !== undefined && this.level !== level) throw head.damaged(`is at level ${this.level}, not ${level}`);
    this.left = head.u16();
    const size = headBytes + this.left * (kind.keyBytes + addressBytes);
    this.part = reader.part(address, size, 'a B-tree node').skip(headBytes);
  }

  next(): Leaf | undefined {
    if (this.left-- <= 0) return undefined;
    return { key: this.part.part(this.kind.keyBytes), address: this.part.address() };
  }
}
