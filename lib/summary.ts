/** Describes a model as a readable table. */
import { greatest } from './extremes.ts';
import type { Lowered, Port } from './graph/lower.ts';
import type { TermProgram } from './graph/terms.ts';
import type { TreesInfo } from './graph/trees-info.ts';
import { listNames, quote } from './messages.ts';

interface Described {
  readonly format: string;
  readonly precision: string;
  readonly isa: string;
  readonly parameterCount: number;
  readonly classes?: readonly (string | number)[];
}

export function summarise(
  model: Described,
  {
    inputs,
    outputs,
    layers,
    trees,
    leftOut = [],
  }: Pick<Lowered, 'inputs' | 'outputs' | 'layers' | 'trees' | 'leftOut'>,
): string {
  const rows = [
    ['layer', 'kind', 'row shape', 'parameters'],
    ...inputs.map((port) => portRow(port, 'input')),
    ...layers.map(({ name, kind, shape, parameterCount }) => [
      nameText(name),
      kind,
      shapeText(shape),
      parameterCount === 0 ? '' : count(parameterCount),
    ]),
    ...outputs.map((port) => portRow(port, 'output')),
  ];
  const widths = [0, 1, 2, 3].map((column) => greatest(rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  const classes = model.classes === undefined ? '' : `, ${model.classes.length} classes`;
  lines.push(
    '',
    `${model.format}, ${model.precision} on ${model.isa}, ${count(model.parameterCount)} parameters${classes}`,
  );
  if (leftOut.length > 0) lines.push(`left out of the file: ${listNames(leftOut)}`);
  return [...lines, ...(trees === undefined ? [] : treeLines(trees))].join('\n');
}

/** The most boosted models that are described separately. */
const MOST_BOOSTED = 5;

function treeLines({ count: trees, leaves, depth, features, boosting = [] }: TreesInfo): string[] {
  const counts = [counted(trees, 'tree'), counted(leaves, 'leaf', 'leaves'), `depth ${depth}`];
  const boosted = boosting.slice(0, MOST_BOOSTED).map(({ place, objective, iterations, of }) => {
    const number = iterations === of ? counted(of, 'iteration') : `${count(iterations)} of ${counted(of, 'iteration')}`;
    return `${place === '' ? '' : `${nameText(place)}: `}${nameText(objective)}, ${number}`;
  });
  const others = boosting.length - boosted.length;
  return [
    `${counts.join(', ')}, ${counted(features, 'feature')} used`,
    ...boosted,
    ...(others > 0 ? [`and ${counted(others, 'boosted model')} more`] : []),
  ];
}

function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function portRow(
  { name, shape, dtype, categories, hashes, missing, nones, ragged, terms }: Port,
  kind: string,
): string[] {
  const listed = [...(categories?.values() ?? [])].filter((list) => list.length > 0);
  const wordy = listed.length + (hashes?.size ?? 0);
  const sparse = ragged ? [terms === undefined ? 'pairs of an id and a weight' : termsText(terms)] : [];
  const notes = [
    ...sparse,
    ...(wordy > 0 ? [`words in ${wordy}`] : []),
    ...(missing || nones ? ['may be missing'] : []),
  ];
  return [nameText(name), [`${kind} ${dtype}`, ...notes].join(', '), shapeText(shape), ''];
}

function termsText(terms: TermProgram): string {
  const texts = terms.filter(
    (step) => step.op === 'count' || step.op === 'tokens' || (step.op === 'hash' && step.value === 'text'),
  );
  if (terms.some(({ op }) => op === 'place')) return 'hashes of values';
  return texts.length > 0 ? 'terms of texts' : 'hashes of records';
}

/** Escapes a name, because names come from files: line breaks and escape sequences must not reach the terminal. */
function nameText(name: string): string {
  return quote(name).slice(1, -1);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
