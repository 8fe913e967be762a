/** XGBoost: models as JSON, UBJSON and in the older binary form. Coverage: docs/formats/xgboost.md. */
import type { FormatReader } from '../format.ts';
import { isModel } from './signature.ts';

/** Imported on first use, so that other processes do not load it. */
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
