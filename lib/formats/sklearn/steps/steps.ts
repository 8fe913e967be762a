/** Every transforming estimator, by class. */
import type { Table } from '../reading.ts';
import { kBinsDiscretizer } from './bins.ts';
import { columnTransformer } from './columns.ts';
import { dictVectorizer, fieldNames } from './dicts.ts';
import { oneHotEncoder, ordinalEncoder, targetEncoder } from './encoders.ts';
import { missingIndicator, simpleImputer } from './imputers.ts';
import { iterativeImputer } from './iterative-imputer.ts';
import { additiveChi2Sampler, nystroem, polynomialCountSketch, rbfSampler, skewedChi2Sampler } from './kernel-maps.ts';
import { labelBinarizer, labelEncoder, labelsOfBinarizer, oneLabel } from './labels.ts';
import { neighboursImputer } from './neighbours-imputer.ts';
import { featureUnion, functionTransformer, lastStep, pipelinePredict, pipelineTransform } from './pipeline.ts';
import { polynomialFeatures } from './polynomials.ts';
import { powerTransformer } from './power.ts';
import {
  bernoulliRbm,
  factorAnalysis,
  fastIca,
  featureAgglomeration,
  nonNegativeFactors,
  pca,
  projection,
  sparsePca,
} from './projections.ts';
import { quantileTransformer } from './quantiles.ts';
import {
  binarizer,
  kernelCenterer,
  maxAbsScaler,
  minMaxScaler,
  normalizer,
  robustScaler,
  standardScaler,
} from './scalers.ts';
import {
  genericUnivariateSelect,
  predictSelected,
  selectedFor,
  selectFdr,
  selectFpr,
  selectFromModel,
  selectFwe,
  selectKBest,
  selectPercentile,
  selectStored,
  varianceThreshold,
} from './selectors.ts';
import { splineTransformer } from './splines.ts';
import { countVectorizer, featureHasher, hashingVectorizer, oneText, tfidfVectorizer } from './texts.ts';
import { tfidfTransformer } from './tfidf.ts';

export const STEPS: Table = {
  AdditiveChi2Sampler: { transform: additiveChi2Sampler },
  BernoulliRBM: { transform: bernoulliRbm },
  Binarizer: { transform: binarizer },
  ColumnTransformer: { transform: columnTransformer },
  CountVectorizer: { transform: countVectorizer, features: oneText },
  DictVectorizer: { transform: dictVectorizer, features: fieldNames },
  FactorAnalysis: { transform: factorAnalysis },
  FastICA: { transform: fastIca },
  FeatureAgglomeration: { transform: featureAgglomeration },
  FeatureHasher: { transform: featureHasher, features: oneText },
  FeatureUnion: { transform: featureUnion },
  FunctionTransformer: { transform: functionTransformer },
  GaussianRandomProjection: { transform: projection },
  GenericUnivariateSelect: { transform: genericUnivariateSelect },
  HashingVectorizer: { transform: hashingVectorizer, features: oneText },
  IncrementalPCA: { transform: pca },
  IterativeImputer: { transform: iterativeImputer },
  KBinsDiscretizer: { transform: kBinsDiscretizer },
  KNNImputer: { transform: neighboursImputer },
  KernelCenterer: { transform: kernelCenterer },
  LabelBinarizer: { transform: labelBinarizer, features: labelsOfBinarizer },
  LabelEncoder: { transform: labelEncoder, features: oneLabel },
  MaxAbsScaler: { transform: maxAbsScaler },
  MinMaxScaler: { transform: minMaxScaler },
  MiniBatchSparsePCA: { transform: sparsePca },
  MissingIndicator: { transform: missingIndicator },
  NMF: { transform: nonNegativeFactors },
  NeighborhoodComponentsAnalysis: { transform: projection },
  Normalizer: { transform: normalizer },
  Nystroem: { transform: nystroem },
  OneHotEncoder: { transform: oneHotEncoder },
  OrdinalEncoder: { transform: ordinalEncoder },
  PCA: { transform: pca },
  Pipeline: { transform: pipelineTransform, predict: pipelinePredict, last: lastStep },
  PolynomialCountSketch: { transform: polynomialCountSketch },
  PolynomialFeatures: { transform: polynomialFeatures },
  PowerTransformer: { transform: powerTransformer },
  QuantileTransformer: { transform: quantileTransformer },
  RBFSampler: { transform: rbfSampler },
  RFE: { transform: selectStored, predict: predictSelected, inner: selectedFor },
  RFECV: { transform: selectStored, predict: predictSelected, inner: selectedFor },
  RobustScaler: { transform: robustScaler },
  SelectFdr: { transform: selectFdr },
  SelectFpr: { transform: selectFpr },
  SelectFromModel: { transform: selectFromModel },
  SelectFwe: { transform: selectFwe },
  SelectKBest: { transform: selectKBest },
  SelectPercentile: { transform: selectPercentile },
  SequentialFeatureSelector: { transform: selectStored },
  SimpleImputer: { transform: simpleImputer },
  SkewedChi2Sampler: { transform: skewedChi2Sampler },
  SparsePCA: { transform: sparsePca },
  SparseRandomProjection: { transform: projection },
  SplineTransformer: { transform: splineTransformer },
  StandardScaler: { transform: standardScaler },
  TargetEncoder: { transform: targetEncoder },
  TfidfTransformer: { transform: tfidfTransformer },
  TfidfVectorizer: { transform: tfidfVectorizer, features: oneText },
  TruncatedSVD: { transform: projection },
  VarianceThreshold: { transform: varianceThreshold },
};
