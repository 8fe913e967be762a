/** Operations that only move elements. All except concat are a list of columns of their operand. */
import type { Node, Op } from '../graph.ts';
import { OPCODES } from '../plan-format.ts';
import {
  broadcastColumns,
  elementCount,
  formatShape,
  gatherColumns,
  type Shape,
  sameShape,
  takeColumns,
  transposeColumns,
  transposeShape,
} from '../shapes.ts';
import { checkAxis, checkBroadcast, type OpDefinition, refuse } from './definition.ts';

function movement<O extends Op>(
  infer: (node: Node<O>, x: Shape) => Shape,
  /** Returns the columns; undefined if every element stays in place. */
  movesOf: (node: Node<O>, x: Shape, result: Shape) => (() => Int32Array) | undefined,
): OpDefinition<O> {
  return {
    operands: [1, 1],
    infer: (node, [x]) => infer(node, x),
    evaluate(node, [x], shape) {
      const columns = movesOf(node, x.shape, shape);
      return columns === undefined ? x.data : takeColumns(x.data, columns());
    },
    lower(node, shape, plan) {
      const x = plan.view(node.inputs[0]);
      return plan.move(x, shape, movesOf(node, x.shape, shape));
    },
  };
}

export const gather = movement<'gather'>(
  (node, x) => {
    const { axis, indices } = node.attributes;
    checkAxis(node, axis, x.length);
    const size = x[axis];
    if (indices.length === 0) refuse(node, 'SHAPE', 'expected at least one position, found none');
    const stray = indices.find((index) => index < 0 || index >= size);
    if (stray !== undefined) {
      refuse(node, 'SHAPE', `positions along axis ${axis} of ${formatShape(x)} are 0 to ${size - 1}, found ${stray}`);
    }
    return x.with(axis, indices.length);
  },
  (node, x) => () => gatherColumns(x, node.attributes.axis, node.attributes.indices),
);

export const transpose = movement<'transpose'>(
  (node, x) => {
    const { permutation } = node.attributes;
    if (permutation.length !== x.length || x.some((_, axis) => !permutation.includes(axis))) {
      refuse(
        node,
        'SHAPE',
        `permutation must name each axis of ${formatShape(x)} once, found ${formatShape(permutation)}`,
      );
    }
    return transposeShape(x, permutation);
  },
  (node, x) => () => transposeColumns(x, node.attributes.permutation),
);

export const reshape = movement<'reshape'>(
  (node, x) => {
    const { shape } = node.attributes;
    if (elementCount(shape) !== elementCount(x) || shape.some((size) => !Number.isInteger(size) || size < 1)) {
      refuse(node, 'SHAPE', `a row of ${formatShape(x)} cannot take the shape ${formatShape(shape)}`);
    }
    return shape;
  },
  () => undefined,
);

export const expand = movement<'expand'>(
  (node, x) => {
    const { shape } = node.attributes;
    if (shape.some((size) => !Number.isInteger(size) || size < 1)) {
      refuse(node, 'SHAPE', `shape must hold integers from 1, found ${formatShape(shape)}`);
    }
    checkBroadcast(node, 'x', x, shape);
    return shape;
  },
  (_node, x, shape) => (elementCount(x) === elementCount(shape) ? undefined : () => broadcastColumns(x, shape)),
);

export const concat: OpDefinition<'concat'> = {
  operands: [1, Infinity],

  infer(node, shapes) {
    const { axis } = node.attributes;
    const [first, ...others] = shapes;
    checkAxis(node, axis, first.length);
    for (const shape of others) {
      if (shape.length !== first.length || !sameShape(shape.with(axis, 0), first.with(axis, 0))) {
        const found = `${formatShape(first)} and ${formatShape(shape)}`;
        refuse(node, 'SHAPE', `operands must agree on every axis but ${axis}, found ${found}`);
      }
    }
    return first.with(
      axis,
      shapes.reduce((size, shape) => size + shape[axis], 0),
    );
  },

  evaluate(node, operands, shape) {
    const outer = elementCount(shape.slice(0, node.attributes.axis));
    const result = new Float64Array(elementCount(shape));
    let at = 0;
    for (let block = 0; block < outer; block++) {
      for (const { data } of operands) {
        const width = data.length / outer;
        result.set(data.subarray(block * width, (block + 1) * width), at);
        at += width;
      }
    }
    return result;
  },

  lower(node, shape, plan) {
    const parts = node.inputs.map((operand) => plan.part(operand));
    const outer = elementCount(shape.slice(0, node.attributes.axis));
    return plan.instruction(OPCODES.concat, shape, [outer, parts.length, ...parts]);
  },
};
