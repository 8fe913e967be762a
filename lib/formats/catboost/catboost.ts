/** CatBoost: models in its binary form (cbm) and as JSON. Coverage: docs/formats/catboost.md. */
import type { FormatReader } from '../format.ts';
import { isModel } from './signature.ts';

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

export const catboost: FormatReader = {
  name: 'catboost',
  takesIterations: true,
  anticipate: reader,
  detect: isModel,

  async read(source, options) {
    return (await reader()).readCatboost(source, options);
  },
};
