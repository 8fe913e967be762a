/** Calls a function of the option `functions`: its arguments, and the check of its result. */
import { isTypedArray, lengthOf } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import type { OwnStep } from '../graph/graph.ts';
import { describe, didYouMean, listNames, quote } from '../messages.ts';
import { asDates, asNumbers, asStrings, columnOf } from './columns.ts';
import { type Frame, givenFrame, positionsIn } from './frame.ts';
import { moduleOf, type StageModel } from './modules.ts';
import type { StepCell, StepColumn, StepColumns, StepContext, StepFunction } from './types.ts';

/** The arguments of a step. */
export interface Arguments {
  readonly columns: readonly StepColumn[];
  readonly names: readonly string[] | undefined;
  readonly rows: number;
}

/** @throws {ForwardpassError} FUNCTION, with what the function threw as its cause. */
export function callStep(
  step: OwnStep,
  run: StepFunction,
  given: Arguments,
  modules: ReadonlyMap<string, StageModel> = new Map(),
): Frame {
  const place = placeOf(step);
  let result: unknown;
  try {
    result = run(columnsFor(given), contextOf(step, given, place, modules));
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : describe(cause);
    throw new ForwardpassError('FUNCTION', `failed: ${words}`, place, { cause });
  }
  const { columns, names } = columnsIn(result, step, given, place);
  const { classes } = step;
  const positions = classes === undefined ? columns : columns.map((column) => positionsOf(column, classes, place));
  return givenFrame(positions, names, given.rows, step.name);
}

/** The indices of predicted labels in the classes. */
function positionsOf(labels: StepColumn, classes: NonNullable<OwnStep['classes']>, place: string): Float64Array {
  if (classes === 'numbers') {
    if (labels instanceof Float64Array) return labels;
    const row = labels.findIndex((label) => typeof label !== 'number');
    const what = `returns ${describe(labels[row])} in row ${row}, but the file does not contain its labels`;
    const hint = "declare them with the function: { run: (columns) => …, classes: ['no', 'yes'] }";
    throw new ForwardpassError('FUNCTION', `${what}; ${hint}`, place);
  }
  const positions = new Map<unknown, number>(classes.map((label, at) => [label, at]));
  return Float64Array.from(labels as ArrayLike<StepCell>, (label, row) => {
    const at = positions.get(label);
    if (at !== undefined) return at;
    const known = listNames(classes.map(String), 8);
    throw new ForwardpassError('FUNCTION', `returns ${describe(label)} in row ${row}; expected one of ${known}`, place);
  });
}

export function placeOf({ name, place }: OwnStep): string {
  return `function ${quote(name)} of ${place}`;
}

/**
 * The columns by name, or by position without names. An object without a prototype: `__proto__` is a name like any
 * other.
 */
function columnsFor({ columns, names }: Arguments): StepColumns {
  if (names === undefined) return [...columns] as Iterable<StepColumn> as StepColumns;
  const named: Record<string, StepColumn> = Object.create(null);
  names.forEach((name, i) => {
    named[name] = columns[i];
  });
  const value = () => columns.values();
  return Object.defineProperty(named, Symbol.iterator, { value, enumerable: false }) as StepColumns;
}

function contextOf(
  { name, attributes }: OwnStep,
  given: Arguments,
  place: string,
  modules: ReadonlyMap<string, StageModel>,
): StepContext {
  const { columns, names, rows } = given;
  const frame = givenFrame(columns, names, rows, name);
  const find = (asked: string | number): StepColumn => {
    const isPosition = typeof asked === 'number' && Number.isInteger(asked) && asked >= 0 && asked < columns.length;
    if (isPosition) return columns[asked];
    if (typeof asked === 'string') return columns[positionsIn(frame, [asked], place)[0]];
    throw new ForwardpassError('FUNCTION', `asks for column ${describe(asked)} of ${columns.length}`, place);
  };
  const said = (asked: string | number) => `column ${typeof asked === 'string' ? quote(asked) : asked} of ${place}`;
  return {
    name,
    attributes,
    featureNames: names,
    rows,
    numbers: (asked) => asNumbers(find(asked), said(asked)),
    strings: (asked) => asStrings(find(asked), said(asked)),
    dates: (asked) => asDates(find(asked), said(asked)),
    module: (asked) => moduleOf(asked, modules, rows, place),
  };
}

