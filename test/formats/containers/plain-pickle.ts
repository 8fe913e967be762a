/** Values of pickles as the JSON that test/fixtures/make/make_pickle.py writes for them. */
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
} from '../../../lib/formats/containers/pickle/values.ts';

export function plain(value: PickleValue | undefined): unknown {
  if (typeof value === 'bigint') return { int: String(value) };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof PickleList) return value.items.map(plain);
  if (value instanceof PickleTuple) return { tuple: value.items.map(plain) };
  if (value instanceof PickleDict) return { dict: value.entries.map((pair) => pair.map(plain)) };
  if (value instanceof PickleSet) return { set: value.items.toSorted().map(plain) };
  if (value instanceof PickleGlobal) return { global: String(value) };
  if (value instanceof PicklePersistent) return { persistent: plain(value.id) };
  if (value instanceof PickleArray) {
    const data = Array.from<PickleValue | undefined, unknown>(value.data, plain);
    return { array: value.dtype, shape: value.shape, data };
  }
  if (value instanceof PickleObject) {
    const { callable, args, state } = value;
    return { object: String(callable), args: args.map(plain), ...(state !== undefined && { state: plain(state) }) };
  }
  return value;
}

/** Python's numbers, where JSON has none that are whole and yet no integers. */
export function revive(key: string, value: unknown): unknown {
  if (key === '' || typeof value !== 'object' || value === null || !('float' in value)) return value;
  const text = String(value.float);
  const named: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN };
  return named[text] ?? Number(text);
}
