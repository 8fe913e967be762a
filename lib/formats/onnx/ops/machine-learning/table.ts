/** The operators of ai.onnx.ml, to which scikit-learn's estimators and preprocessing steps are exported. */
import type { Translations } from '../../call.ts';
import { encoding } from './encoders.ts';
import { estimating } from './estimators.ts';
import { supporting } from './svm.ts';
import { transforming } from './transforms.ts';
import { treeing } from './trees.ts';

export const machineLearning: Translations = { ...estimating, ...supporting, ...encoding, ...transforming, ...treeing };
