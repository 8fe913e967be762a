/** Converts dates to milliseconds since 1970 in UTC. */

/** ISO 8601 as written by pandas and JSON: a date, or a date and time, with or without a time zone. */
const ISO =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

const LONGEST = 40;
const DAY = 86_400_000;

/**
 * The milliseconds of a text. Text without a time zone is treated as UTC, as in NumPy and pandas. Fractions of a
 * millisecond are kept. Undefined if the text has another form, or the date does not exist.
 */
export function millisecondsOf(text: string): number | undefined {
  const found = text.length <= LONGEST ? ISO.exec(text.trim()) : null;
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part, i) => Number(part ?? FIRST[i]));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = found[7] === undefined ? 0 : Number(`0.${found[7]}`) * 1000;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offsetOf(found[8]);
}

/** Defaults for missing parts: January, the first day, midnight. */
const FIRST = [1970, 1, 1, 0, 0, 0];

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const digits = zone.replace(':', '');
  const [hours, minutes] = [Number(digits.slice(1, 3)), Number(digits.slice(3, 5) || '0')];
  return (digits.startsWith('-') ? -1 : 1) * ((hours * 60 + minutes) / 1440) * DAY;
}
