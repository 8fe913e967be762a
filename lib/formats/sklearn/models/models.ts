/** Every predicting estimator, by class. */
import type { Table } from '../reading.ts';
import { ADAPTIVE_BOOSTING } from './adaboost.ts';
import { BAYES } from './bayes.ts';
import { BOOSTING } from './boosting.ts';
import { CALIBRATION } from './calibration.ts';
import { CLUSTERS } from './clusters.ts';
import { DISTANCES } from './distances.ts';
import { DUMMIES } from './dummy.ts';
import { ENSEMBLES } from './ensembles.ts';
import { HISTOGRAM_BOOSTING } from './histogram-boosting.ts';
import { ISOLATION } from './isolation.ts';
import { ISOTONIC } from './isotonic.ts';
import { KERNEL_MACHINES } from './kernel-machines.ts';
import { LINEAR } from './linear.ts';
import { MIXTURES } from './mixtures.ts';
import { PERCEPTRONS } from './mlp.ts';
import { MULTICLASS } from './multiclass.ts';
import { MULTIOUTPUT } from './multioutput.ts';
import { NEIGHBOURS } from './neighbours.ts';
import { PLS } from './pls.ts';
import { PROCESS_CLASSIFIERS } from './process-classifiers.ts';
import { RADIUS_NEIGHBOURS } from './radius-neighbours.ts';
import { SUPPORT_VECTORS } from './svm.ts';
import { TARGETS } from './target.ts';
import { TREES } from './trees.ts';
import { WRAPPERS } from './wrappers.ts';

export const MODELS: Table = {
  ...LINEAR,
  ...PERCEPTRONS,
  ...BAYES,
  ...DISTANCES,
  ...CLUSTERS,
  ...ISOTONIC,
  ...MIXTURES,
  ...NEIGHBOURS,
  ...RADIUS_NEIGHBOURS,
  ...KERNEL_MACHINES,
  ...PROCESS_CLASSIFIERS,
  ...PLS,
  ...DUMMIES,
  ...MULTICLASS,
  ...MULTIOUTPUT,
  ...ENSEMBLES,
  ...CALIBRATION,
  ...TARGETS,
  ...WRAPPERS,
  ...SUPPORT_VECTORS,
  ...TREES,
  ...BOOSTING,
  ...ADAPTIVE_BOOSTING,
  ...ISOLATION,
  ...HISTOGRAM_BOOSTING,
};
