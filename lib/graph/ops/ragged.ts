/** Operations on a ragged input: rows of any number of pairs of an id and a weight. */
import { BAG, BAG_MODES } from '../operations/choices.ts';
import { OPCODES } from '../plan-format.ts';
import { formatShape, sameShape } from '../shapes.ts';
import { checkFunction, type OpDefinition, refuse } from './definition.ts';

export const bag: OpDefinition<'bag'> = {
  operands: [2, 3],
  constants: [1, 2],

  infer(node, [x, table, bias]) {
    checkFunction(node, BAG_MODES, node.attributes.mode);
    if (x.length !== 1 || table.length === 0 || table[0] !== x[0]) {
      const expected = `the table must have a row for each of the ${formatShape(x)} ids`;
      refuse(node, 'SHAPE', `${expected}, found ${formatShape(table)}`);
    }
    const shape = table.slice(1);
    if (bias !== undefined && !sameShape(bias, shape)) {
      refuse(node, 'SHAPE', `the bias must be ${formatShape(shape)}, found ${formatShape(bias)}`);
    }
    return shape;
  },

  evaluate: (node) => refuse(node, 'UNSUPPORTED_OP', 'rows of pairs are not constants'),

  lower(node, shape, plan) {
    const [x, table, bias] = node.inputs;
    return plan.instruction(OPCODES.bag, shape, [
      plan.defined(x as string).value,
      plan.parameter(plan.constant(table).data),
      bias === undefined ? -1 : plan.parameter(plan.constant(bias).data),
      plan.number(BAG[node.attributes.mode]),
    ]);
  },
};

export const scatter: OpDefinition<'scatter'> = {
  operands: [1, 1],

  infer(node, [x]) {
    if (x.length !== 1) refuse(node, 'SHAPE', `takes a ragged input of one axis, found ${formatShape(x)}`);
    return x;
  },

  evaluate: (node) => refuse(node, 'UNSUPPORTED_OP', 'rows of pairs are not constants'),

  lower: (node, shape, plan) =>
    plan.instruction(OPCODES.scatter, shape, [plan.defined(node.inputs[0] as string).value]),
};
