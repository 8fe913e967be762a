/** The members of a zip archive, from the directory at its end; the headers before the members are not trusted. */
import type { Entry, RandomAccessReader } from 'yauzl';
import { ForwardpassError } from '../../../errors.ts';
import { quote } from '../../../messages.ts';
import { openPackage } from '../../../platform/package.ts';
import type { Reader } from '../../format.ts';
import { Window } from './window.ts';

export interface ZipEntry {
  readonly name: string;
  /** Declared size in bytes, uncompressed. */
  readonly size: number;
  /** Size in bytes, as stored. */
  readonly compressedSize: number;
}

export interface StoredEntry extends ZipEntry {
  /** The bytes of the name in the archive. */
  readonly rawName: Uint8Array;
  readonly method: 'stored' | 'deflated' | `method ${number}`;
  readonly crc32: number;
  /** The offset of the header before the member's bytes. */
  readonly headerOffset: number;
}

export interface Directory {
  readonly reader: Reader;
  readonly window: Window;
  /** By name, without folders. */
  readonly entries: ReadonlyMap<string, StoredEntry>;
}

type Yauzl = typeof import('yauzl');

/** An archive of a model has some hundreds of members. */
const MOST_ENTRIES = 50_000;
/** Bytes of the header before a member's bytes, without its name. */
const HEADER_BYTES = 30;
const ENCRYPTED = 1;

const directories = new WeakMap<Reader, Promise<Directory>>();

/** Read once for each reader. */
export function readDirectory(reader: Reader): Promise<Directory> {
  const directory = directories.get(reader) ?? collect(reader);
  directories.set(reader, directory);
  return directory;
}

async function collect(reader: Reader): Promise<Directory> {
  const window = new Window(reader);
  const entries = new Map<string, StoredEntry>();
  const names = new Set<string>();
  const yauzl = await openPackage('yauzl', () => import('yauzl'));
  try {
    // Names and sizes are checked here, so that messages can name the member.
    const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false };
    const archive = await yauzl.fromRandomAccessReaderPromise(accessTo(window, yauzl), reader.size, options);
    for await (const entry of archive.eachEntry()) {
      const name = nameOf(entry, reader, yauzl);
      if (names.has(name)) throw unsafe(`the archive has two members named ${quote(name)}`, reader);
      if (names.size === MOST_ENTRIES) {
        throw new ForwardpassError('LIMIT', `the archive has more than ${MOST_ENTRIES} members`, reader.name);
      }
      names.add(name);
      if (!name.endsWith('/')) entries.set(name, storedEntry(entry, name));
    }
  } catch (error) {
    throw error instanceof ForwardpassError ? error : damaged(error as Error, reader);
  }
  refuseOverlaps(entries.values(), reader);
  return { reader, window, entries };
}

/** Members that share bytes could unpack to more than the archive's size suggests. */
function refuseOverlaps(entries: Iterable<StoredEntry>, reader: Reader): void {
  let end = 0;
  for (const entry of Array.from(entries).sort((a, b) => a.headerOffset - b.headerOffset)) {
    if (entry.headerOffset < end) {
      throw unsafe(`the member ${quote(entry.name)} shares its bytes with another member`, reader);
    }
    end = entry.headerOffset + HEADER_BYTES + entry.rawName.length + entry.compressedSize;
  }
}

function nameOf(entry: Entry, reader: Reader, yauzl: Yauzl): string {
  const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  if (name === '' || name.includes('\0') || yauzl.validateFileName(name) !== null) {
    throw unsafe(`the archive has a member named ${quote(name)}, which is not a path inside it`, reader);
  }
  if (entry.generalPurposeBitFlag & ENCRYPTED) {
    throw new ForwardpassError(
      'MALFORMED',
      `the member ${quote(name)} is encrypted, which is not supported`,
      reader.name,
    );
  }
  return name;
}

function storedEntry(entry: Entry, name: string): StoredEntry {
  const method = entry.compressionMethod;
  return {
    name,
    rawName: entry.fileNameRaw,
    size: entry.uncompressedSize,
    compressedSize: entry.compressedSize,
    method: method === 0 ? 'stored' : method === 8 ? 'deflated' : `method ${method}`,
    crc32: entry.crc32,
    headerOffset: entry.relativeOffsetOfLocalHeader,
  };
}

function damaged(cause: Error, { name }: Reader): ForwardpassError {
  if (cause.message.startsWith('End of central directory record signature not found')) {
    const message = 'the directory at the end of the zip archive was not found: the file is cut off';
    return new ForwardpassError('TRUNCATED', message, name, { cause });
  }
  return new ForwardpassError('MALFORMED', `the zip archive is damaged (${cause.message})`, name, { cause });
}

function unsafe(message: string, { name }: Reader): ForwardpassError {
  return new ForwardpassError('UNSAFE', message, name);
}

/** Lets yauzl read the file. */
function accessTo(window: Window, { RandomAccessReader }: Yauzl): RandomAccessReader {
  class WindowAccess extends RandomAccessReader {
    override read(
      buffer: Uint8Array,
      offset: number,
      length: number,
      at: number,
      done: (error: Error | null) => void,
    ): void {
      window.read(at, length).then(
        (bytes) => {
          buffer.set(bytes, offset);
          done(null);
        },
        (error: Error) => done(error),
      );
    }
  }
  return new WindowAccess();
}
