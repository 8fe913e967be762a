/** Resolves which tensors of a file an architecture names. */
import { ForwardpassError } from '../../errors.ts';
import { describe, didYouMean, listNames, quote } from '../../messages.ts';
import type { Architecture, Layer } from '../architecture.ts';
import { readLayers } from './build.ts';
import type { LayerFields, LayerKind } from './layer.ts';

/** The architecture with each `tensor` prefix replaced by the names of the tensors that the file has under it. */
export function spellOutPrefixes(architecture: Architecture, names: ReadonlySet<string>): Architecture {
  const layers = readLayers(architecture).map(({ fields, kind, place }) => {
    const prefix = fields.tensor;
    if (prefix === undefined) return fields as unknown as Layer;
    if (typeof prefix !== 'string') {
      const message = `expected a prefix of tensor names, found ${describe(prefix)}`;
      throw new ForwardpassError('ARCHITECTURE', message, `${place}.tensor`);
    }
    const found = tensorsUnder(prefix, kind, names);
    if (found.length === 0) {
      const prefixes = [...names].map((name) => name.replace(/[./][^./]*$/, ''));
      const words = didYouMean(prefix, prefixes) || `; it has ${listNames([...names])}`;
      const message = `the file has no parameters of such a layer under ${quote(prefix)}${words}`;
      throw new ForwardpassError('ARCHITECTURE', message, `${place}.tensor`);
    }
    return { ...Object.fromEntries(found), ...fields } as unknown as Layer;
  });
  return { ...architecture, layers };
}

function tensorsUnder(prefix: string, kind: LayerKind, names: ReadonlySet<string>): [field: string, name: string][] {
  const start = prefix === '' || /[./]$/.test(prefix) ? [prefix] : [`${prefix}.`, `${prefix}/`];
  return Object.entries(kind.tensors ?? {}).flatMap(([field, endings]): [string, string][] => {
    const candidates = endings.flatMap((ending) => start.flatMap((s) => [`${s}${ending}`, `${s}${ending}:0`]));
    const name = candidates.find((candidate) => names.has(candidate));
    return name === undefined ? [] : [[field, name]];
  });
}

/** All tensors of the file that the architecture names, after its prefixes were replaced. */
export function tensorNames(architecture: Architecture): Set<string> {
  const names = readLayers(architecture).flatMap(({ fields, kind }) => namesIn(fields, kind));
  return new Set(names);
}

function namesIn(fields: LayerFields, kind: LayerKind): string[] {
  const values = Object.keys(kind.tensors ?? {}).map((field) => fields[field]);
  return values.filter((value) => typeof value === 'string');
}
