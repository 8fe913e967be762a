/** Recognises the formats of pandas' `DataFrame.to_json` other than records. */

/**
 * A hint that names the orientation that an object seems to have, and the supported one; undefined if it resembles
 * none.
 */
export function orientationHint(value: object): string | undefined {
  const orientation = orientationOf(value);
  if (orientation === undefined) return undefined;
  return `looks like a table that pandas wrote by to_json(orient='${orientation}'); write it with orient='records'`;
}

function orientationOf(value: object): 'columns' | 'split' | 'table' | undefined {
  const { columns, data, schema } = value as Readonly<Record<string, unknown>>;
  if (Array.isArray(data) && Array.isArray(columns)) return 'split';
  if (Array.isArray(data) && isPlainObject(schema)) return 'table';
  // Orientation `columns` or `index`: rows of one are columns of the other.
  const parts = Object.values(value);
  return parts.length > 0 && parts.every(isPlainObject) ? 'columns' : undefined;
}

function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}
