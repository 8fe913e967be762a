/** The optimizer state that a checkpoint stores beside the model: the result of its `state_dict()`. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { SavedGroup, SavedOptimizer, Tensor } from '../../graph/graph.ts';
import { listNames } from '../../messages.ts';
import { labelOf } from '../containers/pickle/parts.ts';
import { PickleDict, PickleList, PickleTuple, type PickleValue } from '../containers/pickle/values.ts';
import { isTorchTensor } from '../containers/torch-tensors.ts';
import { readTensor, type SavedFile } from './file.ts';

/** Undefined if the file contains none. @throws {ForwardpassError} ARCHITECTURE if it contains several; MALFORMED. */
export async function readOptimizer(file: SavedFile, budget: Budget): Promise<SavedOptimizer | undefined> {
  const { root } = file;
  if (!(root instanceof PickleDict)) return undefined;
  const found = root.entries.filter(([, value]) => value instanceof PickleDict && isOptimizer(value));
  if (found.length === 0) return undefined;
  if (found.length > 1) {
    const names = listNames(found.map(([key]) => labelOf(key)));
    const message = `the checkpoint contains the states of several optimizers, ${names}, and it is unclear which is the model's`;
    throw new ForwardpassError('ARCHITECTURE', `${message}; pass \`optimizer\` to begin with a new one`);
  }
  const [[key, value]] = found;
  const place = labelOf(key);
  const dict = value as PickleDict;
  const groups = itemsOf(dict.get('param_groups'), `${place}.param_groups`).map((group, i) =>
    readGroup(group, `${place}.param_groups[${i}]`),
  );
  const state = new Map<number, Record<string, Tensor | number>>();
  const stored = dict.get('state');
  if (!(stored instanceof PickleDict)) throw malformed('a dict', `${place}.state`);
  for (const [index, kept] of stored.entries) {
    const at = `${place}.state[${labelOf(index)}]`;
    if (typeof index !== 'number' || !(kept instanceof PickleDict)) throw malformed('a dict for each parameter', at);
    budget.node(state.size + 1, at);
    state.set(index, await readState(kept, file, budget, at));
  }
  return { framework: 'torch', groups, state };
}

function isOptimizer(dict: PickleDict): boolean {
  return dict.get('param_groups') !== undefined && dict.get('state') !== undefined;
}

function readGroup(group: PickleValue, place: string): SavedGroup {
  if (!(group instanceof PickleDict)) throw malformed('a dict', place);
  const parameters = itemsOf(group.get('params'), `${place}.params`).map((index) => {
    if (typeof index !== 'number') throw malformed('indices of parameters', `${place}.params`);
    return index;
  });
  const settings: [string, unknown][] = [];
  for (const [key, value] of group.entries) {
    if (typeof key !== 'string' || key === 'params') continue;
    settings.push([key, value instanceof PickleTuple || value instanceof PickleList ? [...value.items] : value]);
  }
  return { settings: Object.fromEntries(settings), parameters };
}

async function readState(kept: PickleDict, file: SavedFile, budget: Budget, place: string) {
  const values: [string, Tensor | number][] = [];
  for (const [name, value] of kept.entries) {
    // A momentum that was not used yet is None.
    if (typeof name !== 'string' || value === null) continue;
    if (isTorchTensor(value)) values.push([name, await readTensor(file, value, budget, `${place}.${name}`)]);
    else if (typeof value === 'number') values.push([name, value]);
    else throw malformed('a tensor or a number', `${place}.${name}`);
  }
  return Object.fromEntries(values);
}

function itemsOf(value: PickleValue | undefined, place: string): readonly PickleValue[] {
  if (value instanceof PickleList || value instanceof PickleTuple) return value.items;
  throw malformed('a list', place);
}

function malformed(expected: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', `expected ${expected}, found something else`, place);
}
