/** Finds the main file of a model that is a file or a folder. */
import { type FileHandle, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { attempt, openNamed, openPlain } from './plain.ts';

/**
 * The main files of models that are folders: of a TensorFlow SavedModel, of a TensorFlow.js model, and of Hugging
 * Face's libraries, where safetensors files take precedence. An adapter alone is rejected by its tensors.
 */
const FOLDER_MAINS = [
  'saved_model.pb',
  'model.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'adapter_model.safetensors',
  'adapter_model.bin',
] as const;

/** MLflow's description of a folder. */
const ML_MODEL = 'MLmodel';

/** A model's main file. */
export interface Main {
  readonly path: string;
  open(): Promise<FileHandle>;
}

/** The main file of a folder, or the path itself. */
export async function findMain(path: string): Promise<Main> {
  const found = await attempt(path, () => stat(path));
  if (!found.isDirectory()) return named(path);
  const names = new Set(await attempt(path, () => readdir(path)));
  if (names.has(ML_MODEL)) {
    const segments = await (await import('./mlflow.ts')).mlflowMain(path);
    const open = async () => openPlain(await realpath(path), segments, segments.join('/'));
    return { path: join(path, segments.join('/')), open };
  }
  const main = FOLDER_MAINS.find((name) => names.has(name));
  if (main !== undefined && names.has(`${main}.index.json`)) {
    const message = `is a folder with both ${main} and ${main}.index.json; pass the path of the right one`;
    throw new ForwardpassError('SOURCE', message, path);
  }
  if (main !== undefined) return named(join(path, main));
  const message = `is a folder without any of ${FOLDER_MAINS.join(', ')}, ${ML_MODEL}: pass the path of a model's file`;
  throw new ForwardpassError('SOURCE', message, path);
}

function named(path: string): Main {
  return { path, open: () => openNamed(path) };
}
