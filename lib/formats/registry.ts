/** The formats, in the order in which they look at a file. A new one is its folder and a row here. */
import { ForwardpassError } from '../errors.ts';
import type { FormatReader, Source } from './format.ts';
import { onnx } from './onnx/onnx.ts';
import { safetensors } from './safetensors/safetensors.ts';

/** Those with a signature come first; ONNX has none, and is told by its structure. */
const READERS = { safetensors, onnx } as const satisfies Record<string, FormatReader>;
export type Format = keyof typeof READERS;
export const FORMATS = Object.keys(READERS) as readonly Format[];

/** Their files hold parameters alone: for them, and only for them, users may describe the network. */
const PARAMETER_FORMATS: ReadonlySet<string> = new Set<Format>(['safetensors']);

const HEAD_BYTES = 4096;

/** The format asked for, or else the one that the content is of. Throws `UNKNOWN_FORMAT`. */
export async function chooseFormat(source: Source, asked: Format | undefined): Promise<FormatReader> {
  if (asked !== undefined) return READERS[asked];
  const { main } = source;
  const head = await main.read(0, Math.min(main.size, HEAD_BYTES));
  const format = Object.values(READERS).find((reader: FormatReader) => reader.detect(head, source));
  if (format !== undefined) return format;
  const { looksLike } = await import('./looks-like.ts');
  const message = `looks like ${looksLike(head, main.size)}; the formats read are ${FORMATS.join(' and ')}`;
  throw new ForwardpassError('UNKNOWN_FORMAT', message, main.name);
}

/** Opens the reader that a file's name suggests while the file itself is opened; its content decides. */
export function anticipateFormat(path: string): void {
  const format = Object.values(READERS).find(({ name }) => path.toLowerCase().endsWith(`.${name}`));
  // What went wrong goes wrong again when the format is read.
  format?.anticipate().catch(() => {});
}

export function holdsParametersAlone(format: FormatReader): boolean {
  return PARAMETER_FORMATS.has(format.name);
}
