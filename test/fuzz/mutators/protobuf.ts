/** Protobuf without a schema: a field is nested where its bytes happen to be fields, and all is changed as a tree. */
import type { Random } from '../../random-graph.ts';
import { concat, integerNear, type Mutator, repeats } from '../mutator.ts';
import { mutateBytes, setNumber } from './bytes.ts';

interface Field {
  readonly number: number;
  /** 0 is a varint, 1 and 5 are 8 and 4 bytes, 2 has a length. */
  readonly wire: number;
  /** Of a varint. */
  readonly value?: bigint;
  /** Of the others that are no messages. */
  readonly bytes?: Uint8Array;
  readonly fields?: Field[];
  /** Added to the length that is written, so that it is wrong. */
  readonly lie?: number;
}

const MOST_DEPTH = 12;

export const mutateProtobuf: Mutator = (bytes, random, other) => {
  const fields = parse(bytes);
  if (fields === undefined || fields.length === 0) return undefined;
  const list = random.pick(listsOf(fields));
  // Never of the tree itself, which a part of it would make a circle of.
  const others = random.pick(listsOf(parse(other) ?? parse(bytes) ?? []));
  if (list.length === 0) list.push(...others);
  else random.pick(CHANGES)(list, random.below(list.length), random, { others, all: fields });
  return write(fields);
};

interface Sources {
  /** Fields of a message of another file. */
  readonly others: readonly Field[];
  /** Those of the whole file. */
  readonly all: readonly Field[];
}

/** Changes a list of fields at one of them. */
type Change = (list: Field[], at: number, random: Random, sources: Sources) => void;

const CHANGES: readonly Change[] = [
  changeValue,
  changeValue,
  changeValue,
  changeValue,
  (list, at, random) => list.splice(at, 1 + random.below(2)),
  (list, at, random) => list.splice(random.below(list.length), 0, list[at]),
  (list, at, random) => list.splice(at, 0, ...Array<Field>(repeats(write([list[at]]).length, random)).fill(list[at])),
  (list, at, random) => list.push(...list.splice(at, 1 + random.below(4))),
  (list, at, random, { others }) => list.splice(at, random.below(2), ...others.slice(0, 4)),
  (list, at, random) => list.splice(at, 1, { ...list[at], number: 1 + random.below(random.pick([8, 32, 256])) }),
  (list, at, random) => list.splice(at, 1, { ...list[at], lie: random.pick([-1, 1, 2 ** 31, 2 ** 32 - 1]) }),
  (list, at, random) => list.splice(at, 1, nested(list[at], random.pick([1, 2, 60, 70, 1000]))),
];

/** A message within one like it, as deep as is allowed, and deeper. */
function nested(field: Field, depth: number): Field {
  let bytes = write([field]);
  for (let left = depth; left > 0; left--) bytes = write([{ number: field.number, wire: 2, bytes }]);
  return { number: field.number, wire: 2, bytes };
}

function changeValue(list: Field[], at: number, random: Random, { others, all }: Sources): void {
  const { value, bytes, fields, ...same } = list[at];
  if (fields !== undefined) {
    fields.push(...others.slice(0, 3));
  } else if (value !== undefined) {
    const near = BigInt(integerNear(Number(BigInt.asIntN(64, value)), random));
    list[at] = { ...same, value: BigInt.asUintN(64, near) };
  } else if (bytes !== undefined) {
    list[at] = { ...same, bytes: changedBytes(bytes, same.wire, random, all) };
  }
}

/** Texts become another of the file's texts, so that names meet other names. */
function changedBytes(bytes: Uint8Array, wire: number, random: Random, all: readonly Field[]): Uint8Array {
  if (wire !== 2) {
    const changed = bytes.slice();
    setNumber(changed, 0, bytes.length, random);
    return changed;
  }
  if (!isText(bytes) || random.below(4) === 0) return mutateBytes(bytes, random, bytes) ?? bytes;
  const texts = listsOf(all).flatMap((list) => list.filter(({ bytes, wire }) => wire === 2 && bytes && isText(bytes)));
  return random.pick(texts).bytes ?? bytes;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.length < 256 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function listsOf(fields: readonly Field[]): Field[][] {
  return [fields as Field[], ...fields.flatMap(({ fields }) => (fields === undefined ? [] : listsOf(fields)))];
}

/** Undefined where the bytes are no fields. */
function parse(bytes: Uint8Array, depth = 0): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number < 1 || number > 2 ** 16 || ![0, 1, 2, 5].includes(wire)) return undefined;
    at = afterTag;
    if (wire === 0) {
      const [value, end] = readVarint(bytes, at);
      fields.push({ number, wire, value });
      at = end;
      continue;
    }
    const [length, begin] = wire === 2 ? readVarint(bytes, at) : [wire === 1 ? 8n : 4n, at];
    const end = begin + Number(length);
    if (end > bytes.length) return undefined;
    const part = bytes.subarray(begin, end);
    const isMessage = wire === 2 && part.length > 1 && depth < MOST_DEPTH && !isText(part);
    const inner = isMessage ? parse(part, depth + 1) : undefined;
    fields.push(inner === undefined ? { number, wire, bytes: part } : { number, wire, fields: inner });
    at = end;
  }
  return fields;
}

/** Ends behind the bytes where it is cut off, so that nothing can follow. */
function readVarint(bytes: Uint8Array, at: number): [value: bigint, end: number] {
  let value = 0n;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    value |= BigInt(bytes[at + i] & 0x7f) << BigInt(7 * i);
    if (bytes[at + i] < 0x80) return [value, at + i + 1];
  }
  return [0n, bytes.length + 1];
}

function write(fields: readonly Field[]): Uint8Array {
  return concat(
    ...fields.flatMap(({ number, wire, value, bytes, fields, lie = 0 }) => {
      const tag = varint(BigInt(8 * number + wire));
      if (value !== undefined) return [tag, varint(value)];
      const content = fields === undefined ? (bytes ?? new Uint8Array()) : write(fields);
      return wire === 2 ? [tag, varint(BigInt(Math.max(0, content.length + lie))), content] : [tag, content];
    }),
  );
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    if (left <= 0x7fn) return Uint8Array.from(bytes);
  }
}
