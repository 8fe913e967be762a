/** HDF5 files, in which Keras keeps its weights. Opened on demand: a process that reads none loads none of it. */
import type { Budget } from '../../graph/budget.ts';
import type { Hdf5File } from './hdf5/file.ts';

export type { Hdf5Dataset, Hdf5File } from './hdf5/file.ts';

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether the file begins with HDF5's signature, or has it after a block of the writer's own of 512, 1024, … bytes. */
export function isHdf5(head: Uint8Array): boolean {
  for (let start = 0; start + SIGNATURE.length <= head.length; start = start === 0 ? 512 : 2 * start) {
    if (SIGNATURE.every((byte, i) => head[start + i] === byte)) return true;
  }
  return false;
}

/**
 * The file that `bytes` are; `place` is its name in messages. It holds memory until it is closed. Throws `MALFORMED`
 * where the structure is damaged; nothing of the data is read before it is asked for.
 */
export async function openHdf5(bytes: Uint8Array, place: string, budget: Budget): Promise<Hdf5File> {
  const [{ Hdf5File }, { checkCollections }, { hdf5Library, openInMemory, failure }] = await Promise.all([
    import('./hdf5/file.ts'),
    import('./hdf5/heaps.ts'),
    import('./hdf5/library.ts'),
  ]);
  checkCollections(bytes, place);
  const library = await hdf5Library();
  library.complaint();
  const id = openInMemory(library, bytes);
  if (id === undefined) throw failure(library, place);
  return new Hdf5File(library, id, bytes.length, place, budget);
}
