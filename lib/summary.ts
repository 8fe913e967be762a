/** A model as a table for people. */
import type { Lowered, Port } from './graph/lower.ts';

interface Described {
  readonly format: string;
  readonly precision: string;
  readonly isa: string;
  readonly parameterCount: number;
  readonly classes?: readonly (string | number)[];
}

export function summarise(model: Described, { inputs, outputs, layers }: Omit<Lowered, 'plan'>): string {
  const rows = [
    ['layer', 'kind', 'row shape', 'parameters'],
    ...inputs.map((port) => portRow(port, 'input')),
    ...layers.map(({ name, kind, shape, parameterCount }) => [name, kind, shapeText(shape), count(parameterCount)]),
    ...outputs.map((port) => portRow(port, 'output')),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
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
  return lines.join('\n');
}

function portRow({ name, shape, dtype }: Port, kind: string): string[] {
  return [name, `${kind} ${dtype}`, shapeText(shape), ''];
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function count(value: number): string {
  return value === 0 ? '' : value.toLocaleString('en-US');
}
