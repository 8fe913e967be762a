/** Modules with a weight matrix or a table, and modules that change the shape of a row. */
import { elementCount, formatShape } from '../../../graph/shapes.ts';
import type { Translate } from './chain.ts';

export const linear: Translate = (module, chain) => {
  const [outputs, inputs] = chain.shapeOf(module, 'weight') ?? [];
  if (outputs === undefined || inputs === undefined) throw module.malformed('has no weight matrix');
  if (chain.shape.at(-1) !== inputs) throw chain.mismatch(module, `[…, ${inputs}]`);
  const bias = chain.tensor(module, 'bias');
  chain.add(module, { weight: chain.required(module, 'weight'), ...(bias && { bias }) });
  chain.shape = [...chain.shape.slice(0, -1), outputs];
};

export const embedding: Translate = (module, chain) => {
  const [, width] = chain.shapeOf(module, 'weight') ?? [];
  if (width === undefined) throw module.malformed('has no table');
  if (module.has('max_norm')) {
    throw module.unsupported(
      'scales down the rows of its table during the forward pass (max_norm), which is not supported',
    );
  }
  chain.add(module, { type: 'embedding', weight: chain.required(module, 'weight') });
  chain.shape = [...chain.shape, width];
};

const BAG_MODES = ['sum', 'mean', 'max'] as const;

/** In a chain it is called only with ids, [batch, any number]. */
export const embeddingBag: Translate = (module, chain) => {
  const [count, width] = chain.shapeOf(module, 'weight') ?? [];
  if (count === undefined || width === undefined) throw module.malformed('has no table');
  if (module.has('max_norm')) {
    throw module.unsupported(
      'scales down the rows of its table during the forward pass (max_norm), which is not supported',
    );
  }
  const named = module.text('mode', 'mean');
  const mode = BAG_MODES.find((known) => known === named);
  if (mode === undefined) throw module.malformed(`has the mode ${named.slice(0, 40)}`);
  if (module.has('padding_idx'))
    throw module.unsupported('leaves out an id (padding_idx), which is supported only in .pt2 and TorchScript');
  chain.add(module, { type: 'bag', weight: chain.required(module, 'weight'), mode });
  chain.shape = [width];
};

export const flatten: Translate = (module, chain) => {
  if (chain.shape.length < 2) return;
  const start = chain.axis(module, module.number('start_dim', 1));
  const end = chain.axis(module, module.number('end_dim', -1));
  const { shape } = chain;
  if (start > end) throw module.malformed('flattens from an axis to an earlier one');
  chain.reshape(module, [...shape.slice(0, start), elementCount(shape.slice(start, end + 1)), ...shape.slice(end + 1)]);
};

export const unflatten: Translate = (module, chain) => {
  if (typeof module.attribute('dim') === 'string') throw module.unsupported('has named axes, which is not supported');
  const axis = chain.axis(module, module.number('dim'));
  const sizes = module.sizes('unflattened_size');
  const known = elementCount(sizes.filter((size) => size !== -1));
  const filled = sizes.map((size) => (size === -1 ? chain.shape[axis] / known : size));
  if (elementCount(filled) !== chain.shape[axis] || !filled.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw module.malformed(`cannot split an axis of ${chain.shape[axis]} into ${formatShape(sizes)}`);
  }
  chain.reshape(module, chain.shape.toSpliced(axis, 1, ...filled));
};
