/** Arrow strings, in which pandas 3 stores the names of columns: offsets, and the bytes of all names. */
import type { Budget } from '../../graph/budget.ts';
import { decodeUtf8 } from '../containers/pickle/text.ts';
import { PickleList, PickleObject, PickleTuple, type PickleValue } from '../containers/pickle/values.ts';

/** The memory of a string and its entry in a list. */
const TEXT_BYTES = 32;

/** Undefined for anything but an array of strings without missing ones. */
export function arrowStrings(value: PickleValue | undefined, budget: Budget): PickleTuple | undefined {
  const array = called(value, /^pandas\..*ArrowStringArray/)?.attribute('_pa_array');
  const data = called(array, /^pyarrow\.lib\._restore_array$/)?.args[0];
  const [type, length, nulls, start, buffers] = data instanceof PickleTuple ? data.items : [];
  const alias = called(type, /^pyarrow\.lib\.type_for_alias$/)?.args[0];
  const [, offsets, bytes] = buffers instanceof PickleList ? buffers.items.map(bufferOf) : [];
  const width = alias === 'large_string' ? 8 : 4;
  if ((width === 4 && alias !== 'string') || nulls !== 0 || offsets === undefined) return undefined;
  const last = Number(start) + Number(length);
  if (!(Number.isSafeInteger(last) && Number(start) >= 0 && Number(length) >= 0)) return undefined;
  if ((last + 1) * width > offsets.length) return undefined;
  budget.build(TEXT_BYTES * Number(length), 'names in Arrow');
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.length);
  const at = (i: number) => (width === 8 ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true));
  const texts: string[] = [];
  for (let i = Number(start); i < last; i++) {
    const [from, to] = [at(i), at(i + 1)];
    if (!(from >= 0 && from <= to && to <= (bytes?.length ?? 0))) return undefined;
    budget.build(to - from, 'names in Arrow');
    texts.push(decodeUtf8(bytes?.subarray(from, to) ?? new Uint8Array(), 'a name'));
  }
  return new PickleTuple(texts);
}

function called(value: PickleValue | undefined, name: RegExp): PickleObject | undefined {
  return value instanceof PickleObject && name.test(String(value.callable)) ? value : undefined;
}

function bufferOf(value: PickleValue): Uint8Array | undefined {
  const bytes = called(value, /^pyarrow\.lib\.py_buffer$/)?.args[0];
  return bytes instanceof Uint8Array ? bytes : undefined;
}
