/** Which format data is in: by what it is called, or by how it begins. */
import { extname } from 'node:path';
import { isNpy } from '../formats/containers/npy.ts';
import type { ByteSource } from './byte-source.ts';

export const DATA_FORMATS = ['npy', 'csv', 'json', 'jsonl'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

const EXTENSIONS: ReadonlyMap<string, DataFormat> = new Map([
  ['.npy', 'npy'],
  ['.csv', 'csv'],
  ['.tsv', 'csv'],
  ['.json', 'json'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
]);
const SNIFFED_BYTES = 65_536;

export function formatOfName(path: string): DataFormat | undefined {
  return EXTENSIONS.get(extname(path).toLowerCase());
}

export async function sniffFormat(source: ByteSource): Promise<DataFormat> {
  const head = await source.peek(SNIFFED_BYTES);
  if (isNpy(head)) return 'npy';
  const text = new TextDecoder().decode(head).trimStart();
  if (!/^[[{]/.test(text)) return 'csv';
  const [firstLine, ...rest] = text.split('\n');
  const isWhole = isJson(firstLine);
  return isWhole && rest.some((line) => line.trim() !== '') ? 'jsonl' : 'json';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
