/** Detects the kind of a Keras file and reads its model. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph } from '../../graph/graph.ts';
import { utf8 } from '../../platform/text.ts';
import { refuseArchitecture } from '../architecture.ts';
import { isHdf5, openHdf5 } from '../containers/hdf5.ts';
import { isZip, openZip, type ZipArchive } from '../containers/zip.ts';
import type { ReadOptions, Source } from '../format.ts';
import { graphFromParameters } from '../parameters.ts';
import { ArchiveWeights } from './archive-weights.ts';
import { isObject, parseJson } from './config.ts';
import { LegacyWeights, listAttribute } from './legacy-weights.ts';
import { buildNetwork } from './network.ts';
import { readHdf5Optimizer, readOptimizer } from './optimizer.ts';
import { storedParameters } from './parameters.ts';
import { openShards, refuseLoneShard } from './shards.ts';
import type { ModelSpec } from './spec.ts';
import { readTopology } from './topology.ts';
import { fromVersion1, looksLikeVersion1 } from './version1.ts';
import type { WeightFile, WeightStore } from './weights.ts';

const WEIGHTS = 'model.weights.h5';
const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const HEAD_BYTES = 4096;

export async function readKeras(source: Source, options: ReadOptions): Promise<Graph> {
  const { main } = source;
  const head = await main.read(0, Math.min(main.size, HEAD_BYTES));
  if (isZip(head)) return readArchive(await openZip(main, options.budget), main.name, options);
  const file = isHdf5(head)
    ? await openHdf5(await main.read(0, main.size), main.name, options.budget)
    : await openShards(source, options.budget);
  try {
    return await readHdf5(file, source, options);
  } finally {
    file.close();
  }
}

async function readArchive(archive: ZipArchive, name: string, options: ReadOptions): Promise<Graph> {
  refuseArchitecture('keras', options);
  const description = parseJson(await readText(archive, CONFIG), `${name} ${CONFIG}`, options.budget);
  const metadata = archive.has(METADATA)
    ? parseJson(await readText(archive, METADATA), `${name} ${METADATA}`, options.budget)
    : {};
  const version = versionOf(isObject(metadata) ? metadata.keras_version : undefined, 3);
  const model = topology(description, `${name} ${CONFIG}`, version, options);
  if (!archive.has(WEIGHTS)) {
    throw new ForwardpassError(
      'UNSUPPORTED_VERSION',
      `the archive contains no ${WEIGHTS}; save the model with Keras 2.13 or later`,
      name,
    );
  }
  const assets = new Map<string, string>();
  for (const path of archive.entries.keys()) {
    if (/^assets\/.*\/vocabulary\.txt$/.test(path)) assets.set(path, await readText(archive, path));
  }
  const file = await openHdf5(await archive.read(WEIGHTS), `${name} ${WEIGHTS}`, options.budget);
  try {
    const graph = network(model, new ArchiveWeights(file, assets), version, options);
    const optimizer = options.optimizer ? readOptimizer(description, file, options.budget) : undefined;
    return optimizer === undefined ? graph : { ...graph, optimizer };
  } finally {
    file.close();
  }
}

async function readHdf5(file: WeightFile, source: Source, options: ReadOptions): Promise<Graph> {
  const [text] = file.strings('', 'model_config') ?? [];
  const root = file.kind('model_weights') === 'group' ? 'model_weights' : '';
  if (text !== undefined) {
    refuseArchitecture('keras', options);
    const graph = withDescription(file, root, text, `${file.name} model_config`, options);
    const optimizer = options.optimizer ? readHdf5Optimizer(file) : undefined;
    return optimizer === undefined ? graph : { ...graph, optimizer };
  }
  await refuseLoneShard(file.name, source);
  const isDescribed = [options.architecture, options.activation, options.outputActivation].some(
    (one) => one !== undefined,
  );
  const beside = isDescribed ? undefined : await configBeside(source, options.budget);
  if (beside !== undefined) return withDescription(file, root, beside.text, beside.name, options);
  return graphFromParameters('keras', storedParameters(file, root, options.budget), options);
}

/**
 * The description beside the weights: the one from a `.keras` archive, or the output of model.to_json(), named after
 * the weights' file or as in Keras' examples. Throws `ARCHITECTURE` if two of them differ.
 */
async function configBeside(source: Source, budget: Budget): Promise<{ name: string; text: string } | undefined> {
  const stem = source.main.name.replace(/(\.weights)?\.[^.]*$/, '');
  const names = new Set([CONFIG, `${stem}.json`, 'model.json']);
  const found: { name: string; text: string }[] = [];
  for (const name of names) {
    const text = await textBeside(source, name);
    if (text !== undefined && isDescription(text, name, budget)) found.push({ name, text });
  }
  const other = found.find(({ text }) => text !== found[0].text);
  if (other === undefined) return found[0];
  const message = `${found[0].name} and ${other.name} are beside the weights and describe different models`;
  throw new ForwardpassError('ARCHITECTURE', `${message}; remove the wrong one`, source.main.name);
}

async function textBeside(source: Source, name: string): Promise<string | undefined> {
  try {
    const reader = await source.sibling(name);
    return utf8(await reader.read(0, reader.size));
  } catch (error) {
    if (error instanceof ForwardpassError && error.code === 'SOURCE') return undefined;
    throw error;
  }
}

/** Other frameworks have files with these names too. */
function isDescription(text: string, place: string, budget: Budget): boolean {
  if (!text.includes('"class_name"')) return false;
  const description = parseJson(text, place, budget);
  return isObject(description) && typeof description.class_name === 'string' && typeof description.config === 'object';
}

function withDescription(file: WeightFile, root: string, text: string, place: string, options: ReadOptions): Graph {
  const isLegacy = listAttribute(file, root, 'layer_names').length > 0;
  const description = parseJson(text, place, options.budget);
  const said = saidVersion(file, root, description);
  const version = versionOf(said, isLegacy ? 2 : 3);
  const isFirst = said?.startsWith('1.') ?? looksLikeVersion1(text);
  const today = isFirst ? fromVersion1(description, options.budget.limits.depth) : description;
  const model = topology(today, place, version, options);
  const weights = isLegacy ? new LegacyWeights(file, root, model) : new ArchiveWeights(file, new Map());
  return network(model, weights, version, options);
}

/** The version in the weights, or else in the description, where model.to_json() writes one. */
function saidVersion(file: WeightFile, root: string, description: unknown): string | undefined {
  const [said] = file.strings(root, 'keras_version') ?? file.strings('', 'keras_version') ?? [];
  const ofText = isObject(description) ? description.keras_version : undefined;
  return said ?? (typeof ofText === 'string' ? ofText : undefined);
}

function topology(description: unknown, place: string, version: number, options: ReadOptions): ModelSpec {
  const { budget, functions } = options;
  return readTopology(description, place, { version, budget, functions });
}

function network(model: ModelSpec, weights: WeightStore, version: number, options: ReadOptions): Graph {
  const { budget, fold, functions } = options;
  return buildNetwork(model, { format: 'keras', version, weights, budget, fold, functions });
}

/** Keras' major version, from what a file says. TensorFlow.js computes like Keras 2. */
export function versionOf(said: unknown, otherwise: 2 | 3): 2 | 3 {
  if (typeof said !== 'string') return otherwise;
  return said.startsWith('3') ? 3 : 2;
}

async function readText(archive: ZipArchive, name: string): Promise<string> {
  return utf8(await archive.read(name));
}
