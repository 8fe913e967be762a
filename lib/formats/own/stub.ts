/** What is printed for a step of the author's own for which the caller gives no function: the beginning of one. */
import { didYouMean, listNames, quote } from '../../messages.ts';

export interface Stub {
  /** In Python. */
  readonly name: string;
  /** What comes in, in words. */
  readonly takes: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What is expected back, in words. */
  readonly gives: string;
  /** The line of the function that returns something. */
  readonly result: string;
  /** What the function is given beside the columns. */
  readonly context: string;
}

const MOST_ATTRIBUTES = 8;
const MOST_OF_ATTRIBUTE = 60;
/** Of an attribute, so many values are written down. */
const MOST_VALUES = 100;
const MOST_OF_LINE = 300;

/** `given` are the names of the functions that there are. */
export function stubOf({ name, takes, attributes, gives, result, context }: Stub, given: Iterable<string>): string {
  const held = Object.entries(attributes).filter(([key]) => key !== '_sklearn_version');
  const shown = held.slice(0, MOST_ATTRIBUTES).map(([key, value]) => `${key.slice(0, 40)} = ${preview(value)}`);
  const more = held.length > MOST_ATTRIBUTES ? `, and ${held.length - MOST_ATTRIBUTES} more` : '';
  const lines = [
    'functions: {',
    `  ${quote(name)}: (columns, ${context}) => {`,
    `    // takes ${takes}`,
    ...(shown.length > 0 ? [`    // attributes: ${shown.join(', ')}${more}`] : []),
    `    // gives ${gives}`,
    `    return ${result};`,
    '  },',
    '}',
  ];
  const text = lines.map((line) => `\n  ${line.length > MOST_OF_LINE ? `${line.slice(0, MOST_OF_LINE)}…` : line}`);
  return `give what it does to load(), with the option \`functions\`${didYouMean(name, given)}${text.join('')}`;
}

function preview(value: unknown): string {
  // What holds one thing many times over is walked so far only.
  let left = MOST_VALUES;
  const written = (item: unknown) => (typeof item === 'bigint' ? Number(item) : shortened(item));
  const text = JSON.stringify(value, (_, item) => (left-- > 0 ? written(item) : undefined)) ?? 'null';
  return text.length > MOST_OF_ATTRIBUTE ? `${text.slice(0, MOST_OF_ATTRIBUTE)}…` : text;
}

/** Whatever there are many of is cut before it is written down. */
function shortened(item: unknown): unknown {
  if (Array.isArray(item)) return item.slice(0, 12);
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(Object.entries(item).slice(0, 6));
}

/** `3 columns, 'a', 'b', 'c'`, as far as it is known. */
export function columnsInWords(width: number | undefined, names: readonly string[] | undefined): string {
  if (width === undefined) return 'columns';
  const called = names === undefined ? '' : `, ${listNames(names, 8)}`;
  return `${width} column${width === 1 ? '' : 's'}${called}`;
}
