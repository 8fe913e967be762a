/**
 * Naive Bayes, scalers, clusters, multi-layer perceptrons and meta-estimators, with their parameters in scikit-learn
 * 1.9.
 */
import { CategoricalNaiveBayes, DiscreteNaiveBayes } from './discrete-nb.ts';
import { GaussianNaiveBayes } from './gaussian-nb.ts';
import type { Learning, LearningTable } from './learning.ts';
import { MiniBatchKMeans } from './mini-batch-k-means.ts';
import { Mlp } from './mlp.ts';
import { openPipeline } from './pipelines.ts';
import { ExtremesScaler, StandardScaler } from './scalers.ts';
import { MultiOutput, OneVsRest } from './several.ts';

const BAYES = 'sklearn.naive_bayes';
const SCALERS = 'sklearn.preprocessing._data';
const PERCEPTRONS = 'sklearn.neural_network._multilayer_perceptron';

const COUNTS = { alpha: 1, force_alpha: true, fit_prior: true, class_prior: null };
const NETWORK = {
  ...{ hidden_layer_sizes: 100, activation: 'relu', solver: 'adam', alpha: 0.0001, batch_size: 'auto' },
  ...{ learning_rate: 'constant', learning_rate_init: 0.001, power_t: 0.5, max_iter: 200, shuffle: true },
  ...{ random_state: null, tol: 1e-4, verbose: false, warm_start: false, momentum: 0.9, nesterovs_momentum: true },
  ...{ early_stopping: false, validation_fraction: 0.1, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 },
  ...{ n_iter_no_change: 10, max_fun: 15000 },
};

const discrete: Learning['open'] = (estimator, options) => new DiscreteNaiveBayes(estimator, options);
const network: Learning['open'] = (estimator, options) => new Mlp(estimator, options);
const severalTargets: Learning['open'] = (estimator, _options, openInner) => new MultiOutput(estimator, openInner);
const extremes: Learning['open'] = (estimator, options) => new ExtremesScaler(estimator, options);

export const BAYES_AND_OTHERS: LearningTable = {
  GaussianNB: {
    module: BAYES,
    defaults: { priors: null, var_smoothing: 1e-9 },
    open: (estimator, options) => new GaussianNaiveBayes(estimator, options),
  },
  MultinomialNB: { module: BAYES, defaults: COUNTS, open: discrete },
  ComplementNB: { module: BAYES, defaults: { ...COUNTS, norm: false }, open: discrete },
  BernoulliNB: { module: BAYES, defaults: { ...COUNTS, binarize: 0 }, open: discrete },
  CategoricalNB: {
    module: BAYES,
    defaults: { ...COUNTS, min_categories: null },
    open: (estimator, options) => new CategoricalNaiveBayes(estimator, options),
  },
  StandardScaler: {
    module: SCALERS,
    defaults: { copy: true, with_mean: true, with_std: true },
    open: (estimator, options) => new StandardScaler(estimator, options),
  },
  MinMaxScaler: { module: SCALERS, defaults: { feature_range: [0, 1], copy: true, clip: false }, open: extremes },
  MaxAbsScaler: { module: SCALERS, defaults: { copy: true, clip: false }, open: extremes },
  MiniBatchKMeans: {
    module: 'sklearn.cluster._kmeans',
    defaults: {},
    open: (estimator, options) => new MiniBatchKMeans(estimator, options),
  },
  OneVsRestClassifier: {
    module: 'sklearn.multiclass',
    defaults: {},
    open: (estimator, _options, openInner) => new OneVsRest(estimator, openInner),
  },
  MultiOutputClassifier: { module: 'sklearn.multioutput', defaults: {}, open: severalTargets },
  MultiOutputRegressor: { module: 'sklearn.multioutput', defaults: {}, open: severalTargets },
  Pipeline: {
    module: 'sklearn.pipeline',
    defaults: {},
    open: openPipeline,
  },
  MLPClassifier: { module: PERCEPTRONS, defaults: { ...NETWORK, loss: 'log_loss' }, open: network },
  MLPRegressor: { module: PERCEPTRONS, defaults: { ...NETWORK, loss: 'squared_error' }, open: network },
};
