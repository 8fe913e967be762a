/** The formats, in the order in which they examine a file. A new format is a folder and a row here. */
import { withoutPlace } from '../error-text.ts';
import { ForwardpassError } from '../errors.ts';
import { catboost } from './catboost/catboost.ts';
import { isZip, refuseDamagedZip } from './containers/zip.ts';
import { type FormatReader, HEAD_BYTES, type Source } from './format.ts';
import { keras } from './keras/keras.ts';
import { lightgbm } from './lightgbm/lightgbm.ts';
import { onnx } from './onnx/onnx.ts';
import { pytorch } from './pytorch/pytorch.ts';
import { safetensors } from './safetensors/safetensors.ts';
import { sklearn } from './sklearn/sklearn.ts';
import { tensorflow } from './tensorflow/tensorflow.ts';
import { tfjs } from './tfjs/tfjs.ts';
import { tflite } from './tflite/tflite.ts';
import { torchExport } from './torch-export/torch-export.ts';
import { torchscript } from './torchscript/torchscript.ts';
import { xgboost } from './xgboost/xgboost.ts';

/** Formats with a signature come first; ONNX has none, and is detected by its structure. */
const READERS = {
  safetensors,
  keras,
  tfjs,
  'torch-export': torchExport,
  torchscript,
  pytorch,
  tflite,
  lightgbm,
  sklearn,
  xgboost,
  catboost,
  onnx,
  tensorflow,
} as const satisfies Record<string, FormatReader>;
/** The name of a supported format: the value of the option `format`, and of {@link Model.format}. @useDeclaredType */
export type Format = keyof typeof READERS;
export const FORMATS = Object.keys(READERS) as readonly Format[];

/** The requested format, or else the one that the content has. Throws `UNKNOWN_FORMAT`. */
export async function chooseFormat(source: Source, asked: Format | undefined): Promise<FormatReader> {
  if (asked !== undefined) return READERS[asked];
  const { main } = source;
  const head = await headOf(source);
  const detected = await detectFormat(head, source);
  if (detected !== undefined) return detected;
  if (isZip(head)) await refuseDamagedZip(main);
  const { looksLike } = await import('./looks-like.ts');
  const message = `looks like ${looksLike(head, main.size, main.name)}; the supported formats are ${new Intl.ListFormat('en').format(FORMATS)}`;
  throw new ForwardpassError('UNKNOWN_FORMAT', message, main.name);
}

/** The error of a requested reader; it says so if the content has another format. */
export async function errorOfFormat(error: unknown, source: Source, asked: Format): Promise<unknown> {
  if (!(error instanceof ForwardpassError) || !UNREADABLE.has(error.code)) return error;
  const detected = await detectFormat(await headOf(source), source).catch(() => undefined);
  if (detected === undefined || detected === READERS[asked]) return error;
  const hint = `the option \`format\` is '${asked}', but the content looks like format '${detected.name}'`;
  return new ForwardpassError(error.code, `${withoutPlace(error)} (${hint})`, error.place, { cause: error });
}

/** What readers throw for a file that is not of their format. */
const UNREADABLE: ReadonlySet<string> = new Set(['MALFORMED', 'TRUNCATED', 'UNKNOWN_FORMAT', 'UNSUPPORTED_VERSION']);

async function detectFormat(head: Uint8Array, source: Source): Promise<FormatReader | undefined> {
  for (const reader of Object.values<FormatReader>(READERS)) {
    if (await reader.detect(head, source)) return reader;
  }
  return undefined;
}

async function headOf({ main }: Source): Promise<Uint8Array> {
  return main.read(0, Math.min(main.size, HEAD_BYTES));
}

/** Starts importing the reader that a file's name suggests while the file itself is opened; its content decides. */
export function anticipateFormat(path: string): void {
  const format = Object.values(READERS).find(({ name }) => path.toLowerCase().endsWith(`.${name}`));
  // A failure here occurs again when the format is read.
  format?.anticipate().catch(() => {});
}
