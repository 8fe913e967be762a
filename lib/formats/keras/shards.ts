/** Weights that Keras split over several HDF5 files, and the JSON that lists them. */
import { ForwardpassError } from '../../errors.ts';
import type { Limits } from '../../graph/limits.ts';
import { type Hdf5File, openHdf5 } from '../containers/hdf5.ts';
import type { Source } from '../format.ts';
import { Config, isObject, parseJson } from './config.ts';
import type { WeightFile } from './weights.ts';

/** The files that the list names, as one. */
export async function openShards(source: Source, limits: Limits): Promise<WeightFile> {
  const { main } = source;
  const list = new Config(parseJson(Buffer.from(await main.read(0, main.size)).toString('utf8'), main.name), main.name);
  const map = list.raw('weight_map');
  if (!isObject(map)) throw list.wrong('weight_map', 'an object');
  const names = new Set(Object.values(map).flat());
  const files: Hdf5File[] = [];
  try {
    for (const name of names) {
      if (typeof name !== 'string') throw list.wrong('weight_map', 'names of files');
      const reader = await source.sibling(name);
      files.push(await openHdf5(await reader.read(0, reader.size), name, limits));
    }
    return new Shards(main.name, files);
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
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
    throw new ForwardpassError('MALFORMED', `none of its files holds ${path}`, this.name);
  }

  close(): void {
    for (const file of this.files) file.close();
  }

  private with(path: string): Hdf5File | undefined {
    return this.files.find((file) => file.kind(path) !== undefined);
  }
}
