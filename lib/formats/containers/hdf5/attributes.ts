/** Attributes, in an object's header or in their own heap. Only text is read: one string or a list. */
import { ForwardpassError } from '../../../errors.ts';
import { recordsOf } from './btree2.ts';
import { readDataspace } from './dataspace.ts';
import { type Datatype, readDatatype } from './datatype.ts';
import { FractalHeap } from './fractal-heap.ts';
import type { GlobalHeap } from './global-heap.ts';
import { product } from './grid.ts';
import { type Messages, readShared, TYPES } from './messages.ts';
import { decodeText, type Part } from './reader.ts';

export interface Attribute {
  readonly name: string;
  /** The bytes after the name. */
  readonly rest: Part;
  readonly version: number;
  readonly flags: number;
  readonly typeBytes: number;
  readonly spaceBytes: number;
}

/** The type of a B-tree of attributes, ordered by name. */
const ATTRIBUTES_BY_NAME = 8;
/** Bytes of a heap id, whatever sizes the file's addresses have. */
const HEAP_ID_BYTES = 8;
const ORDER_IS_TRACKED = 1;
const IS_SHARED = 2;
/** Bits of an attribute's flags. */
const [TYPE_IS_SHARED, SPACE_IS_SHARED] = [1, 2];
/** The least memory of a string and its entry in a list. */
const STRING_BYTES = 24;

export function attributesOf(messages: Messages): Map<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  const add = (attribute: Attribute) => {
    if (attributes.has(attribute.name)) throw attribute.rest.damaged('occurs twice in an object');
    attributes.set(attribute.name, attribute);
  };
  for (const message of messages.of(TYPES.attribute)) add(readAttribute(messages.open(message, 'an attribute')));
  const info = messages.find(TYPES.attributeInfo, "an object's attributes");
  if (info === undefined) return attributes;
  info.version(0);
  if ((info.u8() & ORDER_IS_TRACKED) !== 0) info.skip(2);
  const heapAddress = info.address();
  if (heapAddress === undefined) return attributes;
  const { reader } = info;
  const heap = new FractalHeap(reader, heapAddress);
  for (const record of recordsOf(reader, info.address(), ATTRIBUTES_BY_NAME)) {
    const id = record.part(HEAP_ID_BYTES);
    if ((record.u8() & IS_SHARED) !== 0) throw reader.unknownVersion('an attribute in a table of shared messages');
    add(readAttribute(heap.object(id)));
  }
  return attributes;
}

function readAttribute(part: Part): Attribute {
  const version = part.version(1, 2, 3);
  const flags = part.u8();
  const [nameBytes, typeBytes, spaceBytes] = [part.u16(), part.u16(), part.u16()];
  if (version === 3) part.skip(1);
  const name = decodeText(part.bytes(padded(nameBytes, version)));
  return { name, rest: part, version, flags: version === 1 ? 0 : flags, typeBytes, spaceBytes };
}

/** In version 1, parts begin at multiples of 8 bytes. */
function padded(bytes: number, version: number): number {
  return version === 1 ? Math.ceil(bytes / 8) * 8 : bytes;
}

/**
 * The strings; a single one if the attribute is not a list. Throws `MALFORMED` for another type, except for an empty
 * list of it.
 */
export function readStrings(
  { rest, version, flags, typeBytes, spaceBytes }: Attribute,
  heap: GlobalHeap,
  place: string,
): string[] {
  const reader = rest.reader.at(place);
  const part = reader.within(rest.at, rest.end, 'an attribute');
  let typePart = part.part(padded(typeBytes, version));
  let spacePart = part.part(padded(spaceBytes, version));
  if ((flags & TYPE_IS_SHARED) !== 0) typePart = readShared(typePart, TYPES.datatype, 'a type');
  if ((flags & SPACE_IS_SHARED) !== 0) spacePart = readShared(spacePart, TYPES.dataspace, 'a shape');
  const { shape } = readDataspace(spacePart);
  // An empty list may have lost its type: NumPy makes it float64.
  if (shape === undefined || product(shape) === 0) return [];
  const type = readDatatype(typePart);
  if (type.kind !== 'text' && type.kind !== 'variable text') {
    throw new ForwardpassError('MALFORMED', `expected text, found ${type.words}`, place);
  }
  const count = product(shape);
  if (type.bytes === 0 || !(count * type.bytes <= part.left)) {
    throw part.damaged(`declares ${count} strings of ${type.bytes} bytes each, but ${part.left} bytes are left`);
  }
  reader.storage.count(part.left, place);
  reader.budget.build(STRING_BYTES * count, place);
  return type.kind === 'text' ? fixedStrings(part, type, count) : variableStrings(part, type, count, heap);
}

function fixedStrings(part: Part, { bytes }: Datatype, count: number): string[] {
  return Array.from({ length: count }, () => decodeText(part.bytes(bytes)));
}

/** Elements that refer to the same text share it. */
function variableStrings(part: Part, { bytes }: Datatype, count: number, heap: GlobalHeap): string[] {
  const { reader } = part;
  if (bytes !== 8 + reader.storage.addressBytes) throw part.damaged(`refers to text in ${bytes} bytes`);
  const known = new Map<string, string>();
  return Array.from({ length: count }, () => {
    const [length, address, number] = [part.u32(), part.address(), part.u32()];
    if (length === 0 || address === 0) return '';
    const key = `${length} ${address} ${number}`;
    const text = known.get(key) ?? decodeText(heap.object(reader, address, number, length));
    known.set(key, text);
    return text;
  });
}
