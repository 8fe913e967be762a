/** A model whose weights can be reduced, to compare it with the original and write it to a file. */
import type { FloatArray } from './buffers.ts';
import { frozenFile } from './frozen-file.ts';
import { Budget } from './graph/budget.ts';
import type { InputScale, Node, ReducedWeights, Tensor } from './graph/graph.ts';
import { denseLayout } from './graph/ops/dense.ts';
import { reduceWeights } from './graph/reduce.ts';
import type { SimplifiedGraph } from './graph/simplify.ts';
import { type InputRanges, measureRanges } from './input-ranges.ts';
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
  /** The scale and the zero of its input, if they are the same for all rows. */
  readonly inputScale?: InputScale;
  /** The size of its weights, including scales. */
  readonly bytes: number;
}

export type { InputRanges };

/** How to reduce the weights. */
export interface Reduction {
  readonly weights: Weights;
  /** Names of layers that stay in f32. */
  readonly keep?: ReadonlySet<string>;
  /** If given, int8 layers with a range have one scale for all rows. */
  readonly ranges?: InputRanges;
}

export interface Quantizable {
  /** The dense layers in the order of computation. Layers in `keep` and small ones stay in f32. */
  layers(how: Reduction): QuantizableLayer[];
  /** The caller must dispose of the model. */
  model(how: Reduction): Model;
  /** A safetensors file in parts, which `load` opens with the same results to the bit. */
  file(how: Reduction): Uint8Array[];
  /**
   * The ranges of the inputs of layers that int8 would reduce, computed in f32. Each block of rows has the model's inputs
   * in order. Throws INPUT if there are no rows, or a number is not finite.
   */
  ranges(blocks: Iterable<readonly FloatArray[]>): InputRanges;
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
  const reduced = ({ weights, keep, ranges }: Reduction) => reduceWeights(prepared.simple, weights, keep, ranges);
  return {
    layers: (how) => layersOf(reduced(how)),
    model: (how) => assemble({ ...prepared, budget: budget.fork() }, reduced(how), checked),
    file: (how) => frozenFile(prepared, reduced(how), budget.fork()),
    ranges: (blocks) => measureRanges({ ...prepared, budget: budget.fork() }, checked, blocks),
  };
}

function layersOf({ nodes }: SimplifiedGraph): QuantizableLayer[] {
  return nodes
    .filter((node): node is Node<'dense'> => node.op === 'dense')
    .map(({ name, inputs, attributes }) => {
      const { layout } = attributes;
      const weights: Weights = attributes.weights ?? 'none';
      const { inputScale } = attributes;
      const { k, n } = denseLayout(layout, (inputs[1] as Tensor).shape);
      const bytes = { none: 4 * k * n, bf16: 2 * k * n, int8: k * n + 4 * n }[weights];
      return { name, inputs: k, outputs: n, weights, bytes, ...(inputScale && { inputScale }) };
    });
}
