/** Normalising layers. */
import { ForwardpassError } from '../../errors.ts';
import { NORM_NAMES, type Operand } from '../graph.ts';
import type { LayerContext, LayerKind } from './layer.ts';
import type { Given } from './values.ts';

const SCALE = ['weight', 'gamma'];
const SHIFT = ['bias', 'beta'];
const EPSILON = 1e-5;

/** Its moments are known, so it becomes one affine, computed in float64 and rounded once with other constants. */
export const batchNorm: LayerKind = {
  tensors: {
    weight: SCALE,
    gamma: [],
    bias: SHIFT,
    beta: [],
    mean: ['running_mean', 'moving_mean'],
    variance: ['running_var', 'moving_variance'],
  },
  options: ['epsilon'],
  inputShape: (layer) => [layer.required(layer.values('mean'), "a 'mean'").data.length],

  build(layer) {
    const mean = layer.required(layer.values('mean'), "a 'mean'");
    const variance = layer.required(layer.values('variance'), "a 'variance'");
    const weight = layer.oneOf('weight', 'gamma');
    const bias = layer.oneOf('bias', 'beta');
    const width = layer.input.shape.at(-1) ?? 1;
    const [m, v] = [layer.vector(mean, width).data, layer.vector(variance, width).data];
    const w = weight && layer.vector(weight, width).data;
    const b = bias && layer.vector(bias, width).data;
    const epsilon = layer.epsilon(EPSILON);
    const scale = Float64Array.from(v, (value, i) => (w?.[i] ?? 1) / Math.sqrt(value + epsilon));
    const shift = Float64Array.from(m, (value, i) => (b?.[i] ?? 0) - value * scale[i]);
    const shape = [width];
    const moments = { mean: m, variance: v, epsilon, ...(w && { scale: w }), ...(b && { shift: b }) };
    return layer.emit(
      'affine',
      [layer.input.name, { shape, data: scale, moments }, { shape, data: shift }],
      {},
      layer.input.shape,
    );
  },
};

export const layerNorm: LayerKind = {
  tensors: { weight: SCALE, gamma: [], bias: SHIFT, beta: [] },
  options: ['epsilon'],
  inputShape: (layer) => [widthOf(layer, layer.oneOf('weight', 'gamma') ?? layer.oneOf('bias', 'beta'))],

  build(layer) {
    const weight = layer.oneOf('weight', 'gamma');
    const bias = layer.oneOf('bias', 'beta');
    const axis = normAxis(layer, weight ?? bias);
    if (bias !== undefined && weight !== undefined && bias.data.length !== weight.data.length) {
      const message = `expected ${weight.data.length} values, as the weight has, found ${bias.data.length}`;
      throw new ForwardpassError('SHAPE', message, bias.place);
    }
    const shape = layer.input.shape.slice(axis);
    const inputs: Operand[] = [layer.input.name];
    // The shift comes after the scale among the inputs, so a scale is required.
    if (weight !== undefined) inputs.push({ shape, data: weight.data });
    else if (bias !== undefined) inputs.push({ shape, data: new Float64Array(bias.data.length).fill(1) });
    if (bias !== undefined) inputs.push({ shape, data: bias.data });
    return layer.emit('layer_norm', inputs, { axis, epsilon: layer.epsilon(EPSILON) }, layer.input.shape);
  },
};

export const rmsNorm: LayerKind = {
  tensors: { weight: ['weight', 'scale', 'gamma'] },
  options: ['epsilon'],
  inputShape: (layer) => [widthOf(layer, layer.values('weight'))],

  build(layer) {
    const weight = layer.values('weight');
    const axis = normAxis(layer, weight);
    const scale = weight === undefined ? [] : [{ shape: layer.input.shape.slice(axis), data: weight.data }];
    const attributes = { axis, epsilon: layer.epsilon(EPSILON) };
    return layer.emit('rms_norm', [layer.input.name, ...scale], attributes, layer.input.shape);
  },
};

function widthOf(layer: LayerContext, given: Given | undefined): number {
  return layer.required(given, "parameters, or a model with 'inputs', to determine the width of its row").data.length;
}

function normAxis(layer: LayerContext, given: Given | undefined): number {
  return given === undefined ? layer.resolveAxis(-1, 'inputs') : layer.leadingAxisOf(given);
}

export const normalize: LayerKind = {
  options: ['norm', 'axis', 'epsilon'],

  build(layer) {
    const epsilon = layer.epsilon(0);
    const norm = layer.choice('norm', NORM_NAMES, 'l2');
    const floor = epsilon === 0 ? 1 : epsilon;
    return layer.emit('normalize', [layer.input.name], { axis: layer.axis(), norm, epsilon, floor }, layer.input.shape);
  },
};
