/**
 * Structured types as written in a .npy header: `[('left_child', '<i8'), ('missing_go_to_left', '|u1'), ('', '|V7')]`.
 */
import { type Field, MOST_FIELDS, type RecordType } from './pickle/records.ts';

/** A field's name and type; a field without a name is padding. */
const FIELD = /\('(\w{0,80})', '([<>|])(?:([fiu][1248]|b1)|V(\d{1,9}))'\)(?:, |$)/y;

/** Undefined for types that are not structured, and for records that contain anything but numbers. */
export function recordTypeOf(descr: string): RecordType | undefined {
  if (!descr.startsWith('[') || !descr.endsWith(']')) return undefined;
  const text = descr.slice(1, -1);
  const fields: Field[] = [];
  let offset = 0;
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const [, name, order, type, padding] = FIELD.exec(text) ?? [];
    if (name === undefined || fields.length === MOST_FIELDS) return undefined;
    const bytes = Number(padding ?? type.slice(1));
    if (type !== undefined) fields.push({ name, type: { name: type, bytes, littleEndian: order !== '>' }, offset });
    offset += bytes;
  }
  const areNames = new Set(fields.map(({ name }) => name)).size === fields.length;
  return areNames && fields.length > 0 ? { fields, bytes: offset } : undefined;
}
