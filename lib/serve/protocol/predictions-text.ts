/** Formats the prediction for each row as JSON. */
import type { FloatArray } from '../../buffers.ts';
import type { Label } from '../../labels.ts';
import type { Model } from '../../model.ts';
import type { Interpreted } from '../../predictions.ts';
import { labelText, numbersText, numberText } from './text.ts';

/** The text of one row's answer. */
export type RowText = (row: number) => string;

type Part = FloatArray | readonly Label[];
type Named = Readonly<Record<string, Part | readonly Part[]>>;

/**
 * The result of `predict` for each row: its label or value, an array if it is wider, an object if there are several.
 */
export function predictedTexts(model: Model, { predicted }: Interpreted, rows: number): RowText {
  const { outputs } = model.ports;
  if (!Array.isArray(predicted) && !ArrayBuffer.isView(predicted))
    return namedTexts(predicted, (part) => partTexts(part, rows));
  if (!Array.isArray(predicted) || predicted.length === rows) return partTexts(predicted as Part, rows);
  // For several targets, row after row: each is named by its output.
  const targets = outputs.length;
  const columns = outputs.map(({ name, list }, at) => {
    const column = Array.from({ length: rows }, (_, row) => (predicted as Label[])[row * targets + at]);
    return { name: list ?? name, isOfList: list !== undefined, column };
  });
  const named: Record<string, Part | Part[]> = Object.create(null);
  for (const { name, isOfList, column } of columns) {
    if (isOfList) named[name] = [...((named[name] as Part[] | undefined) ?? []), column];
    else named[name] = column;
  }
  return namedTexts(named, (part) => partTexts(part, rows));
}

/** The same, where a classifier also returns probabilities: `{ "label": …, "probabilities": { … } }`. */
export function friendlyTexts(model: Model, interpreted: Interpreted, rows: number): RowText {
  const predicted = predictedTexts(model, interpreted, rows);
  // Without known classes, `predict` returns the probabilities themselves.
  const hasLabels = model.classes !== undefined || model.targetClasses !== undefined;
  const probabilities = hasLabels ? interpreted.probabilities : undefined;
  if (probabilities === undefined) {
    return Array.isArray(interpreted.predicted) ? (row) => `{"label":${predicted(row)}}` : predicted;
  }
  const probable = ArrayBuffer.isView(probabilities)
    ? classTexts(probabilities as FloatArray, rows, model.classes)
    : namedTexts(probabilities as Named, (part, name) => classTexts(part as FloatArray, rows, classesOf(model, name)));
  return (row) => `{"label":${predicted(row)},"probabilities":${probable(row)}}`;
}

function classesOf(model: Model, output: string): readonly Label[] | undefined {
  return model.targetClasses?.[model.ports.outputs.findIndex(({ name }) => name === output)];
}

function partTexts(part: Part, rows: number): RowText {
  if (!ArrayBuffer.isView(part)) return (row) => labelText(part[row]);
  const values = part as FloatArray;
  const width = values.length / Math.max(rows, 1);
  if (width === 1) return (row) => numberText(values[row]);
  return (row) => numbersText(values, row * width, (row + 1) * width);
}

function namedTexts(named: Named, textsOf: (part: Part, name: string) => RowText): RowText {
  const entries = Object.entries(named).map(([name, part]): readonly [string, RowText] => {
    const key = JSON.stringify(name);
    if (ArrayBuffer.isView(part) || !Array.isArray(part) || !isListOfParts(part))
      return [key, textsOf(part as Part, name)];
    const items = part.map((item: Part, at) => textsOf(item, `${name}[${at}]`));
    return [key, (row) => `[${items.map((item) => item(row)).join(',')}]`];
  });
  return (row) => `{${entries.map(([key, text]) => `${key}:${text(row)}`).join(',')}}`;
}

function isListOfParts(list: readonly unknown[]): boolean {
  return typeof list[0] === 'object' && list[0] !== null;
}

/** An object with the class as a string as the key; an array if two classes have the same string. */
function classTexts(values: FloatArray, rows: number, classes: readonly Label[] | undefined): RowText {
  const width = values.length / Math.max(rows, 1);
  const keys = classes === undefined || classes.length !== width ? keysOf(positions(width)) : knownKeysOf(classes);
  if (keys === undefined) return (row) => numbersText(values, row * width, (row + 1) * width);
  return (row) => {
    let text = '';
    for (let at = 0; at < width; at++) text += keys[at] + numberText(values[row * width + at]);
    return `${text}}`;
  };
}

function positions(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

const known = new WeakMap<readonly Label[], readonly string[] | undefined>();

function knownKeysOf(classes: readonly Label[]): readonly string[] | undefined {
  if (!known.has(classes)) known.set(classes, keysOf(classes));
  return known.get(classes);
}

/** The text before each number; undefined if two would be equal. */
function keysOf(classes: readonly Label[]): readonly string[] | undefined {
  const names = classes.map(String);
  if (new Set(names).size < names.length) return undefined;
  return names.map((name, at) => `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`);
}
