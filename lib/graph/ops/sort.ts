/** Elements along an axis in their order, or the places where they stand. */
import { SORT_RESULTS } from '../graph.ts';
import { OPCODES } from '../plan-format.ts';
import { axesLast, elementCount, inversePermutation, transposeColumns } from '../shapes.ts';
import { checkAxis, checkFunction, EXACT_F32, type OpDefinition, refuse, type Values } from './definition.ts';

/** Whether the element at `i` comes before the one at `j`. */
export function comesBefore(x: Values, descending: boolean, i: number, j: number): boolean {
  const [a, b] = [x[i], x[j]];
  const [none, other] = [Number.isNaN(a), Number.isNaN(b)];
  if (a === b || (none && other)) return i < j;
  if (none || other) return descending ? none : other;
  return descending ? a > b : a < b;
}

export const sort: OpDefinition<'sort'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { axis, count, descending, result } = node.attributes;
    checkAxis(node, axis, x.length);
    checkFunction(node, SORT_RESULTS, result);
    if (typeof descending !== 'boolean') {
      refuse(node, 'MALFORMED', `descending must be true or false, found ${String(descending)}`);
    }
    if (!Number.isInteger(count) || count < 1 || count > x[axis]) {
      refuse(node, 'SHAPE', `count must be a whole number from 1 to ${x[axis]}, found ${String(count)}`);
    }
    return x.with(axis, count);
  },

  evaluate(node, [x], shape) {
    const { axis, count, descending, result } = node.attributes;
    const permutation = axesLast(x.shape.length, [axis]);
    const from = transposeColumns(x.shape, permutation);
    const to = transposeColumns(shape, permutation);
    const size = x.shape[axis];
    const sorted = new Float64Array(elementCount(shape));
    for (let row = 0; row * size < from.length; row++) {
      const values = Float64Array.from({ length: size }, (_, at) => x.data[from[row * size + at]]);
      const places = Array.from(values.keys()).sort((i, j) => (comesBefore(values, descending, i, j) ? -1 : 1));
      for (let at = 0; at < count; at++) {
        sorted[to[row * count + at]] = result === 'places' ? places[at] : values[places[at]];
      }
    }
    return sorted;
  },

  lower(node, shape, plan) {
    const { axis, count, descending, result } = node.attributes;
    const permutation = axesLast(shape.length, [axis]);
    const x = plan.transpose(plan.view(node.inputs[0]), permutation);
    const size = x.shape[x.shape.length - 1];
    if (plan.precision === 'f32' && !plan.isWide && size > EXACT_F32) {
      const message = `${size} elements have more places than float32 has exact integers (${EXACT_F32}); load the model with precision 'f64'`;
      refuse(node, 'LIMIT', message);
    }
    const sorted = x.shape.with(x.shape.length - 1, count);
    const fields = [elementCount(sorted) / count, size, count, descending ? 1 : 0, SORT_RESULTS.indexOf(result)];
    const moved = plan.instruction(OPCODES.sort, sorted, [plan.row(x), ...fields]);
    return plan.transpose(moved, inversePermutation(permutation));
  },
};