interface Given {
  readonly columns: readonly StepColumn[];
  readonly names: readonly string[] | undefined;
}

function columnsIn(result: unknown, step: OwnStep, given: Arguments, place: string): Given {
  const refuse = (message: string) => new ForwardpassError('FUNCTION', message, place);
  // Without rows, an empty array is the only column, without values.
  const isEmpty = given.rows === 0 && step.width === 1;
  const entries = entriesOf(result, isEmpty, refuse);
  const isNamed = !isList(result);
  const named = isNamed ? (entries as [string, unknown][]) : [];
  const { width, givesNames } = step;
  const behind = step.next === undefined ? '' : ` for the ${step.next} after it`;
  if (isNamed && givesNames !== undefined) {
    const known = new Map(named);
    const columns = givesNames.map((name) => {
      if (known.has(name)) return checked(known.get(name), quote(name), given.rows, refuse);
      const hint = didYouMean(name, known.keys());
      throw refuse(
        `returns no column ${quote(name)}, which is expected${behind}${hint}; it returns ${listed([...known.keys()])}`,
      );
    });
    return { columns, names: givesNames };
  }
  if (width !== undefined && entries.length !== width) {
    const called = isNamed ? `: ${listed(named.map(([name]) => name))}` : '';
    throw refuse(`returns ${counted(entries.length)}${called}; expected ${width}${behind}`);
  }
  const keepsNames = givesNames !== undefined && sameNames(givesNames, given.names);
  if (givesNames !== undefined && !keepsNames) {
    const names = listNames(givesNames, 8);
    throw refuse(`returns columns without names; expected columns by name${behind}: ${names}`);
  }
  const columns = entries.map(([name, values], at) =>
    checked(values, name === undefined ? `${at}` : quote(name), given.rows, refuse),
  );
  const names = isNamed ? named.map(([name]) => name) : keepsNames ? givesNames : undefined;
  return { columns, names };
}

/** The returned columns, with or without names. */
function entriesOf(
  result: unknown,
  isEmpty: boolean,
  refuse: (message: string) => ForwardpassError,
): [string | undefined, unknown][] {
  if (typeof result !== 'object' || result === null) throw refuse(`returns ${describe(result)}; expected columns`);
  if (isTypedArray(result)) return [[undefined, result]];
  if (Array.isArray(result)) {
    const isOne = (result.length > 0 || isEmpty) && !result.some(isList);
    if (!isOne) return result.map((values) => [undefined, values]);
    const [first] = result;
    if (typeof first !== 'object' || first === null || first instanceof Date) return [[undefined, result]];
    throw refuse(
      'returns an array of objects, which may be rows; expected columns, each an array with a value for each row',
    );
  }
  if (typeof (result as { readonly then?: unknown }).then === 'function') {
    throw refuse('returns a Promise; expected columns: do asynchronous work before the call');
  }
  if (result instanceof Map || result instanceof Set) throw refuse(`returns ${describe(result)}; expected an object`);
  return Object.entries(result);
}

function checked(
  values: unknown,
  name: string,
  rows: number,
  refuse: (message: string) => ForwardpassError,
): StepColumn {
  if (!isList(values))
    throw refuse(`returns ${describe(values)} as column ${name}; expected an array of ${rows} values`);
  const length = isTypedArray(values) ? lengthOf(values) : values.length;
  if (length !== rows) {
    throw refuse(`returns ${length} values in column ${name}; expected ${rows}, one for each row`);
  }
  return columnOf(values, (row, found) => refuse(`returns ${found} in row ${row} of column ${name}`));
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedArray(value);
}

function sameNames(a: readonly string[], b: readonly string[] | undefined): boolean {
  return a.length === b?.length && a.every((name, i) => name === b[i]);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : listNames(names, 8);
}

function counted(count: number): string {
  return `${count} column${count === 1 ? '' : 's'}`;
}
