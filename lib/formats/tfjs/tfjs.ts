/** TensorFlow.js: model.json and the weights beside it. What is read of it: docs/formats/keras.md */
import { latin1 } from '../../platform/text.ts';
import type { FormatReader } from '../format.ts';

/** On demand: a process that opens no such model loads none of it. */
const reader = () => import('./read.ts');

/** Fields that a model.json has near its beginning. */
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
