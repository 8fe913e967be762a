/** A model whose layers' weights can be kept in fewer bits, to be compared with itself and written to a file. */
import { frozenFile } from './frozen-file.ts';
import { Budget } from './graph/budget.ts';
import type { Node, ReducedWeights, Tensor } from './graph/graph.ts';
import { denseLayout } from './graph/ops/dense.ts';
import { reduceWeights } from './graph/reduce.ts';
import type { SimplifiedGraph } from './graph/simplify.ts';
import { assemble, prepare, readSource } from './load.ts';
import type { Model } from './model.ts';
import { checkLoadOptions, type LoadOptions } from './options.ts';
import type { ModelSource } from './source.ts';

/** `none` is f32. */
export type Weights = ReducedWeights | 'none';

export interface QuantizableLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** What its weights would be kept in; `none` where that does not pay, or it is kept. */
  readonly weights: Weights;
  /** Of its weights, scales included. */
  readonly bytes: number;
}

export interface Quantizable {
  /** The dense layers in the order of computation, those of `keep` and those too small left in f32. */
  layers(weights: Weights, keep?: ReadonlySet<string>): QuantizableLayer[];
  /** The caller disposes of it. */
  model(weights: Weights, keep?: ReadonlySet<string>): Model;
  /** A safetensors file that `load` opens to the same bits, in parts. */
  file(weights: Weights, keep?: ReadonlySet<string>): Uint8Array[];
}

/** Reads a model as `load` does, to compute in f32. */
export async function openQuantizable(
  source: ModelSource,
  options: Omit<LoadOptions, 'precision'> = {},
): Promise<Quantizable> {
  const checked = checkLoadOptions({ ...options, precision: 'f32' });
  const budget = new Budget(checked.given);
  const graph = await readSource(source, checked, budget);
  const prepared = prepare(graph, checked, budget);
  const reduced = (weights: Weights, keep?: ReadonlySet<string>) => reduceWeights(prepared.simple, weights, keep);
  return {
    layers: (weights, keep) => layersOf(reduced(weights, keep)),
    model: (weights, keep) => assemble({ ...prepared, budget: budget.fork() }, reduced(weights, keep), checked),
    file: (weights, keep) => frozenFile(prepared, reduced(weights, keep), budget.fork()),
  };
}

function layersOf({ nodes }: SimplifiedGraph): QuantizableLayer[] {
  return nodes
    .filter((node): node is Node<'dense'> => node.op === 'dense')
    .map(({ name, inputs, attributes }) => {
      const { layout } = attributes;
      const weights: Weights = attributes.weights ?? 'none';
      const { k, n } = denseLayout(layout, (inputs[1] as Tensor).shape);
      const bytes = { none: 4 * k * n, bf16: 2 * k * n, int8: k * n + 4 * n }[weights];
      return { name, inputs: k, outputs: n, weights, bytes };
    });
}
