/** Keras: `.keras` archives, HDF5 models, and files of only weights. Coverage: docs/formats/keras.md */
import { isHdf5 } from '../containers/hdf5.ts';
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader } from '../format.ts';
import { isShardIndex } from '../shard-index.ts';

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

/** A file name in the JSON that maps weights to files. */
const SHARD = /\.weights\.h5$/;

export const keras: FormatReader = {
  name: 'keras',
  takesArchitecture: true,
  takesFunctions: true,
  anticipate: reader,

  async detect(head, source) {
    if (isHdf5(head) || isShardIndex(head, SHARD)) return true;
    const names = await lookIntoZip(source);
    if (names === undefined) return false;
    return names.has('model.weights.h5') || (names.has('config.json') && names.has('metadata.json'));
  },

  async read(source, options) {
    return (await reader()).readKeras(source, options);
  },
};
