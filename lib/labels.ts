/** Turns a classifier's outputs into labels, for `predict`. */
import { allocate, type FloatArray } from './buffers.ts';
import type { Decision } from './graph/graph.ts';

/** A class of a classifier. */
export type Label = string | number;

/** One label for each row, or one for each element. `values` are the deciding values: an output, or scores instead. */
export function labelsOf(values: FloatArray, classes: readonly Label[], decision: Decision): Label[] {
  if (decision.rule === 'above') {
    const threshold = thresholdOf(decision);
    return Array.from(values, (value) => classes[value > threshold ? 1 : 0]);
  }
  if (decision.rule === 'value') return Array.from(values);
  if (decision.rule === 'index') return Array.from(values, (value) => classes[value]);
  const labels: Label[] = [];
  for (let first = 0; first < values.length; first += classes.length) {
    labels.push(classes[argMax(values, first, classes.length)]);
  }
  return labels;
}

/** For each label of each row, 1 if the row has it, otherwise 0. */
export function eachAbove(values: FloatArray, decision: Decision): FloatArray {
  const threshold = thresholdOf(decision);
  return values.map((value) => Number(value > threshold));
}

/** The probabilities of two classes from those of the second, row after row. */
export function both(second: FloatArray): FloatArray {
  const Floats = second instanceof Float64Array ? Float64Array : Float32Array;
  const probabilities = allocate<FloatArray>(Floats, second.length, { name: 'probabilities', width: 2 });
  second.forEach((value, i) => {
    probabilities[2 * i] = 1 - value;
    probabilities[2 * i + 1] = value;
  });
  return probabilities;
}

/** Combines columns into rows, row after row. */
export function sideBySide(columns: readonly FloatArray[]): FloatArray {
  const [first] = columns;
  if (columns.length === 1) return first;
  const Floats = first instanceof Float64Array ? Float64Array : Float32Array;
  const rows = allocate<FloatArray>(Floats, first.length, { name: 'probabilities', width: columns.length });
  for (const [at, column] of columns.entries()) {
    for (let row = 0; row < column.length; row++) rows[row * columns.length + at] = column[row];
  }
  return rows;
}

function thresholdOf({ probabilities, threshold = probabilities ? 0.5 : 0 }: Decision): number {
  return threshold;
}

function argMax(values: FloatArray, first: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[first + i] > values[first + best]) best = i;
  return best;
}
