/** TensorFlow.js: model.json and the weights beside it. Coverage: docs/formats/keras.md */
import { latin1 } from '../../platform/text.ts';
import type { FormatReader } from '../format.ts';

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

/** Fields near the beginning of a model.json. */
const FIELDS = /"(modelTopology|weightsManifest)"\s*:|"format"\s*:\s*"(layers|graph)-model"/;

export const tfjs: FormatReader = {
  name: 'tfjs',
  anticipate: reader,

  detect(head) {
    const text = latin1(head);
    return /^(\xef\xbb\xbf)?\s*\{/.test(text) && FIELDS.test(text);
  },

  async read(source, options) {
    return (await reader()).readTfjs(source, options);
  },
};
