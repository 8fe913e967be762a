/** Runs graphs on the engine the hard way: at odd addresses, into poisoned memory, in every batch size. */
import { expect } from 'vitest';
import { engine } from '#engine';
import type { Graph } from '../../lib/graph/graph.ts';
import type { Isa } from '../../lib/isa.ts';
import { modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { expectClose } from '../graph/close.ts';
import { reference } from '../reference.ts';

export const ISAS: readonly Isa[] = engine.instructionSets();
export const PRECISIONS = ['f32', 'f64'] as const;
export type Precision = (typeof PRECISIONS)[number];
export type Floats = Float32Array | Float64Array;
export type Named = Readonly<Record<string, Floats>>;

export const BATCHES = [0, 1, 2, 7, 64, 257] as const;
const GREATEST = Math.max(...BATCHES);

export function arrayOf(precision: Precision): Float32ArrayConstructor | Float64ArrayConstructor {
  return precision === 'f32' ? Float32Array : Float64Array;
}

/** Runs and disposes of the model that the graph makes. */
export function withModel<T>(graph: Graph, precision: Precision, isa: Isa, use: (model: Model) => T): T {
  using model = modelFromGraph(graph, { precision, isa });
  return use(model);
}

const POISON = -12345.678;
/** Elements of poison before and after an array: an odd number, so that no vector is aligned. */
const MARGIN = 3;

/** An array in the midst of poison, at an address that no vector load would like. */
function guarded(precision: Precision, count: number): { whole: Floats; middle: Floats } {
  const whole = new (arrayOf(precision))(count + 2 * MARGIN).fill(POISON);
  return { whole, middle: whole.subarray(MARGIN, MARGIN + count) };
}

function rowsOf(graph: Graph, inputs: Named, first: number, count: number): Named {
  const entries = graph.inputs.map(({ name, shape }) => {
    const width = shape.reduce((a, b) => a * b, 1);
    return [name, inputs[name].subarray(first * width, (first + count) * width)] as const;
  });
  return Object.fromEntries(entries);
}

/** The outputs for `rows` rows of the inputs, checked to have been written from end to end and nowhere else. */
export function runGuarded(model: Model, graph: Graph, inputs: Named, precision: Precision, rows: number): Named {
  const given = Object.entries(rowsOf(graph, inputs, 0, rows)).map(([name, values]) => {
    const { middle } = guarded(precision, values.length);
    middle.set(values);
    return [name, middle] as const;
  });
  const results = model.outputs.map(({ name, shape }) => {
    const width = shape.slice(1).reduce<number>((a, b) => a * (b as number), 1);
    return [name, guarded(precision, rows * width)] as const;
  });
  model.run(Object.fromEntries(given), Object.fromEntries(results.map(([name, { middle }]) => [name, middle])));
  for (const [name, { whole, middle }] of results) {
    const poison = new (arrayOf(precision))([POISON])[0];
    const margins = [...whole.subarray(0, MARGIN), ...whole.subarray(MARGIN + middle.length)];
    if (margins.some((value) => value !== poison)) expect.fail(`what surrounds ${name} was written over`);
    if (middle.includes(poison)) expect.fail(`${name} was left unwritten`);
  }
  return Object.fromEntries(results.map(([name, { middle }]) => [name, middle]));
}

/** The bits of an array; all NaNs are one. */
export function bitsOf(values: Floats): Uint32Array | BigUint64Array {
  const plain = values.slice();
  for (let at = 0; at < plain.length; at++) if (Number.isNaN(plain[at])) plain[at] = Number.NaN;
  return plain instanceof Float32Array ? new Uint32Array(plain.buffer) : new BigUint64Array(plain.buffer);
}

/**
 * Holds every instruction set to the reference on a few rows, and every batch size to the bits of the rows computed
 * one at a time by the first instruction set.
 */
export function expectAsReference(
  graph: Graph,
  precision: Precision,
  inputs: Named,
  options: { readonly tolerance: number; readonly what: string; readonly rows?: number; readonly each?: boolean },
): void {
  const { tolerance, what, rows = 3, each } = options;
  const exact = Object.entries(reference(graph, rowsOf(graph, inputs, 0, rows), rows));
  const wanted = Object.fromEntries(exact.map(([name, values]) => [name, arrayOf(precision).from(values)]));
  let single: Named | undefined;
  for (const isa of ISAS) {
    withModel(graph, precision, isa, (model) => {
      const place = `${what}, ${precision}, ${isa}`;
      const few = runGuarded(model, graph, inputs, precision, rows);
      expectClose(few, wanted, tolerance, place, each);
      single ??= rowByRow(model, graph, inputs, precision);
      for (const batch of BATCHES) {
        for (const [name, values] of Object.entries(runGuarded(model, graph, inputs, precision, batch))) {
          const other = firstOther(values, single[name]);
          if (other >= 0) expect.fail(`${place}, batch of ${batch}: ${name}[${other}] has other bits than alone`);
        }
      }
    });
  }
}

/** The first element whose bits are not those of the other array; -1 where none is. All NaNs are one. */
function firstOther(values: Floats, others: Floats): number {
  for (let at = 0; at < values.length; at++) if (!Object.is(values[at], others[at])) return at;
  return -1;
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function rowByRow(model: Model, graph: Graph, inputs: Named, precision: Precision): Named {
  const rows = Array.from({ length: GREATEST }, (_, row) => model.run(rowsOf(graph, inputs, row, 1)));
  return Object.fromEntries(
    model.outputs.map(({ name }) => {
      const width = rows[0][name].length;
      const all = new (arrayOf(precision))(GREATEST * width);
      for (const [row, values] of rows.entries()) all.set(values[name], row * width);
      return [name, all];
    }),
  );
}
