import type { Node, Tensor } from '../graph.ts';
import { BINARY, BINARY_NAMES } from '../operations/binary.ts';
import { UNARY, UNARY_NAMES } from '../operations/unary.ts';
import { OPCODES } from '../plan-format.ts';
import {
  broadcastColumns,
  broadcastShapes,
  elementCount,
  formatShape,
  type Shape,
  sameShape,
  takeColumns,
} from '../shapes.ts';
import { checkBroadcast, checkFunction, checkNumber, type OpDefinition, refuse, type Values } from './definition.ts';

export const unary: OpDefinition<'unary'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { fn, alpha = 0, beta = 0 } = node.attributes;
    checkFunction(node, UNARY_NAMES, fn);
    checkNumber(node, 'alpha', alpha);
    checkNumber(node, 'beta', beta);
    const fault = UNARY[fn].refuses?.(alpha, beta);
    if (fault !== undefined) refuse(node, 'MALFORMED', fault);
    return x;
  },

  evaluate(node, [x]) {
    const { fn, alpha = 0, beta = 0 } = node.attributes;
    const apply = UNARY[fn].evaluate;
    return Float64Array.from(x.data, (value) => apply(value, alpha, beta));
  },

  lower(node, shape, plan) {
    const { fn, alpha = 0, beta = 0 } = node.attributes;
    return plan.instruction(OPCODES.unary, shape, [
      plan.row(plan.view(node.inputs[0])),
      plan.number(UNARY[fn]),
      UNARY[fn].parameters ? plan.numbers([alpha, beta]) : -1,
    ]);
  },
};

export const binary: OpDefinition<'binary'> = {
  operands: [2, 2],

  infer(node, shapes) {
    checkFunction(node, BINARY_NAMES, node.attributes.fn);
    return broadcastAll(node, shapes);
  },

  evaluate(node, [a, b], shape) {
    const apply = BINARY[node.attributes.fn].evaluate;
    const right = expanded(b, shape);
    return Float64Array.from(expanded(a, shape), (value, at) => apply(value, right[at]));
  },

  lower(node, shape, plan) {
    const [a, b] = node.inputs.map((operand) => plan.operand(operand, shape));
    return plan.instruction(OPCODES.binary, shape, [a, b, plan.number(BINARY[node.attributes.fn])]);
  },
};

export const affine: OpDefinition<'affine'> = {
  operands: [3, 3],
  constants: [1, 2],

  infer(node, [x, scale, shift]) {
    checkBroadcast(node, 'scale', scale, x);
    checkBroadcast(node, 'shift', shift, x);
    return x;
  },

  evaluate(_node, [x, scale, shift], shape) {
    const scales = expanded(scale, shape);
    const shifts = expanded(shift, shape);
    return Float64Array.from(x.data, (value, at) => value * scales[at] + shifts[at]);
  },

  lower(node, shape, plan) {
    const [x, scale, shift] = node.inputs;
    return plan.instruction(OPCODES.affine, shape, [
      plan.row(plan.view(x)),
      plan.expandedParameter(plan.constant(scale), shape),
      plan.expandedParameter(plan.constant(shift), shape),
    ]);
  },
};

export const select: OpDefinition<'select'> = {
  operands: [3, 3],
  infer: broadcastAll,

  evaluate(_node, operands, shape) {
    const [condition, a, b] = operands.map((operand) => expanded(operand, shape));
    return Float64Array.from(condition, (value, at) => (value !== 0 ? a[at] : b[at]));
  },

  lower(node, shape, plan) {
    const operands = node.inputs.map((operand) => plan.operand(operand, shape));
    return plan.instruction(OPCODES.select, shape, operands);
  },
};

function broadcastAll(node: Node, shapes: readonly Shape[]): Shape {
  const common = broadcastShapes(...shapes);
  if (common === undefined) {
    refuse(node, 'SHAPE', `operands must broadcast together, found ${shapes.map(formatShape).join(', ')}`);
  }
  return common;
}

function expanded(tensor: Tensor, shape: Shape): Values {
  if (sameShape(tensor.shape, shape) || tensor.data.length === elementCount(shape)) return tensor.data;
  return takeColumns(tensor.data, broadcastColumns(tensor.shape, shape));
}
