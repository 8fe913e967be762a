/** XGBoost: models as JSON, UBJSON and in the older binary form. What is read of them: docs/formats/xgboost.md. */
import type { FormatReader } from '../format.ts';
import { isModel } from './signature.ts';

/** On demand: a process that opens no such file loads none of it. */
const reader = () => import('./read.ts');

export const xgboost: FormatReader = {
  name: 'xgboost',
  takesIterations: true,
  anticipate: reader,
  detect: isModel,

  async read(source, options) {
    return (await reader()).readXgboost(source, options);
  },
};
