/** ONNX: the open format that torch, TensorFlow and scikit-learn export to. Coverage: docs/onnx.md. */
import { ForwardpassError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { FormatReader, ReadOptions, Source } from '../format.ts';

/**
 * Detection accepts newer versions up to here, so that the error names the version instead of calling the file unknown.
 */
const PLAUSIBLE_IR = 99;

/** ModelProto's fields: two are integers, the others are length-delimited. */
const INTEGER_FIELDS = new Set([1, 5]);
const LENGTH_FIELDS = new Set([2, 3, 4, 6, 7, 8, 14, 20, 25, 26]);
/** The producer: short, printable text. It distinguishes ONNX from a SavedModel, whose field 2 is a message. */
const NAME_FIELDS = new Set([2, 3, 4]);
const LONGEST_NAME = 1000;

/** Whether `head` begins like a ModelProto: the IR version, then its own fields, as far as the bytes go. */
function detect(head: Uint8Array): boolean {
  if (head.length < 4 || head[0] !== 0x08 || head[1] < 1 || head[1] > PLAUSIBLE_IR) return false;
  let pos = 2;
  while (pos < head.length) {
    const tag = varint(head, pos);
    if (tag === undefined) return false;
    const [field, wire] = [Math.floor(tag.value / 8), tag.value % 8];
    const value = varint(head, tag.end);
    if (wire === 0 && INTEGER_FIELDS.has(field)) {
      pos = value?.end ?? head.length;
    } else if (wire === 2 && LENGTH_FIELDS.has(field)) {
      if (value === undefined) return tag.end + 10 > head.length;
      pos = value.end + value.value;
      if (NAME_FIELDS.has(field) && !isName(head, value.end, value.value)) return false;
    } else {
      return false;
    }
  }
  return true;
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = start; i < Math.min(start + 8, bytes.length); i++) {
    value += (bytes[i] & 0x7f) * 2 ** (7 * (i - start));
    if (bytes[i] < 0x80) return { value, end: i + 1 };
  }
  return undefined;
}

function isName(bytes: Uint8Array, start: number, length: number): boolean {
  return length <= LONGEST_NAME && bytes.subarray(start, start + length).every((byte) => byte >= 0x20);
}

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

async function read(source: Source, options: ReadOptions): Promise<Graph> {
  const { main } = source;
  const { budget } = options;
  if (main.size > budget.limits.bytes) {
    throw new ForwardpassError(
      'LIMIT',
      `the file has ${main.size} bytes; \`limits.bytes\` allows ${budget.limits.bytes}`,
    );
  }
  const [{ readModel }, bytes] = await Promise.all([reader(), main.read(0, main.size)]);
  return readModel(bytes, source, options);
}

export const onnx: FormatReader = { name: 'onnx', anticipate: reader, detect, read };
