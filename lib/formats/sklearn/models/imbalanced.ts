/** Models of imbalanced-learn: those of scikit-learn, fitted on class-balanced samples. */

import type { Table } from '../reading.ts';
import { lastStep, pipelinePredict, pipelineTransform } from '../steps/pipeline.ts';
import { ADAPTIVE_BOOSTING } from './adaboost.ts';
import { ENSEMBLES } from './ensembles.ts';
import { TREES } from './trees.ts';

export const IMBALANCED: Table = {
  Pipeline: { transform: pipelineTransform, predict: pipelinePredict, last: lastStep },
  BalancedBaggingClassifier: ENSEMBLES.BaggingClassifier,
  EasyEnsembleClassifier: ENSEMBLES.BaggingClassifier,
  BalancedRandomForestClassifier: TREES.RandomForestClassifier,
  RUSBoostClassifier: ADAPTIVE_BOOSTING.AdaBoostClassifier,
};
