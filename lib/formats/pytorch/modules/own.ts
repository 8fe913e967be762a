/** A user-defined module at the top: its forward pass is the caller's function, which calls the inner modules. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import type { Graph } from '../../../graph/graph.ts';
import { quote } from '../../../messages.ts';
import type { PickleObject, PickleValue } from '../../containers/pickle/values.ts';
import { isTorchTensor } from '../../containers/torch-tensors.ts';
import type { ReadOptions } from '../../format.ts';
import { frozenRecord, nested, plainValue } from '../../own/plain.ts';
import { stubOf } from '../../own/stub.ts';
import { readTensor, type SavedFile } from '../file.ts';
import { TorchModule } from './module.ts';
import { readModule } from './read.ts';
import { refuseHook, refuseModule } from './refusals.ts';
import { CONTAINERS } from './table.ts';

const INPUT = 'input';

/** The module as a graph; for a user-defined class, with the function that the caller gives for it. */
export async function readWhole(root: PickleObject, file: SavedFile, options: ReadOptions): Promise<Graph> {
  const { budget, functions = new Map() } = options;
  const module = new TorchModule(root, '');
  const name = module.className;
  if (/^torch(vision)?\./.test(name) || CONTAINERS.has(name)) return readModule(root, file, budget);
  const hook = module.hook();
  if (hook !== undefined) throw refuseHook(module, hook);
  const given = functions.get(name);
  const modules = await modulesIn(module, file, budget);
  const attributes = frozenRecord([
    ...plainAttributes(module, budget),
    ...(given === undefined ? [] : await tensorsOf(module, file, budget)),
  ]);
  if (given === undefined) {
    const stub = {
      name,
      takes: `the elements of a row, in unnamed columns; module(name) is one of ${[...modules.keys()].slice(0, 12).map(quote).join(', ')}`,
      attributes,
      gives: 'the result of the forward pass, in columns',
      result: 'columns',
      context: '{ attributes, module }',
    };
    throw refuseModule(module, stubOf(stub, functions.keys()));
  }
  const { columns } = given;
  const width = typeof columns === 'object' ? columns.length : columns;
  if (width === undefined) {
    const message = `the file does not say how many columns ${quote(name)} gives; add the number to the function: { ${quote(name)}: { run: (columns) => …, columns: 1 } }`;
    throw new ForwardpassError('OPTION', message, module.place);
  }
  const step = { name, place: module.place, takes: INPUT, gives: name, width, attributes, modules };
  return {
    format: 'pytorch',
    precision: [...modules.values()].some(({ precision }) => precision === 'f64') ? 'f64' : 'f32',
    inputs: [{ name, shape: [width], dtype: 'float32' }],
    outputs: [{ name: 'output', value: name, dtype: 'float32' }],
    nodes: [],
    steps: [step],
    rows: [INPUT],
  };
}

/** The supported modules by name; for a user-defined class, the inner ones. */
async function modulesIn(top: TorchModule, file: SavedFile, budget: Budget): Promise<ReadonlyMap<string, Graph>> {
  const found = new Map<string, Graph>();
  const waiting = top.children().toReversed();
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    budget.step(STEPS_PER_MODULE, module.place);
    budget.node(found.size + waiting.length + 1, module.place);
    const graph = await readIfKnown(module, file, budget);
    if (graph !== undefined) found.set(module.path, graph);
    else if (module.path.split('.').length < budget.limits.depth) {
      for (const child of module.children().toReversed()) waiting.push(child);
    }
  }
  return found;
}

const STEPS_PER_MODULE = 16;

async function readIfKnown(module: TorchModule, file: SavedFile, budget: Budget): Promise<Graph | undefined> {
  try {
    return await readModule(module.object, file, budget);
  } catch (error) {
    const isUnread = error instanceof ForwardpassError && ['UNSUPPORTED_OP', 'SHAPE'].includes(error.code);
    if (isUnread) return undefined;
    throw error;
  }
}

/** Attributes of torch's own; any others are user-defined. */
const OF_TORCH = /^(?:_|training$|T_destination$|dump_patches$|call_super_init$)/;

function plainAttributes(module: TorchModule, budget: Budget): [string, unknown][] {
  const entries: [string, PickleValue][] = module.attributes();
  const own = entries.filter(([name]) => !OF_TORCH.test(name));
  return own.map(([name, value]) => [name, plainValue(value, budget, module.place)]);
}

/** Its own parameters and buffers, nested like Python's `tolist`. */
async function tensorsOf(module: TorchModule, file: SavedFile, budget: Budget): Promise<[string, unknown][]> {
  const found: [string, unknown][] = [];
  for (const name of module.tensorNames()) {
    const value = module.tensor(name);
    if (value === undefined || !isTorchTensor(value)) continue;
    const { shape, data } = await readTensor(file, value, budget, `tensor ${name}`);
    budget.buildElements(data.length, module.place);
    found.push([name, nested(Array.from(data), shape)]);
  }
  return found;
}
