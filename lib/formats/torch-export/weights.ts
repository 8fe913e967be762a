/** The tensors of a program by their names in its signature, in every layout that torch has written. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { elementCount } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import { type StoredTensor, TorchArchive } from '../aten/torch-archive.ts';
import { fields, list, text } from '../containers/checks.ts';
import { innerReader } from '../containers/inner-reader.ts';
import { PickleDict, pickleKind } from '../containers/pickle/values.ts';
import { isTorchTensor, type TorchDType } from '../containers/torch-tensors.ts';
import { type Constant, HIGHEST_RANK } from '../tensors/value.ts';
import { dtypeOf } from './dtypes.ts';
import { fixedSize } from './program.ts';

export type Weights = (name: string, place: string) => Promise<Constant>;

/** The members with the tensors: raw with a description, or in a file of torch.save. */
export async function openWeights(archive: TorchArchive, model: string, budget: Budget): Promise<Weights> {
  const folders = ['weights', 'constants'] as const;
  const sources = await Promise.all(
    folders.map(async (folder) => {
      const config = `data/${folder}/${model}_${folder}_config.json`;
      if (archive.has(config)) return described(archive, config, `data/${folder}`, budget);
      const saved = [`data/${folder}/${model}.pt`, ...LEGACY[folder]].find((name) => archive.has(name));
      return saved === undefined ? undefined : pickled(archive, saved, budget);
    }),
  );
  return async (name, place) => {
    for (const source of sources) {
      const tensor = await source?.(name, place);
      if (tensor !== undefined) return tensor;
    }
    throw new ForwardpassError('DANGLING', `the tensor ${quote(name)} was not found in the file`, place);
  };
}

/** Before torch 2.7. */
const LEGACY = {
  weights: ['serialized_state_dict.pt', 'serialized_state_dict.json'],
  constants: ['serialized_constants.pt', 'serialized_constants.json'],
} as const;

type Source = (name: string, place: string) => Promise<Constant | undefined>;

interface Payload {
  readonly path: string;
  readonly tensor: StoredTensor;
}

/** One raw member for each storage. */
async function described(archive: TorchArchive, config: string, folder: string, budget: Budget): Promise<Source> {
  const entries = Object.entries(fields(fields(await archive.json(config), config).config, `${config}.config`));
  const payloads = new Map<string, unknown>(entries);
  return async (name, place) => {
    if (!payloads.has(name)) return undefined;
    const { path, tensor } = payload(payloads.get(name), `${config} ${name}`);
    if (!(elementCount(tensor.shape) <= budget.limits.parameters)) {
      throw new ForwardpassError(
        'LIMIT',
        `a tensor of [${tensor.shape.join(', ')}] exceeds \`limits.parameters\``,
        place,
      );
    }
    const member = `${folder}/${path}`;
    if (!archive.has(member)) throw new ForwardpassError('DANGLING', `its bytes, ${quote(member)}, are missing`, place);
    return archive.constant(tensor, await archive.read(member), place);
  };
}

function payload(value: unknown, place: string): Payload {
  const { path_name, use_pickle, tensor_meta } = fields(value, place);
  if (use_pickle === true) {
    throw new ForwardpassError(
      'UNSUPPORTED_VERSION',
      'the tensor is pickled; save the program with plain tensors',
      place,
    );
  }
  const at = `${place}.tensor_meta`;
  const meta = fields(tensor_meta, at);
  const [shape, strides] = ['sizes', 'strides'].map((key) => list(fixedSize)(meta[key], `${at}.${key}`));
  const dtype: TorchDType = dtypeOf(meta.dtype, `${at}.dtype`);
  if (shape.length > HIGHEST_RANK) {
    throw new ForwardpassError('LIMIT', `expected at most ${HIGHEST_RANK} axes, found ${shape.length}`, at);
  }
  if (shape.length !== strides.length) {
    throw new ForwardpassError('MALFORMED', `has ${shape.length} sizes but ${strides.length} strides`, at);
  }
  const offset = fixedSize(meta.storage_offset, `${at}.storage_offset`);
  return { path: text(path_name, `${place}.path_name`), tensor: { dtype, shape, strides, offset } };
}

/** A torch.save file inside the archive: a dict of tensors. */
async function pickled(archive: TorchArchive, member: string, budget: Budget): Promise<Source | undefined> {
  const bytes = await archive.read(member);
  if (bytes.length === 0) return undefined;
  const inner = await TorchArchive.open(innerReader(member, bytes), budget);
  const dict = await inner.pickle('data.pkl');
  if (!(dict instanceof PickleDict)) {
    throw new ForwardpassError('MALFORMED', `expected a dict of tensors, found ${pickleKind(dict)}`, member);
  }
  return async (name, place) => {
    const value = dict.get(name);
    return isTorchTensor(value) ? inner.tensor(value, 'data', place) : undefined;
  };
}
