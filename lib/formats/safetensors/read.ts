import type { Graph } from '../../graph/graph.ts';
import { readElements } from '../containers/elements.ts';
import type { ReadOptions, Source } from '../format.ts';
import { graphFromParameters, type StoredParameter } from '../parameters.ts';
import { FROZEN_KEY } from './frozen.ts';
import { readHeader } from './header.ts';
import { readFrozen } from './read-frozen.ts';

export async function readSafetensors(source: Source, options: ReadOptions): Promise<Graph> {
  const file = source.main;
  const { tensors: header, metadata } = await readHeader(file, options.limits);
  const graph = metadata.get(FROZEN_KEY);
  if (graph !== undefined) return readFrozen(graph, header, file, options);
  const tensors = new Map<string, StoredParameter>();
  for (const [name, { dtype, shape, offset, byteLength }] of header) {
    const read = async () => ({
      shape,
      data: readElements(await file.read(offset, byteLength), dtype, `tensor ${name}`),
    });
    tensors.set(name, { shape, read });
  }
  return graphFromParameters('safetensors', tensors, options);
}
