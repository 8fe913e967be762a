/** Zip archives: a member is changed by what it is and packed anew, or the archive's own records are. */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Random } from '../../random-graph.ts';
import { concat, type Mutator, repeats } from '../mutator.ts';
import { setNumber } from './bytes.ts';

interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
/** Places of numbers in the records that begin so, and their sizes. */
const FIELDS: Readonly<Record<number, readonly (readonly [at: number, size: number])[]>> = {
  [LOCAL]: [
    [4, 2],
    [6, 2],
    [8, 2],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  [ENTRY]: [
    [8, 2],
    [10, 2],
    [16, 4],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [34, 2],
    [38, 4],
    [42, 4],
  ],
  [END]: [
    [4, 2],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
};

/** A mutator that changes members by what `mutateMember` knows of their names. */
export function zipMutator(mutateMember: (name: string) => Mutator): Mutator {
  return (bytes, random, other) => {
    if (random.below(10) === 0) return changedRecord(bytes, random);
    const members = membersOf(bytes);
    if (members.length === 0) return undefined;
    const others = membersOf(other);
    const at = chosen(members, random);
    const { name, data } = members[at];
    if (random.below(8) > 0) {
      const like = others.find((member) => member.name === name) ?? members[at];
      const changed = mutateMember(name)(data, random, like.data);
      return changed && zipOf(members.with(at, { name, data: changed }), random);
    }
    random.pick(CHANGES)(members, at, random, others);
    return zipOf(members, random);
  };
}

type Change = (members: Member[], at: number, random: Random, others: readonly Member[]) => void;

const CHANGES: readonly Change[] = [
  (members, at) => members.splice(at, 1),
  (members, at) => members.push(members[at]),
  (members, at, random) => members.splice(at, 1, { ...members[at], name: random.pick(members).name }),
  (members, at, random) => members.splice(at, 1, { ...members[at], data: random.pick(members).data }),
  (members, at, random, others) => others.length > 0 && members.splice(at, random.below(2), random.pick(others)),
  (members, at, random) => {
    const { name, data } = members[at];
    const copies = Array.from({ length: repeats(name.length + data.length, random) }, (_, i) => ({
      name: `${name}${i}`,
      data,
    }));
    members.push(...copies);
  },
  (members, at, random) =>
    members.splice(at, 1, { ...members[at], name: random.pick(['../x', '/x', 'x/', '', '\0', 'a'.repeat(5000)]) }),
];

/** What describes is chosen more often than numbers, of which most members are full. */
function chosen(members: readonly Member[], random: Random): number {
  const describing = members.flatMap(({ name }, at) =>
    /\.(pkl|json|py|schema|h5)$|^(schema|config)/.test(name) ? [at] : [],
  );
  return describing.length > 0 && random.below(4) > 0 ? random.pick(describing) : random.below(members.length);
}

function changedRecord(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const records: number[] = [];
  for (let at = 0; at + 22 <= bytes.length; at++) if (FIELDS[view.getUint32(at, true)] !== undefined) records.push(at);
  if (records.length === 0) return undefined;
  const record = random.pick(records);
  const [at, size] = random.pick(FIELDS[view.getUint32(record, true)]);
  if (record + at + size > bytes.length) return undefined;
  setNumber(changed, record + at, size, random);
  return changed;
}

/** Those that can be read, by the directory at the end. */
export function membersOf(bytes: Uint8Array): Member[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members: Member[] = [];
  let at = file.indexOf('PK\x01\x02', file.lastIndexOf('PK\x05\x06') < 0 ? file.length : directoryOf(file), 'latin1');
  while (at >= 0 && at + 46 <= file.length && file.readUInt32LE(at) === ENTRY) {
    const nameLength = file.readUInt16LE(at + 28);
    const name = file.toString('utf8', at + 46, at + 46 + nameLength);
    const data = dataOf(file, file.readUInt32LE(at + 42), file.readUInt16LE(at + 10), file.readUInt32LE(at + 20));
    if (data !== undefined) members.push({ name, data });
    at += 46 + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return members;
}

function directoryOf(file: Buffer): number {
  const end = file.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  return end + 20 <= file.length ? Math.min(file.readUInt32LE(end + 16), file.length) : file.length;
}

function dataOf(file: Buffer, at: number, method: number, size: number): Uint8Array | undefined {
  if (at + 30 > file.length) return undefined;
  const start = at + 30 + file.readUInt16LE(at + 26) + file.readUInt16LE(at + 28);
  const packed = file.subarray(start, start + size);
  try {
    return new Uint8Array(method === 8 ? inflateRawSync(packed, { maxOutputLength: 2 ** 22 }) : packed);
  } catch {
    return undefined;
  }
}

function zipOf(members: readonly Member[], random: Random): Uint8Array {
  const isDeflated = random.below(8) === 0;
  const locals: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data } of members) {
    const packed = isDeflated ? deflateRawSync(data) : data;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isDeflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    const nameBytes = Buffer.from(name);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = concat(Buffer.from('PK\x03\x04'), common, nameBytes, packed);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    entries.push(concat(Buffer.from('PK\x01\x02\x14\0'), common, end, nameBytes));
    locals.push(local);
    offset += local.length;
  }
  const directory = concat(...entries);
  const end = Buffer.from('PK\x05\x06'.padEnd(22, '\0'));
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return concat(...locals, directory, end);
}
