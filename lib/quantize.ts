/** A model whose weights can be reduced, to compare it with the original and write it to a file. */
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
  /** The precision of its reduced weights; `none` if that does not pay off or the layer is in `keep`. */
  readonly weights: Weights;
  /** The size of its weights, including scales. */
  readonly bytes: number;
}

export interface Quantizable {
  /** The dense layers in the order of computation. Layers in `keep` and small ones stay in f32. */
  layers(weights: Weights, keep?: ReadonlySet<string>): QuantizableLayer[];
  /** The caller must dispose of the model. */
  model(weights: Weights, keep?: ReadonlySet<string>): Model;
  /** A safetensors file in parts, which `load` opens with the same results to the bit. */
  file(weights: Weights, keep?: ReadonlySet<string>): Uint8Array[];
}

/** Reads a model like `load`, in f32. */
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
