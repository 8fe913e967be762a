/** A user-defined step: a class, or a function of a FunctionTransformer, which the caller computes. */
import type { ForwardpassError } from '../../../errors.ts';
import { listNames, quote } from '../../../messages.ts';
import type { GivenFunctions } from '../../format.ts';
import { plainAttributes } from '../../own/plain.ts';
import { columnsInWords, stubOf } from '../../own/stub.ts';
import { onAt } from '../decisions.ts';
import type { Emitter, Predict, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Outcome, RowVector } from '../outcome.ts';
import { isNone, itemsOf, plainScalar } from '../values.ts';
import type { Expected } from './expected.ts';

export interface OwnCall {
  /** The name in Python. */
  readonly name: string;
  readonly attributes: () => Readonly<Record<string, unknown>>;
  /** How many columns it returns, if neither the following step nor the caller determines that. */
  readonly width?: number;
  /** Whether a class of the same name may predict instead. */
  readonly mayPredict?: boolean;
  /** For labels: their possible values. */
  readonly classes?: readonly Label[] | 'numbers';
  /** The error if the caller supplies no function. */
  readonly refused: (hint: string) => ForwardpassError;
}

/** A method of a user-defined class; `transform` is named by the class only. */
export function ownMethod(
  refused: (estimator: Estimator, hint: string) => ForwardpassError,
  method?: string,
): Transform {
  return (estimator, emitter, x) => {
    const { callable } = estimator.object;
    return callOwn(estimator, emitter, x, {
      name: method === undefined ? `${callable}` : `${callable}.${method}`,
      attributes: () => plainAttributes(estimator.object, estimator.budget, estimator.title),
      refused: (hint) => refused(estimator, hint),
      ...(method === undefined ? { mayPredict: true } : { width: x.width }),
    });
  };
}

/** Whether a user-defined class predicts: the caller shows it by a function's name, or the file by learnt classes. */
export function predictsOwn(estimator: Estimator, functions: GivenFunctions): boolean {
  const name = `${estimator.object.callable}`;
  if (functions.has(`${name}.predict`) || functions.has(`${name}.predict_proba`)) return true;
  return !functions.has(name) && estimator.has('classes_');
}

/** The methods `predict`, and `predict_proba` if there is a function for it, of a user-defined class. */
export function ownPrediction(refused: (estimator: Estimator, hint: string) => ForwardpassError): Predict {
  return (estimator, emitter, x): Outcome => {
    const { functions } = emitter;
    const name = `${estimator.object.callable}`;
    const said = functions.get(`${name}.predict`)?.classes;
    const classes = said ?? (estimator.has('classes_') ? estimator.labels('classes_') : undefined);
    if (classes?.length === 1) {
      throw estimator.error('UNSUPPORTED_OP', 'has learnt only one class, which is not supported', 'classes_');
    }
    const call = (method: string, width: number, labels?: OwnCall['classes']) =>
      callOwn(estimator, emitter, x, {
        name: `${name}.${method}`,
        attributes: () => plainAttributes(estimator.object, estimator.budget, estimator.title),
        width,
        ...(labels && { classes: labels }),
        refused: (hint) => refused(estimator, hint),
      });
    const predicted = call('predict', 1, classes ?? 'numbers');
    const hasProbabilities = functions.has(`${name}.predict_proba`);
    if (classes === undefined) {
      if (!hasProbabilities) return { kind: 'values', values: predicted };
      const message = `gives probabilities, but the file does not say of which classes; add the classes to the function: { ${quote(`${name}.predict`)}: { run: (columns) => …, classes: ['no', 'yes'] } }`;
      throw estimator.error('OPTION', message);
    }
    if (predicted.width !== 1)
      throw estimator.error('OPTION', `gives labels, which are one column, not ${predicted.width}`);
    const decider = onAt(emitter, predicted, classes.length);
    if (!hasProbabilities) return { kind: 'labels', classes, decider };
    const probabilities = call('predict_proba', classes.length);
    if (probabilities.width === classes.length) return { kind: 'labels', classes, decider, probabilities };
    throw estimator.error('OPTION', `gives ${probabilities.width} probabilities for ${classes.length} classes`);
  };
}

export function callOwn(estimator: Estimator, emitter: Emitter, x: RowVector, call: OwnCall): RowVector {
  const names = namesOf(estimator, x);
  const { functions } = emitter;
  const function_ = functions.get(call.name);
  const expected = emitter.expected();
  if (function_ === undefined) throw call.refused(hintOf(call, x, names, expected, functions.keys()));
  const declared = function_.columns;
  const said = typeof declared === 'object' ? declared.length : declared;
  const width = said ?? expected?.width ?? call.width;
  if (width === undefined && expected?.isAny !== true) throw widthless(estimator, call.name);
  const givesNames = typeof declared === 'object' ? declared : expected?.names;
  return emitter.own(x, {
    name: call.name,
    place: estimator.title,
    ...(names && { names }),
    ...(width !== undefined && { width }),
    ...(givesNames && { givesNames }),
    ...(expected && { next: expected.by }),
    ...(call.classes && { classes: call.classes }),
    attributes: call.attributes(),
  });
}

/** Its column names when it was fitted, or those of the data frame that it is given. */
function namesOf(estimator: Estimator, x: RowVector): readonly string[] | undefined {
  const value = estimator.value('feature_names_in_');
  const names = isNone(value) ? undefined : itemsOf(value)?.map(plainScalar);
  const areNames = names?.every((name) => typeof name === 'string') && (x.isOpen || names.length === x.width);
  return areNames ? (names as string[]) : x.frame;
}

function widthless(estimator: Estimator, name: string): ForwardpassError {
  const message = `the file does not say how many columns ${quote(name)} gives; add the number of columns, or their names, to the function: { ${quote(name)}: { run: (columns) => …, columns: 3 } }`;
  return estimator.error('OPTION', message);
}

function hintOf(
  call: OwnCall,
  x: RowVector,
  names: readonly string[] | undefined,
  expected: Expected | undefined,
  given: Iterable<string>,
): string {
  const isGiven = x.isOpen || x.raw?.every((column) => column !== undefined);
  const whose = isGiven ? ' of the rows as they are given' : ' of numbers';
  const known = x.isOpen ? undefined : x.width;
  const takes =
    known === undefined && names === undefined
      ? 'the columns of the input rows; which ones is not in the file'
      : `${columnsInWords(known ?? names?.length, names)}${whose}`;
  const width = expected?.width ?? call.width;
  const by = expected === undefined ? '' : ` for the ${expected.by} that follows it`;
  const ofNames = expected?.names === undefined ? '' : `: ${listNames(expected.names, 8)}`;
  const ofLabels = typeof call.classes === 'object' ? `: one of ${listNames(call.classes.map(String), 8)}` : '';
  const isLast = call.mayPredict === true && expected === undefined;
  const other = isLast ? `; if it predicts, call it ${quote(`${call.name}.predict`)}` : '';
  const each = `an array of one value for each row${ofLabels}${other}`;
  const gives = `${columnsInWords(width, undefined)}${by}${ofNames}, ${each}`;
  const hasNames = names !== undefined || expected?.names !== undefined || x.isOpen;
  return stubOf(
    {
      name: call.name,
      takes,
      attributes: call.attributes(),
      gives,
      result: hasNames ? '{ ...columns }' : 'columns',
      context: '{ attributes, featureNames, numbers, strings, dates }',
    },
    given,
  );
}
