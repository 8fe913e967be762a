/** The linear models of sgd.ts, with the parameters that scikit-learn 1.9 has for each. */

import type { Learning, LearningTable } from './learning.ts';
import { Sgd } from './sgd.ts';

const open: Learning['open'] = (estimator, options) => new Sgd(estimator, options);

const STOCHASTIC = 'sklearn.linear_model._stochastic_gradient';
const PASSIVE_AGGRESSIVE = 'sklearn.linear_model._passive_aggressive';

const COMMON = {
  ...{ fit_intercept: true, max_iter: 1000, tol: 1e-3, shuffle: true, verbose: 0, random_state: null },
  ...{ warm_start: false, average: false },
};
const STOPPING = { early_stopping: false, validation_fraction: 0.1, n_iter_no_change: 5 };
const PENALISED = { penalty: 'l2', alpha: 0.0001, l1_ratio: 0.15, epsilon: 0.1 };

export const SGD: LearningTable = {
  SGDClassifier: {
    module: STOCHASTIC,
    defaults: {
      ...{ loss: 'hinge', ...PENALISED, ...COMMON, ...STOPPING },
      ...{ learning_rate: 'optimal', eta0: 0.01, power_t: 0.5, class_weight: null, n_jobs: null },
    },
    open,
  },
  SGDRegressor: {
    module: STOCHASTIC,
    defaults: {
      ...{ loss: 'squared_error', ...PENALISED, ...COMMON, ...STOPPING },
      ...{ learning_rate: 'invscaling', eta0: 0.01, power_t: 0.25 },
    },
    open,
  },
  SGDOneClassSVM: {
    module: STOCHASTIC,
    defaults: {
      ...{ nu: 0.5, ...COMMON, loss: 'hinge', penalty: 'l2', l1_ratio: 0, epsilon: 0.1 },
      ...{ learning_rate: 'optimal', eta0: 0.01, power_t: 0.5 },
    },
    open,
  },
  Perceptron: {
    module: 'sklearn.linear_model._perceptron',
    defaults: {
      ...{ loss: 'perceptron', ...PENALISED, penalty: null, ...COMMON, ...STOPPING, random_state: 0 },
      ...{ learning_rate: 'constant', eta0: 1, power_t: 0.5, class_weight: null, n_jobs: null },
    },
    open,
  },
  PassiveAggressiveClassifier: {
    module: PASSIVE_AGGRESSIVE,
    defaults: {
      ...{ loss: 'hinge', ...PENALISED, penalty: null, ...COMMON, ...STOPPING },
      ...{ learning_rate: 'optimal', eta0: 1, C: 1, power_t: 0.5, class_weight: null, n_jobs: null },
    },
    open,
  },
  PassiveAggressiveRegressor: {
    module: PASSIVE_AGGRESSIVE,
    defaults: {
      ...{ loss: 'epsilon_insensitive', ...PENALISED, penalty: null, l1_ratio: 0, ...COMMON, ...STOPPING },
      ...{ learning_rate: 'invscaling', eta0: 1, C: 1, power_t: 0.25 },
    },
    open,
  },
};
