/** The trees of TreeEnsembleRegressor and TreeEnsembleClassifier: lists with one element for each node of all trees. */
import type { ForwardpassError } from '../../../../errors.ts';
import { quote } from '../../../../messages.ts';
import type { ElementType } from '../../../tensors/value.ts';
import type { OnnxCall } from '../../call.ts';
import { type AttributeTree, type Comparison, type Mode, TREE_BYTES } from './tree-splits.ts';

const PREFIX = 'BRANCH_';
const BRANCHES: ReadonlyMap<string, Mode> = new Map(
  (['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ'] as const).map((mode): [string, Mode] => [PREFIX + mode, mode]),
);
const LEAF = 'LEAF';

export interface Attributes {
  readonly trees: readonly AttributeTree[];
  readonly weights: ArrayLike<number>;
  /** The targets of the weights. */
  readonly ids: ArrayLike<number>;
}

/** `of` is the prefix of both operators' lists; `targets` is the number of targets. */
export function readTrees(call: OnnxCall, of: 'target' | 'class', targets: number, type: ElementType): Attributes {
  return new Lists(call, of, targets, type).read();
}

/** A list of floats, or since version 3 a tensor of the operator's computation type. */
export function numbersOf(call: OnnxCall, name: string, type: ElementType): ArrayLike<number> | undefined {
  const tensor = call.tensor(`${name}_as_tensor`);
  if (tensor === undefined) return call.floatArray(name);
  if (tensor.type === type) return tensor.data;
  throw call.error(
    'UNSUPPORTED_DTYPE',
    `expected ${name}_as_tensor of type ${type}, as the input is, found ${tensor.type}`,
  );
}

class Lists {
  readonly #call: OnnxCall;
  readonly #targets: number;
  readonly #treeIds: ArrayLike<number>;
  readonly #nodeIds: ArrayLike<number>;
  readonly #features: ArrayLike<number>;
  readonly #modes: readonly string[];
  readonly #values: ArrayLike<number>;
  readonly #whenTrue: ArrayLike<number>;
  readonly #whenFalse: ArrayLike<number>;
  readonly #nanIsTrue: ArrayLike<number> | undefined;
  readonly #weights: ArrayLike<number>;
  readonly #ids: ArrayLike<number>;
  /** For each node, where its weights begin in `#order`; they end where the next node's begin. */
  readonly #firstWeight: Int32Array;
  readonly #order: Int32Array;
  readonly #weightTrees: ArrayLike<number>;
  readonly #weightNodes: ArrayLike<number>;

