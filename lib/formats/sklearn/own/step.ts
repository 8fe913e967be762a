/** A step of the author's own: a class, or a function of a FunctionTransformer, which the caller computes. */
import type { ForwardpassError } from '../../../errors.ts';
import { listNames, quote } from '../../../words.ts';
import { plainAttributes } from '../../own/plain.ts';
import { columnsInWords, stubOf } from '../../own/stub.ts';
import type { Emitter, Transform } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Row } from '../outcome.ts';
import { isNone, itemsOf, plainScalar } from '../values.ts';
import type { Expected } from './expected.ts';

export interface OwnCall {
  /** In Python. */
  readonly name: string;
  readonly attributes: () => Readonly<Record<string, unknown>>;
  /** How many columns it gives where neither what is behind it nor the caller says it. */
  readonly width?: number;
  /** What is said where the caller gives no function. */
  readonly refused: (hint: string) => ForwardpassError;
}

/** A method of the author's own class, by the class's name where it is `transform`. */
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
      ...(method !== undefined && { width: x.width }),
    });
  };
}

export function callOwn(estimator: Estimator, emitter: Emitter, x: Row, call: OwnCall): Row {
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
    attributes: call.attributes(),
  });
}

/** What its columns were called when it was fitted, or are in the data frame that it is given. */
function namesOf(estimator: Estimator, x: Row): readonly string[] | undefined {
  const value = estimator.value('feature_names_in_');
  const names = isNone(value) ? undefined : itemsOf(value)?.map(plainScalar);
  const areNames = names?.every((name) => typeof name === 'string') && (x.isOpen || names.length === x.width);
  return areNames ? (names as string[]) : x.frame;
}

function widthless(estimator: Estimator, name: string): ForwardpassError {
  const message = `the file does not say how many columns ${quote(name)} gives; say it beside the function, or what they are called: { ${quote(name)}: { run: (columns) => …, columns: 3 } }`;
  return estimator.error('OPTION', message);
}

function hintOf(
  call: OwnCall,
  x: Row,
  names: readonly string[] | undefined,
  expected: Expected | undefined,
  given: Iterable<string>,
): string {
  const isGiven = x.isOpen || x.raw?.every((column) => column !== undefined);
  const whose = isGiven ? ' of the rows as they are given' : ' of numbers';
  const known = x.isOpen ? undefined : x.width;
  const takes =
    known === undefined && names === undefined
      ? 'the columns of the rows as they are given; what they are is not in the file'
      : `${columnsInWords(known ?? names?.length, names)}${whose}`;
  const width = expected?.width ?? call.width;
  const by = expected === undefined ? '' : ` for the ${expected.by} behind it`;
  const ofNames = expected?.names === undefined ? '' : `: ${listNames(expected.names, 8)}`;
  const gives = `${columnsInWords(width, undefined)}${by}${ofNames}, an array of one value for each row`;
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
