/** Writes a model of any format as a frozen file: safetensors with the graph in its metadata. */
import { frozenFile } from './frozen-file.ts';
import { Budget } from './graph/budget.ts';
import { prepare, readSource, withWeights } from './load.ts';
import { checkLoadOptions, type LoadOptions } from './options.ts';
import type { ModelSource } from './source.ts';

/**
 * The file's bytes, in parts. `load` opens it without the source format's reader, and its results are the same to the
 * bit.
 */
export async function freeze(source: ModelSource, options: LoadOptions = {}): Promise<Uint8Array[]> {
  const checked = checkLoadOptions(options);
  const budget = new Budget(checked.given);
  const graph = await readSource(source, checked, budget);
  const prepared = prepare(graph, checked, budget);
  return frozenFile(prepared, withWeights(prepared, checked.precision), budget);
}
