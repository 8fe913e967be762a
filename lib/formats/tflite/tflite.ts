/** TensorFlow Lite (LiteRT): the flatbuffer that the converter writes for phones. Coverage: docs/formats/tflite.md. */

import { ForwardpassError } from '../../errors.ts';
import { latin1 } from '../../platform/text.ts';
import type { FormatReader } from '../format.ts';

const IDENTIFIER = 'TFL3';

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

export const tflite: FormatReader = {
  name: 'tflite',
  takesSignature: true,
  anticipate: reader,

  /** A flatbuffer's identifier follows the offset of its root. */
  detect: (head) => head.length >= 8 && latin1(head.subarray(4, 8)) === IDENTIFIER,

  async read({ main }, options) {
    const { budget } = options;
    if (main.size > budget.limits.bytes) {
      throw new ForwardpassError(
        'LIMIT',
        `the file has ${main.size} bytes; \`limits.bytes\` allows ${budget.limits.bytes}`,
      );
    }
    const [{ readModel }, bytes] = await Promise.all([reader(), main.read(0, main.size)]);
    return readModel(bytes, main.name, options);
  },
};
