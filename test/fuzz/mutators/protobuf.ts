/** Protobuf without a schema: fields are changed in one message, which is found by going down where bytes happen to be fields. */
import type { Random } from '../../random-graph.ts';
import { concat, integerNear, type Mutator, repeats } from '../mutator.ts';
import { mutateBytes, setNumber } from './bytes.ts';

interface Field {
  readonly number: number;
  /** 0 is a varint, 1 and 5 are 8 and 4 bytes, 2 has a length. */
  readonly wire: number;
  /** Of a varint. */
  readonly value?: bigint;
  /** Of the others. */
  readonly bytes?: Uint8Array;
  /** Added to the length that is written, so that it is wrong. */
  readonly lie?: number;
  /** All of it, where it is as it was read. */
  readonly written?: Uint8Array;
}

export const mutateProtobuf: Mutator = (bytes, random, other) => changed(bytes, random, listWithin(other, random), []);

/** The message with one change in it or in one that it holds; `above` are the fields of the message that holds it. */
function changed(
  bytes: Uint8Array,
  random: Random,
  others: readonly Field[],
  above: readonly Field[],
): Uint8Array | undefined {
  const list = parse(bytes);
  if (list === undefined || list.length === 0) return undefined;
  const at = random.below(list.length);
  const inner = random.below(8) > 0 ? messageOf(list[at]) : undefined;
  const changedInner = inner && changed(inner, random, others, list);
  if (changedInner !== undefined) list[at] = { number: list[at].number, wire: 2, bytes: changedInner };
  else random.pick(CHANGES)(list, at, random, { others, above });
  return write(list);
}

/** The fields of a message somewhere within another file. */
function listWithin(bytes: Uint8Array, random: Random): readonly Field[] {
  const list = parse(bytes) ?? [];
  const inner = list.length > 0 && random.below(4) > 0 ? messageOf(random.pick(list)) : undefined;
  return inner === undefined ? list : listWithin(inner, random);
}

interface Sources {
  /** Fields of a message of another file. */
  readonly others: readonly Field[];
  /** Those of the message that holds this one. */
  readonly above: readonly Field[];
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
  (list, at, random) =>
    list.splice(at, 1, { ...list[at], written: undefined, number: 1 + random.below(random.pick([8, 32, 256])) }),
  (list, at, random) =>
    list.splice(at, 1, { ...list[at], written: undefined, lie: random.pick([-1, 1, 2 ** 31, 2 ** 32 - 1]) }),
  (list, at, random) => list.splice(at, 1, nested(list[at], random.pick([1, 2, 60, 70, 1000]))),
];

/** A message within one like it, as deep as is allowed, and deeper. */
function nested(field: Field, depth: number): Field {
  let bytes = write([field]);
  for (let left = depth; left > 0; left--) bytes = write([{ number: field.number, wire: 2, bytes }]);
  return { number: field.number, wire: 2, bytes };
}

function changeValue(list: Field[], at: number, random: Random, sources: Sources): void {
  const { value, bytes, number, wire } = list[at];
  if (value !== undefined) {
    const near = BigInt(integerNear(Number(BigInt.asIntN(64, value)), random));
    list[at] = { number, wire, value: BigInt.asUintN(64, near) };
  } else if (bytes !== undefined) {
    list[at] = { number, wire, bytes: changedBytes(bytes, wire, random, sources) };
  }
}

/** Texts become another text of the file, so that names meet other names. */
function changedBytes(bytes: Uint8Array, wire: number, random: Random, { others, above }: Sources): Uint8Array {
  if (wire !== 2) {
    const changed = bytes.slice();
    setNumber(changed, 0, bytes.length, random);
    return changed;
  }
  if (isText(bytes) && random.below(4) > 0) {
    const beside = above.length === 0 ? others : parse(random.pick(above).bytes ?? new Uint8Array());
    const texts = (beside ?? []).filter(({ bytes, wire }) => wire === 2 && bytes !== undefined && isText(bytes));
    if (texts.length > 0) return random.pick(texts).bytes ?? bytes;
  }
  return mutateBytes(bytes, random, bytes) ?? bytes;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.length < 256 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** The bytes of a field that may be a message. */
function messageOf({ wire, bytes }: Field): Uint8Array | undefined {
  return wire === 2 && bytes !== undefined && bytes.length > 1 && !isText(bytes) ? bytes : undefined;
}

/** Undefined where the bytes are not fields. */
function parse(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number < 1 || number > 2 ** 16 || ![0, 1, 2, 5].includes(wire)) return undefined;
    if (wire === 0) {
      const [value, end] = readVarint(bytes, afterTag);
      if (end > bytes.length) return undefined;
      fields.push({ number, wire, value, written: bytes.subarray(at, end) });
      at = end;
      continue;
    }
    const [length, begin] = wire === 2 ? readVarint(bytes, afterTag) : [wire === 1 ? 8n : 4n, afterTag];
    const end = begin + Number(length);
    if (end > bytes.length) return undefined;
    fields.push({ number, wire, bytes: bytes.subarray(begin, end), written: bytes.subarray(at, end) });
    at = end;
  }
  return fields;
}

/** Ends behind the bytes where it is cut off, so that nothing can follow. */
function readVarint(bytes: Uint8Array, at: number): [value: bigint, end: number] {
  if (bytes[at] < 0x80) return [BigInt(bytes[at]), at + 1];
  let value = 0n;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    value |= BigInt(bytes[at + i] & 0x7f) << BigInt(7 * i);
    if (bytes[at + i] < 0x80) return [value, at + i + 1];
  }
  return [0n, bytes.length + 1];
}

function write(fields: readonly Field[]): Uint8Array {
  return concat(
    ...fields.flatMap(({ number, wire, value, bytes = new Uint8Array(), lie = 0, written }) => {
      if (written !== undefined) return [written];
      const tag = varint(8 * number + wire);
      if (value !== undefined) return [tag, varint(value)];
      return wire === 2 ? [tag, varint(Math.max(0, bytes.length + lie)), bytes] : [tag, bytes];
    }),
  );
}

function varint(value: number | bigint): Uint8Array {
  if (value < 0x80) return Uint8Array.of(Number(value));
  const bytes: number[] = [];
  let left = BigInt(value);
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(left)]);
}