  constructor(call: OnnxCall, of: 'target' | 'class', targets: number, type: ElementType) {
    this.#call = call;
    this.#targets = targets;
    this.#treeIds = required(call, 'nodes_treeids', call.integerArray('nodes_treeids'));
    const count = this.#treeIds.length;
    if (count === 0) throw call.error('MALFORMED', 'expected at least one tree, found none');
    const ofNodes = <L extends ArrayLike<unknown>>(name: string, list: L | undefined) =>
      sized(call, name, required(call, name, list), count, 'nodes');
    this.#nodeIds = ofNodes('nodes_nodeids', call.integerArray('nodes_nodeids'));
    this.#features = ofNodes('nodes_featureids', call.integerArray('nodes_featureids'));
    this.#modes = ofNodes('nodes_modes', call.strings('nodes_modes'));
    this.#values = ofNodes('nodes_values', numbersOf(call, 'nodes_values', type));
    this.#whenTrue = ofNodes('nodes_truenodeids', call.integerArray('nodes_truenodeids'));
    this.#whenFalse = ofNodes('nodes_falsenodeids', call.integerArray('nodes_falsenodeids'));
    const tracked = call.integerArray('nodes_missing_value_tracks_true');
    this.#nanIsTrue = tracked?.length ? ofNodes('nodes_missing_value_tracks_true', tracked) : undefined;
    this.#ids = required(call, `${of}_ids`, call.integerArray(`${of}_ids`));
    const ofWeights = <L extends ArrayLike<unknown>>(name: string, list: L | undefined) =>
      sized(call, name, required(call, name, list), this.#ids.length, 'weights');
    this.#weightTrees = ofWeights(`${of}_treeids`, call.integerArray(`${of}_treeids`));
    this.#weightNodes = ofWeights(`${of}_nodeids`, call.integerArray(`${of}_nodeids`));
    this.#weights = ofWeights(`${of}_weights`, numbersOf(call, `${of}_weights`, type));
    call.build.budget.build(Int32Array.BYTES_PER_ELEMENT * (count + this.#ids.length), call.build.place);
    this.#firstWeight = new Int32Array(count + 1);
    this.#order = new Int32Array(this.#ids.length);
  }

  read(): Attributes {
    const runs = this.#runs();
    this.#sortWeights(runs);
    const trees = [...runs.values()].map((run) => this.#tree(run));
    return { trees, weights: this.#weights, ids: this.#ids };
  }

  /** The nodes of a tree are consecutive; the first one is its root. */
  #runs(): ReadonlyMap<number, Run> {
    const ids = this.#treeIds;
    const call = this.#call;
    const runs = new Map<number, Run>();
    for (let first = 0, at = 1; at <= ids.length; at++) {
      const id = ids[first];
      if (ids[at] === id) continue;
      call.build.budget.build(TREE_BYTES, call.build.place);
      if (runs.has(id)) throw this.#malformed(`the nodes of tree ${id} are not consecutive`);
      runs.set(id, { id, first, end: at, places: this.#placesOf(first, at) });
      first = at;
    }
    return runs;
  }

  /** Where the nodes of a tree are, by id; undefined if the ids count from 0. */
  #placesOf(first: number, end: number): ReadonlyMap<number, number> | undefined {
    let counted = 0;
    while (first + counted < end && this.#nodeIds[first + counted] === counted) counted++;
    if (first + counted === end) return undefined;
    const places = new Map<number, number>();
    for (let at = first; at < end; at++) places.set(this.#nodeIds[at], at - first);
    if (places.size === end - first) return places;
    throw this.#malformed(`tree ${this.#treeIds[first]} has two nodes with the same id`);
  }

  /** Counts the weights of each node, then sorts the weights by node. */
  #sortWeights(runs: ReadonlyMap<number, Run>): void {
    const nodes = new Int32Array(this.#ids.length);
    for (let i = 0; i < nodes.length; i++) {
      const [tree, node, id] = [this.#weightTrees[i], this.#weightNodes[i], this.#ids[i]];
      const run = runs.get(tree);
      const place = run && placeOf(run, node);
      if (run === undefined || place === undefined)
        throw this.#malformed(`a weight belongs to node ${node} of tree ${tree}, which does not exist`);
      if (!(id >= 0 && id < this.#targets))
        throw this.#malformed(`a weight belongs to target ${id} of ${this.#targets}, which does not exist`);
      nodes[i] = run.first + place;
      this.#firstWeight[nodes[i] + 1]++;
    }
    for (let node = 0; node < this.#treeIds.length; node++) this.#firstWeight[node + 1] += this.#firstWeight[node];
    const next = this.#firstWeight.slice(0, -1);
    for (let i = 0; i < nodes.length; i++) this.#order[next[nodes[i]]++] = i;
  }

  #tree(run: Run): AttributeTree {
    const { first } = run;
    const place = `${this.#call.build.place}, tree ${run.id}`;
    const size = run.end - first;
    const childOf = (id: number) => {
      const child = placeOf(run, id);
      if (child === undefined)
        throw this.#malformed(`a split of tree ${run.id} refers to node ${id}, which does not exist`);
      return child;
    };
    const isLeaf = (node: number) => this.#modes[first + node] === LEAF;
    return {
      place,
      size,
      root: 0,
      ids: this.#idsOf(run),
      isLeaf,
      leaves: () => Array.from({ length: size }, (_, node) => node).filter(isLeaf),
      comparison: (node) => this.#comparison(first + node),
      whenTrue: (node) => childOf(this.#whenTrue[first + node]),
      whenFalse: (node) => childOf(this.#whenFalse[first + node]),
      weights: (node, give) => {
        const end = this.#firstWeight[first + node + 1];
        for (let at = this.#firstWeight[first + node]; at < end; at++) {
          const i = this.#order[at];
          give(this.#ids[i], this.#weights[i]);
        }
      },
    };
  }

  #idsOf({ first, end }: Run): readonly [number, number] {
    let [least, greatest] = [this.#targets, -1];
    for (let at = this.#firstWeight[first]; at < this.#firstWeight[end]; at++) {
      const id = this.#ids[this.#order[at]];
      least = Math.min(least, id);
      greatest = Math.max(greatest, id);
    }
    return greatest < 0 ? [0, 0] : [least, greatest];
  }

  #comparison(at: number): Comparison {
    const mode = BRANCHES.get(this.#modes[at]);
    if (mode === undefined) {
      const known = [...BRANCHES.keys(), LEAF].join(', ');
      throw this.#malformed(`expected one of the nodes_modes ${known}, found ${quote(this.#modes[at])}`);
    }
    const nanIsTrue = this.#nanIsTrue !== undefined && this.#nanIsTrue[at] !== 0;
    return { mode, feature: this.#features[at], value: this.#values[at], nanIsTrue };
  }

  #malformed(message: string): ForwardpassError {
    return this.#call.error('MALFORMED', message);
  }
}

/** The nodes of a tree: from the first to before the end. */
interface Run {
  readonly id: number;
  readonly first: number;
  readonly end: number;
  readonly places: ReadonlyMap<number, number> | undefined;
}

function placeOf({ first, end, places }: Run, id: number): number | undefined {
  if (places !== undefined) return places.get(id);
  return id >= 0 && id < end - first ? id : undefined;
}

function required<L>(call: OnnxCall, name: string, list: L | undefined): L {
  if (list !== undefined) return list;
  throw call.error('MALFORMED', `attribute ${name} is missing`);
}

function sized<L extends ArrayLike<unknown>>(call: OnnxCall, name: string, list: L, count: number, what: string): L {
  if (list.length === count) return list;
  throw call.error('MALFORMED', `${name} has ${list.length} elements; expected ${count}, the number of ${what}`);
}
