/** Checks the option `functions`. */
import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';
import type { Step } from './types.ts';

const MOST_COLUMNS = 2 ** 20;

/** @throws {ForwardpassError} OPTION. */
export function checkFunctions(given: unknown): ReadonlyMap<string, Step> {
  if (given === undefined) return new Map();
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof Map) {
    throw wrong('an object of functions by their names in Python', given, 'functions');
  }
  return new Map(Object.entries(given).map(([name, value]) => [name, stepOf(name, value)]));
}

function stepOf(name: string, value: unknown): Step {
  const place = `functions[${quote(name)}]`;
  if (typeof value === 'function') return { run: value as Step['run'] };
  if (typeof value !== 'object' || value === null)
    throw wrong('a function, { run, columns } or { text }', value, place);
  if ('text' in value) return textStep(value as { readonly text: unknown }, place);
  const { run, columns, classes } = value as Readonly<Record<string, unknown>>;
  const stray = Object.keys(value).find((key) => key !== 'run' && key !== 'columns' && key !== 'classes');
  if (stray !== undefined) {
    throw new ForwardpassError(
      'OPTION',
      `unknown option ${quote(stray)}; expected one of 'run', 'columns', 'classes', 'text'`,
      place,
    );
  }
  if (typeof run !== 'function') throw wrong('a function', run, `${place}.run`);
  return {
    run: run as Step['run'],
    ...(columns !== undefined && { columns: columnsOf(columns, `${place}.columns`) }),
    ...(classes !== undefined && { classes: classesOf(classes, `${place}.classes`) }),
  };
}

function classesOf(classes: unknown, place: string): readonly (string | number)[] {
  const isLabel = (label: unknown) => typeof label === 'string' || (typeof label === 'number' && !Number.isNaN(label));
  const areLabels = Array.isArray(classes) && classes.length > 1 && classes.every(isLabel);
  if (areLabels && classes.length <= MOST_COLUMNS && new Set(classes).size === classes.length) return [...classes];
  throw wrong('two or more labels, each once', classes, place);
}

function textStep({ text, ...others }: { readonly text: unknown }, place: string): Step {
  const [stray] = Object.keys(others);
  if (stray !== undefined) {
    throw new ForwardpassError('OPTION', `${quote(stray)} cannot be combined with 'text', which takes one text`, place);
  }
  if (typeof text !== 'function') throw wrong('a function', text, `${place}.text`);
  const run = () => {
    throw new Error('the step needs a function of columns, found { text }; pass a function of columns');
  };
  return { run, text: text as Step['text'] };
}

function columnsOf(columns: unknown, place: string): number | readonly string[] {
  if (typeof columns === 'number' && Number.isInteger(columns) && columns > 0 && columns <= MOST_COLUMNS)
    return columns;
  const areNames = Array.isArray(columns) && columns.length > 0 && columns.every((name) => typeof name === 'string');
  if (areNames && new Set(columns).size === columns.length) return [...columns];
  throw wrong('the number of columns it returns, or a list of their names', columns, place);
}

function wrong(expected: string, found: unknown, place: string): ForwardpassError {
  return new ForwardpassError('OPTION', `expected ${expected}, found ${describe(found)}`, place);
}
