/** What bytes that are no model of a format read here seem to be, in words for the message that refuses them. */

/** First match wins; texts are compared after leading white space. */
const SIGNATURES: readonly (readonly [begins: string | readonly number[], words: string])[] = [
  [
    'version https://git-lfs.github.com',
    'a Git LFS pointer, which stands for the file: fetch the file itself (git lfs pull)',
  ],
  ['<!doctype html', 'an HTML page, perhaps of a download that failed'],
  ['<html', 'an HTML page, perhaps of a download that failed'],
  ['<?xml', 'XML'],
  ['ply\n', 'a PLY file'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive that holds no model of a kind that is read'],
  [[0x50, 0x4b, 0x05, 0x06], 'an empty zip archive'],
  [[0x1f, 0x8b], 'gzip: unpack it first'],
  ['BZh', 'bzip2: unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz: unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'Zstandard: unpack it first'],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 'a NumPy .npy array, which holds data, not a model'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  ['%PDF', 'a PDF document'],
  ['GGUF', 'GGUF, which holds language models: those are no row models'],
  ['PAR1', 'a Parquet table, which holds data, not a model'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program (ELF)'],
  ['MZ', 'a program (Windows)'],
  ['#!', 'a script'],
  ['node {', 'a TensorFlow graph as text (pbtxt): save it in binary'],
  ['saved_model_schema_version', 'a TensorFlow SavedModel as text (pbtxt): save it in binary'],
  ['{', 'JSON'],
  ['[', 'JSON'],
];

export function looksLike(head: Uint8Array, size: number): string {
  if (size === 0) return 'an empty file';
  if (head.every((byte) => byte === 0)) return 'zeros';
  const text = latin1(head);
  const trimmed = text
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  for (const [begins, words] of SIGNATURES) {
    const matches =
      typeof begins === 'string'
        ? trimmed.startsWith(begins.toLowerCase())
        : begins.every((byte, i) => head[i] === byte);
    if (matches) return words;
  }
  if (text.slice(257, 262) === 'ustar') return 'a tar archive: unpack it first';
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) return `text (${JSON.stringify(text.slice(0, 40))}…)`;
  return `nothing known; its first bytes are ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 512));
}
