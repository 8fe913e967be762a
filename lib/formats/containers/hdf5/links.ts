/** The content of a group: links with names, in its header, in their own heap, or, in older files, in a table. */

import { recordsOf } from './btree2.ts';
import { FractalHeap } from './fractal-heap.ts';
import type { Link, Target } from './link.ts';
import { type Messages, TYPES } from './messages.ts';
import { decodeText, type Part } from './reader.ts';
import { symbolTableLinks } from './symbol-table.ts';

/** The type of a B-tree of links, ordered by name. */
const LINKS_BY_NAME = 5;
const NAME_HASH_BYTES = 4;
const ORDER_IS_TRACKED = 1;

export function* linksOf(messages: Messages): Generator<Link> {
  const table = messages.find(TYPES.symbolTable, 'a symbol table');
  if (table !== undefined) yield* symbolTableLinks(table);
  for (const message of messages.of(TYPES.link)) yield readLink(messages.open(message, 'a link'));
  const info = messages.find(TYPES.linkInfo, "a group's links");
  if (info === undefined) return;
  info.version(0);
  if ((info.u8() & ORDER_IS_TRACKED) !== 0) info.skip(8);
  const heapAddress = info.address();
  if (heapAddress === undefined) return;
  const heap = new FractalHeap(info.reader, heapAddress);
  for (const record of recordsOf(info.reader, info.address(), LINKS_BY_NAME)) {
    yield readLink(heap.object(record.skip(NAME_HASH_BYTES)));
  }
}

const HAS_ORDER = 4;
const HAS_TYPE = 8;
const HAS_CHARSET = 16;
const [HARD, SOFT, EXTERNAL] = [0, 1, 64];

function readLink(part: Part): Link {
  part.version(1);
  const flags = part.u8();
  const type = (flags & HAS_TYPE) !== 0 ? part.u8() : HARD;
  const order = (flags & HAS_ORDER) !== 0 ? part.uint(8) : undefined;
  if ((flags & HAS_CHARSET) !== 0) part.skip(1);
  const nameBytes = part.uint(2 ** (flags & 3));
  return { name: decodeText(part.bytes(nameBytes)), order, ...readTarget(part, type) };
}

function readTarget(part: Part, type: number): Target {
  if (type === HARD) return { kind: 'hard', address: part.address() };
  const value = part.bytes(part.u16());
  if (type === SOFT) return { kind: 'soft', target: decodeText(value) };
  // One byte of flags, then the file's name.
  if (type === EXTERNAL) return { kind: 'external', file: decodeText(value.subarray(1)) };
  return { kind: 'other', type };
}
