/** Operations along axes of the row. Their kernels work on adjacent elements, so other axes are moved last first. */
import { coupled } from '../coupling.ts';
import type { Node, Operand, Tensor } from '../graph.ts';
import { NORM, NORM_NAMES } from '../operations/choices.ts';
import { POSITIONS, REDUCE, REDUCE_NAMES, SOFTMAX, SOFTMAX_NAMES } from '../operations/rowwise.ts';
import type { PlanBuilder, View } from '../plan-builder.ts';
import { MOST_COUPLED, OPCODES } from '../plan-format.ts';
import {
  axesLast,
  broadcastColumns,
  elementCount,
  formatShape,
  inversePermutation,
  type Shape,
  takeColumns,
  transposeColumns,
} from '../shapes.ts';
import {
  checkAxis,
  checkBroadcast,
  checkFunction,
  checkNotNegative,
  type OpDefinition,
  refuse,
  type Values,
} from './definition.ts';

export const softmax: OpDefinition<'softmax'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { axis, fn } = node.attributes;
    checkAxis(node, axis, x.length);
    checkFunction(node, SOFTMAX_NAMES, fn);
    return x;
  },

  evaluate(node, [x]) {
    const { axis, fn } = node.attributes;
    return mapAlong(x, [axis], SOFTMAX[fn].evaluate);
  },

  lower(node, shape, plan) {
    const { axis, fn } = node.attributes;
    const kind = plan.number(SOFTMAX[fn]);
    return lowerAlong(plan, node, [axis], shape, (x, repeat, k) => [OPCODES.softmax, [x, repeat, k, kind]]);
  },
};

/** layer_norm and rms_norm: `kind` is their number in plans. */
function norm<O extends 'layer_norm' | 'rms_norm'>(kind: 0 | 1): OpDefinition<O> {
  return {
    operands: [1, kind === 0 ? 3 : 2],
    constants: [1, 2],

    infer(node, [x, ...parameters]) {
      const { axis, epsilon } = node.attributes;
      checkAxis(node, axis, x.length);
      checkNotNegative(node, 'epsilon', epsilon);
      for (const [at, parameter] of parameters.entries()) {
        checkBroadcast(node, at === 0 ? 'scale' : 'shift', parameter, x.slice(axis));
      }
      return x;
    },

    evaluate(node, [x, scale, shift]) {
      const { axis, epsilon } = node.attributes;
      const shape = x.shape.slice(axis);
      const scales = scale && takeColumns(scale.data, broadcastColumns(scale.shape, shape));
      const shifts = shift && takeColumns(shift.data, broadcastColumns(shift.shape, shape));
      return mapAlong(x, trailingAxes(x.shape, axis), (values) => {
        const mean = kind === 0 ? REDUCE.mean.evaluate(values) : 0;
        const centred = values.map((value) => value - mean);
        const deviation = Math.sqrt(REDUCE.sum_square.evaluate(centred) / values.length + epsilon);
        return centred.map((value, at) => (value / deviation) * (scales?.[at] ?? 1) + (shifts?.[at] ?? 0));
      });
    },

    lower(node, shape, plan) {
      const { axis, epsilon } = node.attributes;
      const [x, ...parameters] = node.inputs;
      const normalized = shape.slice(axis);
      const optional = (operand: Operand | undefined) =>
        operand === undefined ? -1 : plan.expandedParameter(plan.constant(operand), normalized);
      const k = elementCount(normalized);
      const fields = [elementCount(shape) / k, k, kind, plan.numbers([epsilon])];
      const [scale, shift] = [optional(parameters[0]), optional(parameters[1])];
      return plan.instruction(OPCODES.norm, shape, [plan.row(plan.view(x)), ...fields, scale, shift]);
    },
  };
}

export const layerNorm = norm<'layer_norm'>(0);
export const rmsNorm = norm<'rms_norm'>(1);

export const normalize: OpDefinition<'normalize'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { axis, norm: name, epsilon, floor } = node.attributes;
    checkAxis(node, axis, x.length);
    checkFunction(node, NORM_NAMES, name);
    checkNotNegative(node, 'epsilon', epsilon);
    checkNotNegative(node, 'floor', floor);
    return x;
  },

  evaluate(node, [x]) {
    const { axis, norm: name, epsilon, floor } = node.attributes;
    return mapAlong(x, [axis], (values) => {
      const size = name === 'max' ? REDUCE.max.evaluate(values.map(Math.abs)) : REDUCE[name].evaluate(values);
      return values.map((value) => value / (size <= epsilon ? floor : size));
    });
  },

  lower(node, shape, plan) {
    const { axis, norm: name, epsilon, floor } = node.attributes;
    const fields = [plan.number(NORM[name]), plan.numbers([epsilon, floor])];
    return lowerAlong(plan, node, [axis], shape, (x, repeat, k) => [OPCODES.normalize, [x, repeat, k, ...fields]]);
  },
};

