/** An open zip archive; members are read by name, each as a whole. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { quote } from '../../../messages.ts';
import { crc32 } from '../compression/crc32.ts';
import { inflate } from '../compression/inflate.ts';
import { BoundedOutput } from '../compression/output.ts';
import type { Directory, StoredEntry, ZipEntry } from './directory.ts';

export type { ZipEntry } from './directory.ts';

const HEADER_BYTES = 30;
const HEADER_SIGNATURE = 0x04034b50;

export class ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  private readonly stored: ReadonlyMap<string, StoredEntry>;

  constructor(
    private readonly directory: Directory,
    private readonly budget: Budget,
  ) {
    this.stored = directory.entries;
    this.entries = directory.entries;
  }

  has(name: string): boolean {
    return this.stored.has(name);
  }

  /**
   * A member's bytes, which the caller owns and which begin at the start of their buffer. Throws `DANGLING` if there is
   * no such member, `TRUNCATED`, `MALFORMED` if sizes or the checksum disagree, `LIMIT`.
   */
  async read(name: string): Promise<Uint8Array> {
    const { reader, window } = this.directory;
    const entry = this.stored.get(name);
    if (entry === undefined) {
      throw new ForwardpassError('DANGLING', `the archive has no member ${quote(name)}`, reader.name);
    }
    const place = `${reader.name} member ${name}`;
    this.spend(entry, place);
    if (!this.budget.isNew(entry)) this.budget.build(entry.size, place);
    const packed = await window.read(await this.dataOffset(entry, place), entry.compressedSize);
    const bytes = await unpack(entry, packed, place);
    if (crc32(bytes) !== entry.crc32) {
      throw new ForwardpassError(
        'MALFORMED',
        'the checksum (CRC-32) does not match the bytes: the member is damaged',
        place,
      );
    }
    return bytes;
  }

  /** Checks the declared sizes before anything is read or allocated. */
  private spend({ size, compressedSize, method }: StoredEntry, place: string): void {
    const { reader } = this.directory;
    if (compressedSize > reader.size) {
      const message = `declares ${compressedSize} bytes in an archive of ${reader.size}`;
      throw new ForwardpassError('TRUNCATED', message, place);
    }
    if (method === 'stored' && size !== compressedSize) {
      const message = `is stored uncompressed with ${compressedSize} bytes, but declares ${size}`;
      throw new ForwardpassError('MALFORMED', message, place);
    }
    this.budget.unpack(size, place, compressedSize);
  }

  /** Where the bytes begin: after the member's own header, which must name the same member. */
  private async dataOffset({ rawName, headerOffset }: StoredEntry, place: string): Promise<number> {
    const { window } = this.directory;
    const header = await window.read(headerOffset, HEADER_BYTES + rawName.length);
    const view = new DataView(header.buffer);
    if (view.getUint32(0, true) !== HEADER_SIGNATURE) {
      throw new ForwardpassError('MALFORMED', `expected its header at byte ${headerOffset}, found other bytes`, place);
    }
    const [nameBytes, extraBytes] = [view.getUint16(26, true), view.getUint16(28, true)];
    if (nameBytes !== rawName.length || !rawName.every((byte, i) => byte === header[HEADER_BYTES + i])) {
      const message = 'has one name in the directory of the archive and another in the header before its bytes';
      throw new ForwardpassError('UNSAFE', message, place);
    }
    return headerOffset + HEADER_BYTES + nameBytes + extraBytes;
  }
}

async function unpack({ method, size }: StoredEntry, packed: Uint8Array, place: string): Promise<Uint8Array> {
  if (method === 'stored') return packed;
  if (method === 'deflated') return inflate(packed, 'raw', BoundedOutput.exactly(size, place));
  const message = `is compressed by ${method}; expected it stored or deflated`;
  throw new ForwardpassError('UNSUPPORTED_VERSION', message, place);
}
