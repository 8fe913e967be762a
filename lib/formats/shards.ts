/**
 * Parameters split over several files, as Hugging Face's libraries do: an index in JSON maps each tensor to a file. All
 * of the tensors together are the model; a single file of several is not.
 */

import { ForwardpassError } from '../errors.ts';
import type { Budget } from '../graph/budget.ts';
import { describe, quote } from '../messages.ts';
import { utf8 } from '../platform/text.ts';
import { spendOnJson } from './containers/json-cost.ts';
import { duplicateKey } from './containers/json-keys.ts';
import type { Reader, Source } from './format.ts';
import type { StoredParameter } from './stored-parameter.ts';

/** The description of a tensor in a shard. */
export interface ShardTensor extends StoredParameter {
  readonly byteLength: number;
  /** The minimum that `total_size` of the index may count for it, since libraries differ. By default `byteLength`. */
  readonly leastBytes?: number;
}

/** An index is read as a whole; the header of a safetensors file may be equally long. */
const LONGEST_INDEX = 100_000_000;

/**
 * The tensors of all shards by name: `kind` matches the names of shards, `readShard` lists the tensors of one. Throws
 * `MALFORMED` unless the index and the shards agree on every tensor, `SOURCE` if a shard does not exist, `UNSAFE` if it
 * is in another folder.
 */
export async function readShards<T extends ShardTensor>(
  source: Source,
  budget: Budget,
  kind: RegExp,
  readShard: (shard: Reader) => Promise<ReadonlyMap<string, T>>,
): Promise<Map<string, T>> {
  const { name } = source.main;
  const { files, totalSize } = await readIndex(source.main, budget);
  const other = [...files.values()].find((file) => !kind.test(file));
  if (other !== undefined) {
    throw new ForwardpassError('MALFORMED', `names files of several kinds, among them ${quote(other)}`, name);
  }
  const tensors = new Map<string, T>();
  let elements = 0;
  for (const file of new Set(files.values())) {
    for (const [tensor, stored] of await readShard(await openShard(source, file))) {
      checkListed(tensor, file, files.get(tensor), name);
      tensors.set(tensor, stored);
      elements += stored.shape.reduce((product, size) => product * size, 1);
    }
    if (elements > budget.limits.parameters) {
      const message = `its shards have more than ${budget.limits.parameters} elements, the limit \`limits.parameters\``;
      throw new ForwardpassError('LIMIT', message, name);
    }
  }
  const absent = [...files].filter(([tensor]) => !tensors.has(tensor));
  if (absent.length > 0) {
    const message = `says that ${quote(absent[0][1])} contains the tensor ${quote(absent[0][0])}, but it does not`;
    throw new ForwardpassError(
      'MALFORMED',
      `${message}${absent.length > 1 ? ` (nor ${absent.length - 1} others)` : ''}`,
      name,
    );
  }
  checkTotal(totalSize, [...tensors.values()], name);
  return tensors;
}

async function readIndex(main: Reader, budget: Budget) {
  if (main.size > LONGEST_INDEX) {
    const message = `an index of ${main.size} bytes; at most ${LONGEST_INDEX} are supported`;
    throw new ForwardpassError('LIMIT', message, main.name);
  }
  const text = utf8(await main.read(0, main.size));
  const malformed = (message: string, cause?: unknown) =>
    new ForwardpassError('MALFORMED', message, main.name, { cause });
  let index: unknown;
  spendOnJson(text, budget, main.name);
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw malformed(`is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw malformed(`has the key ${quote(twice)} twice in one object`);
  const map = fieldOf(index, 'weight_map');
  const files = typeof map === 'object' && map !== null ? Object.entries(map) : [];
  if (files.length === 0 || Array.isArray(map)) {
    throw malformed(`expected an object of tensors and their files for 'weight_map', found ${describe(map)}`);
  }
  if (files.length > budget.limits.nodes) {
    const message = `lists ${files.length} tensors; \`limits.nodes\` allows ${budget.limits.nodes}`;
    throw new ForwardpassError('LIMIT', message, main.name);
  }
  for (const [tensor, file] of files) {
    if (typeof file !== 'string') {
      throw malformed(`expected the name of a file for the tensor ${quote(tensor)}, found ${describe(file)}`);
    }
  }
  return { files: new Map(files), totalSize: fieldOf(fieldOf(index, 'metadata'), 'total_size') };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;
}

async function openShard(source: Source, file: string): Promise<Reader> {
  try {
    return await source.sibling(file);
  } catch (error) {
    if (!(error instanceof ForwardpassError) || error.code !== 'SOURCE') throw error;
    const message = `could not be opened: ${error.message}; ${source.main.name} is the index of a model in several files, all of which are needed`;
    throw new ForwardpassError('SOURCE', message, `shard ${quote(file).slice(1, -1)}`, { cause: error });
  }
}

function checkListed(tensor: string, file: string, listed: string | undefined, index: string): void {
  if (listed === file) return;
  const where = listed === undefined ? 'does not list it' : `lists it in ${quote(listed)}`;
  const message = `holds the tensor ${quote(tensor)}, but ${index} ${where}; the files belong to different models`;
  throw new ForwardpassError('MALFORMED', message, `shard ${quote(file).slice(1, -1)}`);
}

/** `total_size` may be absent. */
function checkTotal(said: unknown, tensors: readonly ShardTensor[], index: string): void {
  if (said === undefined) return;
  const most = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const least = tensors.reduce((sum, { byteLength, leastBytes = byteLength }) => sum + leastBytes, 0);
  if (typeof said === 'number' && said >= least && said <= most) return;
  const message = `says that the model has ${typeof said === 'number' ? said : describe(said)} bytes, but its shards hold ${most}`;
  throw new ForwardpassError('MALFORMED', `${message}; the files belong to different models`, index);
}

/** The name of one of several files: `model-00001-of-00002.safetensors`. */
const LONE = /^(.*)-(\d{5,6})-of-(\d{5,6})(\.[A-Za-z0-9.]+)$/s;

/**
 * Throws `ARCHITECTURE` for a file whose name shows that it is one of several. The content of such a file does not show
 * it: a shard under another name, or as bytes, cannot be distinguished from a whole model.
 */
export function refuseLoneShard(name: string): void {
  const [, stem, , count, extension] = LONE.exec(name) ?? [];
  if (count === undefined || Number(count) < 2) return;
  const message = `according to its name, it is one of ${Number(count)} files and contains only some of the model's parameters`;
  const hint = `load the index beside it (${quote(`${stem}${extension}.index.json`)}) or the folder that holds both`;
  throw new ForwardpassError('ARCHITECTURE', `${message}; ${hint}`, name);
}
