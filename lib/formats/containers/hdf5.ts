/** HDF5 files, in which Keras stores its weights. The reader is imported on first use. */
import type { Budget } from '../../graph/budget.ts';
import type { Hdf5File } from './hdf5/file.ts';

export type { Hdf5Dataset, Hdf5File } from './hdf5/file.ts';
export { isHdf5 } from './hdf5/signature.ts';

/**
 * Opens an HDF5 file in memory; `place` is its name in messages. Throws `MALFORMED` if the structure is damaged; array
 * data is read only on request.
 */
export async function openHdf5(bytes: Uint8Array, place: string, budget: Budget): Promise<Hdf5File> {
  const { Hdf5File } = await import('./hdf5/file.ts');
  return new Hdf5File(bytes, place, budget);
}
