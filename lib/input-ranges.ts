/** What comes into int8 layers when a model computes the rows of a sample, for scales that are the same for all rows. */
import type { FloatArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import type { InputRange } from './graph/input-scales.ts';
import { int8Inputs, reduceWeights } from './graph/reduce.ts';
import { elementCount, type Shape } from './graph/shapes.ts';
import { assemble, type Prepared } from './load.ts';
import type { CheckedOptions, LoadOptions } from './options.ts';

/** By the names of layers' inputs. */
export type InputRanges = ReadonlyMap<string, InputRange>;

/** A value that layers take, and the first of them. */
interface Measured {
  readonly value: string;
  readonly layer: string;
  low: number;
  high: number;
}

/**
 * The least and the greatest of each value that an int8 layer would take, computed in f32. Blocks of rows have the model's
 * inputs in their order.
 */
export function measureRanges(
  prepared: Prepared,
  options: CheckedOptions<LoadOptions>,
  blocks: Iterable<readonly FloatArray[]>,
): InputRanges {
  const layers = [...int8Inputs(reduceWeights(prepared.simple, 'int8'))];
  if (layers.length === 0) return new Map();
  const found = layers.map(([value, { name }]): Measured => ({ value, layer: name, low: Infinity, high: -Infinity }));
  const outputs = found.map(({ value }, at) => ({ name: `${at}`, value, dtype: 'float32' as const }));
  const { format, inputs, nodes, precision } = prepared.source;
  const graph = { ...reduceWeights(prepared.simple, 'none'), outputs, deciders: undefined };
  const model = assemble({ ...prepared, source: { format, inputs, outputs: [], nodes, precision } }, graph, options);
  try {
    const widths = model.outputs.map(({ shape }) => elementCount(shape.slice(1) as Shape));
    let rows = 0;
    for (const block of blocks) {
      const results = model.run(Object.fromEntries(model.inputs.map(({ name }, i) => [name, block[i]])));
      for (const [at, measured] of found.entries()) widen(measured, results[at], widths[at], rows);
      rows += results[0].length / widths[0];
    }
    if (rows === 0) throw new ForwardpassError('INPUT', 'expected rows to measure, found none', 'sample');
  } finally {
    model.dispose();
  }
  return new Map(found.map(({ value, low, high }) => [value, { low, high }]));
}

/** `before` is the number of rows that were measured before these. */
function widen(measured: Measured, numbers: FloatArray, width: number, before: number): void {
  for (const [place, number] of numbers.entries()) {
    if (!Number.isFinite(number)) {
      const row = before + Math.floor(place / width);
      const message = `row ${row} of the sample brings ${number} to the layer ${measured.layer}; a scale needs finite numbers: leave the row out`;
      throw new ForwardpassError('INPUT', message, 'sample');
    }
    if (number < measured.low) measured.low = number;
    if (number > measured.high) measured.high = number;
  }
}
