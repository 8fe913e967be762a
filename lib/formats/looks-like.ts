/** Guesses what bytes are that no format recognised, in words for the error message. */

import { latin1 } from '../platform/text.ts';
import { jsonKind } from './looks-like-json.ts';

/** The first match applies; texts are compared after leading white space. */
const SIGNATURES: readonly (readonly [begins: string | readonly number[], words: string])[] = [
  ['version https://git-lfs.github.com', 'a Git LFS pointer instead of the file: fetch the file itself (git lfs pull)'],
  ['<!doctype html', 'an HTML page, perhaps from a failed download'],
  ['<html', 'an HTML page, perhaps from a failed download'],
  ['<?xml', 'XML'],
  ['ply\n', 'a PLY file'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive that contains no model of a supported format'],
  [[0x50, 0x4b, 0x05, 0x06], 'an empty zip archive'],
  [[0x1f, 0x8b], 'gzip: unpack it first'],
  ['BZh', 'bzip2: unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz: unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'Zstandard: unpack it first'],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 'a NumPy .npy array, which holds data, not a model'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  ['%PDF', 'a PDF document'],
  ['GGUF', 'GGUF, which holds language models; forwardpass runs only row models'],
  ['PAR1', 'a Parquet table, which holds data, not a model'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program (ELF)'],
  ['MZ', 'a program (Windows)'],
  ['#!', 'a script'],
  ['node {', 'a TensorFlow graph as text (pbtxt): save it in binary'],
  ['saved_model_schema_version', 'a TensorFlow SavedModel as text (pbtxt): save it in binary'],
  [
    'model_checkpoint_path',
    'the list of a TensorFlow checkpoint: export the model as a SavedModel, and give its folder',
  ],
  ['matlab 5.0 mat-file', "MATLAB's data: save the model in a supported format"],
];

/** The kind of a file by its name, for files that cannot be recognised by their beginning. */
const NAMES: readonly (readonly [name: RegExp, words: string])[] = [
  [
    /^variables\.(index|data-\d+-of-\d+)$/,
    'a part of a TensorFlow SavedModel: give the folder that holds saved_model.pb',
  ],
  [
    /^(fingerprint|keras_metadata)\.pb$/,
    'a part of a TensorFlow SavedModel: give the folder that holds saved_model.pb',
  ],
  [
    /(^checkpoint|ckpt.*|-\d+)\.(index|meta|data-\d+-of-\d+)$/,
    'a part of a TensorFlow checkpoint, which has no graph: export the model as a SavedModel, and give its folder',
  ],
  [/^group\d+-shard\d+of\d+(\.bin)?$/, 'a part of a TensorFlow.js model: give its model.json'],
  [/\.(mar)$/, 'a TorchServe archive: give the file of the model in it'],
];

/** Models of other packages, by a pattern near the beginning of the file. */
const MODELS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [
    /^\{\s{0,9}"name": ?"tree",\s{0,9}"version": ?"v\d/,
    `LightGBM's JSON of a model, which is not supported: save it as text with save_model`,
  ],
  [/^booster\[0\]/, `XGBoost's text of its trees, which neither forwardpass nor XGBoost loads: save the model as JSON`],
  [/<PMML[\s>]/, 'PMML, which is not supported: save the model in the format of its framework, or convert it to ONNX'],
  [
    /^(?:artifact_path|flavors|model_id|env_manager|run_id|utc_time_created):/m,
    'a description of a model by MLflow (MLmodel): give the path of the folder that contains it',
  ],
];

/** `head`: the first 4,096 bytes, or all if there are fewer. */
export function looksLike(head: Uint8Array, size: number, name: string): string {
  if (size === 0) return 'an empty file';
  if (head.every((byte) => byte === 0)) return 'zeros';
  const text = latin1(head);
  const trimmed = text
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  const model = MODELS.find(([pattern]) => pattern.test(text));
  if (model !== undefined) return model[1];
  if (/^[{[]/.test(trimmed)) return jsonKind(text);
  const known = NAMES.find(([pattern]) => pattern.test(name))?.[1];
  if (known !== undefined) return known;
  for (const [begins, words] of SIGNATURES) {
    const matches =
      typeof begins === 'string'
        ? trimmed.startsWith(begins.toLowerCase())
        : begins.every((byte, i) => head[i] === byte);
    if (matches) return words;
  }
  if (text.slice(257, 262) === 'ustar') return 'a tar archive: unpack it first';
  if (/^[\t\n\r\x20-\x7e]+$/.test(text.slice(0, SHOWN))) return `text (${JSON.stringify(text.slice(0, 40))}…)`;
  return `nothing known; its first bytes are ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}

/** How many characters of a text are examined. */
const SHOWN = 512;
