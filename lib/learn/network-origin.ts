/** Learners from networks: files of PyTorch, Keras and others whose graph is a stack; architectures; checkpoints. */
import { ForwardpassError } from '../errors.ts';
import { PickleArray, PickleDict, PickleList, type PickleValue } from '../formats/containers/pickle/values.ts';
import type { Graph } from '../graph/graph.ts';
import { DEFAULT_LIMITS, type Limits } from '../graph/limits.ts';
import { validate } from '../graph/validate.ts';
import { describe } from '../messages.ts';
import { reading } from '../reading.ts';
import { checkLoss, kerasLoss, type LossOptions } from './network/loss.ts';
import { chooseTrained, type Learning, Network } from './network/network.ts';
import { checkOptimizer, chooseOptimizer, type Optimizer, type OptimizerOptions } from './network/optimizer.ts';
import { LOSSES, type LossName, type Numbers, RATES, RULES } from './network/program.ts';
import { decode, encode } from './network/saved.ts';
import { readStack, type Stack } from './network/stack.ts';
import type { Origin } from './origin.ts';

/** How a network learns. */
export interface NetworkOptions {
  /** For a network: the loss to minimise. Default: the one that a Keras model was compiled with. */
  readonly loss?: LossName | LossOptions;
  /** For a network: its optimizer, by name or with settings. Default: the one whose state the file has, otherwise Adam. */
  readonly optimizer?: OptimizerOptions['name'] | OptimizerOptions;
  /** For a network: the parameters that learn, by name or prefix (`['fc2', 'head.weight']`). Default: all. */
  readonly train?: readonly string[];
  /** For a network: the most rows of one optimizer step. Default: all rows of a call. */
  readonly batchSize?: number;
}

const NETWORK_OPTIONS = ['loss', 'optimizer', 'train', 'batchSize'] as const;

const MOST_BATCH = 2 ** 20;

class NetworkOrigin implements Origin {
  readonly kind = 'network';
  readonly featureNames: readonly string[] | undefined;

  constructor(
    readonly learns: Network,
    featureNames: readonly string[] | undefined,
  ) {
    this.featureNames = featureNames;
  }

  /** Does nothing: a network already has its feature names. */
  setFeatureNames(): void {}

  graph(): Graph {
    return this.learns.graph();
  }

  tree(): PickleValue {
    const { learning, optimizer } = this.learns;
    const { text, arrays } = encode({ graph: this.graph(), learning: { ...learning, optimizer } });
    const tree = new PickleDict();
    const stored = arrays.map(
      (data) => new PickleArray([data.length], data instanceof Float32Array ? 'f4' : 'f8', data),
    );
    tree.entries.push(['network', text], ['arrays', new PickleList(stored)]);
    return tree;
  }
}

export function originOfGraph(given: Graph, options: NetworkOptions, limits: Partial<Limits>): Origin {
  const graph = validate(given, { ...DEFAULT_LIMITS, ...limits });
  const stack = readStack(graph);
  const { optimizer: saved } = given;
  const loss = checkLoss(options.loss) ?? kerasLoss(saved?.loss, stack.link);
  if (loss === undefined) {
    const known = LOSSES.map((name) => `'${name}'`).join(', ');
    throw new ForwardpassError('OPTION', `pass the loss of the network: ${known}`, 'loss');
  }
  const optimizer = chooseOptimizer({
    given: checkOptimizer(options.optimizer),
    saved,
    format: graph.format,
    parameters: stack.parameters,
    order: graph.parameters && [...graph.parameters.keys()],
  });
  const learns = chooseTrained(stack, checkTrain(options.train));
  return begun(graph, { loss, optimizer, learns, batchSize: checkBatchSize(options.batchSize) });
}

function begun(graph: Graph, learning: Learning): Origin {
  const { inputs, outputs, nodes, format, precision, classes, featureNames, decision, parameters } = graph;
  // Other parts of a graph do not apply to a stack.
  const own: Graph = {
    format,
    precision,
    inputs,
    outputs,
    nodes,
    ...(classes && { classes }),
    ...(featureNames && { featureNames }),
    ...(decision && { decision }),
    ...(parameters && { parameters }),
  };
  return new NetworkOrigin(new Network(own, readStack(own), learning), featureNames);
}

/**
 * Reopens the result of {@link Origin.tree}. @throws {ForwardpassError} MALFORMED, or the errors of an inconsistent
 * graph
 */
export function reopenNetwork(tree: PickleValue, options: NetworkOptions, limits: Partial<Limits>): Origin {
  const given = NETWORK_OPTIONS.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new ForwardpassError('OPTION', 'the checkpoint already contains this option; remove it', given);
  }
  return reading('MALFORMED', 'checkpoint', () => {
    const { graph, learning } = partsOf(tree);
    const checked = validate(graph, { ...DEFAULT_LIMITS, ...limits });
    const stack = readStack(checked);
    checkLearning(learning, stack);
    return begun(checked, learning);
  });
}

function partsOf(tree: PickleValue): { graph: Graph; learning: Learning } {
  const text = tree instanceof PickleDict ? tree.get('network') : undefined;
  const stored = tree instanceof PickleDict ? tree.get('arrays') : undefined;
  if (typeof text !== 'string' || !(stored instanceof PickleList)) throw malformed('has no network');
  const arrays = stored.items.map((item): Numbers => {
    const data = item instanceof PickleArray ? item.data : undefined;
    if (data instanceof Float32Array || data instanceof Float64Array) return data;
    throw malformed(`has ${describe(item)} instead of an array`);
  });
  return decode({ text, arrays }) as { graph: Graph; learning: Learning };
}

function checkLearning({ loss, optimizer, learns, batchSize }: Learning, { parameters }: Stack): void {
  const isGood =
    LOSSES.includes(loss.name) &&
    loss.delta > 0 &&
    RULES.includes(optimizer.rule) &&
    Number.isSafeInteger(optimizer.steps) &&
    optimizer.rates.length === parameters.length &&
    optimizer.rates.every((rates) => RATES.every((name) => typeof rates[name] === 'number')) &&
    learns.length === parameters.length &&
    momentsFit(optimizer, parameters) &&
    (batchSize === undefined || isBatchSize(batchSize));
  if (!isGood) throw malformed('does not say how its network learns');
}

function momentsFit({ moments }: Optimizer, parameters: Stack['parameters']): boolean {
  return (
    moments.length === parameters.length &&
    moments.every((each, i) =>
      each.every((values) => ArrayBuffer.isView(values) && values.length === parameters[i].data.length),
    )
  );
}

function malformed(reason: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', reason, 'checkpoint');
}

function checkTrain(train: unknown): readonly string[] | undefined {
  if (train === undefined) return undefined;
  if (Array.isArray(train) && train.length > 0 && train.every((name) => typeof name === 'string')) return train;
  throw new ForwardpassError('OPTION', `expected an array of names of parameters, found ${describe(train)}`, 'train');
}

function checkBatchSize(size: unknown): number | undefined {
  if (size === undefined || isBatchSize(size)) return size;
  const message = `expected an integer from 1 to ${MOST_BATCH}, found ${describe(size)}`;
  throw new ForwardpassError('OPTION', message, 'batchSize');
}

function isBatchSize(size: unknown): size is number {
  return Number.isSafeInteger(size) && (size as number) >= 1 && (size as number) <= MOST_BATCH;
}
