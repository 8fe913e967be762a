/** Equations such as `abc,cde->abde`, translated to a product of the input's last axes with a matrix. */
import type { ForwardpassError } from '../../../errors.ts';
import { elementCount, formatShape, inversePermutation } from '../../../graph/shapes.ts';
import { quote } from '../../../messages.ts';
import type { LayerCall } from '../layer.ts';

export interface Einsum {
  readonly kernelShape: readonly number[];
  /** Permutes the kernel's axes into the order of the matrix: summed axes first. */
  readonly kernelPermutation: readonly number[];
  readonly matrix: readonly [inputs: number, outputs: number];
  /** Moves the summed axes to the end of the row. */
  readonly inputPermutation: readonly number[];
  /** The sizes of the row's remaining axes, and of the axes that the matrix adds. */
  readonly free: readonly number[];
  readonly made: readonly number[];
  /** Permutes the remaining axes and the added ones into the equation's order. */
  readonly outputPermutation: readonly number[];
  readonly biasShape: readonly number[];
}

/** The labels of each side without the batch; digits represent the axes of an ellipsis. */
interface Labels {
  readonly input: readonly string[];
  readonly kernel: readonly string[];
  readonly output: readonly string[];
}

/** The equation of an EinsumDense layer. Throws `UNSUPPORTED_OP` for one that is not a product with a matrix. */
export function readEinsum(layer: LayerCall): Einsum {
  const { shape } = layer.input;
  const labels = readLabels(layer.config.text('equation'), shape.length);
  if (labels === undefined) throw noProduct(layer);
  const { input, kernel, output } = labels;
  const summed = kernel.filter((label) => input.includes(label) && !output.includes(label));
  const made = kernel.filter((label) => !input.includes(label));
  const free = input.filter((label) => !summed.includes(label));
  const isProduct =
    summed.length > 0 &&
    summed.length + made.length === kernel.length &&
    [...free, ...made].every((label) => output.includes(label)) &&
    output.length === free.length + made.length;
  if (!isProduct) throw noProduct(layer);

  // None means a size equal to the input's.
  const given = [layer.config.raw('output_shape')].flat();
  const sizes = new Map(input.map((label, axis) => [label, shape[axis]]));
  const written = output.filter((label) => !/\d/.test(label));
  for (const label of made) sizes.set(label, Number(given[written.indexOf(label)]));
  const sizesOf = (list: readonly string[]) => list.map((label) => sizes.get(label) ?? 0);
  if (!sizesOf(kernel).every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw layer.config.wrong('output_shape', 'the sizes of the axes that the equation adds');
  }
  const bias = layer.config.text('bias_axes', '');
  const first = output.findIndex((label) => bias.includes(label));
  return {
    kernelShape: sizesOf(kernel),
    kernelPermutation: [...summed, ...made].map((label) => kernel.indexOf(label)),
    matrix: [elementCount(sizesOf(summed)), elementCount(sizesOf(made))],
    inputPermutation: [...free, ...summed].map((label) => input.indexOf(label)),
    free: sizesOf(free),
    made: sizesOf(made),
    outputPermutation: inversePermutation([...free, ...made].map((label) => output.indexOf(label))),
    biasShape: output.slice(Math.max(first, 0)).map((label) => (bias.includes(label) ? (sizes.get(label) ?? 0) : 1)),
  };
}

function readLabels(equation: string, rank: number): Labels | undefined {
  const match = /^(\.{3})?([a-z]+)(\.{3})?,([a-z]+)->(\.{3})?([a-z]+)(\.{3})?$/i.exec(equation.replaceAll(' ', ''));
  if (match === null) return undefined;
  const [, left, input, right, kernel, leftAgain, output, rightAgain] = match;
  if (left !== leftAgain || right !== rightAgain || (left !== undefined && right !== undefined)) return undefined;
  // The batch is the first axis of the ellipsis, or else the first label.
  if (left === undefined && (input[0] !== output[0] || kernel.includes(input[0]))) return undefined;
  const own = left === undefined ? input.slice(1) : input;
  const hidden = Array.from({ length: Math.max(0, rank - own.length) }, (_, i) => String(i));
  const spell = (text: string) => {
    const labels = [...(left === undefined ? text.slice(1) : text)];
    return left === undefined ? [...labels, ...hidden] : [...hidden, ...labels];
  };
  const labels = { input: spell(input), kernel: [...kernel], output: spell(output) };
  const isPlain = Object.values(labels).every((list) => new Set(list).size === list.length);
  const hasEllipsis = left !== undefined || right !== undefined;
  const fits = labels.input.length === rank && rank <= 9 && (hasEllipsis || hidden.length === 0);
  return isPlain && fits ? labels : undefined;
}

function noProduct(layer: LayerCall): ForwardpassError {
  const row = `rows of shape ${formatShape(layer.input.shape)}`;
  return layer.unsupported(`${quote(layer.config.text('equation'))} on ${row} is not a product with one matrix`);
}
