/** Turns an activation into nodes, one for each step. */
import { type ActivationStep, resolveActivation } from '../activations.ts';
import type { Activation } from '../architecture.ts';
import type { BinaryName, Tensor } from '../graph.ts';
import { formatShape } from '../shapes.ts';
import type { LayerContext, LayerOutput } from './layer.ts';

/** Applies the activation that the layer's field names; returns the value unchanged without one. */
export function activate(layer: LayerContext, value: LayerOutput): LayerOutput {
  if (!layer.has('activation')) return value;
  return applySteps(layer, value, resolveActivation(layer.raw('activation') as Activation, layer.at('activation')));
}

function applySteps(layer: LayerContext, value: LayerOutput, steps: readonly ActivationStep[]): LayerOutput {
  return steps.reduce((x, step) => apply(layer, x, step), value);
}

function apply(layer: LayerContext, x: LayerOutput, step: ActivationStep): LayerOutput {
  switch (step.op) {
    case 'unary': {
      const { op, ...attributes } = step;
      return layer.emit(op, [x.name], attributes, x.shape);
    }
    case 'binary':
      return withNumber(layer, step.fn, x, step.value);
    case 'softmax': {
      const axis = layer.resolveAxis(step.axis, 'activation', x.shape);
      return layer.emit('softmax', [x.name], { axis, fn: step.fn }, x.shape);
    }
    case 'hardmax':
      return hardmax(layer, x, layer.resolveAxis(step.axis, 'activation', x.shape));
    case 'glu':
      return glu(layer, x, layer.resolveAxis(step.axis, 'activation', x.shape));
    case 'branch': {
      const scaled = step.scale === 1 ? x : withNumber(layer, 'mul', x, step.scale);
      const isAbove = withNumber(layer, 'greater', scaled, step.threshold);
      const [above, below] = [step.above, step.below].map((steps) => applySteps(layer, x, steps));
      return layer.emit('select', [isAbove.name, above.name, below.name], {}, x.shape);
    }
  }
}

function withNumber(layer: LayerContext, fn: BinaryName, x: LayerOutput, value: number): LayerOutput {
  const constant: Tensor = { shape: [], data: Float64Array.of(value) };
  return layer.emit('binary', [x.name, constant], { fn }, x.shape);
}

function hardmax(layer: LayerContext, x: LayerOutput, axis: number): LayerOutput {
  const others = x.shape.toSpliced(axis, 1);
  const greatest = layer.emit('reduce', [x.name], { fn: 'arg_max', axes: [axis], keepDims: false }, others);
  return layer.emit('one_hot', [greatest.name], { depth: x.shape[axis], on: 1, off: 0, axis, wrap: false }, x.shape);
}

function glu(layer: LayerContext, x: LayerOutput, axis: number): LayerOutput {
  const half = x.shape[axis] / 2;
  if (!Number.isInteger(half)) {
    throw layer.mismatch(`glu halves axis ${axis}; expected an even size, found ${formatShape(x.shape)}`, 'activation');
  }
  const shape = x.shape.with(axis, half);
  const part = (start: number) => {
    const indices = Int32Array.from({ length: half }, (_, at) => start + at);
    return layer.emit('gather', [x.name], { axis, indices }, shape);
  };
  const gate = layer.emit('unary', [part(half).name], { fn: 'sigmoid' }, shape);
  return layer.emit('binary', [part(0).name, gate.name], { fn: 'mul' }, shape);
}
