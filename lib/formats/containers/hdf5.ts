/** HDF5 files, in which Keras keeps its weights. Opened on demand: a process that reads none loads none of it. */
import type { Budget } from '../../graph/budget.ts';
import type { Hdf5File } from './hdf5/file.ts';

export type { Hdf5Dataset, Hdf5File } from './hdf5/file.ts';
export { isHdf5 } from './hdf5/signature.ts';

/**
 * The file that `bytes` are; `place` is its name in messages. Throws `MALFORMED` where the structure is damaged; nothing
 * of the data is read before it is asked for.
 */
export async function openHdf5(bytes: Uint8Array, place: string, budget: Budget): Promise<Hdf5File> {
  const { Hdf5File } = await import('./hdf5/file.ts');
  return new Hdf5File(bytes, place, budget);
}
