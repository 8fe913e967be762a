/** Every kind of layer, by its `type`. */
import { dense } from './dense.ts';
import type { LayerKind } from './layer.ts';
import { columns, concat, embedding, flatten, oneHot, reshape, slice } from './moves.ts';
import { batchNorm, layerNorm, normalize, rmsNorm } from './norms.ts';
import { activation, affine, binaries, identity, reduce, softmaxes } from './pointwise.ts';
import { bag, scatter } from './ragged.ts';

let kinds: ReadonlyMap<string, LayerKind> | undefined;

/** Created on first use, because most models do not need it. */
export function layerKinds(): ReadonlyMap<string, LayerKind> {
  kinds ??= new Map(
    Object.entries({
      dense,
      activation,
      affine,
      batch_norm: batchNorm,
      layer_norm: layerNorm,
      rms_norm: rmsNorm,
      normalize,
      ...softmaxes(),
      embedding,
      bag,
      scatter,
      one_hot: oneHot,
      concat,
      columns,
      slice,
      flatten,
      reshape,
      reduce,
      dropout: identity,
      identity,
      ...binaries(),
    }),
  );
  return kinds;
}
