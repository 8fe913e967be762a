/** Functions of keras.ops that multiply matrices, of the row or constant. */
import type { GraphBuilder } from '../../../tensors/builder.ts';
import { einsum, multiply } from '../../../tensors/products.ts';
import { range } from '../../../tensors/value.ts';
import { type LayerKind, valuesIn } from '../../layer.ts';
import { asValue, ofTwo, operandsOf, type Traced } from '../../traced.ts';

const matmul = ofTwo((build, a, b) => multiply(build, a, b));

/** Sums over the last axis of the first operand and the last but one of the second; a number multiplies each element. */
const dot = ofTwo((build, a, b) => {
  const [rankA, rankB] = [build.rank(a), build.rank(b)];
  if (rankA === 0 || rankB === 0) return build.binary('mul', a, b);
  if (rankB <= 2) return multiply(build, a, b);
  // The axes of the first come before those of the second in the result.
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const first = letters.splice(0, rankA).join('');
  const rest = letters.splice(0, rankB - 1);
  const summed = first.slice(-1);
  const second = [...rest.slice(0, -1), summed, ...rest.slice(-1)].join('');
  return einsum(build, `${first},${second}->${first.slice(0, -1)}${rest.join('')}`, [a, b]);
});

/** Sums of products of each pair of vectors; a number multiplies all elements. */
const inner = ofTwo((build, a, b) => {
  if (build.rank(a) === 0 || build.rank(b) === 0) return build.binary('mul', a, b);
  return multiply(build, a, build.rank(b) < 2 ? b : reversed(build, b));
});

function reversed(build: GraphBuilder, x: Traced): Traced {
  if (build.rank(x) > 2)
    throw build.error('UNSUPPORTED_OP', 'an inner product with more than two axes is not supported');
  return build.transpose(x, range(build.rank(x) - 1, -1, -1));
}

const sumOverAxes: LayerKind = {
  build(layer) {
    const given = layer.options.args.length === 1 ? valuesIn(layer.options.args[0]) : layer.options.args;
    return asValue(layer.build, einsum(layer.build, layer.config.text('subscripts'), operandsOf(layer, given)));
  },
};

export const productOperations: Readonly<Record<string, LayerKind>> = {
  Matmul: matmul,
  Dot: dot,
  Inner: inner,
  Einsum: sumOverAxes,
};
