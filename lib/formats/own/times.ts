/** Python datetime and pandas timestamps, as ISO 8601 text. */
import { PickleObject } from '../containers/pickle/values.ts';

/** Undefined for any other object. Without a time zone in Python, the text has none either. */
export function momentOf(object: PickleObject): string | undefined {
  const name = String(object.callable);
  const [first] = object.args;
  if (name === 'datetime.date' && first instanceof Uint8Array && first.length === 4) return dayOf(first);
  if (name === 'datetime.datetime' && first instanceof Uint8Array && first.length === 10) {
    const [hour, minute, second] = first.subarray(4, 7);
    const micro = first[7] * 65536 + first[8] * 256 + first[9];
    const time = [hour, minute, second].map((part) => `${part}`.padStart(2, '0')).join(':');
    return `${dayOf(first)}T${time}${micro === 0 ? '' : `.${`${micro}`.padStart(6, '0')}`}`;
  }
  if (!/^pandas\._libs\.tslibs\.timestamps\._unpickle_timestamp$/.test(name)) return undefined;
  // Nanoseconds since 1970, unless the fourth argument is another unit.
  const unit = UNITS[Number(object.args[3] ?? 10)];
  if ((typeof first !== 'number' && typeof first !== 'bigint') || unit === undefined) return undefined;
  const milliseconds = Number(first) / unit;
  if (!(Math.abs(milliseconds) <= MOST_MILLISECONDS)) return undefined;
  const text = new Date(milliseconds).toISOString();
  return object.args[2] instanceof PickleObject ? text : text.slice(0, -1);
}

/** By pandas' number of a unit, how many make a millisecond: seconds, milliseconds, microseconds, nanoseconds. */
const UNITS: Readonly<Record<number, number>> = { 7: 1e-3, 8: 1, 9: 1e3, 10: 1e6 };
/** The maximum distance of a Date from 1970. */
const MOST_MILLISECONDS = 8.64e15;

function dayOf([high, low, month, day]: Uint8Array): string {
  const year = `${high * 256 + low}`.padStart(4, '0');
  return `${year}-${`${month}`.padStart(2, '0')}-${`${day}`.padStart(2, '0')}`;
}
