/** What values take in memory beyond the bytes that they have in the file, near enough to bound it. */
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
/** Lists make room for several items with the first. */
export const FIRST_ITEM = 136;
/** A key and its value. */
export const PAIR = 72;
export const MAP_ENTRY = 48;
const CONTAINER = 64;
const TUPLE = 80;
const OBJECT = 144;
const NAME = 40;
/** A view of bytes, whatever its length. */
const VIEW = 128;
const ARRAY = 208;
/** Of short texts, whose bytes are fewer than what a string takes. */
const SHORT_TEXT = 20;

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
