/** The dense layer. Its weight may be nested, flat or a single number, in either layout. */
import { ForwardpassError } from '../../errors.ts';
import { formatShape } from '../shapes.ts';
import type { LayerContext, LayerKind } from './layer.ts';
import type { Given } from './values.ts';

export const dense: LayerKind = {
  tensors: { weight: ['weight'], kernel: ['kernel'], bias: ['bias'] },
  options: ['units'],
  inputShape: (layer) => [readWeight(layer, undefined).inputs],

  build(layer) {
    const { shape } = layer.input;
    const width = shape.at(-1);
    if (width === undefined) throw layer.mismatch('expected a row of one or more axes, found one number per row');
    const weight = readWeight(layer, width);
    const bias = layer.values('bias');
    return layer.emit(
      'dense',
      [layer.input.name, weight.tensor, ...(bias === undefined ? [] : [layer.vector(bias, weight.outputs)])],
      { layout: weight.layout },
      [...shape.slice(0, -1), weight.outputs],
    );
  },
};

/** `width` is that of the layer's input, if known. */
function readWeight(layer: LayerContext, width: number | undefined) {
  const given = layer.required(layer.oneOf('weight', 'kernel'), "a 'weight' [out, in] or a 'kernel' [in, out]");
  const layout = layer.has('kernel') ? ('in-out' as const) : ('out-in' as const);
  const { inputs, outputs } = sizesOf(layer, given, layout, width);
  const order = (a: number, b: number) => (layout === 'out-in' ? [b, a] : [a, b]);
  if (width !== undefined && inputs !== width) {
    const expected = `expected ${formatText(layout, width)}, for a row of ${width}`;
    const turned = outputs === width && given.shape !== undefined ? turnedHint(layout) : '';
    const found = formatShape(given.shape ?? order(inputs, outputs));
    throw new ForwardpassError('SHAPE', `${expected}, found ${found}${turned}`, given.place);
  }
  const units = layer.has('units') ? layer.whole('units') : outputs;
  if (units !== outputs) throw layer.mismatch(`expected ${outputs}, as the weight has it, found ${units}`, 'units');
  return { inputs, outputs, layout, tensor: { shape: order(inputs, outputs), data: given.data } };
}

function formatText(layout: 'in-out' | 'out-in', width: number): string {
  return layout === 'out-in' ? `[out, ${width}]` : `[${width}, out]`;
}

function turnedHint(layout: 'in-out' | 'out-in'): string {
  return layout === 'out-in'
    ? "; a weight that is [in, out] goes in 'kernel'"
    : "; one that is [out, in] goes in 'weight'";
}

/** The sizes from the weight's own shape; for a flat array, from `units`, the bias or the input's width. */
function sizesOf(layer: LayerContext, given: Given, layout: 'in-out' | 'out-in', width: number | undefined) {
  const { shape, data } = given;
  if (shape?.length === 2) {
    const [first, second] = shape;
    return layout === 'out-in' ? { outputs: first, inputs: second } : { inputs: first, outputs: second };
  }
  if (shape !== undefined && shape.length > 0) {
    throw new ForwardpassError('SHAPE', `expected two axes, found the shape ${formatShape(shape)}`, given.place);
  }
  const outputs = outputsOfFlat(layer, given, width);
  const inputs = outputs === 0 ? 0 : data.length / outputs;
  if (Number.isSafeInteger(inputs)) return { inputs, outputs };
  const message = `expected a multiple of ${outputs} values, one row per output, found ${data.length}`;
  throw new ForwardpassError('SHAPE', message, given.place);
}

function outputsOfFlat(layer: LayerContext, { data, place }: Given, width: number | undefined): number {
  if (layer.has('units')) return layer.whole('units');
  const bias = layer.values('bias');
  if (bias !== undefined) return bias.data.length;
  if (data.length === 1) return 1;
  if (width !== undefined && width > 0) {
    if (data.length % width === 0) return data.length / width;
    const message = `expected a multiple of ${width} values, for a row of ${width}, found ${data.length}`;
    throw new ForwardpassError('SHAPE', message, place);
  }
  const message = `a flat array of ${data.length} does not determine its shape; add a bias, 'units' or { shape, data }`;
  throw new ForwardpassError('SHAPE', message, place);
}
