/** Rows, vectors and numbers as operands of row operations. */
import type { Operand, Tensor } from '../../graph/graph.ts';
import type { Vector } from './arrays.ts';
import type { RowVector } from './outcome.ts';

export function tensor(values: Vector | number): Tensor {
  return typeof values === 'number'
    ? { shape: [], data: Float64Array.of(values), isFormula: true }
    : { shape: [values.length], data: values };
}

export function widthOf(value: RowVector | Vector | number): number {
  if (typeof value === 'number') return 1;
  return 'operand' in value ? value.width : value.length;
}

export function operandOf(value: RowVector | Vector | number): Operand {
  return typeof value === 'object' && 'operand' in value ? value.operand : tensor(value);
}
