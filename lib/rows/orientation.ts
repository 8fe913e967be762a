/** What `DataFrame.to_json` of pandas writes unless it is asked for records. */

/** Says which orientation an object looks like, and which one is read; undefined where it looks like none. */
export function orientationHint(value: object): string | undefined {
  const orientation = orientationOf(value);
  if (orientation === undefined) return undefined;
  return `looks like a table that pandas wrote by to_json(orient='${orientation}'); write it with orient='records'`;
}

function orientationOf(value: object): 'columns' | 'split' | 'table' | undefined {
  const { columns, data, schema } = value as Readonly<Record<string, unknown>>;
  if (Array.isArray(data) && Array.isArray(columns)) return 'split';
  if (Array.isArray(data) && isPlainObject(schema)) return 'table';
  // By columns or by their index: rows of the one are columns of the other.
  const parts = Object.values(value);
  return parts.length > 0 && parts.every(isPlainObject) ? 'columns' : undefined;
}

function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}
