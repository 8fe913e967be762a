/** The elements along an axis in sorted order, or their indices. */
import { SORT, SORT_RESULTS } from '../operations/choices.ts';
import { OPCODES } from '../plan-format.ts';
import { axesLast, elementCount, inversePermutation, transposeColumns } from '../shapes.ts';
import { checkAxis, checkFunction, EXACT_F32, type OpDefinition, refuse, type Values } from './definition.ts';

/** Whether the element at `i` comes before the one at `j`. */
function comesBefore(x: Values, descending: boolean, i: number, j: number): boolean {
  const [a, b] = [x[i], x[j]];
  const [none, other] = [Number.isNaN(a), Number.isNaN(b)];
  if (a === b || (none && other)) return i < j;
  if (none || other) return descending ? none : other;
  return descending ? a > b : a < b;
}

/**
 * The indices that stay in scikit-learn's heap of `count` elements, which replaces its greatest element by lesser ones.
 */
export function heapOf(x: Values, count: number): number[] {
  const heap: { value: number; place: number }[] = Array.from({ length: count }, () => ({
    value: Infinity,
    place: -1,
  }));
  for (const [place, value] of x.entries()) {
    if (!(value < heap[0].value)) continue;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && heap[child].value < heap[child + 1].value) child++;
      if (!(value < heap[child].value)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = { value, place };
  }
  return heap.map(({ place }) => place).filter((place) => place >= 0);
}

export const sort: OpDefinition<'sort'> = {
  operands: [1, 1],

  infer(node, [x]) {
    const { axis, count, descending, result, ties } = node.attributes;
    checkAxis(node, axis, x.length);
    checkFunction(node, SORT_RESULTS, result);
    if (typeof descending !== 'boolean') {
      refuse(node, 'MALFORMED', `descending must be true or false, found ${String(descending)}`);
    }
    if (ties !== undefined && (ties !== 'heap' || descending)) {
      refuse(node, 'MALFORMED', `expected ties 'heap', in ascending order, found ${String(ties)}`);
    }
    if (!Number.isInteger(count) || count < 1 || count > x[axis]) {
      refuse(node, 'SHAPE', `count must be an integer from 1 to ${x[axis]}, found ${String(count)}`);
    }
    return x.with(axis, count);
  },

  evaluate(node, [x], shape) {
    const { axis, count, descending, result, ties } = node.attributes;
    const permutation = axesLast(x.shape.length, [axis]);
    const from = transposeColumns(x.shape, permutation);
    const to = transposeColumns(shape, permutation);
    const size = x.shape[axis];
    const sorted = new Float64Array(elementCount(shape));
    for (let row = 0; row * size < from.length; row++) {
      const values = Float64Array.from({ length: size }, (_, at) => x.data[from[row * size + at]]);
      const all = ties === 'heap' ? heapOf(values, count) : Array.from(values.keys());
      const places = all.sort((i, j) => (comesBefore(values, descending, i, j) ? -1 : 1));
      for (let at = 0; at < count; at++) {
        const [value, place] = at < places.length ? [values[places[at]], places[at]] : [Infinity, 0];
        sorted[to[row * count + at]] = result === 'places' ? place : value;
      }
    }
    return sorted;
  },

  lower(node, shape, plan) {
    const { axis, count, descending, result, ties } = node.attributes;
    const permutation = axesLast(shape.length, [axis]);
    const x = plan.transpose(plan.view(node.inputs[0]), permutation);
    const size = x.shape[x.shape.length - 1];
    if (plan.precision === 'f32' && !plan.isWide && size > EXACT_F32) {
      const message = `${size} elements have more indices than float32 has exact integers (${EXACT_F32}); load the model with precision 'f64'`;
      refuse(node, 'LIMIT', message);
    }
    const sorted = x.shape.with(x.shape.length - 1, count);
    if (ties === 'heap') {
      const nearest = plan.nearest(plan.row(x), [...x.shape.slice(0, -1), size], count);
      const first = result === 'values' ? 0 : count;
      const columns = Int32Array.from({ length: elementCount(sorted) }, (_, at) => {
        return 2 * count * Math.floor(at / count) + first + (at % count);
      });
      return plan.transpose(
        plan.move(nearest, sorted, () => columns),
        inversePermutation(permutation),
      );
    }
    const fields = [elementCount(sorted) / count, size, count, descending ? 1 : 0, plan.number(SORT[result])];
    const moved = plan.instruction(OPCODES.sort, sorted, [plan.row(x), ...fields]);
    return plan.transpose(moved, inversePermutation(permutation));
  },
};
