/** The frameworks whose models can learn. The code that opens them is loaded on first use. */
import { ForwardpassError } from '../errors.ts';
import type { PickleValue } from '../formats/containers/pickle/values.ts';
import { chooseFormat } from '../formats/registry.ts';
import type { Architecture } from '../graph/architecture.ts';
import { buildGraph } from '../graph/define/build.ts';
import type { Graph } from '../graph/graph.ts';
import { readTrained } from '../load.ts';
import { listNames } from '../messages.ts';
import { reading } from '../reading.ts';
import { openTexts } from '../rows/texts.ts';
import type { OpenSource } from '../source/open-source.ts';
import { type Kept, readCheckpoint } from './checkpoint.ts';
import type { CheckedLearnOptions } from './options.ts';
import type { Origin } from './origin.ts';

interface Framework {
  open(source: OpenSource, options: CheckedLearnOptions): Promise<Origin>;
  /** Reopens the tree that {@link Origin.tree} returned for a checkpoint. */
  reopen(tree: PickleValue, options: CheckedLearnOptions): Promise<Origin>;
}

/** The frameworks by the format of the file, which is the kind of the origin. */
const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  sklearn: {
    open: async (source, options) => (await import('./sklearn-origin.ts')).openSklearn(source, readingOf(options)),
    reopen: async (tree, options) => (await import('./sklearn-origin.ts')).reopenSklearn(tree, readingOf(options)),
  },
  network: {
    open: async (source, options) => networkOf(await readTrained(source, options), options),
    reopen: async (tree, { network, given }) =>
      (await import('./network-origin.ts')).reopenNetwork(tree, network, given),
  },
};

/** Formats whose models are networks, which can learn if they are stacks. */
const OF_NETWORKS: ReadonlySet<string> = new Set([
  'safetensors',
  'pytorch',
  'keras',
  'onnx',
  'torchscript',
  'torch-export',
  'tensorflow',
  'tflite',
  'tfjs',
]);

async function networkOf(graph: Graph, { network, given }: CheckedLearnOptions): Promise<Origin> {
  return (await import('./network-origin.ts')).originOfGraph(graph, network, given);
}

function readingOf({ strict, seed, scalers, member, given }: CheckedLearnOptions) {
  return { strict, seed, scalers, member, limits: given };
}

/** The origin in a source, and what a checkpoint contains beside it. */
export async function openOrigin(
  source: OpenSource,
  options: CheckedLearnOptions,
): Promise<{ readonly origin: Origin; readonly kept: Kept }> {
  const checkpoint = await readCheckpoint(source, options.limits);
  if (checkpoint !== undefined) {
    const { kind, tree, kept } = checkpoint;
    return { origin: await withTexts(await frameworkOf(kind).reopen(tree, options)), kept };
  }
  const { name } = await chooseFormat(source, undefined);
  const origin = await frameworkOf(OF_NETWORKS.has(name) ? 'network' : name).open(source, options);
  return { origin: await withTexts(origin), kept: {} };
}

/** Loads the code that reads texts with the first learner that takes them. */
async function withTexts(origin: Origin): Promise<Origin> {
  if (origin.learns.takesTexts !== true) return origin;
  const { checkPatterns } = await openTexts();
  for (const { name, terms } of origin.graph().inputs) if (terms !== undefined) checkPatterns(terms, `input ${name}`);
  return origin;
}

/** A network from the caller's architecture and parameters. */
export async function definedOrigin(architecture: Architecture, options: CheckedLearnOptions): Promise<Origin> {
  const graph = reading('ARCHITECTURE', 'architecture', () => buildGraph(architecture, { format: 'define' }));
  return networkOf(graph, options);
}

/** A new estimator, by the name of its class. */
export async function newOrigin(
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  options: CheckedLearnOptions,
): Promise<Origin> {
  return (await import('./sklearn-origin.ts')).newSklearn(name, parameters, readingOf(options));
}

function frameworkOf(name: string): Framework {
  if (Object.hasOwn(FRAMEWORKS, name)) return FRAMEWORKS[name];
  const known = listNames(['sklearn', ...OF_NETWORKS], OF_NETWORKS.size + 1);
  throw new ForwardpassError(
    'UNSUPPORTED_OP',
    `models of format ${name} cannot learn; expected one of ${known}`,
    'source',
  );
}
