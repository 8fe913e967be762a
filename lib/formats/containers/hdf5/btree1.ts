/** B-trees of version 1, which older groups and chunks use: keys and children alternate. */
import type { Part, Reader } from './reader.ts';

export interface TreeKind {
  readonly type: number;
  readonly keyBytes: number;
  /** The order of the keys, if it is to be checked. */
  readonly rank?: (key: Part) => readonly number[];
}

/** What a leaf refers to, and the key before it. */
export interface Leaf {
  readonly key: Part;
  readonly address: number | undefined;
}

interface Entry extends Leaf {
  /** The ranks of everything below: at least the first, less than the second. */
  readonly bounds: Bounds;
}

type Bounds = readonly [low: readonly number[], high: readonly number[]];
const UNBOUNDED: Bounds = [[], [Number.POSITIVE_INFINITY]];

/**
 * The leaves in the order of the keys. Throws `MALFORMED` for a tree with a node that occurs twice, a wrong level, or
 * keys by which a search would not find what is below them.
 */
export function* leavesOf(reader: Reader, root: number | undefined, kind: TreeKind): Generator<Leaf> {
  const seen = new Set<number>();
  const open: NodeEntries[] = [new NodeEntries(reader, root, kind, UNBOUNDED)];
  while (open.length > 0) {
    const node = open[open.length - 1];
    const entry = node.next();
    if (entry === undefined) {
      open.pop();
      continue;
    }
    if (entry.address === undefined || seen.has(entry.address)) {
      throw node.part.damaged('has an invalid child');
    }
    seen.add(entry.address);
    if (node.level === 0) yield entry;
    else open.push(new NodeEntries(reader, entry.address, kind, entry.bounds, node.level - 1));
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
    private readonly bounds: Bounds,
    level?: number,
  ) {
    const { addressBytes } = reader.storage;
    const headBytes = 8 + 2 * addressBytes;
    const head = reader.part(address, headBytes, 'a B-tree node').signature('TREE');
    if (head.u8() !== kind.type) throw head.damaged('is of another kind than its tree');
    this.level = head.u8();
    if (level !== undefined && this.level !== level)
      throw head.damaged(`is at level ${this.level}; expected level ${level}`);
    this.left = head.u16();
    // A key follows the last child.
    const size = headBytes + this.left * (kind.keyBytes + addressBytes) + kind.keyBytes;
    this.part = reader.part(address, size, 'a B-tree node').skip(headBytes);
  }

  next(): Entry | undefined {
    if (this.left-- <= 0) return undefined;
    const key = this.part.part(this.kind.keyBytes);
    const address = this.part.address();
    return { key, address, bounds: this.kind.rank === undefined ? UNBOUNDED : this.boundsOf(key, this.kind.rank) };
  }

  private boundsOf(key: Part, rank: (key: Part) => readonly number[]): Bounds {
    const { part, bounds } = this;
    const own = rank(part.reader.within(key.start, key.end, 'a key'));
    const next = rank(part.reader.within(part.at, part.at + this.kind.keyBytes, 'a key'));
    const [low, high] = [bounds[0], isBefore(next, bounds[1]) ? next : bounds[1]];
    if (isBefore(own, low) || !isBefore(own, high)) throw part.damaged('has keys that are not in order');
    return [own, high];
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at] < (b[at] ?? Number.NEGATIVE_INFINITY);
}
