/** Detects the format of data by file name, or by its first bytes. */
import { extname } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { isNpy } from '../formats/containers/npy.ts';
import type { ByteSource } from './byte-source.ts';

export const DATA_FORMATS = ['npy', 'csv', 'json', 'jsonl', 'parquet'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

const EXTENSIONS: ReadonlyMap<string, DataFormat> = new Map([
  ['.npy', 'npy'],
  ['.csv', 'csv'],
  ['.tsv', 'csv'],
  ['.json', 'json'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.parquet', 'parquet'],
  ['.pq', 'parquet'],
]);
const SNIFFED_BYTES = 65_536;

/** Formats that are not supported, by file name extension, and what to save instead. */
const REFUSED: readonly (readonly [extensions: string, what: string, instead: string])[] = [
  ['.xlsx .xlsm .xls .xlsb', 'an Excel workbook', 'save the sheet as CSV'],
  ['.ods', 'an OpenDocument spreadsheet', 'save the sheet as CSV'],
  ['.npz', 'an archive of NumPy arrays', 'save only the array: numpy.save'],
  ['.feather .arrow .ipc', 'an Arrow file', 'save it as Parquet: DataFrame.to_parquet'],
  ['.orc', 'an ORC file', 'save it as Parquet'],
  ['.avro', 'an Avro file', 'save it as Parquet'],
  ['.pkl .pickle .joblib', 'a Python pickle', 'save the rows as Parquet, CSV or .npy'],
  ['.h5 .hdf5 .hdf', 'an HDF5 file', 'save the rows as Parquet, CSV or .npy'],
  ['.mat', 'a MATLAB file', 'save the rows as CSV or .npy'],
  ['.dta .sav .sas7bdat .rds .rdata', "a statistics program's own file", 'save the rows as CSV'],
  ['.sqlite .db', 'a database', 'export the rows as CSV'],
  ['.zip', 'a zip archive', 'pass the file inside it'],
  ['.tar .tgz .7z .rar', 'an archive', 'pass the file inside it'],
  ['.bz2 .xz .zst .lz4', 'compressed with something other than gzip', 'unpack it, or compress it with gzip'],
];

/** The same formats, by their first bytes. */
const REFUSED_MAGIC: readonly (readonly [magic: string, extension: string])[] = [
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', '.xls'],
  ['ARROW1', '.arrow'],
  ['FEA1', '.feather'],
  ['ORC', '.orc'],
  ['Obj\x01', '.avro'],
  ['\x89HDF\r\n\x1a\n', '.h5'],
  ['SQLite format 3\0', '.sqlite'],
  ['MATLAB 5.0', '.mat'],
  ['BZh', '.bz2'],
  ['\xfd7zXZ\0', '.xz'],
  ['\x28\xb5\x2f\xfd', '.zst'],
  ['\x04\x22\x4d\x18', '.lz4'],
  ['7z\xbc\xaf\x27\x1c', '.7z'],
  ['Rar!', '.rar'],
  ['\x80\x02', '.pkl'],
  ['\x80\x03', '.pkl'],
  ['\x80\x04', '.pkl'],
  ['\x80\x05', '.pkl'],
];

/** The format for a path's extension, ignoring `.gz`. */
export function formatOfName(path: string): DataFormat | undefined {
  return EXTENSIONS.get(extensionOf(path));
}

/** The same for inputs. Throws `OPTION` for extensions of formats that are known to be unsupported. */
export function formatOfInput(path: string, flag: string): DataFormat | undefined {
  refuse(extensionOf(path), `${flag} ${path}`);
  return formatOfName(path);
}

export function isGzipName(path: string): boolean {
  return /\.gz$/i.test(path);
}

function extensionOf(path: string): string {
  return extname(isGzipName(path) ? path.slice(0, -3) : path).toLowerCase();
}

/**
 * The format that was asked for, or else that of the content. Throws `INPUT` for an empty source and `OPTION` for one
 * whose first bytes are those of another format, regardless of its name.
 */
export async function formatOfContent(source: ByteSource, named: DataFormat | undefined): Promise<DataFormat> {
  const head = Buffer.from(await source.peek(SNIFFED_BYTES));
  if (head.length === 0) throw empty(source);
  const found = isNpy(head) ? 'npy' : head.subarray(0, 4).equals(Buffer.from('PAR1')) ? 'parquet' : undefined;
  if (found !== undefined && named !== undefined && named !== found) {
    const message = `contains ${found}, expected ${named}: rename the file, or pass --input-format ${found}`;
    throw new ForwardpassError('OPTION', message, source.name);
  }
  if (found !== undefined) return found;
  refuse(usualExtension(head), source.name);
  const text = decode(head).trimStart();
  if (text === '' && head.length < SNIFFED_BYTES) throw empty(source);
  if (/^<(!doctype|html|\?xml)/i.test(text)) {
    const message = 'is a web page or XML, which is not supported: check whether the download failed';
    throw new ForwardpassError('OPTION', message, source.name);
  }
  return named ?? sniffText(text);
}

function empty({ name }: ByteSource): ForwardpassError {
  return new ForwardpassError('INPUT', 'is empty, expected rows', name);
}

/** The usual extension of such content, if it is an unsupported format. */
function usualExtension(head: Buffer): string | undefined {
  const text = head.toString('latin1');
  if (text.startsWith('PK\x03\x04')) {
    if (text.includes('[Content_Types].xml')) return '.xlsx';
    if (text.includes('opendocument.spreadsheet')) return '.ods';
    return /^.{30}[^\0]*\.npy/s.test(text.slice(0, 512)) ? '.npz' : '.zip';
  }
  if (text.slice(257, 262) === 'ustar') return '.tar';
  return REFUSED_MAGIC.find(([magic]) => text.startsWith(magic))?.[1];
}

function refuse(extension: string | undefined, place: string): void {
  if (!extension) return;
  const entry = REFUSED.find(([extensions]) => extensions.split(' ').includes(extension));
  if (entry === undefined) return;
  const [, what, instead] = entry;
  throw new ForwardpassError('OPTION', `is ${what}, which is not supported: ${instead}`, place);
}

function decode(head: Buffer): string {
  const [a, b] = head;
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(head);
}

function sniffText(text: string): DataFormat {
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
