/** Functions of NumPy, SciPy, pandas and scikit-learn that files name, with their arguments. */
import { PickleDict, PickleObject, PickleTuple, type PickleValue, pickleKind } from '../../containers/pickle/values.ts';
import { frozenRecord, isRecord, plainValue } from '../../own/plain.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { isOwn } from '../own/classes.ts';
import { callOwn } from '../own/step.ts';
import { functionName } from '../values.ts';
import { Arguments } from './arguments.ts';
import { type NamedFunction, NUMPY, OF_TWO, SCIPY } from './elementwise.ts';
import { NUMPY_NORMS, NUMPY_ORDERS } from './orders.ts';
import { NUMPY_ROWS, SCIPY_ROWS, SKLEARN_ROWS } from './rowwise.ts';

/** Excludes NumPy's random numbers and masked arrays. */
const OF_NUMPY = /^numpy(?:$|\.(?:_?core|lib)(?:\.|$))/;

const isMissing: NamedFunction = NUMPY.isnan;
const isThere: NamedFunction = (emitter, x, given) => emitter.unary(isMissing(emitter, x, given), 'not');

/** By library: the modules in which libraries define their functions were renamed several times. */
const LIBRARIES: readonly (readonly [module: RegExp, functions: Readonly<Record<string, NamedFunction>>])[] = [
  [OF_NUMPY, { ...NUMPY, ...NUMPY_ROWS, ...NUMPY_ORDERS }],
  [/^numpy\.linalg(?:\.|$)/, NUMPY_NORMS],
  [/^scipy\.special(?:\.|$)/, { ...SCIPY, ...SCIPY_ROWS }],
  [/^sklearn\.preprocessing(?:\.|$)/, SKLEARN_ROWS],
  [/^sklearn\.utils\.validation$/, { check_array: (_emitter, x) => x }],
  [/^pandas(?:$|\.core\.dtypes\.missing$)/, { isna: isMissing, isnull: isMissing, notna: isThere, notnull: isThere }],
];

/** A function, the arguments before the row, and its keywords. */
interface FunctionCall {
  readonly name: string;
  readonly before: readonly PickleValue[];
  readonly keywords: PickleValue;
}

/** The call of a function by name, or of a `functools.partial`. */
function callOf(value: PickleValue): FunctionCall | undefined {
  const name = functionName(value);
  if (name !== undefined) return { name, before: [], keywords: null };
  if (!(value instanceof PickleObject) || String(value.callable) !== 'functools.partial') return undefined;
  const state = value.state instanceof PickleTuple ? value.state.items : value.args;
  const [inner, before, keywords] = state;
  const partial = functionName(inner ?? null);
  if (partial === undefined) return undefined;
  return { name: partial, before: before instanceof PickleTuple ? before.items : [], keywords: keywords ?? null };
}

/** Whether the call is scikit-learn's check of arrays, with any keywords: it does not change numbers. */
function isCheck({ name }: FunctionCall): boolean {
  return name === 'sklearn.utils.validation.check_array';
}

/**
 * Applies the function in an attribute to x, with the keywords in another attribute; None is the identity. A
 * user-defined function is code, and is refused with its name.
 */
export function applyFunction(
  estimator: Estimator,
  attribute: string,
  emitter: Emitter,
  x: RowVector,
  keywords?: string,
): RowVector {
  const value = estimator.value(attribute);
  if (value === null) return x;
  const call = callOf(value);
  if (call !== undefined && isCheck(call)) return x;
  const known = call === undefined ? undefined : namedFunction(call, attribute, estimator, keywords);
  if (known !== undefined) return known(emitter, x);
  const refused = () => unknown(estimator, attribute, call?.name ?? functionName(value) ?? pickleKind(value));
  if (call === undefined || !(isOwn({ module: call.name }) || emitter.functions.has(call.name))) throw refused();
  return callOwn(estimator, emitter, x, {
    name: call.name,
    attributes: () => argumentsOf(call, estimator, keywords),
    ...(keepsWidth(estimator, attribute) && { width: x.width }),
    refused: (hint) => unknown(estimator, attribute, call.name, hint),
  });
}

/** Whether a function returns as many columns as it takes: an inverse does, and another one if it is declared. */
function keepsWidth(estimator: Estimator, attribute: string): boolean {
  return attribute === 'inverse_func' || estimator.value('feature_names_out') === 'one-to-one';
}

/** The keywords of a function, and as `args` the arguments before the row. */
function argumentsOf({ before, keywords }: FunctionCall, estimator: Estimator, attribute: string | undefined) {
  const plain = (value: PickleValue) => plainValue(value, estimator.budget, estimator.title);
  const given = [keywords, attribute === undefined ? null : estimator.value(attribute)].map(plain);
  const entries = given.flatMap((dict) => (isRecord(dict) ? Object.entries(dict) : []));
  return frozenRecord(before.length === 0 ? entries : [['args', Object.freeze(before.map(plain))], ...entries]);
}

function namedFunction(call: FunctionCall, attribute: string, estimator: Estimator, keywords: string | undefined) {
  const { name, before } = call;
  const [module, last] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
  const functions = LIBRARIES.find(([pattern]) => pattern.test(module))?.[1];
  const given = keywords === undefined ? [] : [estimator.value(keywords)];
  const place = given.some((dict) => dict instanceof PickleDict && dict.entries.length > 0) ? keywords : undefined;
  const args = new Arguments(estimator, place ?? attribute, name, before, [call.keywords, ...given]);
  if (before.length === 1 && OF_NUMPY.test(module) && Object.hasOwn(OF_TWO, last)) {
    return (emitter: Emitter, x: RowVector) => {
      args.finish();
      return OF_TWO[last](emitter, args.numbersOf(before[0]), x);
    };
  }
  if (functions === undefined || !Object.hasOwn(functions, last)) return undefined;
  if (before.length > 0) throw args.error('an argument before the row is not supported');
  return (emitter: Emitter, x: RowVector) => {
    const row = functions[last](emitter, x, args);
    args.finish();
    return row;
  };
}

function unknown(estimator: Estimator, attribute: string, found: string, hint?: string) {
  const isOfLibrary = /^(?:numpy|scipy|sklearn|pandas|math|operator|builtins)\./.test(found);
  const reason = isOfLibrary ? 'is not supported' : 'is your own code, which is not in the file';
  const read = new Set(LIBRARIES.slice(0, 3).flatMap(([, functions]) => Object.keys(functions)));
  if (hint !== undefined && !isOfLibrary) {
    return estimator.error('UNSUPPORTED_OP', `the function ${found} ${reason}; ${hint}`, attribute);
  }
  const message = `the function ${found} ${reason}; the supported functions of NumPy and SciPy: ${[...read].join(', ')}`;
  return estimator.error('UNSUPPORTED_OP', message, attribute);
}
