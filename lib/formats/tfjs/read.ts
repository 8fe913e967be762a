/** Reads a model.json: Keras' own description, or a TensorFlow graph, and the weights of either. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph } from '../../graph/graph.ts';
import { utf8 } from '../../platform/text.ts';
import type { ReadOptions, Source } from '../format.ts';
import { Config, parseJson } from '../keras/config.ts';
import { buildNetwork } from '../keras/network.ts';
import { versionOf } from '../keras/read.ts';
import type { LayerSpec } from '../keras/spec.ts';
import { readTopology } from '../keras/topology.ts';
import type { StoredWeight, Variable, WeightStore } from '../keras/weights.ts';
import { readWeights, type TfjsWeight } from './weights.ts';

export async function readTfjs(source: Source, options: ReadOptions): Promise<Graph> {
  const { main } = source;
  const { budget, fold } = options;
  const text = utf8(await main.read(0, main.size)).replace(/^\ufeff/, '');
  const model = new Config(parseJson(text, main.name, budget), main.name);
  const topology = model.object('modelTopology');
  if (topology.has('node') || model.raw('format') === 'graph-model') {
    const { readGraphModel } = await import('../tensorflow/graph-model.ts');
    return readGraphModel(model, await readWeights(source, model.raw('weightsManifest'), budget), options);
  }
  // The converter wraps Keras' description; TensorFlow.js itself does not.
  const description = topology.has('model_config') ? topology.raw('model_config') : model.raw('modelTopology');
  const version = versionOf(topology.raw('keras_version'), 2);
  const network = readTopology(description, main.name, { version, budget });
  const weights = await readWeights(source, model.raw('weightsManifest'), budget);
  const stored = new NamedWeights(weights, budget);
  return buildNetwork(network, { format: 'tfjs', version, weights: stored, budget, fold });
}

/** Weights named by layer and variable, optionally with names of models as prefixes. */
class NamedWeights implements WeightStore {
  /** By the number of names in an ending: each ending, and the weights that end in it. */
  private readonly endings = new Map<number, Map<string, TfjsWeight[]>>();

  constructor(
    private readonly weights: ReadonlyMap<string, TfjsWeight>,
    private readonly budget: Budget,
  ) {}

  find(layer: LayerSpec, variables: readonly Variable[]): StoredWeight[] {
    const found: StoredWeight[] = [];
    for (const { name } of variables) {
      const weight = this.named(layer, name);
      if (weight === undefined) break;
      found.push(weight);
    }
    return found;
  }

  /** Uses as many model names as needed to distinguish it from others. */
  private named(layer: LayerSpec, variable: string): TfjsWeight | undefined {
    for (let models = 0; models < layer.trail.length; models++) {
      const ending = [...layer.trail.slice(0, -1).slice(models), layer.name, variable].join('/');
      const exact = this.weights.get(ending);
      if (exact !== undefined) return exact;
      const matches = this.endingIn(ending);
      if (matches.length === 1) return matches[0];
      if (matches.length > 1) {
        const message = `${matches.length} weights have names that end in ${ending}; it is ambiguous which one belongs to this layer`;
        throw new ForwardpassError('MALFORMED', message, layer.place);
      }
    }
    return undefined;
  }

  private endingIn(ending: string): readonly TfjsWeight[] {
    const count = ending.split('/').length;
    const known = this.endings.get(count) ?? this.endingsOf(count);
    this.endings.set(count, known);
    return known.get(ending) ?? [];
  }

  private endingsOf(count: number): Map<string, TfjsWeight[]> {
    this.budget.step(this.weights.size, 'weightsManifest');
    const found = new Map<string, TfjsWeight[]>();
    for (const weight of this.weights.values()) {
      const names = weight.name.split('/');
      if (names.length <= count) continue;
      const ending = names.slice(-count).join('/');
      const others = found.get(ending);
      if (others) others.push(weight);
      else found.set(ending, [weight]);
    }
    return found;
  }
}
