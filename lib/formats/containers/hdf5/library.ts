/**
 * The HDF5 library, compiled to WebAssembly: it sees the bytes that it is given and nothing else of the machine. Its
 * file system is in memory; the devices that it would offer a file are removed, and so is each file's own name once
 * the library has it open.
 */
import type { Module } from 'h5wasm';
import { ForwardpassError } from '../../../errors.ts';

export type H5Module = typeof Module;

/** The library, and what it says when a call fails. */
export interface Library {
  readonly calls: H5Module;
  /** Set after a fault of its own: nothing in its memory can then be relied on, and nothing of it is called again. */
  isBroken: boolean;
  /** What the library said of its last failure. Empties it. */
  complaint(): string;
}

/** What this module uses of the in-memory file system. */
interface FileSystem {
  writeFile(path: string, data: Uint8Array, options: { canOwn: boolean }): void;
  unlink(path: string): void;
  readdir(path: string): string[];
  getStream(descriptor: number): { stream_ops: StreamOperations };
}

interface StreamOperations {
  write(stream: unknown, buffer: Uint8Array, offset: number, length: number): number;
}

interface LoadedModule {
  readonly ready: Promise<H5Module>;
}

/** Failed calls leave a little of the library's stack behind; long before it is used up, another instance is made. */
const MOST_FAILURES = 1000;
const LONGEST_COMPLAINT = 8000;

let current: Promise<Library> | undefined;
let failures = 0;
let instances = 0;

/** Compiled when the first file needs it, and shared by the ones after. */
export function hdf5Library(): Promise<Library> {
  current ??= start();
  return current;
}

async function start(): Promise<Library> {
  const first = instances++ === 0;
  const module: LoadedModule = first
    ? await import('h5wasm')
    : await import(`${import.meta.resolve('h5wasm')}?instance=${instances}`);
  const calls = await module.ready;
  const files = fileSystemOf(calls);
  // The library writes why it failed to a stream that would otherwise end on the console.
  let said = '';
  const errors = files.getStream(2);
  errors.stream_ops = {
    ...errors.stream_ops,
    write(_stream, buffer, offset, length) {
      if (said.length < LONGEST_COMPLAINT) said += Buffer.from(buffer.subarray(offset, offset + length)).toString();
      return length;
    },
  };
  for (const device of files.readdir('/dev')) {
    if (!['.', '..', 'shm'].includes(device)) files.unlink(`/dev/${device}`);
  }
  return {
    calls,
    isBroken: false,
    complaint() {
      const complaint = said;
      said = '';
      return complaint;
    },
  };
}

function fileSystemOf(calls: H5Module): FileSystem {
  return calls.FS as unknown as FileSystem;
}

/** The number by which the library knows the file, whose bytes it reads where they are; undefined when it refuses. */
export function openInMemory({ calls }: Library, bytes: Uint8Array): bigint | undefined {
  const path = '/model';
  const files = fileSystemOf(calls);
  files.writeFile(path, bytes, { canOwn: true });
  try {
    const id = calls.open(path, calls.H5F_ACC_RDONLY, false, -1, -1);
    return id < 0n ? undefined : id;
  } finally {
    files.unlink(path);
  }
}

/** What `call` gives; where the library fails, its words as `MALFORMED` at `place`. */
export function attempt<T>(library: Library, place: string, call: (library: H5Module) => T): T {
  if (library.isBroken) throw new ForwardpassError('MALFORMED', 'the HDF5 structure is damaged', place);
  library.complaint();
  try {
    return call(library.calls);
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    library.isBroken = isTrap(cause);
    if (library.isBroken || ++failures >= MOST_FAILURES) {
      current = undefined;
      failures = 0;
    }
    throw failure(library, place, cause);
  }
}

/** A fault of WebAssembly itself, which is no global of every host's types, or its stack at an end. */
function isTrap(cause: unknown): boolean {
  return cause instanceof RangeError || (cause instanceof Error && cause.name === 'RuntimeError');
}

/** A failure that the library reported, with the innermost of its reasons. */
export function failure(library: Library, place: string, cause?: unknown): ForwardpassError {
  const complaint = library.complaint();
  if (/external (raw data )?file|H5D__?efl/i.test(complaint)) {
    return new ForwardpassError('UNSAFE', 'its data is in another file (external storage)', place, { cause });
  }
  const reason = /: ([^\n:]+)\n\s+major:[^\n]*\n\s+minor:[^\n]*\s*$/.exec(complaint)?.[1];
  const message = reason === undefined ? 'the HDF5 structure is damaged' : `the HDF5 structure is damaged: ${reason}`;
  return new ForwardpassError('MALFORMED', message, place, { cause });
}
