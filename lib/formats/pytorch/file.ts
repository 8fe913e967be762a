/** A file of torch.save: one pickled value, and the storages of its tensors. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Tensor } from '../../graph/graph.ts';
import { quote } from '../../messages.ts';
import { TorchArchive } from '../aten/torch-archive.ts';
import type { PickleObject, PickleValue } from '../containers/pickle/values.ts';
import { torchElements } from '../containers/torch-elements.ts';
import { describeTorchTensor } from '../containers/torch-tensors.ts';
import type { Reader } from '../format.ts';

export interface SavedFile {
  readonly root: PickleValue;
  /** Whether storages are big-endian; false by default. */
  readonly isBigEndian?: boolean;
  /** The bytes of a storage; undefined if the file does not contain it. */
  storage(key: string): Promise<Uint8Array | undefined>;
}

/** The form since torch 1.6: a zip archive with uncompressed members. */
export async function openArchive(main: Reader, budget: Budget): Promise<SavedFile> {
  const archive = await TorchArchive.open(main, budget);
  return {
    root: await archive.pickle('data.pkl'),
    isBigEndian: archive.isBigEndian,
    storage: async (key) => (archive.has(`data/${key}`) ? archive.read(`data/${key}`) : undefined),
  };
}

/** A tensor's elements as floats. Throws `DANGLING`, `TRUNCATED`, `UNSUPPORTED_DTYPE`, `MALFORMED`, `LIMIT`. */
export async function readTensor(file: SavedFile, value: PickleObject, budget: Budget, place: string): Promise<Tensor> {
  const tensor = describeTorchTensor(value, budget, place);
  const storage = await file.storage(tensor.key);
  if (storage === undefined) {
    throw new ForwardpassError('DANGLING', `its storage ${quote(tensor.key)} was not found in the file`, place);
  }
  return { shape: tensor.shape, data: torchElements(tensor, storage, file.isBigEndian ?? false, budget, place) };
}
