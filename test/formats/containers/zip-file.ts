/** Zip archives for tests, with any field as wrong as wanted. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface Member {
  readonly name: string;
  readonly data?: Uint8Array | string;
  readonly deflate?: boolean;
  /** In place of the right ones, in the directory (and before the member, but for `localName`). */
  readonly size?: number;
  readonly compressedSize?: number;
  readonly crc?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly localName?: string;
}

export function zipOf(members: readonly Member[], { count = members.length, disk = 0 } = {}): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const data = Buffer.from(member.data ?? '');
    const packed = member.deflate ? deflateRawSync(data) : data;
    const name = Buffer.from(member.name);
    const localName = Buffer.from(member.localName ?? member.name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(member.flags ?? 0, 2);
    shared.writeUInt16LE(member.method ?? (member.deflate ? 8 : 0), 4);
    shared.writeUInt32LE(member.crc ?? crc32(data), 10);
    shared.writeUInt32LE(member.compressedSize ?? packed.length, 14);
    shared.writeUInt32LE(member.size ?? data.length, 18);
    const local = Buffer.from(shared);
    local.writeUInt16LE(localName.length, 22);
    parts.push(Buffer.from('PK\x03\x04'), local, localName, packed);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    shared.writeUInt16LE(name.length, 22);
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), shared, end, name);
    offset += 30 + localName.length + packed.length;
  }
  const names = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(disk, 0);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(names.length, 8);
  end.writeUInt32LE(offset, 12);
  return new Uint8Array(Buffer.concat([...parts, names, Buffer.from('PK\x05\x06'), end]));
}
