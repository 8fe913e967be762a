/** Messages for unsupported classes: the reason, and what to use instead. */
import { ForwardpassError } from '../../errors.ts';
import type { PickleGlobal } from '../containers/pickle/values.ts';
import type { Estimator } from './estimator.ts';
import { isPatched } from './patched.ts';
import { isFitted } from './values.ts';

/** The reason for models that are fitted anew for each batch. */
export const LOOKED_FOR = 'is found by iteration for each batch of rows, so there is no formula for one row';

/** For scikit-learn; the first pattern that matches the class's name applies. */
const FAMILIES: readonly (readonly [pattern: RegExp, words: string])[] = [
  [
    /^(?:KNeighbors|RadiusNeighbors)Transformer$/,
    'gives a sparse row of distances to all the rows that it was fitted on, for an estimator that takes no features; fit ' +
      'that estimator on the features, with another metric than precomputed',
  ],
  [/LabelPropagation|LabelSpreading/, 'looks up the rows that it was fitted on, which is not supported'],
  [
    /KernelDensity|Isomap|LocallyLinear/,
    'compares each row with the rows that it was fitted on, which is not supported',
  ],
  [/^MultiLabelBinarizer$/, 'encodes labels; rows do not pass through it. Save the estimator whose labels it encodes'],
  [/NMF|LatentDirichletAllocation|DictionaryLearning|SparseCoder/, LOOKED_FOR],
  [/Agglomerative|DBSCAN|OPTICS|Spectral|TSNE|MDS$/, 'does not predict for new rows'],
];

/** Unsupported classes of scikit-learn that skl2onnx 1.21 converts. */
const CONVERTED = new Set(['KNeighborsTransformer']);

const ONNX = 'run it with ONNX Runtime';

/** For other packages, by the first part of the module name. */
const PACKAGES: readonly (readonly [roots: string, words: string])[] = [
  [
    'statsmodels',
    'is a result of statsmodels of an unsupported kind; `define` makes a model of its coefficients (`params`)',
  ],
  [
    'imblearn',
    'belongs to imbalanced-learn, whose pipelines and ensembles are supported; its samplers have no effect when a model ' +
      'predicts: save the pipeline, or the model after the sampler',
  ],
  [
    'sklearnex daal4py onedal',
    'is stored in a format of oneDAL, which is not supported; fit it without `patch_sklearn` and save it again',
  ],
  [
    'torch keras tensorflow tf_keras',
    'is a network, not an estimator; save it as its own framework does, and load that file',
  ],
  [
    'skorch scikeras',
    'wraps a network, which is not supported; save the network itself as its framework does, and load that file',
  ],
  ['pandas numpy scipy polars pyarrow', 'is data, not an estimator'],
  ['__main__ __mp_main__', 'is a class of your own, whose code is not in the file; save the estimators without it'],
];

/** `hint` is an alternative. */
export function refusal(estimator: Estimator, hint?: string): ForwardpassError {
  const { callable } = estimator.object;
  const message = `${callable} ${reasonOf(callable)}${hint === undefined ? '' : `, or ${hint}`}`;
  return new ForwardpassError('UNSUPPORTED_OP', message, estimator.place || 'model');
}

function reasonOf({ module, name }: PickleGlobal): string {
  const [root] = module.split('.');
  const family = FAMILIES.find(([pattern]) => pattern.test(name))?.[1];
  if (root === 'sklearn') {
    const words = family ?? 'is not supported';
    const or = words.includes(';') ? ' or' : '';
    return CONVERTED.has(name) ? `${words};${or} convert it with skl2onnx and ${ONNX}` : words;
  }
  if (isPatched({ module, name }) && family !== undefined) return family;
  const known = PACKAGES.find(([roots]) => roots.split(' ').includes(root))?.[1];
  return known ?? 'is not a class of scikit-learn, and its code is not in the file; save the estimators without it';
}

/** The error for a search that only compared parameters. */
export function notRefitted(search: Estimator): ForwardpassError {
  const message =
    'searched with refit=False, so it contains no fitted estimator; set refit=True, or fit an estimator with its best parameters';
  return search.error('MALFORMED', message);
}

/**
 * The error for an estimator that does not state how many features it takes, with the reason in the first of its parts.
 */
export function widthless(parts: readonly Estimator[], isRead: (cls: PickleGlobal) => boolean): ForwardpassError {
  const [whole] = parts;
  for (const part of parts) {
    // Helpers of other estimators are read together with these.
    if (!part.className.startsWith('_') && !isRead(part.object.callable)) return refusal(part);
    const isSearch = part.className.endsWith('SearchCV') && !part.has('best_estimator_');
    if (isSearch && part.value('refit', true) === false) return notRefitted(part);
  }
  const isOld = parts.every(({ object }) => isFitted(object));
  const isDummy = whole.className.startsWith('Dummy');
  const newer = `; fit and save it with a newer scikit-learn${isDummy ? ', or in a Pipeline after a scaler' : ''}`;
  const why = isOld ? newer : '; the estimator is not fitted';
  return whole.error('MALFORMED', `does not state how many features it takes${why}`);
}
