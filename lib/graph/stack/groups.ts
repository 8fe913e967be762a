/** Groups the tensors of a file of only parameters by layer, according to their names. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import type { Layer } from '../architecture.ts';
import { formatShape, type Shape } from '../shapes.ts';
import { DESCRIBE, draftArchitecture } from './draft.ts';
import { isOfTraining, refuseForeign } from './foreign.ts';

/** A layer without its activation. */
export interface Group {
  /** The prefix of the tensors' names, such as `encoder.layers.2`. */
  readonly name: string;
  readonly layer: Layer;
  readonly isDense: boolean;
  /** The number of columns that it takes and returns. */
  readonly inputs: number;
  readonly outputs: number;
}

type Parts = Map<string, { name: string; shape: Shape }>;

/** The last part of a tensor's name → the field of a layer. */
const FIELDS: Readonly<Record<string, string>> = {
  weight: 'weight',
  bias: 'bias',
  kernel: 'kernel',
  gamma: 'gamma',
  beta: 'beta',
  running_mean: 'mean',
  moving_mean: 'mean',
  running_var: 'variance',
  moving_variance: 'variance',
};

/** Throws `ARCHITECTURE` for tensors that do not belong to a plain stack of dense and normalising layers. */
export function groupTensors(tensors: ReadonlyMap<string, Shape>): Group[] {
  refuseForeign(tensors);
  const groups = new Map<string, Parts>();
  for (const [name, shape] of tensors) {
    if (isOfTraining(name, shape)) continue;
    const [, prefix, ending] = /^(?:(.*)[./])?([^./]*?)(?::0)?$/s.exec(name) as unknown as [string, string?, string?];
    const field = ending !== undefined && Object.hasOwn(FIELDS, ending) ? FIELDS[ending] : undefined;
    if (field === undefined) {
      throw needsArchitecture(
        `has an unknown role; expected names that end in ${Object.keys(FIELDS).join(', ')}`,
        name,
        tensors,
      );
    }
    const parts: Parts = groups.get(prefix ?? '') ?? new Map();
    if (parts.has(field)) throw needsArchitecture(`its layer has another ${quote(field)}`, name, tensors);
    groups.set(prefix ?? '', parts.set(field, { name, shape }));
  }
  return [...groups].map(([name, parts]) => groupOf(name, parts, tensors));
}

function groupOf(name: string, parts: Parts, tensors: ReadonlyMap<string, Shape>): Group {
  const shapeOf = (field: string) => parts.get(field)?.shape;
  const fields = Object.fromEntries([...parts].map(([field, part]) => [field, part.name]));
  const named = name === '' ? fields : { ...fields, name };
  const weight = shapeOf('weight') ?? shapeOf('kernel');
  const first = [...parts.values()][0];

  if (weight !== undefined && weight.length > 2) {
    const message = `a weight of shape ${formatShape(weight)} belongs to a convolution or similar, which is not a row operation`;
    const { name: tensor } = parts.get('weight') ?? parts.get('kernel') ?? first;
    throw new ForwardpassError('UNSUPPORTED_OP', message, `tensor ${tensor}`);
  }
  if (weight?.length === 2 && !parts.has('mean')) {
    if (/embed/i.test(name)) throw needsArchitecture('looks like an embedding, which takes ids', first.name, tensors);
    const [inputs, outputs] = parts.has('kernel') ? weight : weight.toReversed();
    return { name, layer: named as Layer, isDense: true, inputs, outputs };
  }
  const width = (shapeOf('mean') ?? shapeOf('gamma') ?? weight)?.[0] ?? 0;
  const isVectors = [...parts.values()].every(({ shape }) => shape.length === 1);
  // The default of the framework that uses these names, because the file does not contain epsilon.
  const epsilon = parts.has('gamma') || parts.has('beta') ? 1e-3 : 1e-5;
  const vectors = { ...named, epsilon };
  if (isVectors && parts.has('mean') && parts.has('variance')) {
    return { name, layer: { type: 'batch_norm', ...vectors }, isDense: false, inputs: width, outputs: width };
  }
  const pairs = (parts.has('weight') && parts.has('bias')) || (parts.has('gamma') && parts.has('beta'));
  if (isVectors && pairs && parts.size === 2) {
    return { name, layer: { type: 'layer_norm', ...vectors }, isDense: false, inputs: width, outputs: width };
  }
  const found = [...parts].map(([field, { shape }]) => `${field} ${formatShape(shape)}`).join(', ');
  throw needsArchitecture(`belongs to a layer that its shapes do not identify (${found})`, first.name, tensors);
}

function needsArchitecture(message: string, tensor: string, tensors: ReadonlyMap<string, Shape>): ForwardpassError {
  const hint = `${DESCRIBE}${draftArchitecture(tensors)}`;
  return new ForwardpassError('ARCHITECTURE', `${message}; ${hint}`, `tensor ${quote(tensor).slice(1, -1)}`);
}
