/** The inputs of a model as a readable table, with a line for each field of a record. */
import { greatest } from '../extremes.ts';
import { listNames, quote } from '../messages.ts';
import type { FieldSchema, RecordSchema } from '../schema.ts';

const MOST_COLUMNS = 40;
const MOST_CATEGORIES = 5;

const HEAD = ['column', 'type', 'categories', 'may be missing'];

export function columnsTable({ properties, required }: RecordSchema): string {
  const names = Object.keys(properties);
  const needed = new Set(required);
  const rows = names
    .slice(0, MOST_COLUMNS)
    .map((name) => [shown(name), ...cellsOf(properties[name], needed.has(name))]);
  const table = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => greatest(table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  const more = names.length > MOST_COLUMNS ? [`and ${names.length - MOST_COLUMNS} more: see --schema`] : [];
  return [...lines, ...more].join('\n');
}

function cellsOf(schema: FieldSchema, isRequired: boolean): string[] {
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return ['unused', '', 'yes'];
  return [typeText(schema), categoriesText(schema), missingText(schema, types.includes('null'), isRequired)];
}

function typeText({ type, maxItems, minimum, maximum }: FieldSchema): string {
  const [kind] = [type ?? []].flat().filter((each) => each !== 'null');
  if (kind === 'array') return `array of ${maxItems}`;
  return maximum === undefined ? String(kind) : `${kind} from ${minimum} to ${maximum}`;
}

function categoriesText({ enum: only, examples }: FieldSchema): string {
  const words = (only ?? examples ?? []).filter((word) => word !== null);
  return `${listNames(words, MOST_CATEGORIES)}${examples === undefined ? '' : ', or others'}`;
}

/** A nullable column may be null in a record. A record may leave out the column if the model handles missing values. */
function missingText({ default: filled }: FieldSchema, isNullable: boolean, isRequired: boolean): string {
  if (filled !== undefined) return `yes: ${typeof filled === 'string' ? quote(filled) : filled}`;
  return isNullable ? (isRequired ? 'as null' : 'yes') : '';
}

/** Escapes a name, because names come from files: line breaks and escape sequences must not reach the terminal. */
function shown(name: string): string {
  return quote(name).slice(1, -1);
}