export const reduce: OpDefinition<'reduce'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { fn, axes, keepDims } = node.attributes;
    checkFunction(node, REDUCE_NAMES, fn);
    for (const axis of axes) checkAxis(node, axis, x.length);
    if (axes.length === 0 || new Set(axes).size !== axes.length) {
      refuse(node, 'SHAPE', `axes must contain at least one axis, each once, found ${formatShape(axes)}`);
    }
    if (POSITIONS.has(fn) && axes.length > 1) {
      refuse(node, 'SHAPE', `${fn} works along one axis, found ${formatShape(axes)}`);
    }
    return x.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));
  },

  evaluate(node, [x]) {
    const { fn, axes } = node.attributes;
    return Float64Array.from(rowsAlong(x, axes), (values) => REDUCE[fn].evaluate(values));
  },

  lower(node, shape, plan) {
    const { fn, axes } = node.attributes;
    const { x, k } = axesMovedLast(plan, node, axes);
    const fields = [plan.row(x), elementCount(shape), k, plan.number(REDUCE[fn])];
    return plan.instruction(OPCODES.reduce, shape, fields);
  },
};

export const couple: OpDefinition<'couple'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const count = (1 + Math.sqrt(1 + 8 * elementCount(x))) / 2;
    if (x.length === 1 && Number.isInteger(count) && count <= MOST_COUPLED) return [count];
    const expected = `expected a number for each pair of 2 to ${MOST_COUPLED} classes`;
    return refuse(node, 'SHAPE', `${expected}, found the shape ${formatShape(x)}`);
  },

  evaluate(_node, [x]) {
    return coupled(Float64Array.from(x.data));
  },

  lower(node, shape, plan) {
    return plan.instruction(OPCODES.couple, shape, [plan.row(plan.view(node.inputs[0])), shape[0]]);
  },
};

function trailingAxes(shape: Shape, axis: number): number[] {
  return Array.from({ length: shape.length - axis }, (_, offset) => axis + offset);
}

/** The elements along the axes, a list for each position of the other axes. */
function rowsAlong(x: Tensor, axes: readonly number[]): Float64Array[] {
  const permutation = axesLast(x.shape.length, axes);
  const moved = Float64Array.from(takeColumns(x.data, transposeColumns(x.shape, permutation)));
  const k = elementCount(axes.map((axis) => x.shape[axis]));
  return Array.from({ length: moved.length / k }, (_, row) => moved.subarray(row * k, (row + 1) * k));
}

/** Applies `fn` to the elements along the axes. */
function mapAlong(x: Tensor, axes: readonly number[], fn: (values: Float64Array) => Float64Array): Values {
  const result = new Float64Array(x.data.length);
  const columns = transposeColumns(x.shape, axesLast(x.shape.length, axes));
  for (const [row, values] of rowsAlong(x, axes).entries()) {
    for (const [at, value] of fn(values).entries()) result[columns[row * values.length + at]] = value;
  }
  return result;
}

/** The operand with the axes moved last, and the number of elements along them. */
function axesMovedLast(plan: PlanBuilder, node: Node, axes: readonly number[]): { x: View; k: number } {
  const x = plan.view(node.inputs[0]);
  const moved = plan.transpose(x, axesLast(x.shape.length, axes));
  return { x: moved, k: elementCount(moved.shape.slice(-axes.length)) };
}

/**
 * Lowers a kernel that keeps the shape and works on adjacent elements: the axes are moved last, and back afterwards.
 */
function lowerAlong(
  plan: PlanBuilder,
  node: Node,
  axes: readonly number[],
  shape: Shape,
  instruction: (x: number, repeat: number, k: number) => [opcode: number, fields: number[]],
): View {
  const { x, k } = axesMovedLast(plan, node, axes);
  const [opcode, fields] = instruction(plan.row(x), elementCount(shape) / k, k);
  const moved = plan.instruction(opcode, x.shape, fields);
  return plan.transpose(moved, inversePermutation(axesLast(shape.length, axes)));
}
