/** The value of elements that were never written. */
import { type Messages, TYPES } from './messages.ts';
import type { Part } from './reader.ts';

/** One element as stored; undefined means zero. */
export function readFill(messages: Messages, elementBytes: number): Uint8Array | undefined {
  const what = 'a fill value';
  const newer = messages.find(TYPES.fill, what);
  const older = newer === undefined ? messages.find(TYPES.oldFill, what) : undefined;
  const value = newer !== undefined ? readNewer(newer) : older?.bytes(older.u32());
  if (value === undefined || value.every((byte) => byte === 0)) return undefined;
  if (value.length === elementBytes) return value;
  throw messages.reader.damaged(`a fill value has ${value.length} bytes; expected ${elementBytes}`);
}

const IS_DEFINED = 32;

function readNewer(part: Part): Uint8Array | undefined {
  const version = part.version(1, 2, 3);
  if (version === 3) return (part.u8() & IS_DEFINED) !== 0 ? part.bytes(part.u32()) : undefined;
  const isDefined = part.skip(2).u8() !== 0;
  return isDefined ? part.bytes(part.u32()) : undefined;
}
