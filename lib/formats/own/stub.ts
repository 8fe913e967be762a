/** The text for a user-defined step without a function from the caller: the beginning of such a function. */
import { didYouMean, listNames, quote } from '../../messages.ts';

export interface Stub {
  /** The name in Python. */
  readonly name: string;
  /** A description of the input. */
  readonly takes: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** A description of the expected result. */
  readonly gives: string;
  /** The return statement of the function. */
  readonly result: string;
  /** The function's second argument. */
  readonly context: string;
}

const MOST_ATTRIBUTES = 8;
const MOST_OF_ATTRIBUTE = 60;
/** How many values of an attribute are printed. */
const MOST_VALUES = 100;
const MOST_OF_LINE = 300;

/** `given` are the names of the functions that the caller gave. */
export function stubOf({ name, takes, attributes, gives, result, context }: Stub, given: Iterable<string>): string {
  const held = Object.entries(attributes).filter(([key]) => key !== '_sklearn_version');
  const shown = held.slice(0, MOST_ATTRIBUTES).map(([key, value]) => `${key.slice(0, 40)} = ${preview(value)}`);
  const more = held.length > MOST_ATTRIBUTES ? `, and ${held.length - MOST_ATTRIBUTES} more` : '';
  const lines = [
    'functions: {',
    `  ${quote(name)}: (columns, ${context}) => {`,
    `    // takes ${takes}`,
    ...(shown.length > 0 ? [`    // attributes: ${shown.join(', ')}${more}`] : []),
    `    // returns ${gives}`,
    `    return ${result};`,
    '  },',
    '}',
  ];
  const text = lines.map((line) => `\n  ${line.length > MOST_OF_LINE ? `${line.slice(0, MOST_OF_LINE)}…` : line}`);
  return `pass a function that computes it to load(), in the option \`functions\`${didYouMean(name, given)}${text.join('')}`;
}

function preview(value: unknown): string {
  // A value that contains one thing many times is walked only up to this many values.
  let left = MOST_VALUES;
  const written = (item: unknown) => (typeof item === 'bigint' ? Number(item) : shortened(item));
  const text = JSON.stringify(value, (_, item) => (left-- > 0 ? written(item) : undefined)) ?? 'null';
  return text.length > MOST_OF_ATTRIBUTE ? `${text.slice(0, MOST_OF_ATTRIBUTE)}…` : text;
}

/** Long lists and texts are cut before they are printed. */
function shortened(item: unknown): unknown {
  if (Array.isArray(item)) return item.slice(0, 12);
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(Object.entries(item).slice(0, 6));
}

/** `3 columns, 'a', 'b', 'c'`, as far as known. */
export function columnsInWords(width: number | undefined, names: readonly string[] | undefined): string {
  if (width === undefined) return 'columns';
  const called = names === undefined ? '' : `, ${listNames(names, 8)}`;
  return `${width} column${width === 1 ? '' : 's'}${called}`;
}
