/** Models around functions: stages that run before them, and modules that they call. */
import type { FloatArray, Named } from '../buffers.ts';
import { ForwardpassError } from '../errors.ts';
import { describe, didYouMean, listNames, quote } from '../messages.ts';
import type { Given } from '../ragged.ts';
import type { FlatRows } from '../rows.ts';

/** The part of a model that runs a stage. */
export interface StageModel {
  readonly inputs: readonly { readonly shape: readonly (number | null)[] }[];
  ask(question: 'run', rows: FlatRows): unknown;
  runAsync(inputs: Named<Given>): Promise<Record<string, FloatArray>>;
  dispose(): void;
}

/** A module as a function of columns. */
export function moduleOf(
  name: string,
  modules: ReadonlyMap<string, StageModel>,
  rows: number,
  place: string,
): (columns: Iterable<ArrayLike<number>>) => Float64Array[] {
  const model = modules.get(name);
  if (model === undefined) {
    const known = modules.size > 0 ? `; found ${listNames([...modules.keys()])}` : '';
    const message = `asks for the module ${quote(String(name))}, which was not found${didYouMean(String(name), modules.keys())}${known}`;
    throw new ForwardpassError('FUNCTION', message, place);
  }
  const width = model.inputs[0].shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
  return (given) => {
    const columns = [...given];
    const called = `module ${quote(name)} of ${place}`;
    if (columns.length !== width) {
      throw new ForwardpassError('FUNCTION', `is called with ${columns.length} columns; expected ${width}`, called);
    }
    const array = new Float64Array(rows * width);
    for (const [at, values] of columns.entries()) {
      if (values?.length !== rows) {
        const message = `is called with ${describe(values)} as column ${at}; expected ${rows} numbers`;
        throw new ForwardpassError('FUNCTION', message, called);
      }
      for (let row = 0; row < rows; row++) array[row * width + at] = values[row];
    }
    const cell = (row: number, _: number, at: number) => ({ value: array[row * width + at], place: called });
    const [result] = model.ask('run', { arrays: [array], isRecord: false, cell }) as FloatArray[];
    const made = rows === 0 ? 0 : result.length / rows;
    return Array.from({ length: made }, (_, at) =>
      Float64Array.from({ length: rows }, (_, row) => result[row * made + at]),
    );
  };
}
