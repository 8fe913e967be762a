/**
 * Finds the variables of saved objects in a checkpoint. Both files store the objects as a graph, but may number them
 * differently: objects reached by the same names are the same.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/trackable_object_graph.proto
 */
import type { Budget } from '../../../graph/budget.ts';
import { Message } from '../../containers/protobuf.ts';
import { type Children, decodeReference, type SavedObjects } from '../saved-model.ts';
import type { Bundle } from './bundle.ts';

const OBJECT_GRAPH = '_CHECKPOINTABLE_OBJECT_GRAPH';
const VALUE = 'VARIABLE_VALUE';
const DEPTH = 8;

interface Trackable {
  readonly children: Children;
  /** The key of its value in the bundle. */
  key?: string;
}

/** By the number of the saved object. */
export async function checkpointKeys(
  { nodes }: SavedObjects,
  bundle: Bundle,
  budget: Budget,
): Promise<Map<number, string>> {
  const keys = new Map<number, string>();
  const bytes = await bundle.string(OBJECT_GRAPH);
  if (bytes === undefined) return keys;
  const trackables = decodeTrackables(new Message(bytes, `variable ${OBJECT_GRAPH}`, budget, DEPTH));
  const seen = new Set<number>([0]);
  const queue: [saved: number, tracked: number][] = [[0, 0]];
  for (const [saved, tracked] of queue) {
    const key = trackables[tracked]?.key;
    if (key !== undefined) keys.set(saved, key);
    for (const [name, child] of nodes[saved] ?? []) {
      const same = trackables[tracked]?.children.get(name);
      if (same === undefined || seen.has(child)) continue;
      seen.add(child);
      queue.push([child, same]);
    }
  }
  return keys;
}

function decodeTrackables(message: Message): Trackable[] {
  const trackables: Trackable[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) trackables.push(decodeTrackable(message.message('object')));
    else message.skip();
  }
  return trackables;
}

function decodeTrackable(message: Message): Trackable {
  const trackable: Trackable = { children: new Map() };
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) trackable.children.set(...decodeReference(message.message('children')));
    else if (field === 2) trackable.key = decodeValue(message.message('attributes')) ?? trackable.key;
    else message.skip();
  }
  return trackable;
}

function decodeValue(message: Message): string | undefined {
  let [name, key] = ['', ''];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) name = message.string();
    else if (field === 3) key = message.string();
    else message.skip();
  }
  return name === VALUE ? key : undefined;
}
