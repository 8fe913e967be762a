/** What is said of a class that is not read: why not, and what to use instead. */
import { ForwardpassError } from '../../errors.ts';
import type { Estimator } from './estimator.ts';

const CONVERT = 'convert it with skl2onnx and run it with ONNX Runtime';

/** By the class's full name, the first that matches. */
const FAMILIES: readonly (readonly [pattern: RegExp, words: string])[] = [
  [
    /^(?:lightgbm|xgboost|catboost)\./,
    'is made of trees, which are no row operations; use its own runtime, or onnxmltools and ONNX Runtime',
  ],
  [
    /Forest|Tree|GradientBoosting|AdaBoost/,
    `is made of trees or of boosted estimators, which are no row operations; ${CONVERT}`,
  ],
  [
    /Neighbor|LocalOutlierFactor|LabelPropagation|LabelSpreading/,
    `looks up the rows it was fitted on, which is no row operation; ${CONVERT}`,
  ],
  [
    /GaussianProcess|KernelRidge|KernelPCA/,
    `compares with the rows it was fitted on, which is no row operation; ${CONVERT}`,
  ],
  [
    /CountVectorizer|Tfidf|HashingVectorizer|DictVectorizer|FeatureHasher/,
    'takes text or dicts apart; do that before, and save the estimator behind it by itself',
  ],
  [/Isotonic/, 'is a curve of steps, which is no row operation'],
  [/EllipticEnvelope|Outlier/, `is not read here; ${CONVERT}`],
  [/AgglomerativeClustering|DBSCAN|OPTICS|SpectralClustering|TSNE|MDS/, 'has no prediction for new rows'],
];

export function refusal(estimator: Estimator): ForwardpassError {
  const { className, module } = estimator;
  const name = `${module}.${className}`;
  const family = FAMILIES.find(([pattern]) => pattern.test(name));
  const say = (message: string) =>
    new ForwardpassError('UNSUPPORTED_OP', `${name} ${message}`, estimator.place || 'model');
  if (family !== undefined) return say(family[1]);
  if (module === 'sklearn' || module.startsWith('sklearn.')) return say(`is not read here; ${CONVERT}`);
  return say(
    'is no class of scikit-learn: its code is not in the file; save the estimators of scikit-learn without it',
  );
}
