/** Functions of NumPy and SciPy that files name: those that are functions of the graph. */

import { PickleGlobal, PickleObject, type PickleValue, pickleKind } from '../containers/pickle/values.ts';
import type { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import type { Row } from './outcome.ts';
import { functionName } from './values.ts';

type NamedFunction = (emitter: Emitter, x: Row) => Row;

const FUNCTIONS: Readonly<Record<string, NamedFunction>> = {
  'numpy.absolute': (emitter, x) => emitter.unary(x, 'abs'),
  'numpy.abs': (emitter, x) => emitter.unary(x, 'abs'),
  'numpy.fabs': (emitter, x) => emitter.unary(x, 'abs'),
  'numpy.ceil': (emitter, x) => emitter.unary(x, 'ceil'),
  'numpy.exp': (emitter, x) => emitter.unary(x, 'exp'),
  'numpy.exp2': (emitter, x) => emitter.binary('pow', 2, x),
  'numpy.expm1': (emitter, x) => emitter.unary(x, 'expm1'),
  'numpy.floor': (emitter, x) => emitter.unary(x, 'floor'),
  'numpy.isnan': (emitter, x) => emitter.unary(x, 'is_nan'),
  'numpy.log': (emitter, x) => emitter.unary(x, 'log'),
  'numpy.log10': (emitter, x) => emitter.binary('div', emitter.unary(x, 'log'), Math.LN10),
  'numpy.log1p': (emitter, x) => emitter.unary(x, 'log1p'),
  'numpy.log2': (emitter, x) => emitter.binary('div', emitter.unary(x, 'log'), Math.LN2),
  'numpy.negative': (emitter, x) => emitter.unary(x, 'neg'),
  'numpy.positive': (_emitter, x) => x,
  'numpy.reciprocal': (emitter, x) => emitter.unary(x, 'reciprocal'),
  'numpy.rint': (emitter, x) => emitter.unary(x, 'round'),
  'numpy.sign': (emitter, x) => emitter.unary(x, 'sign'),
  'numpy.sqrt': (emitter, x) => emitter.unary(x, 'sqrt'),
  'numpy.square': (emitter, x) => emitter.unary(x, 'square'),
  'numpy.tanh': (emitter, x) => emitter.unary(x, 'tanh'),
  'numpy.trunc': (emitter, x) => emitter.unary(x, 'trunc'),
  'scipy.special.erf': (emitter, x) => emitter.unary(x, 'erf'),
  'scipy.special.expit': (emitter, x) => emitter.unary(x, 'sigmoid'),
  'scipy.special.expm1': (emitter, x) => emitter.unary(x, 'expm1'),
  'scipy.special.log1p': (emitter, x) => emitter.unary(x, 'log1p'),
};

/** `functools.partial` of scikit-learn's check of arrays, which changes no number. */
function isCheck(value: PickleValue): boolean {
  const [checked] = value instanceof PickleObject && String(value.callable) === 'functools.partial' ? value.args : [];
  return checked instanceof PickleGlobal && String(checked) === 'sklearn.utils.validation.check_array';
}

/** The attribute's function of x; None is the identity. A user's own function is code, and is refused by its name. */
export function applyFunction(estimator: Estimator, attribute: string, emitter: Emitter, x: Row): Row {
  const value = estimator.value(attribute);
  if (value === null) return x;
  if (isCheck(value)) return x;
  const name = functionName(value);
  // The modules in which NumPy and SciPy keep their functions were renamed more than once.
  const plain = name?.replace(/^numpy\..*\./, 'numpy.').replace(/^scipy\.special\..*\./, 'scipy.special.');
  if (plain !== undefined && Object.hasOwn(FUNCTIONS, plain)) return FUNCTIONS[plain](emitter, x);
  const found = name ?? pickleKind(value);
  const isOfLibrary = /^(?:numpy|scipy|sklearn|pandas|math|operator|builtins)\./.test(found);
  const reason = isOfLibrary ? 'is not read here' : 'is code of your own that is not in the file';
  const read = Object.keys(FUNCTIONS).map((known) => known.slice(known.lastIndexOf('.') + 1));
  const message = `the function ${found} ${reason}; those of NumPy and SciPy that are read: ${[...new Set(read)].join(', ')}`;
  throw estimator.error('UNSUPPORTED_OP', message, attribute);
}
