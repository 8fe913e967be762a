/** Finds the saved value of each variable and lookup table of a graph. */
import { ForwardpassError } from '../../errors.ts';
import type { Constant } from '../tensors/value.ts';
import type { Bundle } from './bundle/bundle.ts';
import { checkpointKeys } from './bundle/objects.ts';
import { partOf } from './bundle/part.ts';
import type { Evaluator, Storage } from './evaluate.ts';
import type { NodeDef } from './proto.ts';
import { type Place, restoredKey } from './restored.ts';
import type { SavedObjects } from './saved-model.ts';
import { dataInputs, placeOf, type Scope } from './scope.ts';
import { type Beside, Tables } from './tables.ts';
import type { Contents } from './value.ts';

const ASSIGNMENTS: ReadonlySet<string> = new Set(['AssignVariableOp', 'Assign']);

interface Saved extends Beside {
  /** The node that restores the variables; empty if there is none. */
  readonly restoreOp: string;
  readonly objects: SavedObjects;
}

/** What the graph does before it is run: restores its variables and fills its tables. */
export class Stored implements Storage {
  readonly #saved: Saved | undefined;
  readonly #places = new Map<NodeDef, Place>();
  #byObjects: Promise<ReadonlyMap<NodeDef, string>> | undefined;
  #tables: Tables | undefined;
  #main: Scope | undefined;

  /** Without `saved` there are no variables. */
  constructor(saved?: Saved) {
    this.#saved = saved;
  }

  /** Visits the graph and the functions that it calls. */
  async collect(evaluator: Evaluator, main: Scope): Promise<void> {
    this.#main = main;
    this.#tables = new Tables(evaluator, main, this.#saved);
    for (const { scope, node } of nodesIn(evaluator, main)) await this.#tables.note(scope, node);
    for (const { scope, node } of restoring(evaluator, main, this.#saved?.restoreOp ?? '')) {
      if (ASSIGNMENTS.has(node.op)) await this.#assign(evaluator, scope, node);
    }
  }

  async #assign(evaluator: Evaluator, scope: Scope, node: NodeDef): Promise<void> {
    const place = placeOf(node);
    const [variable, value] = dataInputs(node);
    const restored = await restoredKey(evaluator, evaluator.output(scope, value ?? '', place));
    if (restored !== undefined) this.#places.set(evaluator.output(scope, variable ?? '', place).node, restored);
  }

  async table(node: NodeDef): Promise<Contents> {
    return (this.#tables as Tables).contents(node);
  }

  async variable(node: NodeDef): Promise<Constant> {
    if (this.#saved === undefined) {
      const message = 'is a variable whose value is not in this file; freeze the graph or load its SavedModel';
      throw new ForwardpassError('UNSUPPORTED_OP', message, placeOf(node));
    }
    const { bundle } = this.#saved;
    const { key, part } = this.#places.get(node) ?? { key: await this.#keyOf(node, bundle), part: '' };
    return partOf(await bundle.read(key), part, placeOf(node));
  }

  /** Without a graph that restores: by the objects or, as in TensorFlow 1, by name. */
  async #keyOf(node: NodeDef, bundle: Bundle): Promise<string> {
    this.#byObjects ??= this.#objectKeys(bundle);
    return (await this.#byObjects).get(node) ?? sharedName(node);
  }

  /** The variables that a function captures follow its arguments, in the order of its bound inputs. */
  async #objectKeys(bundle: Bundle): Promise<ReadonlyMap<NodeDef, string>> {
    const found = new Map<NodeDef, string>();
    const { objects, budget } = this.#saved as Saved;
    const keys = await checkpointKeys(objects, bundle, budget);
    for (const node of this.#main?.nodes.values() ?? []) {
      const bound = objects.boundInputs.get(node.attributes.get('f')?.function ?? '') ?? [];
      const captured = dataInputs(node).slice(-bound.length);
      for (const [i, input] of captured.entries()) {
        const key = keys.get(bound[i]);
        const target = this.#main?.output(input, placeOf(node)).node;
        if (key !== undefined && target !== undefined) found.set(target, key);
      }
    }
    return found;
  }
}

interface Placed {
  readonly scope: Scope;
  readonly node: NodeDef;
}

/** The graph's nodes and those of the functions that it calls. */
function* nodesIn(evaluator: Evaluator, scope: Scope): Generator<Placed> {
  for (const node of scope.nodes.values()) {
    yield { scope, node };
    const inner = evaluator.innerScope(node, scope);
    if (inner !== undefined) yield* nodesIn(evaluator, inner);
  }
}

/** The nodes that run to restore the variables: those before the last one, and those of functions that it calls. */
function* restoring(evaluator: Evaluator, scope: Scope, last: string): Generator<Placed> {
  const names = [last];
  const seen = new Set(names);
  for (const name of names) {
    const node = scope.nodes.get(name);
    if (node === undefined) continue;
    yield { scope, node };
    const inner = evaluator.innerScope(node, scope);
    if (inner !== undefined) yield* nodesIn(evaluator, inner);
    for (const input of node.inputs) {
      const before = input.replace(/^\^/, '').split(':')[0];
      if (!seen.has(before)) names.push(before);
      seen.add(before);
    }
  }
}

function sharedName(node: NodeDef): string {
  const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(node.attributes.get('shared_name')?.bytes);
  return name === '' ? node.name : name;
}
