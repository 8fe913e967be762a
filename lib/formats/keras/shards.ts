/** Weights that Keras split over several HDF5 files, and the JSON that lists them. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import { includesText, utf8 } from '../../platform/text.ts';
import { type Hdf5File, openHdf5 } from '../containers/hdf5.ts';
import type { Source } from '../format.ts';
import { Config, isObject, parseJson } from './config.ts';
import type { WeightFile } from './weights.ts';

/** The listed files, as one. */
export async function openShards(source: Source, budget: Budget): Promise<WeightFile> {
  const { main } = source;
  const text = utf8(await main.read(0, main.size));
  const list = new Config(parseJson(text, main.name, budget), main.name);
  const map = list.raw('weight_map');
  if (!isObject(map)) throw list.wrong('weight_map', 'an object');
  const files = new Map<string, Hdf5File>();
  try {
    for (const [path, names] of Object.entries(map)) {
      for (const name of [names].flat()) {
        if (typeof name !== 'string') throw list.wrong('weight_map', 'names of files');
        const file = files.get(name) ?? (await openShard(source, name, budget));
        files.set(name, file);
        if (file.kind(path.replace(/^\//, '')) !== undefined) continue;
        throw new ForwardpassError(
          'MALFORMED',
          `says that ${quote(name)} contains ${path}, but it does not`,
          main.name,
        );
      }
    }
    return new Shards(main.name, [...files.values()]);
  } catch (error) {
    for (const file of files.values()) file.close();
    throw error;
  }
}

async function openShard(source: Source, name: string, budget: Budget): Promise<Hdf5File> {
  const reader = await source.sibling(name);
  return openHdf5(await reader.read(0, reader.size), name, budget);
}

/** Keras' name for one of several files. */
const SHARD = /^(.*)_\d{5}\.weights\.h5$/s;

/** Throws `ARCHITECTURE` for a file that is listed by the JSON beside it: it contains only some of the weights. */
export async function refuseLoneShard(name: string, source: Source): Promise<void> {
  const [, stem] = SHARD.exec(name) ?? [];
  if (stem === undefined) return;
  const list = `${stem}.weights.json`;
  try {
    const reader = await source.sibling(list);
    if (!includesText(await reader.read(0, reader.size), JSON.stringify(name))) return;
  } catch (error) {
    if (error instanceof ForwardpassError && error.code === 'SOURCE') return;
    throw error;
  }
  const message = `${quote(list)} lists it as one of several files: it contains only some of the model's weights`;
  throw new ForwardpassError('ARCHITECTURE', `${message}; load that list`, name);
}

class Shards implements WeightFile {
  constructor(
    readonly name: string,
    private readonly files: readonly Hdf5File[],
  ) {}

  kind(path: string): ReturnType<Hdf5File['kind']> {
    return this.with(path)?.kind(path);
  }

  children(path: string): readonly string[] {
    const holders = this.files.filter((file) => file.kind(path) === 'group');
    return [...new Set(holders.flatMap((file) => file.children(path)))];
  }

  strings(path: string, attribute: string): ReturnType<Hdf5File['strings']> {
    return this.with(path)?.strings(path, attribute);
  }

  dataset(path: string): ReturnType<Hdf5File['dataset']> {
    const file = this.with(path);
    if (file !== undefined) return file.dataset(path);
    throw new ForwardpassError('MALFORMED', `none of its files contains ${path}`, this.name);
  }

  close(): void {
    for (const file of this.files) file.close();
  }

  private with(path: string): Hdf5File | undefined {
    return this.files.find((file) => file.kind(path) !== undefined);
  }
}
