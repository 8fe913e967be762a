/**
 * Weights that torch stores in parts from which it computes them: weight_norm, spectral_norm and pruning. Each is
 * computed as the module does in inference, and replaces its parts.
 */

import { ForwardpassError } from '../errors.ts';
import type { Tensor } from '../graph/graph.ts';
import { elementCount, formatShape, type Shape } from '../graph/shapes.ts';
import { listNames } from '../messages.ts';
import { mapped } from './mapped.ts';
import type { StoredParameter } from './stored-parameter.ts';

type Data = Tensor['data'];

interface Kind {
  /**
   * Names of the parts, where `*` is the name of the whole: `0.weight`, or for parametrizations the text on both sides
   * of it.
   */
  readonly parts: readonly string[];
  /** Whether parts with these shapes match. */
  fits(...shapes: Shape[]): boolean;
  /** Computes the whole from the parts' elements; it has the shape of the part at index `whole`. */
  readonly whole: number;
  compute(shapes: readonly Shape[], ...parts: Data[]): Float64Array;
}

const weightNorm = {
  whole: 1,
  /** One length for each position along one axis, or one for all. */
  fits: (g: Shape, v: Shape) =>
    (g.length === 0 || (g.length === v.length && g.filter((size) => size !== 1).length < 2)) &&
    g.every((size, axis) => size === 1 || size === v[axis]),
  compute([g, v]: readonly Shape[], lengths: Data, directions: Data) {
    const place = placesAlong(v, g);
    const squares = new Float64Array(lengths.length);
    for (let i = 0; i < directions.length; i++) squares[place(i)] += directions[i] ** 2;
    // Sums in float32 like torch, which divides by infinity or zero beyond its range.
    const sums = directions instanceof Float32Array ? new Float32Array(squares) : squares;
    return mapped(directions, (value, i) => (value * lengths[place(i)]) / Math.sqrt(sums[place(i)]));
  },
};

const spectralNorm = {
  whole: 0,
  fits: (weight: Shape, u: Shape, v: Shape) =>
    weight.length > 1 && u.length === 1 && v.length === 1 && u[0] === weight[0] && u[0] * v[0] === elementCount(weight),
  /** W / (u·W·v) */
  compute(_shapes: readonly Shape[], weight: Data, u: Data, v: Data) {
    const sigma = bilinear(u, weight, v);
    // For a square weight the reverse may have been used, with dim=1: then v is what the weight makes of u.
    const isOther = u.length === v.length && Math.abs(bilinear(v, weight, u)) > Math.abs(sigma);
    if (isOther && alignment(v, weight, u, 'rows') > alignment(v, weight, u, 'columns')) {
      const message = 'the vectors of a spectral norm do not belong to the first axis of its weight';
      throw new ForwardpassError('ARCHITECTURE', `${message}; ${REMOVE}`);
    }
    return mapped(weight, (value) => value / sigma);
  },
};

function bilinear(u: Data, weight: Data, v: Data): number {
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += u[Math.floor(i / v.length)] * weight[i] * v[i % v.length];
  return sum;
}

/** The cosine of the angle between v and W·u, or Wᵀ·u, of a square W. */
function alignment(v: Data, weight: Data, u: Data, along: 'rows' | 'columns'): number {
  const product = new Float64Array(v.length);
  for (let i = 0; i < weight.length; i++) {
    const [row, column] = [Math.floor(i / v.length), i % v.length];
    if (along === 'rows') product[row] += weight[i] * u[column];
    else product[column] += weight[i] * u[row];
  }
  const dot = product.reduce((sum, value, i) => sum + value * v[i], 0);
  return dot / Math.sqrt(product.reduce((sum, value) => sum + value * value, 0));
}

const pruning = {
  whole: 0,
  fits: (weight: Shape, mask: Shape) => formatShape(weight) === formatShape(mask),
  compute: (_shapes: readonly Shape[], weight: Data, mask: Data) => mapped(weight, (value, i) => value * mask[i]),
};

