import { ForwardpassError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { PLAN_VERSION } from '../../graph/plan-format.ts';
import { readElements } from '../containers/elements.ts';
import { HEAD_BYTES, type Reader, type ReadOptions, type Source } from '../format.ts';
import { withAdapters } from '../lora.ts';
import { graphFromParameters } from '../parameters.ts';
import { isShardIndex } from '../shard-index.ts';
import { readShards, refuseLoneShard, type ShardTensor } from '../shards.ts';
import { FROZEN_KEY, PLAN_KEY } from './frozen.ts';
import { type Header, readHeader } from './header.ts';
import { readFrozen } from './read-frozen.ts';
import { SHARD } from './signature.ts';

const FORMAT = 'safetensors';

/** A file of tensors, or the index of several. */
export async function readSafetensors(source: Source, options: ReadOptions): Promise<Graph> {
  const file = source.main;
  const { budget } = options;
  if (isShardIndex(await file.read(0, Math.min(file.size, HEAD_BYTES)), SHARD)) {
    const readShard = async (shard: Reader) => tensorsOf(shard, (await readHeader(shard, budget)).tensors);
    const tensors = await readShards(source, budget, SHARD, readShard);
    return graphFromParameters(FORMAT, await withAdapters(tensors, source, budget), options);
  }
  const { tensors, metadata } = await readHeader(file, budget);
  const graph = metadata.get(FROZEN_KEY);
  if (graph !== undefined) {
    checkVersion(metadata.get(PLAN_KEY));
    return readFrozen(graph, tensors, file, options);
  }
  refuseLoneShard(file.name);
  return graphFromParameters(FORMAT, await withAdapters(tensorsOf(file, tensors), source, budget), options);
}

/** A file with a plan of a later version may contain unknown operations in its graph. */
function checkVersion(plan: string | undefined): void {
  // Only the beginning that the writer produces is examined: parsing the whole plan takes as long as parsing the graph.
  const version = Number(/^{"version":(\d{1,9}),/.exec(plan ?? '')?.[1] ?? 0);
  if (version <= PLAN_VERSION) return;
  const message = `the model was frozen by a later forwardpass, for plans of version ${version}; this one reads versions up to ${PLAN_VERSION}: update it, or freeze the model again`;
  throw new ForwardpassError('UNSUPPORTED_VERSION', message, `metadata ${PLAN_KEY}.version`);
}

function tensorsOf(file: Reader, header: Header['tensors']): Map<string, ShardTensor> {
  const tensors = new Map<string, ShardTensor>();
  for (const [name, { dtype, shape, offset, byteLength }] of header) {
    const read = async () => ({
      shape,
      data: readElements(await file.read(offset, byteLength), dtype, `tensor ${name}`),
    });
    // Some libraries count a bool as one bit.
    tensors.set(name, { shape, byteLength, leastBytes: dtype === 'BOOL' ? byteLength / 8 : byteLength, read });
  }
  return tensors;
}
