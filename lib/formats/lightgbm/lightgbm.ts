/** LightGBM: text models. Pickled ones are read like scikit-learn's. docs/formats/lightgbm.md */
import { latin1 } from '../../platform/text.ts';
import type { FormatReader } from '../format.ts';

const BEGINNING = /^tree\r?\n(?:version|num_class)=/;

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

export const lightgbm: FormatReader = {
  name: 'lightgbm',
  takesIterations: true,
  anticipate: reader,

  detect(head) {
    return BEGINNING.test(latin1(head.subarray(0, 32)));
  },

  async read(source, options) {
    return (await reader()).readText(source, options);
  },
};
