/** Keras: `.keras` archives, HDF5 models, and weights alone. What is read of them: docs/formats/keras.md */
import { isHdf5 } from '../containers/hdf5.ts';
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader } from '../format.ts';
import { isShardIndex } from '../shard-index.ts';

/** On demand: a process that opens no Keras file loads none of it. */
const reader = () => import('./read.ts');

/** The name of a file in the JSON that says which of several files has which weights. */
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
