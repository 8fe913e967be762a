/** Functions of tensors on top of lib/formats/tensors, where axes include the batch, as in Keras: it is axis 0. */
import type { DType } from '../../graph/graph.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import { allocate, type Constant, constant, publicType, type Row, type Value as Traced } from '../tensors/value.ts';
import { isValue, type KerasTensor, type LayerCall, type LayerKind } from './layer.ts';
import { operand } from './layers/preprocessing.ts';
import { resultType, typeOf } from './result-type.ts';
import type { Argument } from './spec.ts';

export type { Traced };

export function rowOf({ name, shape, dtype, words, spread }: KerasTensor): Row {
  return { kind: 'row', type: dtype, shape, batchAxis: 0, operand: name, words, spread };
}

/** A constant becomes the value of every row. */
export function asValue(build: GraphBuilder, traced: Traced): KerasTensor {
  const row = build.named(traced.kind === 'row' ? traced : build.everyRow(traced, 0));
  const { operand: name, shape, type, words, spread } = row;
  return { name, shape, dtype: publicType(type), ...(words && { words, spread }) };
}

/** An operation on one tensor. */
export function ofRow(make: (build: GraphBuilder, x: Row, layer: LayerCall) => Traced | readonly Traced[]): LayerKind {
  return {
    build(layer) {
      const { build } = layer;
      const made = make(build, rowOf(layer.input), layer);
      return isList(made) ? made.map((one) => asValue(build, one)) : asValue(build, made);
    },
  };
}

/** An operation on two tensors or arrays of one type, at least one of which depends on the row. */
export function ofTwo(make: (build: GraphBuilder, a: Traced, b: Traced, layer: LayerCall) => Traced): LayerKind {
  return {
    build(layer) {
      const { build } = layer;
      const [a, b] = operandsOf(layer, [layer.argument(0, 'x1'), layer.argument(1, 'x2')]);
      return asValue(build, make(build, a, b, layer));
    },
  };
}

/** Tensors and arrays, cast to their common type. */
export function operandsOf(layer: LayerCall, given: readonly Argument<KerasTensor>[]): Traced[] {
  const type = resultType(given);
  return given.map((argument) => layer.build.cast(operandOf(layer, argument, type), type));
}

/** A tensor, or an array or number; `otherwise` is its type if nothing else determines it. */
export function operandOf(layer: LayerCall, argument: Argument<KerasTensor>, otherwise: DType): Traced {
  return isValue(argument) ? rowOf(argument) : constantOf(layer, argument, otherwise);
}

export function constantOf(layer: LayerCall, argument: Argument<KerasTensor>, otherwise: DType): Constant {
  const given = operand(layer, argument);
  if (isValue(given)) throw layer.unsupported('takes a computed tensor where only a constant is supported');
  const { data, shape } = given;
  layer.spend(data.length);
  const type = typeOf(argument) ?? otherwise;
  const numbers = allocate(type, data.length);
  numbers.set(data);
  return constant(type, shape, numbers);
}

function isList(made: Traced | readonly Traced[]): made is readonly Traced[] {
  return Array.isArray(made);
}