const KINDS: readonly Kind[] = [
  { ...weightNorm, parts: ['*_g', '*_v'] },
  { ...weightNorm, parts: ['*.original0', '*.original1'] },
  { ...spectralNorm, parts: ['*_orig', '*_u', '*_v'] },
  { ...spectralNorm, parts: ['*.original', '*.0._u', '*.0._v'] },
  { ...pruning, parts: ['*_orig', '*_mask'] },
];

const REMOVE = "call torch.nn.utils.parametrize.remove_parametrizations(module, 'weight') on its modules before saving";

/** A module's parametrizations of one of its tensors: `0.parametrizations.weight` for `0.weight`. */
const PARAMETRIZED = /(^|\.)parametrizations\.([^.]+)$/;

/** Throws `ARCHITECTURE` for other ways in which torch computes weights from parts. */
export function withWholeWeights(stored: ReadonlyMap<string, StoredParameter>): ReadonlyMap<string, StoredParameter> {
  const whole = new Map(stored);
  const counts = countParts(stored.keys());
  for (const kind of KINDS) {
    const [first] = kind.parts;
    for (const [name] of stored) {
      if (!name.endsWith(first.slice(1))) continue;
      const stem = name.slice(0, name.length - first.length + 1);
      const names = kind.parts.map((part) => `${stem}${part.slice(1)}`);
      const parts = names.flatMap((part) => whole.get(part) ?? []);
      const target = targetOf(stem, first);
      if (target === undefined || whole.has(target) || parts.length < names.length) continue;
      // Several parametrizations of one tensor are applied in order.
      if ((counts.get(stem) ?? names.length) !== names.length || !kind.fits(...parts.map(({ shape }) => shape)))
        continue;
      for (const part of names) whole.delete(part);
      whole.set(target, computed(kind, parts));
    }
  }
  refuseOthers([...whole.keys()]);
  return whole;
}

/** The name of the whole; undefined if the parts do not belong to a parameter of torch's layers. */
function targetOf(stem: string, part: string): string | undefined {
  if (part.startsWith('*_')) return /(^|\.)(weight|bias)[^.]*$/.test(stem) ? stem : undefined;
  return PARAMETRIZED.test(stem) ? stem.replace(PARAMETRIZED, '$1$2') : undefined;
}

/** The number of tensors of each parametrization. */
function countParts(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const [stem] = /^(?:.*\.)?parametrizations\.[^.]+(?=\.)/s.exec(name) ?? [];
    if (stem !== undefined) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  }
  return counts;
}

function computed(kind: Kind, parts: readonly StoredParameter[]): StoredParameter {
  const { shape } = parts[kind.whole];
  const read = async () => {
    const tensors: Tensor[] = [];
    for (const part of parts) tensors.push(await part.read());
    const values = kind.compute(
      parts.map((part) => part.shape),
      ...tensors.map(({ data }) => data),
    );
    const isDouble = tensors[kind.whole].data instanceof Float64Array;
    return { shape, data: isDouble ? values : new Float32Array(values) };
  };
  return { shape, read };
}

/** Maps an index in a tensor to one in a tensor with size 1 for some of its axes, or without axes. */
function placesAlong(shape: Shape, along: Shape): (at: number) => number {
  const axis = along.findIndex((size) => size !== 1);
  if (axis < 0) return () => 0;
  const inner = elementCount(shape.slice(axis + 1));
  return (at) => Math.floor(at / inner) % shape[axis];
}

function refuseOthers(names: readonly string[]): void {
  const left = names.filter((name) => /(^|\.)parametrizations\./.test(name));
  if (left.length === 0) return;
  const message = `${listNames(left, 3)}: the file contains tensors from which torch computes a parameter, in a way that is not supported`;
  throw new ForwardpassError('ARCHITECTURE', `${message}; ${REMOVE}`);
}
