/** Operations whose operand is ids: integers that select rows of a table. */
import { OPCODES } from '../plan-format.ts';
import { elementCount, formatShape } from '../shapes.ts';
import { checkAxis, checkNumber, EXACT_F32, type OpDefinition, refuse } from './definition.ts';

/** The row of the table that an id selects; undefined if it is out of range. */
function rowOf(id: number, count: number, wrap: boolean): number | undefined {
  const row = wrap && id < 0 ? id + count : id;
  return Number.isInteger(row) && row >= 0 && row < count ? row : undefined;
}

export const embedding: OpDefinition<'embedding'> = {
  operands: [2, 2],
  constants: [1],

  infer(node, [ids, table]) {
    if (table.length === 0) refuse(node, 'SHAPE', 'the table must have at least 1 axis, found a single number');
    return [...ids, ...table.slice(1)];
  },

  evaluate(node, [ids, table], shape) {
    const count = table.shape[0];
    const width = table.data.length / count;
    const result = new Float64Array(elementCount(shape));
    for (const [at, id] of ids.data.entries()) {
      const row = rowOf(id, count, node.attributes.wrap);
      if (row === undefined) refuse(node, 'ID', `the id ${id} is outside a table of ${count} rows`);
      result.set(table.data.subarray(row * width, (row + 1) * width), at * width);
    }
    return result;
  },

  lower(node, shape, plan) {
    const [x, operand] = node.inputs;
    // In a simplified graph, ids are never constant.
    const ids = plan.narrowed(plan.defined(x as string));
    const table = plan.constant(operand);
    const count = table.shape[0];
    if (plan.precision === 'f32' && count > EXACT_F32) {
      refuse(
        node,
        'LIMIT',
        `a table of ${formatShape(table.shape)} has more rows than float32 has exact ids (${EXACT_F32}); load the model with precision 'f64'`,
      );
    }
    const width = (table.data.length / count) * (plan.isWide ? 2 : 1);
    const fields = [plan.row(ids), plan.parameter(table.data), count, width, node.attributes.wrap ? 1 : 0];
    return plan.instruction(OPCODES.embedding, shape, fields);
  },
};

export const oneHot: OpDefinition<'one_hot'> = {
  operands: [1, 1],

  infer(node, [ids]) {
    const { depth, on, off, axis } = node.attributes;
    checkAxis(node, axis, ids.length + 1);
    checkNumber(node, 'on', on);
    checkNumber(node, 'off', off);
    if (!Number.isInteger(depth) || depth < 1) {
      refuse(node, 'MALFORMED', `depth must be an integer from 1, found ${String(depth)}`);
    }
    return ids.toSpliced(axis, 0, depth);
  },

  evaluate(node, [ids], shape) {
    const { depth, on, off, axis, wrap } = node.attributes;
    const inner = elementCount(shape.slice(axis + 1));
    const result = new Float64Array(elementCount(shape)).fill(off);
    for (const [at, id] of ids.data.entries()) {
      const row = rowOf(id, depth, wrap);
      if (row !== undefined) result[(Math.floor(at / inner) * depth + row) * inner + (at % inner)] = on;
    }
    return result;
  },

  lower(node, _shape, plan) {
    const { depth, on, off, axis, wrap } = node.attributes;
    const ids = plan.view(node.inputs[0]);
    // The kernel puts the new axis last; then it is moved to its place.
    const hot = plan.instruction(
      OPCODES.one_hot,
      [...ids.shape, depth],
      [plan.row(ids), depth, plan.numbers([on, off]), wrap ? 1 : 0],
    );
    const last = ids.shape.length;
    const permutation = Array.from({ length: last }, (_, from) => from).toSpliced(axis, 0, last);
    return plan.transpose(hot, permutation);
  },
};
