/** TensorFlow: SavedModel folders and frozen graphs. Coverage: docs/formats/tensorflow.md. */

import type { Graph } from '../../graph/graph.ts';
import { latin1 } from '../../platform/text.ts';
import type { FormatReader, ReadOptions, Source } from '../format.ts';
import { isSavedModel } from './signature.ts';

/** A node, then its name. */
const NODE = 0x0a;
const OP = 0x12;

/** Whether `head` begins like a SavedModel or a GraphDef. Neither has a signature: they are detected by structure. */
function detect(head: Uint8Array): boolean {
  return isSavedModel(head) || isGraph(head);
}

/** A first node that begins with a printable name and the name of an operator. */
function isGraph(head: Uint8Array): boolean {
  if (head[0] !== NODE) return false;
  const node = lengthAt(head, 1);
  const name = node && fieldAt(head, node.end, NODE);
  const op = name && fieldAt(head, name.end, OP);
  if (node === undefined || name === undefined || op === undefined) return false;
  return op.end <= node.end + node.value && /^[\x20-\x7e]+$/.test(name.text) && /^[A-Z_][A-Za-z0-9_]*$/.test(op.text);
}

function fieldAt(bytes: Uint8Array, at: number, tag: number): { text: string; end: number } | undefined {
  const length = bytes[at] === tag ? lengthAt(bytes, at + 1) : undefined;
  if (length === undefined || length.end + length.value > bytes.length) return undefined;
  const end = length.end + length.value;
  return { text: latin1(bytes.subarray(length.end, end)), end };
}

/** A varint of at most four bytes. */
function lengthAt(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 4 && at + i < bytes.length; i++) {
    value += (bytes[at + i] & 0x7f) * 2 ** (7 * i);
    if (bytes[at + i] < 0x80) return { value, end: at + i + 1 };
  }
  return undefined;
}

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

async function read(source: Source, options: ReadOptions): Promise<Graph> {
  const { main } = source;
  const [{ readModel }, bytes] = await Promise.all([reader(), main.read(0, main.size)]);
  return readModel(bytes, source, options);
}

export const tensorflow: FormatReader = {
  name: 'tensorflow',
  takesSignature: true,
  anticipate: reader,
  detect,
  read,
};
