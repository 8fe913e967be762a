/** Reads a file of torch.save into a graph. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph } from '../../graph/graph.ts';
import { refuseArchitecture } from '../architecture.ts';
import { isZip } from '../containers/zip.ts';
import { HEAD_BYTES, type Reader, type ReadOptions, type Source } from '../format.ts';
import { withAdapters } from '../lora.ts';
import { graphFromParameters } from '../parameters.ts';
import { isShardIndex } from '../shard-index.ts';
import { readShards, refuseLoneShard, type ShardTensor } from '../shards.ts';
import { findModel, memberOf, withoutPrefixes } from './checkpoint.ts';
import { openArchive, type SavedFile } from './file.ts';
import { openLegacy } from './legacy.ts';
import { readWhole } from './modules/own.ts';
import { readOptimizer } from './optimizer.ts';
import { openPickled } from './pickled.ts';
import { isLegacy, isTar, SHARD } from './signatures.ts';
import { parametersOf } from './stored.ts';

const FORMAT = 'pytorch';

/** A file of torch.save, or the index of several files that contain parts of a state_dict. */
export async function readSaved(source: Source, options: ReadOptions): Promise<Graph> {
  const { budget, member } = options;
  const { main } = source;
  if (isShardIndex(await main.read(0, Math.min(main.size, HEAD_BYTES)), SHARD)) {
    if (member !== undefined) {
      throw new ForwardpassError('OPTION', 'the files of an index contain only one model; omit the option', 'member');
    }
    const tensors = await readShards(source, budget, SHARD, (shard) => readShard(shard, budget));
    return graphFromParameters(FORMAT, await withAdapters(withoutPrefixes(tensors), source, budget), options);
  }
  const file = await open(main, budget);
  const found = findModel(member === undefined ? file.root : memberOf(file.root, member), budget.limits.depth);
  if (found.kind === 'module') {
    const graph = await readWhole(found.module, file, options);
    refuseArchitecture(FORMAT, options);
    return withOptimizer(graph, file, options);
  }
  refuseLoneShard(main.name);
  const tensors = parametersOf(found.tensors, file, budget);
  const graph = await graphFromParameters(FORMAT, await withAdapters(tensors, source, budget), options);
  return withOptimizer(graph, file, options);
}

async function withOptimizer(
  graph: Graph,
  file: SavedFile,
  { optimizer: isAsked, budget }: ReadOptions,
): Promise<Graph> {
  const optimizer = isAsked ? await readOptimizer(file, budget) : undefined;
  return optimizer === undefined ? graph : { ...graph, optimizer };
}

async function readShard(shard: Reader, budget: Budget): Promise<Map<string, ShardTensor>> {
  const file = await open(shard, budget);
  const found = findModel(file.root, 0);
  if (found.kind === 'parameters') return parametersOf(found.stored, file, budget);
  const message = 'expected a state_dict with a part of the parameters, found a whole module';
  throw new ForwardpassError('MALFORMED', message, shard.name);
}

async function open(main: Reader, budget: Budget): Promise<SavedFile> {
  const head = await main.read(0, Math.min(main.size, HEAD_BYTES));
  if (isTar(head)) {
    const message =
      'is a tar archive, as saved by torch before 0.1.10; load it there and save it again with a later version';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, main.name);
  }
  if (isLegacy(head)) return openLegacy(main, budget);
  return isZip(head) ? openArchive(main, budget) : openPickled(main, budget);
}
