/** CatBoost: models in its binary form (cbm) and as JSON. What is read of them: docs/formats/catboost.md. */
import type { FormatReader } from '../format.ts';
import { isModel } from './signature.ts';

/** On demand: a process that opens no such file loads none of it. */
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
