/** The op table: a new operation is one entry here, and one kernel. */
import type { Op } from './graph.ts';
import type { OpDefinition } from './ops/definition.ts';
import { dense } from './ops/dense.ts';
import { distances } from './ops/distances.ts';
import { affine, binary, select, unary } from './ops/elementwise.ts';
import { embedding, oneHot } from './ops/lookup.ts';
import { matmul } from './ops/matmul.ts';
import { concat, expand, gather, reshape, transpose } from './ops/movement.ts';
import { bag, scatter } from './ops/ragged.ts';
import { requireFinite, retype } from './ops/requirement.ts';
import { couple, layerNorm, normalize, reduce, rmsNorm, softmax } from './ops/rowwise.ts';
import { sort } from './ops/sort.ts';
import { trees } from './ops/trees.ts';

const OPS: { readonly [O in Op]: OpDefinition<O> } = {
  dense,
  matmul,
  affine,
  unary,
  binary,
  select,
  softmax,
  layer_norm: layerNorm,
  rms_norm: rmsNorm,
  normalize,
  reduce,
  sort,
  distances,
  concat,
  gather,
  transpose,
  reshape,
  expand,
  embedding,
  one_hot: oneHot,
  bag,
  scatter,
  retype,
  require_finite: requireFinite,
  couple,
  trees,
};

export function isOp(name: string): name is Op {
  return Object.hasOwn(OPS, name);
}

/** The entry of an operation; the nodes passed to its functions must be of that operation. */
export function definitionOf(op: Op): OpDefinition {
  return OPS[op];
}
