/**
 * Upper estimates of the memory that values take beyond their bytes in the file: for small values that is twice their
 * size, since they are moved when they are collected.
 */
import {
  PickleArray,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PicklePersistent,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from './values.ts';

export const ITEM = 8;
/** Lists allocate several items at once. */
export const FIRST_ITEM = 136;
/** A key and its value. */
export const PAIR = 96;
export const MAP_ENTRY = 56;
/** For each value on a large stack, which is copied to grow. */
export const STACKED = 24;
/** The same for the memo. */
export const MEMORISED = 12;
const CONTAINER = 136;
const TUPLE = 128;
const OBJECT = 272;
const NAME = 240;
/** A view of bytes of any length. */
const VIEW = 128;
const ARRAY = 240;
/** For short texts, whose bytes are fewer than the string object's. */
const SHORT_TEXT = 28;

export function heapBytes(value: PickleValue): number {
  if (typeof value === 'string') return Math.max(0, SHORT_TEXT - value.length);
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof PickleTuple) return TUPLE + ITEM * value.items.length;
  if (value instanceof PickleList || value instanceof PickleDict || value instanceof PickleSet) return CONTAINER;
  if (value instanceof Uint8Array) return VIEW;
  if (value instanceof PickleObject) return OBJECT;
  if (value instanceof PickleArray) return ARRAY;
  return value instanceof PickleGlobal || value instanceof PicklePersistent ? NAME : 0;
}
