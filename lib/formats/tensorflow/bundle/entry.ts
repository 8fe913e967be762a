/**
 * The entry of each tensor in the index of a bundle.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto
 */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { Message } from '../../containers/protobuf.ts';
import { decodeShape, type TensorShape } from '../proto.ts';
import type { Extent } from './ordered-code.ts';

export interface Header {
  shardCount: number;
  isBigEndian: boolean;
}

export interface Entry {
  type: number;
  shape: TensorShape;
  shard: number;
  offset: number;
  size: number;
  checksum: number;
  /** A sliced tensor has no bytes of its own; each slice has an entry. */
  slices: Extent[][];
}

/** The version that TensorFlow has always written; later ones name the version that a reader must support. */
const VERSION = 1;
const DEPTH = 8;

export function decodeHeader(bytes: Uint8Array, place: string, budget: Budget): Header {
  const header: Header = { shardCount: 0, isBigEndian: false };
  const message = new Message(bytes, place, budget, DEPTH);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) header.shardCount = message.integer();
    else if (field === 2) header.isBigEndian = message.integer() !== 0;
    else if (field === 3) checkVersion(message.message(place), place);
    else message.skip();
  }
  return header;
}

function checkVersion(message: Message, place: string): void {
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field !== 2) {
      message.skip();
      continue;
    }
    const needed = message.integer();
    if (needed <= VERSION) continue;
    const words = `needs a reader of bundles of version ${needed}, but this one has version ${VERSION}`;
    throw new ForwardpassError('UNSUPPORTED_VERSION', words, place);
  }
}

export function decodeEntry(bytes: Uint8Array, place: string, budget: Budget): Entry {
  const entry: Entry = { type: 0, shape: { dims: [] }, shard: 0, offset: 0, size: 0, checksum: 0, slices: [] };
  const message = new Message(bytes, place, budget, DEPTH);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) entry.type = message.integer();
    else if (field === 2) entry.shape = decodeShape(message.message(place));
    else if (field === 3) entry.shard = message.integer();
    else if (field === 4) entry.offset = message.integer();
    else if (field === 5) entry.size = message.integer();
    else if (field === 6) entry.checksum = message.bits();
    else if (field === 7) entry.slices.push(decodeSlice(message.message(place)));
    else message.skip();
  }
  return entry;
}

function decodeSlice(message: Message): Extent[] {
  const extents: Extent[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) extents.push(decodeExtent(message.message('slice')));
    else message.skip();
  }
  return extents;
}

function decodeExtent(message: Message): Extent {
  let start = 0;
  let length: number | undefined;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) start = message.integer();
    else if (field === 2) length = message.integer();
    else message.skip();
  }
  return length === undefined ? { start } : { start, length };
}
